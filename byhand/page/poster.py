"""The small grids of the family's poster: who looks at whom among five words."""

from __future__ import annotations

from collections.abc import Sequence

from byhand.pictures.canvas import HAIR, PEN, Layer
from byhand.pictures.shapes import Graphic
from byhand.worksheet.poster import LITTLE, NONE, PARTLY, WHOLE

CELL, EDGE = 2.6, 0.1  # mm on A3
LINE = "#777777"
TONES = {WHOLE: 1.0, PARTLY: 0.55, LITTLE: 0.22, NONE: 0.0}  # how much ink a cell has


def grid(lines: Sequence[str], said: str, scale: float, ink: str = PEN) -> Graphic:
    """A grid with its cells shaded. lines: as of OnPoster.

    said: its alternative text. scale: of the paper beside A3.
    """
    cell, edge = CELL * scale, EDGE * scale
    on, side = Layer(), cell * len(lines) + 2 * edge
    for i, line in enumerate(lines):
        for j, sign in enumerate(line):
            on.box(
                edge + cell * j, edge + cell * i, cell, cell, fill=_tone(ink, TONES[sign]), width=HAIR, colour=LINE
            )
    return Graphic(side, side, said, on.drawn, name="looks")


def _tone(ink: str, share: float) -> str:
    """A colour thinned with white."""
    parts = [int(ink[at : at + 2], 16) for at in (1, 3, 5)]
    return "#" + "".join(f"{round(share * part + (1 - share) * 255):02x}" for part in parts)
