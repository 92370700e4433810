"""Parts of windows to train on: same place for both of a pair, and the altered area stays in sight."""

import torch

from fakeface.training.crops import TILE, cropped, shuffled


def batch_with_altered(rows: slice, columns: slice) -> dict[str, torch.Tensor]:
    """One pair whose pixels hold their own position, so that a part tells where it was cut."""
    place = torch.arange(224 * 224).reshape(1, 1, 224, 224).expand(2, 3, 224, 224)
    mask = torch.zeros(2, 56, 56)
    mask[1, rows, columns] = 1
    return {"pixels": place, "mask": mask, "label": torch.tensor([0.0, 1.0])}


def test_both_windows_of_a_pair_are_cut_at_the_same_place() -> None:
    part = cropped(batch_with_altered(slice(0, 56), slice(0, 56)), 160, seed=3)
    assert part["pixels"].shape == (2, 3, 160, 160)
    assert torch.equal(part["pixels"][0], part["pixels"][1])


def test_the_mask_is_cut_where_the_pixels_are() -> None:
    part = cropped(batch_with_altered(slice(4, 12), slice(40, 50)), 160, seed=5)
    top, left = divmod(int(part["pixels"][0, 0, 0, 0]), 224)
    rows, columns = torch.nonzero(part["mask"][1], as_tuple=True)
    assert (top + 4 * int(rows.min()), left + 4 * int(columns.min())) == (16, 160)


def test_a_part_keeps_most_of_what_was_altered() -> None:
    kept = [float(cropped(batch_with_altered(slice(0, 8), slice(0, 8)), 160, seed)["mask"].sum()) for seed in range(20)]
    assert min(kept) >= 0.6 * 64
    assert max(kept) == 64


def test_the_place_follows_from_the_seed() -> None:
    whole = batch_with_altered(slice(0, 56), slice(0, 56))
    first, again, other = (cropped(whole, 160, seed)["pixels"] for seed in (1, 1, 2))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)


def test_a_part_as_large_as_the_window_is_the_window() -> None:
    whole = batch_with_altered(slice(0, 8), slice(0, 8))
    assert cropped(whole, 224, seed=1) is whole


def test_tiles_of_pairs_without_a_known_place_are_shuffled_alike_and_others_stay() -> None:
    place = torch.arange(160 * 160).reshape(1, 1, 160, 160).expand(6, 3, 160, 160)
    batch = {"pixels": place, "mask_known": torch.tensor([True, True, True, False, True, False])}
    shown = shuffled(batch, 1.0, seed=2)["pixels"]
    assert torch.equal(shown[0], place[0])
    assert torch.equal(shown[1], place[1])
    for real in (2, 4):
        assert torch.equal(shown[real], shown[real + 1]), "both of a pair alike"
        assert not torch.equal(shown[real], place[real])
        assert torch.equal(shown[real].sort().values.sum(), place[real].sum()), "nothing is lost"
        tile = shown[real, 0, :TILE, :TILE]
        top, left = divmod(int(tile[0, 0]), 160)
        assert torch.equal(tile, place[real, 0, top : top + TILE, left : left + TILE]), "a tile is whole"
        assert top % 8 == left % 8 == 0, "and keeps the phase of the JPEG grid"
    assert not torch.equal(shown[2], shown[4]), "every pair has its own order"
    assert torch.equal(shuffled(batch, 1.0, seed=2)["pixels"], shown)
    assert shuffled(batch, 0.0, seed=2) is batch
