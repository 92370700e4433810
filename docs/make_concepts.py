"""Make what concepts.md shows of the concept tree: its tables from the data, its picture from a sample's face.

Run `python docs/make_concepts.py` after a change of the tree or of its geometry. It lies beside what it makes, as
`samples/make_samples.py` does, because nobody who uses the tool needs it.
"""

from __future__ import annotations

import colorsys
import sys
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from fakeface.backends.dlib import DlibFaceFinder
from fakeface.concepts import CONCEPTS, HEAD_REGIONS, LEAF_NAMES, LEAVES, LeafMap, Reason, locate
from fakeface.concepts.tree import CROSS, OVERLAYS, PARENTS, TOPS, Concept, ancestors, children, leaves_below
from fakeface.frames import Frame
from fakeface.settings import FaceSettings

DOCS = Path(__file__).parent
PAGE = DOCS / "concepts.md"
SAMPLE = DOCS.parent / "samples" / "astronaut.jpg"
FONT = DOCS.parent / "fakeface" / "report" / "fonts" / "DejaVuSans.ttf"
BEGIN, END = "<!-- tables: made by docs/make_concepts.py -->", "<!-- end of tables -->"

Pixels = NDArray[np.uint8]
Points = NDArray[np.float32]

HUES = {
    "forehead": "#E69F00",
    "eyebrows": "#882255",
    "eyes": "#56B4E9",
    "nose": "#F0E442",
    "cheeks": "#009E73",
    "mouth": "#CC79A7",
    "chin_and_jaw": "#0072B2",
    "ears": "#999999",
    "hair": "#D55E00",
    "neck_body": "#44AA99",
    "accessories": "#999999",
    "background": "#BBBBBB",
}
"""Okabe and Ito's colours and four of Tol's, one for each top of the tree; numbers tell leaves apart, not colours."""

REASONS = {
    Reason.NO_CUE: "no cue",
    Reason.NOT_PARTED: "colours do not part",
    Reason.NOT_SEEN: "not seen here",
    Reason.TOO_SMALL: "too small here",
}


def table(head: str, rows: list[list[str]]) -> list[str]:
    """A Markdown table with an empty line after it."""
    titles = [title.strip() for title in head.split("|")]
    lines = [f"| {' | '.join(titles)} |", "|" + "---|" * len(titles)]
    return [*lines, *(f"| {' | '.join(row)} |" for row in rows), ""]


def code(names: tuple[str, ...]) -> str:
    """Names as Markdown."""
    return ", ".join(f"`{name}`" for name in names)


def named(concept: Concept) -> list[str]:
    """A concept's name, and its words with its synonyms."""
    return [f"`{concept.name}`", "; ".join([f"**{concept.words}**", *concept.synonyms])]


def leaf_row(leaf: Concept) -> list[str]:
    """One row of the table of leaves."""
    number = str(LEAF_NAMES.index(leaf.name) + 1)
    return [number, *named(leaf), code(ancestors(leaf.name)[:-1]) or "–", str(leaf.source), leaf.note]


def tables() -> str:
    """All tables of the page, from the data."""
    lines = [BEGIN, ""]
    for letter, top in zip("ABCDEFGHIJKL", TOPS, strict=True):
        leaves = [LEAVES[number] for number in leaves_below(top)]
        lines += [f"### {letter}. {CONCEPTS[top].words.capitalize()} (`{top}`): {len(leaves)} leaves", ""]
        lines += table("no. | name | words; synonyms | parents below the top | source | how it is placed, or why not",
                       [leaf_row(leaf) for leaf in leaves])  # fmt: skip
    lines += ["### Parents", ""]
    rows = [[*named(one), code(ancestors(one.name)[:1]) or "–", code(children(one.name))] for one in PARENTS]
    lines += table("name | words; synonyms | parent | children", rows)
    lines += ["### Cross-cutting parents", ""]
    lines += table("name | words; synonyms | made of", [[*named(one), code(one.members)] for one in CROSS])
    lines += ["### Overlays", ""]
    rows = [
        [*named(one), code(one.members) + one.hull * ", filled up to its hull", code(one.outside) or "all the rest"]
        for one in OVERLAYS
    ]
    lines += table("name | words; synonyms | inside the border | outside", rows)
    lines += ["### The sixteen regions of the region head", ""]
    lines += table("region | in the tree", [[f"`{name}`", code(members)] for name, members in HEAD_REGIONS.items()])
    return "\n".join([*lines, END])


def page(text: str) -> str:
    """The page with its tables made anew."""
    before, _, rest = text.partition(BEGIN)
    return before + tables() + rest.partition(END)[2]


def colours() -> Pixels:
    """(112, 3) uint8: the hue of each leaf's top, lighter and darker in turns."""
    found = np.zeros((len(LEAVES), 3), np.uint8)
    for top, colour in HUES.items():
        red, green, blue = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
        hue, light, full = colorsys.rgb_to_hls(red, green, blue)
        for turn, leaf in enumerate(leaves_below(top)):
            shade = min(max(light + (-0.1, 0.06, 0.16)[turn % 3], 0.2), 0.85)
            found[leaf] = [round(255 * part) for part in colorsys.hls_to_rgb(hue, shade, full)]
    return found


