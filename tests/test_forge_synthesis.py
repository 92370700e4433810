"""Whole faces out of a decoder: everywhere the decoder's, near the original, changed by latent and donor."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
import torch

from fakeface.answers import ForgeryClass
from fakeface.concepts import mirror_landmarks
from fakeface.faces import Face
from fakeface.training.forge.autoencoder import VARIANTS, shipped_generators
from fakeface.training.forge.masks import filled
from fakeface.training.forge.operators import OPERATORS
from fakeface.training.forge.shipped import shipped_part
from fakeface.training.forge.synthesis import generate, resynthesise
from fakeface.training.forge.values import Forgery, Pixels, Subject, Task

from .faces_data import photograph

GENERATING = tuple(f"generate_{variant}" for variant in VARIANTS)


@pytest.fixture(scope="module")
def subject(astronaut_face: Face) -> Subject:
    return Subject(photograph()[:256, 90:346], astronaut_face.landmarks - np.array([90, 0], np.float32))


@pytest.fixture(scope="module")
def donor(astronaut_face: Face) -> Subject:
    """Another face: the photograph mirrored, its eyes and mouth painted over."""
    pixels = np.ascontiguousarray(photograph()[:, ::-1])
    points = mirror_landmarks(astronaut_face.landmarks, 512)
    for part in (slice(36, 42), slice(42, 48), slice(48, 60)):
        cv2.fillConvexPoly(pixels, cv2.convexHull(points[part].astype(np.int32)), (20, 40, 30))
    return Subject(pixels, points)


def made(name: str, task: Task, seed: int = 0) -> Forgery:
    return OPERATORS[name].make(task, np.random.default_rng(seed))


def psnr(one: Pixels, other: Pixels) -> float:
    return float(10 * np.log10(255**2 / np.mean((one.astype(float) - other) ** 2)))


@pytest.mark.parametrize("name", GENERATING)
def test_a_generated_picture_is_foreign_everywhere_and_the_same_for_the_same_seed(
    subject: Subject, donor: Subject, name: str
) -> None:
    before = subject.pixels.copy()
    first, again, other = (made(name, Task(subject, donor), seed) for seed in (5, 5, 6))
    assert (first.forgery, first.operator, first.mask) == (ForgeryClass.WHOLE_FACE_SYNTHESIS, name, None)
    assert first.altered.all()
    assert (first.pixels.shape, first.pixels.dtype) == (subject.pixels.shape, np.uint8)
    np.testing.assert_array_equal(first.pixels, again.pixels)
    assert dict(first.parameters) == dict(again.parameters)
    assert (first.pixels != other.pixels).any(axis=2).mean() > 0.9
    assert (first.pixels != subject.pixels).any(axis=2).mean() > 0.9
    np.testing.assert_array_equal(subject.pixels, before, err_msg="the real picture must stay as it is")


@pytest.mark.parametrize(("name", "least"), list(zip(GENERATING, (25, 25, 27, 25), strict=True)))
def test_without_strength_the_picture_is_the_decoders_copy_of_the_original(
    subject: Subject, name: str, least: float
) -> None:
    forged = made(name, Task(subject, strength=0.0))
    assert psnr(forged.pixels, subject.pixels) > least
    assert np.abs(forged.pixels.astype(int) - subject.pixels).max() > 2
    assert forged.parameters["drift_deviations"] == forged.parameters["grain_deviations"] == 0


@pytest.mark.parametrize("name", GENERATING)
def test_strength_leads_away_from_the_original(subject: Subject, donor: Subject, name: str) -> None:
    def likeness(strength: float) -> float:
        forged = [made(name, Task(subject, donor, strength), seed).pixels for seed in range(3)]
        return float(np.mean([psnr(pixels, subject.pixels) for pixels in forged]))

    assert likeness(0.1) > likeness(1.0) > 15


@pytest.mark.parametrize("shape", [(64, 91), (97, 61), (200, 200), (255, 250)])
@pytest.mark.parametrize("name", GENERATING)
def test_any_size_and_a_face_at_the_border_can_be_generated(
    subject: Subject, donor: Subject, name: str, shape: tuple[int, int]
) -> None:
    cut = Subject(np.ascontiguousarray(subject.pixels[60 : 60 + shape[0], 90 : 90 + shape[1]]), subject.landmarks)
    cut = Subject(cut.pixels, cut.landmarks - np.array([90, 60], np.float32))
    forged = made(name, Task(cut, donor))
    assert forged.pixels.shape == cut.pixels.shape
    assert psnr(forged.pixels, cut.pixels) > 12


def test_a_grey_picture_stays_grey(subject: Subject, donor: Subject) -> None:
    grey = cv2.cvtColor(cv2.cvtColor(subject.pixels, cv2.COLOR_RGB2GRAY), cv2.COLOR_GRAY2RGB)
    forged = made("generate_nearest", Task(Subject(np.asarray(grey, np.uint8), subject.landmarks), donor))
    assert np.ptp(forged.pixels.astype(int), axis=2).max() == 0


@pytest.mark.parametrize("name", GENERATING)
def test_the_donors_features_come_into_the_face_and_nowhere_else(subject: Subject, donor: Subject, name: str) -> None:
    seeds = [
        seed for seed in range(12) if float(made(name, Task(subject, donor), seed).parameters["donor_share"]) > 0.6
    ]
    assert len(seeds) >= 3
    face = filled(subject.landmarks, subject.pixels.shape)
    far = cv2.dilate(face, np.ones((61, 61), np.uint8)) == 0
    inner = filled(subject.landmarks[17:], subject.pixels.shape) > 0
    for seed in seeds[:3]:
        alone, mixed = (made(name, Task(subject, other), seed) for other in (None, donor))
        assert alone.parameters["donor_share"] == 0
        change = np.abs(mixed.pixels.astype(int) - alone.pixels)
        assert change[far].max() <= 1
        assert change[inner].mean() > 5


@pytest.mark.parametrize(("variant", "period"), [("transposed", 4), ("pixelshuffle", 2)])
def test_the_decoders_grid_can_be_measured_and_a_photograph_has_none(
    subject: Subject, variant: str, period: int
) -> None:
    copies = [generate(Task(subject, strength=0.0), np.random.default_rng(seed), variant) for seed in range(6)]
    assert np.mean([grid(copy.pixels, period) for copy in copies]) > 1.5 * grid(subject.pixels, period)


def grid(pixels: Pixels, period: int) -> float:
    """How much the fine residual repeats at a period, in units of what chance gives (256 x 256 pixels)."""
    grey = pixels.astype(np.float32).mean(axis=2)
    residual = grey - cv2.GaussianBlur(grey, (0, 0), 1.0)
    folded = residual.reshape(256 // period, period, 256 // period, period).mean(axis=(0, 2))
    return float(folded.std() / (residual.std() * period / 256))


def test_generating_leaves_torch_as_it_was_and_loads_the_weights_once(subject: Subject) -> None:
    assert shipped_part().verified().stat().st_size == shipped_part().size_bytes < 2_000_000
    assert shipped_generators() is shipped_generators()
    threads, state = torch.get_num_threads(), torch.get_rng_state()
    made("generate_nearest", Task(subject), 1)
    assert torch.get_num_threads() == threads
    assert torch.is_grad_enabled()
    assert torch.equal(torch.get_rng_state(), state)


def test_a_weak_resynthesis_follows_the_same_draws_and_stays_nearer(subject: Subject) -> None:
    strong, weak = (
        [resynthesise(Task(subject, strength=strength), np.random.default_rng(seed)) for seed in range(8)]
        for strength in (1.0, 0.2)
    )
    assert [dict(one.parameters) for one in strong] == [dict(one.parameters) for one in weak]
    near, far = (np.mean([psnr(one.pixels, subject.pixels) for one in made]) for made in (weak, strong))
    assert near > far
