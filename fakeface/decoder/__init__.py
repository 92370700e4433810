"""The decoding child: a small process that opens hostile pictures under limits and hands back upright RGB pixels.

It runs as ``python -m fakeface.decoder``, started by ``fakeface.backends.stills``, and imports Pillow and the standard
library only. It stands beside ``fakeface.backends``, not inside, because importing that package loads numpy and more:
what the child does not load cannot be attacked in it, does not count against its memory, and need not be waited for.
"""

__all__: list[str] = []
