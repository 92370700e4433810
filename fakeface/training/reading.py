"""Pictures of data sets as pixels, whatever their files are called."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

__all__ = ["read_pixels"]


def read_pixels(path: Path, flags: int = cv2.IMREAD_COLOR_RGB) -> NDArray[np.uint8] | None:
    """Read a picture; OpenCV is given the file's bytes, because some names end its process.

    Args:
        path: of the file.
        flags: of ``cv2.imdecode``.

    Returns:
        (height, width, 3) uint8 RGB, or as the flags say; ``None`` where the file is missing or no picture.
    """
    try:
        content = np.frombuffer(path.read_bytes(), np.uint8)
    except OSError:
        return None
    pixels = cv2.imdecode(content, flags) if len(content) else None
    return None if pixels is None else np.asarray(pixels, np.uint8)
