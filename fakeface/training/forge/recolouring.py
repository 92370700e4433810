"""Other colours: whiter eyes and teeth, other irises, dyed hair."""

from __future__ import annotations

import numpy as np

from fakeface.answers import ForgeryClass
from fakeface.training.forge.canvas import Canvas, from_lab, mixed, scaled, to_lab
from fakeface.training.forge.scalp import scalp_hair
from fakeface.training.forge.values import CannotForge, Forgery, Operator, Task

__all__ = ["HAIR_COLOURS", "IRIS_COLOURS", "OPERATORS", "recolour_eyes", "recolour_hair", "whiten"]

SCLERAS = ("right_medial_sclera", "right_lateral_sclera", "left_medial_sclera", "left_lateral_sclera")
TEETH = ("upper_teeth", "lower_teeth")

IRIS_COLOURS: dict[str, tuple[float, float, float]] = {
    "blue": (13, -3, -24),
    "green": (10, -14, 17),
    "grey": (14, -1, -4),
    "hazel": (7, 7, 26),
    "brown": (-7, 12, 20),
}
"""Change of L*, then a* and b* of irises."""

HAIR_COLOURS: dict[str, tuple[float, float, float]] = {
    "black": (14, 1, 1),
    "brown": (26, 8, 13),
    "red": (36, 24, 26),
    "blond": (60, 5, 26),
    "grey": (58, 0, 2),
    "violet": (34, 26, -24),
    "blue": (34, -2, -26),
}
"""Mean L*, a* and b* of dyed hair."""


def whiten(task: Task, rng: np.random.Generator) -> Forgery:
    """Lighten eye whites and teeth and take their colour away.

    Raises:
        CannotForge: neither eye whites nor teeth are seen.
    """
    canvas = Canvas.of(task.subject, above=0.5)
    seen = {"eyes": canvas.seen(*SCLERAS), "teeth": canvas.seen(*TEETH)}
    possible = [name for name, leaves in seen.items() if leaves]
    if not possible:
        raise CannotForge("neither eye whites nor teeth are seen")
    both = len(possible) == 2 and rng.random() < 0.5
    chosen = possible if both else [str(rng.choice(possible))]
    amount = scaled(task.strength, 0.35, 1.0)
    lighter, kept = float(rng.uniform(9, 17)), float(rng.uniform(0.15, 0.5))
    mask = canvas.area(*(leaf for name in chosen for leaf in seen[name]), feather=0.014)
    lab = to_lab(canvas.pixels)
    white = lab.copy()
    room = np.clip((97 - lab[..., 0]) / 25, 0, 1) * np.clip(lab[..., 0] / 40, 0.3, 1)
    white[..., 0] += room * np.float32(lighter * amount)
    white[..., 1:] *= np.float32(1 - (1 - kept) * amount)
    drawn: dict[str, str | float | bool] = {"eyes": "eyes" in chosen, "teeth": "teeth" in chosen}
    drawn |= {"lighter": lighter * amount, "colour_kept": kept}
    return canvas.laid(from_lab(mixed(lab, white, mask)), mask, "whiten", drawn)


def recolour_eyes(task: Task, rng: np.random.Generator) -> Forgery:
    """Give the irises another colour; pupil and catch-light stay.

    Raises:
        CannotForge: no iris is seen, or the picture has no colours.
    """
    canvas = Canvas.of(task.subject, above=0.5)
    irises = canvas.seen("right_iris", "left_iris")
    if canvas.is_grey or not irises:
        raise CannotForge("no iris is seen" if not irises else "a grey picture shows no colour of eyes")
    name = str(rng.choice(list(IRIS_COLOURS)))
    lift, red, yellow = IRIS_COLOURS[name]
    amount = scaled(task.strength, 0.45, 1.0)
    share = np.float32(rng.uniform(0.7, 0.95) * amount)
    pupils = [leaf.replace("iris", "pupil") for leaf in irises]
    mask = canvas.area(*irises, *pupils, feather=0.014)
    lab = to_lab(canvas.pixels)
    light = lab[..., 0]
    dyed = lab.copy()
    clear = np.clip((78 - light) / 20, 0, 1) * np.clip((light - 4) / 12, 0.25, 1)
    dyed[..., 0] += np.float32(lift * amount) * clear
    dyed[..., 1] += (np.float32(red) - lab[..., 1]) * share * clear
    dyed[..., 2] += (np.float32(yellow) - lab[..., 2]) * share * clear
    drawn: dict[str, str | float | bool] = {"colour": name, "colour_share": float(share)}
    return canvas.laid(from_lab(mixed(lab, dyed, mask)), mask, "recolour_eyes", drawn)


def recolour_hair(task: Task, rng: np.random.Generator) -> Forgery:
    """Dye the hair of the head; strands keep their light and dark.

    Raises:
        CannotForge: no hair can be told from its surroundings, or the picture has no colours.
    """
    canvas = Canvas.of(task.subject, around=1.5, above=1.8)
    if canvas.is_grey:
        raise CannotForge("a grey picture shows no colour of hair")
    mask = scalp_hair(canvas)
    lab = to_lab(canvas.pixels)
    inside = mask > 0.5
    if not inside.any():
        raise CannotForge("no hair is seen")
    mean = lab[inside].mean(axis=0)
    far = [name for name, tone in HAIR_COLOURS.items() if np.abs(mean - tone).sum() > 20]
    name = str(rng.choice(far))
    amount = scaled(task.strength, 0.35, 0.9)
    light, red, yellow = HAIR_COLOURS[name]
    shift = float(np.clip(light - mean[0], -22, 24)) * amount
    contrast = 1 + 0.012 * shift
    dyed = lab.copy()
    above = lab[..., 0] - np.float32(mean[0])
    moved = above * np.float32(contrast - 1) + np.float32(shift)
    dyed[..., 0] += moved * np.clip(1.3 - above / 26, 0, 1)  # bright rims are half background
    hairy = np.clip(1.4 - above / 28, 0.1, 1)
    shine = hairy * np.clip((lab[..., 0] + 12) / 40, 0.3, 1) * np.clip((105 - dyed[..., 0]) / 30, 0, 1)
    for channel, tone in ((1, red), (2, yellow)):
        dyed[..., channel] += (np.float32(tone) - lab[..., channel]) * np.float32(amount) * shine
    drawn: dict[str, str | float | bool] = {"colour": name, "lightness_shift": shift, "amount": amount}
    return canvas.laid(from_lab(mixed(lab, dyed, mask)), mask, "recolour_hair", drawn)


OPERATORS = (
    Operator("whiten", ForgeryClass.EDITING, whiten, False, "Eye whites and teeth become lighter and lose colour."),
    Operator("recolour_eyes", ForgeryClass.EDITING, recolour_eyes, False, "The irises get another colour."),
    Operator("recolour_hair", ForgeryClass.EDITING, recolour_hair, False, "The hair of the head is dyed."),
)
