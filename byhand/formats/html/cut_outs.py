"""Things to cut out, as HTML: as large on paper as they must be, on whatever paper."""

from __future__ import annotations

from markupsafe import Markup

from byhand.formats.extra import ASKED
from byhand.formats.html.page import rendered
from byhand.page.cut_outs import pieces
from byhand.worksheet.messages import Messages
from byhand.worksheet.views import Medium, View


def cut_outs(view: View, medium: Medium, size: tuple[float, float], messages: Messages) -> str:
    """The page of things to cut out. size: of the paper, in mm.

    Raises: SheetError where a sheet does not say what there is, or a template does not parse.
    """
    return rendered(
        "cut-outs.html", medium, "a4", messages, asked=ASKED, view=view, size=size,
        pieces=[(piece, Markup(piece.drawn.svg)) for piece in pieces(messages)],
    )  # fmt: skip
