"""How windows reach a training loop: forged by processes of their own, in a fixed order, some batches ahead."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, TypeVar

import cv2
from threadpoolctl import threadpool_limits
from torch.utils.data import DataLoader, Dataset

from fakeface.training.processes import Processes

__all__ = ["fed"]

Item = TypeVar("Item")
Batch = TypeVar("Batch")

AHEAD = 6
"""Batches that each process prepares ahead."""


def fed(
    dataset: Dataset[Item],
    items_per_batch: int,
    workers: int,
    collate: Callable[[list[Item]], Batch],
    order: Iterable[int],
) -> DataLoader[Any]:
    """Batches of a data set in this order.

    Args:
        dataset: one item for each index.
        items_per_batch: items in a batch.
        workers: processes that make them; 0 makes them in this one.
        collate: joins the items of a batch.
        order: indices, drawn as batches are asked for; of several processes that train together each takes its share.
    """
    return DataLoader(
        dataset,
        items_per_batch,
        sampler=Processes().own(order),
        collate_fn=collate,
        num_workers=workers,
        prefetch_factor=AHEAD if workers else None,
        multiprocessing_context="spawn" if workers else None,
        worker_init_fn=_alone,
    )


def _alone(_: int) -> None:
    """One thread for each process that forges: those of OpenCV and of NumPy's libraries would crowd out the network."""
    cv2.setNumThreads(1)
    threadpool_limits(1)
