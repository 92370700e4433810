"""Limits of a process that opens hostile files."""

from __future__ import annotations

import resource

__all__ = ["limit"]


def limit(kind: int, value: int) -> None:
    """Sets both limits of one kind, never above what the system already imposes.

    Args:
        kind: ``resource.RLIMIT_…``.
        value: in the unit of that kind.
    """
    _, hard = resource.getrlimit(kind)
    value = value if hard == resource.RLIM_INFINITY else min(value, hard)
    resource.setrlimit(kind, (value, value))
