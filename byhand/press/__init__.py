"""The press: pages in print become PDF. WeasyPrint lays a page out once, and its slots are filled in for each run.

    printed(page)                  → a page as PDF
    filled(pages, view, …)         → the page of a sheet, filled into the one that all its runs share
    filled_form(pages, …)          → its worksheet, with fields
    layouts(page, texts, …)        → a class's page, laid out for all copies
    filled_copies(layouts, …)      → what each copy has there
    bound(front, parts, …)         → a book

Other rooms use these names, and none of the files of this room.

A page is written once for all runs of its sheet, and kept (kept.py): `generate` is a class of one. The document is
arranged again with marks in place of all that a run decides (`Document.over`, notation/marks.py). What a page looks
like follows from this document and from how its figures are laid out, so it is kept under a hash of both; for another
run, what is found under its hash is filled in, which nine of ten seeds find. While a page is written, no value may be
looked at, because another one might make another page. Words and numbers of somebody's own, letters, templates of
one's own and a secret have pages by themselves for the screen, and in print are compared with what they are without
slots.

In print, such a page is laid out with "−2" for each number and "word" for each word (slotted.py). Worksheet and key
are one page; what only one of them shows is told apart by the classes of its elements (views.py). The run's own texts
are then filled in (fill.py). The worked view, and a page on which something has no room, are laid out by themselves;
`byhand --debug generate` says which.

WeasyPrint lays out the words. A page comes with its figures beside its HTML (page/printed.py), and an empty drawing
in the place of each: there, pen.py writes the figure and structure.py its part of the structure tree. Figures are
values, of which tables.py, beside.py and drawing.py make what the pen writes. One that the pen does not know stands
in the HTML, and WeasyPrint lays it out. All that is read of WeasyPrint's inner forms is read by inner.py, and
tests/press/test_inner_forms.py says what a new version has changed; where a form is unknown, the page is written as
HTML alone, and laid out by WeasyPrint.

A PDF to fill in (form.py) is the worksheet's page with a field in each room for an answer: such an element says so in
its HTML (`data-field`) and gets an empty drawing (tree.py), whose place WeasyPrint writes into the structure. A book
is bound of pages as each sheet has them alone (binding.py).

Every PDF but those that hold all copies of a class for the printer is tagged, and is what PDF/UA-1 asks for as far as
a program can tell (tests/accessible.py): a matrix is a table whose cells know their row and their column; the map and
a picture have a sentence; brackets, tiles and arrows are not read.
"""

from byhand.press.binding import Part, bound, length_of
from byhand.press.bundle import Bundle
from byhand.press.engine import check_face, check_installed, pango_command, weasyprint
from byhand.press.figures import knows
from byhand.press.form import copy_form, filled_form
from byhand.press.heights import heights
from byhand.press.inner import face_of, fonts_of, levels
from byhand.press.kept import kept_page, with_slots, with_texts
from byhand.press.layout import copy_html, copy_page
from byhand.press.many import Filled, base_of, copy_alone, filled_copies, layouts
from byhand.press.pieces import MM, TextOf
from byhand.press.printing import printed
from byhand.press.rooms import Edges
from byhand.press.scan_marks import CODE_DIGITS, MARK_SIDE, check_scannable, corners, marked, said_by, with_marks
from byhand.press.shape import cut, has, width
from byhand.press.slotted import LETTERS, Slotted, alike, filled, shared, typical
from byhand.press.template import Template, copy_pdf, rooms_of, said_in

__all__ = [
    "CODE_DIGITS", "LETTERS", "MARK_SIDE", "MM", "Bundle", "Edges", "Filled", "Part", "Slotted", "Template",
    "TextOf", "alike", "base_of", "bound", "check_face", "check_installed", "check_scannable", "copy_alone",
    "copy_form", "copy_html", "copy_page", "copy_pdf", "corners", "cut", "face_of", "filled", "filled_copies",
    "filled_form", "fonts_of", "has", "heights", "kept_page", "knows", "layouts", "length_of", "levels", "marked",
    "pango_command", "printed", "rooms_of", "said_by", "said_in", "shared", "typical", "weasyprint", "width",
    "with_marks", "with_slots", "with_texts",
]  # fmt: skip
