"""The press: HTML in print becomes PDF. WeasyPrint lays a page out once, and its slots are filled in for each run.

    printed(html)                  → a page as PDF
    filled(pages, view, …)         → the page of a sheet, filled into the one that all its runs share
    filled_form(pages, …)          → its worksheet, with fields
    layouts(html, marks, …)        → a class's page, laid out for all copies
    filled_copies(layouts, …)      → what each copy has there
    bound(front, parts, …)         → a book

Other rooms use these names, and none of the files of this room.
"""

from byhand.press.binding import Part, bound
from byhand.press.bundle import Bundle
from byhand.press.engine import check_installed
from byhand.press.form import copy_form, filled_form
from byhand.press.heights import heights
from byhand.press.inner import face_of, fonts_of, levels
from byhand.press.kept import kept_page, with_slots, with_texts
from byhand.press.layout import copy_html
from byhand.press.many import Filled, base_of, copy_alone, filled_copies, layouts
from byhand.press.pieces import TextOf
from byhand.press.printing import printed
from byhand.press.shape import cut, has, width
from byhand.press.slotted import LETTERS, Slotted, filled, shared, typical
from byhand.press.template import Template, copy_pdf, said_in

__all__ = [
    "LETTERS", "Bundle", "Filled", "Part", "Slotted", "Template", "TextOf", "base_of", "bound", "check_installed",
    "copy_alone", "copy_form", "copy_html", "copy_pdf", "cut", "face_of", "filled", "filled_copies", "filled_form",
    "fonts_of", "has", "heights", "kept_page", "layouts", "levels", "printed", "said_in", "shared",
    "typical", "width", "with_slots", "with_texts",
]  # fmt: skip
