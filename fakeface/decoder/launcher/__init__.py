"""Starts another program under limits: ``python -m fakeface.decoder.launcher MEMORY_BYTES CPU_SECONDS PROGRAM ARGS…``.

The limits are taken on by this small process, which then becomes the program. Setting them between fork and exec in the
process that loads the networks would not be safe: it has threads.
"""

__all__: list[str] = []
