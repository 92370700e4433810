"""Takes limits on itself and becomes the program that is named after them."""

from __future__ import annotations

import os
import resource
import sys

from fakeface.decoder.limits import limit

_OPEN_FILES = 32


def main() -> None:
    """Becomes the program; inherited descriptors stay open."""
    memory_bytes, cpu_seconds = int(sys.argv[1]), int(sys.argv[2])
    limit(resource.RLIMIT_CORE, 0)
    limit(resource.RLIMIT_FSIZE, 0)
    limit(resource.RLIMIT_NOFILE, _OPEN_FILES)
    limit(resource.RLIMIT_CPU, cpu_seconds)
    if sys.platform == "linux":  # elsewhere the system accepts this limit and ignores it
        limit(resource.RLIMIT_AS, memory_bytes)
    os.execv(sys.argv[3], sys.argv[3:])  # noqa: S606 - no shell; the parent names the program by its full path


if __name__ == "__main__":
    main()
