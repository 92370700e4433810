"""Draw the concept tree itself, `docs/concept-tree.svg`, from the data: `python docs/make_tree.py`."""

from __future__ import annotations

from pathlib import Path
from xml.sax.saxutils import escape

from fakeface.concepts.tree import CONCEPTS, LEAF_NAMES, TOPS, Kind, Source, children, leaves_below

PICTURE = Path(__file__).parent / "concept-tree.svg"
COLUMNS, COLUMN, ROW, STEP, MARGIN = 4, 285, 15, 14, 16
FILLS = {Source.LANDMARKS: "#0072B2", Source.COLOUR: "#E69F00", Source.NONE: "#BBBBBB"}
LEGEND = {
    Source.LANDMARKS: "placed by landmarks",
    Source.COLOUR: "placed by colour",
    Source.NONE: "no cue: never named",
}


def rows(name: str, depth: int = 0) -> list[tuple[str, int]]:
    """A concept and all below it with their depth, as they are listed."""
    below = children(name) if CONCEPTS[name].kind is Kind.PARENT else ()
    return [(name, depth), *(row for child in below for row in rows(child, depth + 1))]


def columns() -> list[list[list[tuple[str, int]]]]:
    """The twelve tops in their order, shared out over columns of about the same height."""
    blocks = [rows(top) for top in TOPS]
    height = sum(len(block) + 1 for block in blocks) / COLUMNS
    shared: list[list[list[tuple[str, int]]]] = [[]]
    filled = 0.0
    for block in blocks:
        if filled + len(block) / 2 > height * len(shared) and len(shared) < COLUMNS:
            shared.append([])
        shared[-1].append(block)
        filled += len(block) + 1
    return shared


def line(name: str, depth: int, x: int, y: int) -> list[str]:
    """One concept: a dot for a leaf, bold words for a parent, with its branch."""
    concept, left = CONCEPTS[name], x + depth * STEP
    drawn = [f'<path d="M{left - 9} {y - 4}h6" stroke="#999" fill="none"/>'] if depth else []
    if concept.kind is Kind.LEAF and concept.source is not None:
        number = LEAF_NAMES.index(name) + 1
        drawn += [f'<circle cx="{left + 3}" cy="{y - 4}" r="3.5" fill="{FILLS[concept.source]}"/>']
        return [
            *drawn,
            f'<text x="{left + 11}" y="{y}">{escape(concept.words)} <tspan fill="#777">{number}</tspan></text>',
        ]
    count = len(leaves_below(name))
    words = escape(concept.words)
    return [*drawn, f'<text x="{left}" y="{y}" font-weight="bold">{words} <tspan fill="#777">({count})</tspan></text>']


def picture() -> str:
    """The whole tree as SVG."""
    body: list[str] = []
    bottom = 0
    for number, blocks in enumerate(columns()):
        x, y = MARGIN + number * COLUMN, MARGIN + 3 * ROW
        for block in blocks:
            places: dict[int, int] = {}
            for name, depth in block:
                if depth:
                    body.append(f'<path d="M{x + depth * STEP - 9} {places[depth - 1] + 3}V{y - 4}" stroke="#999"/>')
                body += line(name, depth, x, y)
                places[depth] = y
                y += ROW
            y += ROW
        bottom = max(bottom, y)
    width = 2 * MARGIN + COLUMNS * COLUMN
    head = [
        f'<text x="{MARGIN}" y="{MARGIN + 6}" font-size="15" font-weight="bold">112 leaves and their parents</text>'
    ]
    x = MARGIN + COLUMN
    for source, words in LEGEND.items():
        head += [f'<circle cx="{x}" cy="{MARGIN + 2}" r="4" fill="{FILLS[source]}"/>']
        head += [f'<text x="{x + 9}" y="{MARGIN + 6}">{words}</text>']
        x += 190
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{bottom}" '
            f'viewBox="0 0 {width} {bottom}" font-family="DejaVu Sans, Verdana, sans-serif" font-size="11">',
            '<rect width="100%" height="100%" fill="white"/>',
            *head,
            *body,
            "</svg>",
            "",
        ]
    )


if __name__ == "__main__":
    PICTURE.write_text(picture(), encoding="utf-8")
