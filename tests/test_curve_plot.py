"""The curves of deletion and insertion lie where their scores are."""

from __future__ import annotations

import numpy as np

from fakeface.report.curve_plot import BLUE, BOTTOM, CURVES_SIZE, LEFT, ORANGE, RIGHT, TOP, draw_curves
from fakeface.report.entries import FaithfulnessEntry

CURVES = FaithfulnessEntry(
    shares=(0.0, 0.5, 1.0),
    deletion=(1.0, 0.25, 0.0),
    insertion=(0.0, 0.75, 1.0),
    deletion_area=0.375,
    insertion_area=0.625,
)


def rows(drawn: np.ndarray, column: int, ink: tuple[int, int, int]) -> np.ndarray:
    """Rows of the plot in which a column has nearly this colour."""
    near = np.abs(drawn[:, column].astype(int) - ink).max(axis=1) < 40
    return np.nonzero(near)[0][np.nonzero(near)[0] > TOP - 10]


def test_each_curve_passes_through_its_scores_at_their_shares() -> None:
    drawn = draw_curves(CURVES)
    assert drawn.shape == (CURVES_SIZE[1], CURVES_SIZE[0], 3)
    for share, deletion, insertion in ((0.0, 1.0, 0.0), (0.5, 0.25, 0.75), (1.0, 0.0, 1.0)):
        column = round(LEFT + share * (RIGHT - LEFT))
        for ink, score in ((BLUE, deletion), (ORANGE, insertion)):
            assert abs(rows(drawn, column, ink).mean() - (BOTTOM - score * (BOTTOM - TOP))) <= 3


def test_the_curves_are_told_apart_without_colour() -> None:
    drawn = draw_curves(CURVES)
    columns = range(LEFT + 20, (LEFT + RIGHT) // 2 - 20)
    full, dashed = ([rows(drawn, column, ink).size > 0 for column in columns] for ink in (BLUE, ORANGE))
    assert all(full)
    assert 0.3 < np.mean(dashed) < 0.9, "gaps between the dashes"


def test_a_flat_curve_and_a_single_step_can_be_drawn() -> None:
    flat = FaithfulnessEntry(
        shares=(0.0, 1.0), deletion=(0.25, 0.25), insertion=(0.75, 0.75), deletion_area=0.25, insertion_area=0.75
    )
    drawn, column = draw_curves(flat), LEFT + 40
    assert abs(rows(drawn, column, BLUE).mean() - (BOTTOM - 0.25 * (BOTTOM - TOP))) <= 3
    assert {int(rows(drawn, one, BLUE).mean()) for one in range(LEFT + 20, RIGHT - 20)} == {
        int(rows(drawn, column, BLUE).mean())
    }
