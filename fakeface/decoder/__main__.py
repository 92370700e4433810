"""The child's main: takes limits on itself, then decodes one file after the other until its parent goes away.

Arguments: the largest number of pixels, bytes of address space beyond its own start, seconds of processor time per
file. Standard input is a local socket; each request is one byte with the descriptor of an open file beside it.
"""

from __future__ import annotations

import math
import os
import resource
import socket
import sys
import time

from fakeface.decoder import formats, wire
from fakeface.decoder.limits import limit
from fakeface.decoder.pixels import Decoded, decode
from fakeface.errors import DecoderFailed, EvidenceError

_OPEN_FILES = 32
_BAND_BYTES = 8 << 20


def main() -> None:
    """Serves requests until the socket is closed."""
    max_pixels, memory_bytes, cpu_seconds = (int(word) for word in sys.argv[1:4])
    connection = socket.socket(fileno=os.dup(0))
    formats.prepare()
    _limit_process(memory_bytes)
    wire.send_header(connection, {"ready": True})
    while True:
        request, descriptors, _, _ = socket.recv_fds(connection, len(wire.REQUEST), 1)
        if not request:
            return
        _limit_cpu(cpu_seconds)
        _serve(connection, descriptors[0], max_pixels)


def _serve(connection: socket.socket, descriptor: int, max_pixels: int) -> None:
    try:
        with os.fdopen(descriptor, "rb") as file:
            decoded = decode(file, max_pixels)
    except EvidenceError as error:
        wire.send_header(connection, {"code": error.code, "message": str(error)})
        if isinstance(error, DecoderFailed):
            # Libraries that ran out of memory are not trusted with the next file.
            sys.exit(0)
        return
    _send_pixels(connection, decoded)


def _send_pixels(connection: socket.socket, decoded: Decoded) -> None:
    image = decoded.image
    wire.send_header(
        connection,
        {"format": decoded.format, "width": image.width, "height": image.height, "notes": list(decoded.notes)},
    )
    # In bands, so that the picture does not stand in memory a second time.
    rows = max(1, _BAND_BYTES // (image.width * 3))
    for top in range(0, image.height, rows):
        band = image.crop((0, top, image.width, min(top + rows, image.height)))
        connection.sendall(band.tobytes())


def _limit_process(memory_bytes: int) -> None:
    limit(resource.RLIMIT_CORE, 0)
    limit(resource.RLIMIT_FSIZE, 0)
    limit(resource.RLIMIT_NOFILE, _OPEN_FILES)
    if sys.platform == "linux":  # elsewhere the system accepts this limit and ignores it
        with open("/proc/self/statm", encoding="ascii") as statm:
            own_bytes = int(statm.read().split()[0]) * resource.getpagesize()
        limit(resource.RLIMIT_AS, own_bytes + memory_bytes)


def _limit_cpu(seconds: int) -> None:
    # Only the soft limit, which counts from the start of the process and has to move on with every file.
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    wanted = math.ceil(time.process_time()) + seconds
    resource.setrlimit(resource.RLIMIT_CPU, (wanted if hard == resource.RLIM_INFINITY else min(wanted, hard), hard))


if __name__ == "__main__":
    main()
