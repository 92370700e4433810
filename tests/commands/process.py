"""``fakeface`` as a process of its own, with stand-in models; half a second for each picture where SLOW is set."""

from __future__ import annotations

import os

from fakeface.commands.runtime import main

from fakeface import backends
from tests.fakes import make_engine, slow_engine

if __name__ == "__main__":
    engine = slow_engine() if os.environ.get("SLOW") else make_engine()
    backends.build_engine = lambda settings: engine
    main()