def scene(zoom: int, side: int) -> tuple[Pixels, LeafMap, LeafMap]:
    """Head and shoulders enlarged, the leaves drawn there, and the leaves of the photograph as it is."""
    photograph = np.asarray(Image.open(SAMPLE).convert("RGB"))
    face = max(DlibFaceFinder(FaceSettings()).find(Frame(photograph.copy())), key=lambda found: found.confidence)
    middle = face.landmarks.mean(axis=0)
    left, top = round(float(middle[0])) - side // 2, max(round(float(middle[1])) - round(side * 0.57), 0)
    cut = photograph[top : top + side, left : left + side]
    large = np.asarray(cv2.resize(cut, None, fx=zoom, fy=zoom, interpolation=cv2.INTER_CUBIC), np.uint8)
    points = ((face.landmarks - np.array([left, top]) + 0.5) * zoom - 0.5).astype(np.float32)
    own = locate(face.landmarks, *photograph.shape[:2], photograph)
    return large, locate(points, *large.shape[:2], large), own


def painted(pixels: Pixels, labels: Pixels, alpha: float = 0.5) -> Pixels:
    """The picture under its leaves, with white borders."""
    grey = cv2.cvtColor(cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY), cv2.COLOR_GRAY2RGB)
    mixed = colours()[labels] * alpha + grey * (1 - alpha)
    border = np.zeros(labels.shape, bool)
    border[:, 1:] |= labels[:, 1:] != labels[:, :-1]
    border[1:] |= labels[1:] != labels[:-1]
    mixed[border] = 255
    return mixed.astype(np.uint8)


def numbered(pixels: Pixels, leaves: LeafMap, area: tuple[int, int, int, int], zoom: float, size: int) -> Image.Image:
    """A part of the picture (left, top, right, bottom), enlarged, with the number of each leaf that has room for it."""
    left, top, right, bottom = area
    width, height = round((right - left) * zoom), round((bottom - top) * zoom)
    labels = cv2.resize(leaves.labels[top:bottom, left:right], (width, height), interpolation=cv2.INTER_NEAREST)
    below = cv2.resize(pixels[top:bottom, left:right], (width, height), interpolation=cv2.INTER_CUBIC)
    image = Image.fromarray(painted(np.asarray(below, np.uint8), np.asarray(labels, np.uint8)))
    draw = ImageDraw.Draw(image)
    font = ImageFont.truetype(str(FONT), size)
    for number in np.unique(labels):
        padded = np.pad((labels == number).astype(np.uint8), 1)
        depth = cv2.distanceTransform(padded, cv2.DIST_L2, 3)
        row, column = np.unravel_index(int(depth.argmax()), depth.shape)
        if depth[row, column] >= 0.5 * size:
            place = (int(column) - 1, int(row) - 1)
            draw.text(place, str(number + 1), "black", font, anchor="mm", stroke_width=2, stroke_fill="white")
    return image


def legend(own: LeafMap, width: int, columns: int) -> Image.Image:
    """All 112 leaves by number and words; those that are not assessable on the photograph in grey, with the reason."""
    plain, bold = ImageFont.truetype(str(FONT), 17), ImageFont.truetype(str(FONT.with_name("DejaVuSans-Bold.ttf")), 18)
    rows: list[tuple[str, int]] = []
    for top in TOPS:
        rows += [(top, -1), *((top, number) for number in leaves_below(top))]
    deep = -(-len(rows) // columns) + 1
    for place in range(deep - 1, len(rows), deep):
        if rows[place][1] < 0:  # no heading at the foot of a column
            rows.insert(place, ("", -1))
    image = Image.new("RGB", (width, deep * 25 + 20), "white")
    draw = ImageDraw.Draw(image)
    shades = colours()
    for place, (top, number) in enumerate(rows):
        x, y = 16 + place // deep * (width // columns), 10 + place % deep * 25
        if number < 0:
            draw.text((x, y + 2), CONCEPTS[top].words.capitalize() if top else "", "black", bold)
            continue
        reason = own.reasons[number]
        draw.rectangle((x, y + 3, x + 16, y + 19), tuple(int(part) for part in shades[number]), "black")
        text = f"{number + 1}  {LEAVES[number].words}" + (f" ({REASONS[reason]})" if reason else "")
        draw.text((x + 25, y), text, "black" if reason is None else "#707070", plain)
    return image


def picture() -> Image.Image:
    """The whole sheet: the head, eye, nose and mouth larger, and the legend."""
    pixels, leaves, own = scene(6, 190)
    side = pixels.shape[0]
    head = numbered(pixels, leaves, (0, 0, side, side), 1.0, 17)
    sheet = Image.new("RGB", (side + 20 + 720, side + 20), "white")
    sheet.paste(head, (0, 0))
    y = 0
    for names, height in ((("right_eye", "right_brow"), 400), (("nose",), 350), (("lips", "oral", "perioral"), 370)):
        rows, columns = np.nonzero(np.any([leaves.mask(name) for name in names], axis=0))
        zoom = min(height / (np.ptp(rows) + 24), 720 / (np.ptp(columns) + 24))
        half_width, half_height = 360 / zoom, height / 2 / zoom
        x, middle = (columns.min() + columns.max()) / 2, (rows.min() + rows.max()) / 2
        area = (round(x - half_width), round(middle - half_height), round(x + half_width), round(middle + half_height))
        sheet.paste(numbered(pixels, leaves, area, zoom, 19), (side + 20, y))
        y += height + 10
    below = legend(own, sheet.width, 4)
    whole = Image.new("RGB", (sheet.width, sheet.height + below.height), "white")
    whole.paste(sheet, (0, 0))
    whole.paste(below, (0, sheet.height))
    return whole


def main() -> None:
    """Write the page's tables, and its picture unless asked for the tables alone."""
    PAGE.write_text(page(PAGE.read_text("utf-8")), "utf-8")
    if "--tables" not in sys.argv[1:]:
        picture().save(DOCS / "concepts.png", optimize=True)


if __name__ == "__main__":
    main()
