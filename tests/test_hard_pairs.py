"""Which pairs a training of the encoder sees again."""

from __future__ import annotations

import json
from itertools import islice
from pathlib import Path

import pytest
import torch

from fakeface.errors import SettingsError
from fakeface.training import encoder as encoder_stage
from fakeface.training.encoder import EncoderTraining, PairDataset, train_encoder, wrongly_ordered
from fakeface.training.forge.pairs import FaceSample
from fakeface.training.hard_pairs import TIMES, WAITING, HardPairs

from .conftest import FaceSet
from .tiny import make_encoder


def drawn(pairs: HardPairs, wrong: set[int], batches: int, size: int = 4) -> list[list[int]]:
    """Numbers of so many batches, in each of which these numbers are got wrong."""
    order, found = iter(pairs), []
    for _ in range(batches):
        batch = list(islice(order, size))
        pairs.learned([number in wrong for number in batch])
        found.append(batch)
    return found


def test_a_pair_that_was_got_wrong_comes_again_among_new_ones() -> None:
    first, second, third = drawn(HardPairs(10, 0.25), {11, 13}, 3)
    assert first == [10, 11, 12, 13]
    assert sorted(set(second) - {11, 13}) == [14, 15, 16]
    assert len({11, 13} & set(second)) == 1
    assert set(second) | set(third) >= {11, 13}
    assert [number for number in second + third if number not in (11, 13)] == list(range(14, 20))


def test_no_more_than_the_share_is_seen_again_however_many_wait() -> None:
    numbers = [number for batch in drawn(HardPairs(0, 0.25), set(range(10**6)), 100) for number in batch]
    again = len(numbers) - len(set(numbers))
    assert 0.2 <= again / len(numbers) <= 0.25


def test_a_pair_that_stays_wrong_is_given_up() -> None:
    numbers = [number for batch in drawn(HardPairs(0, 0.5), {2}, 20) for number in batch]
    assert numbers.count(2) == TIMES
    assert all(numbers.count(other) == 1 for other in set(numbers) - {2})


def test_what_is_right_the_second_time_is_not_seen_a_third() -> None:
    pairs = HardPairs(0, 0.5)
    order = iter(pairs)
    assert list(islice(order, 2)) == [0, 1]
    pairs.learned([True, False])
    assert sorted(islice(order, 2)) == [0, 2]
    pairs.learned([False, False])
    assert pairs.state == []


def test_batches_drawn_ahead_are_reported_in_their_order() -> None:
    pairs = HardPairs(0, 0.5)
    order = iter(pairs)
    assert list(islice(order, 6)) == [0, 1, 2, 3, 4, 5]
    pairs.learned([False, True])
    pairs.learned([True, False])
    assert pairs.state == [[1, 1], [2, 1]]


def test_the_oldest_give_way_where_too_many_wait() -> None:
    pairs = HardPairs(0, 0.0)
    list(islice(iter(pairs), WAITING + 3))
    pairs.learned([True] * (WAITING + 3))
    assert len(pairs.state) == WAITING
    assert pairs.state[0] == [3, 1]


def test_an_order_goes_on_from_its_state() -> None:
    pairs = HardPairs(0, 0.5)
    list(islice(iter(pairs), 2))
    pairs.learned([True, True])
    again = HardPairs(2, 0.5, json.loads(json.dumps(pairs.state)))
    assert set(islice(iter(again), 4)) == {0, 1, 2, 3}


@pytest.mark.parametrize("share", [-0.1, 0.6, float("nan")])
def test_a_share_outside_of_none_to_half_is_refused(share: float) -> None:
    with pytest.raises(SettingsError, match="between none and half"):
        HardPairs(0, share)


def test_a_pair_is_wrong_where_its_original_looks_more_forged_and_it_can_be_forged_again() -> None:
    detection = torch.tensor([2.0, 1.0, -1.0, 3.0, 2.0, 1.0, 0.5, 0.5])
    known = torch.tensor([True, True, True, True, True, False, True, True])
    assert wrongly_ordered(detection, known) == [True, False, False, False]


def test_a_training_sees_again_what_it_got_wrong_and_goes_on_so(
    face_set: FaceSet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    forged: list[int] = []
    forge = PairDataset.__getitem__

    def watched(self: PairDataset, number: int) -> tuple[FaceSample, FaceSample]:
        forged.append(number)
        return forge(self, number)

    monkeypatch.setattr(PairDataset, "__getitem__", watched)
    monkeypatch.setattr(encoder_stage, "ForensicEncoder", make_encoder)
    # What a network gets wrong in its first steps differs between processors: here, every pair.
    monkeypatch.setattr(encoder_stage, "wrongly_ordered", lambda detection, _: [True] * (len(detection) // 2))

    def train(pictures: int) -> list[list[int]]:
        settings = EncoderTraining(
            pictures,
            pairs_per_batch=2,
            workers=0,
            threads=1,
            seed=3,
            calib_pairs=1,
            check_every=10**6,
            save_every=1,
            hard=0.5,
        )
        list(train_encoder(face_set.rows, face_set.root, tmp_path, settings))
        waiting: list[list[int]] = json.loads((tmp_path / "checkpoint.json").read_text())["progress"]["hard"]
        return waiting

    waiting = train(48)
    assert waiting
    seen_again = [number for number in set(forged) if forged.count(number) > 1]
    assert seen_again
    assert all(1 <= times < TIMES for _, times in waiting)
    assert {number for number, _ in waiting} <= set(forged)
    forged.clear()
    train(96)
    new = list(dict.fromkeys(number for number in forged if number >= 24))
    assert new == list(range(24, 24 + len(new)))
    assert {number for number in forged if number < 24} <= {number for number, _ in waiting}
    assert forged.count(waiting[0][0]) >= 1
