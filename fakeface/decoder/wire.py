"""The wire between parent and decoding child: a length, a JSON header, and raw pixels on a local socket."""

from __future__ import annotations

import json
import socket
import struct
import time

__all__ = ["MAX_HEADER_BYTES", "REQUEST", "receive_exactly", "receive_header", "send_header"]

REQUEST = b"d"
"""One byte that asks to decode; the file's descriptor travels beside it, so no name is ever sent."""

MAX_HEADER_BYTES = 1 << 20
"""A longer header is a fault: the parent does not trust what the child says."""

_LENGTH = struct.Struct("!I")


def send_header(connection: socket.socket, header: dict[str, object]) -> None:
    """Sends one JSON object with its length before it."""
    body = json.dumps(header).encode("ascii")
    connection.sendall(_LENGTH.pack(len(body)) + body)


def receive_exactly(connection: socket.socket, target: memoryview, deadline: float) -> None:
    """Fills ``target`` from the socket.

    Args:
        connection: the parent's end.
        target: writable bytes.
        deadline: in seconds of ``time.monotonic``.

    Raises:
        TimeoutError: the deadline passed.
        EOFError: the other side has gone.
    """
    received = 0
    while received < len(target):
        remaining = deadline - time.monotonic()
        if remaining <= 0:
            raise TimeoutError
        connection.settimeout(remaining)
        count = connection.recv_into(target[received:])
        if count == 0:
            raise EOFError
        received += count


def receive_header(connection: socket.socket, deadline: float) -> dict[str, object]:
    """Receives one JSON object.

    Args:
        connection: the parent's end.
        deadline: in seconds of ``time.monotonic``.

    Raises:
        TimeoutError: the deadline passed.
        EOFError: the other side has gone.
        ValueError: what came is no header.
    """
    length_bytes = bytearray(_LENGTH.size)
    receive_exactly(connection, memoryview(length_bytes), deadline)
    (length,) = _LENGTH.unpack(length_bytes)
    if length > MAX_HEADER_BYTES:
        raise ValueError("the header is too long")
    body = bytearray(length)
    receive_exactly(connection, memoryview(body), deadline)
    header = json.loads(body)
    if not isinstance(header, dict):
        raise ValueError("the header is not an object")
    return header
