"""Make `docs/explain.svg`, what `fakeface explain` shows of a sample.

Run `python docs/make_explain.py` after new weights.
"""

from __future__ import annotations

import subprocess
import sys
from io import StringIO
from pathlib import Path
from tempfile import TemporaryDirectory

from rich.console import Console
from rich.text import Text

DOCS = Path(__file__).parent
PICTURE = DOCS / "explain.svg"
SAMPLE = "samples/astronaut_blended.jpg"
COLUMNS = 160
ENDING = "‹…› marks a phrase"
"""What comes after this is the same in every summary."""


def shown() -> str:
    """Standard output of the command, run as a user runs it."""
    with TemporaryDirectory() as folder:
        words = [sys.executable, "-m", "fakeface.commands", "explain", SAMPLE, "--region", "left eye"]
        run = subprocess.run(  # noqa: S603 - our own interpreter and module, no shell
            [*words, "--out", str(Path(folder, "case"))], cwd=DOCS.parent, capture_output=True, text=True, check=True
        )
    return run.stdout.partition(ENDING)[0].rstrip()


def main() -> None:
    """Write the picture."""
    console = Console(record=True, width=COLUMNS, file=StringIO())
    console.print(Text(f"$ fakeface explain {SAMPLE} --region 'left eye'", style="bold"))
    console.print(Text(shown()))
    console.save_svg(str(PICTURE), title="fakeface explain")


if __name__ == "__main__":
    main()
