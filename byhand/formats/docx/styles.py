"""An empty Word document with the paper, the styles and the foot of a sheet, where a lecturer can change them."""

from __future__ import annotations

import docx
from docx.document import Document
from docx.enum.text import WD_TAB_ALIGNMENT
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Mm, Pt, RGBColor

from byhand.formats.docx.text import GREY, INK
from byhand.formats.html.page import paper_size
from byhand.page.page import Page
from byhand.worksheet.views import Paper

MARGIN = 20.0  # mm
FACE, TYPE, FOOT = "Arial", 10.5, 9.0  # a face that nearly every computer has, or one as wide; pt
HEADINGS = {"Title": 20.0, "Heading 1": 13.0, "Heading 2": 11.0}  # pt
BEFORE, AFTER = 12.0, 5.0  # pt: before a heading, and after any paragraph


def blank_document(page: Page, paper: Paper) -> Document:
    """A document in which nothing stands but the foot of the page."""
    file = docx.Document()
    section = file.sections[0]
    section.page_width, section.page_height = map(Mm, paper_size(paper))
    for side in ("left", "right", "top", "bottom"):
        setattr(section, f"{side}_margin", Mm(MARGIN))
    _style(file, page.messages.language)
    _write_foot(file, page.document.foot, width_on(paper))
    _drop_old_styles(file)
    about = file.core_properties
    about.title, about.author, about.comments = page.document.title, "", page.document.foot
    about.language = page.messages.language
    return file


def width_on(paper: Paper) -> float:
    """The room between the margins, in mm."""
    return paper_size(paper)[0] - 2 * MARGIN


def _style(file: Document, language: str) -> None:
    styles = file.styles
    for name in ("Normal", *HEADINGS):
        font, distances = styles[name].font, styles[name].paragraph_format
        font.name, font.size, font.color.rgb = FACE, Pt(HEADINGS.get(name, TYPE)), RGBColor.from_string(INK)
        fonts = styles[name].element.rPr.rFonts
        for attribute in [each for each in fonts.attrib if each.endswith("Theme")]:
            del fonts.attrib[attribute]  # they would have a face of the template
        distances.space_before, distances.space_after = Pt(BEFORE if name in HEADINGS else 0), Pt(AFTER)
    of_title = styles["Title"].element.pPr
    of_title.remove(of_title.find(qn("w:pBdr")))  # a line below
    spoken = OxmlElement("w:lang")
    spoken.set(qn("w:val"), language)
    styles["Normal"].element.rPr.append(spoken)


def _write_foot(file: Document, text: str, width: float) -> None:
    """The foot on the left, and the number of the page on the right."""
    file.styles["Footer"].paragraph_format.tab_stops.clear_all()
    foot = file.sections[0].footer.paragraphs[0]
    foot.paragraph_format.tab_stops.add_tab_stop(Mm(width), WD_TAB_ALIGNMENT.RIGHT)
    said = foot.add_run(f"{text}\t").font
    said.size, said.color.rgb = Pt(FOOT), RGBColor.from_string(GREY)
    number = OxmlElement("w:fldSimple")
    number.set(qn("w:instr"), "PAGE")
    foot._p.append(number)


def _drop_old_styles(file: Document) -> None:
    """Leave out the template's second table of styles, of Word 2010, which says something else than the first."""
    for key, relation in [*file.part.rels.items()]:
        if relation.reltype.endswith("/stylesWithEffects"):
            file.part.drop_rel(key)
