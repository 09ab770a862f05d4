"""The figures that a page in print has beside its HTML: in the place of each is an empty drawing."""

from __future__ import annotations

from markupsafe import Markup

from byhand.errors import SheetError
from byhand.notation.marks import MARK
from byhand.page.printed import PLACE, Figure
from byhand.pictures.shapes import Circle, Graphic, Shape


class Placing:
    """Takes the figures of a page, as its templates come to them. shared: whether worksheet and key are one page."""

    def __init__(self, *, shared: bool = False) -> None:
        self.figures, self.shared = list[Figure](), shared

    @property
    def tags(self) -> int:
        """About how many tags they would have as HTML."""
        tables = (figure.table for figure in self.figures if not isinstance(figure, Graphic))
        return sum(2 * len(row) for table in tables for row in table.cells)

    def place(self, figure: Figure) -> Markup | None:
        """What stands in the place of a figure; None where the press cannot draw it.

        Raises: SheetError where it has dots of many runs, which nobody else can draw, and on a page that is worksheet
        and key in one, where the answers of a figure as HTML would be on both.
        """
        from byhand.press import knows  # most of the press, which a page for the screen does not need

        if not knows(figure):
            if self.shared:
                raise SheetError("a figure that the press does not draw is another in worksheet and key")
            if not isinstance(figure, Graphic) and any(map(_is_in_slot, figure.behind)):
                raise SheetError(f"{figure.table.name} has dots, and letters that our fonts lack")
            return None
        self.figures.append(figure)
        style = "" if isinstance(figure, Graphic) else "display:block;"
        look = f'{figure.size} style="{style}overflow:visible"'
        return Markup(f"<svg {look}><title>{PLACE}{len(self.figures) - 1}</title></svg>")


def _is_in_slot(shape: Shape) -> bool:
    """Whether a shape is a dot of many runs."""
    return isinstance(shape, Circle) and MARK.match(str(shape.radius)) is not None
