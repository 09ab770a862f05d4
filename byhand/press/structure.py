"""The structure tree of a PDF, by which it is read aloud: tables go in, and what stands beside them; and what
WeasyPrint leaves out of it is added, as PDF/UA-1 and ISO 32000-1 (14.7, 14.8) ask for it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from byhand.notation.marks import MARK
from byhand.page.look import LEAD
from byhand.press.beside import Label
from byhand.press.inner import drawing_box, parents, place_in
from byhand.press.tables import Table

SAID, KEY_SAID = "/ByhandSaid", "/ByhandKeySaid"
LEAD_TO = "/ByhandLeadTo"  # of an element that a book makes a link: where it leads to, its place and its words
POINTS = 0.75  # in a px
_GROUPS = {"/Document", "/Part", "/Art", "/Sect", "/Div", "/NonStruct", "/Table", "/THead", "/TBody", "/TFoot", "/TR"}
_TEXTS = {"/P", "/L", "/LI", "/LBody", "/Link", "/Span"}


def put_in(
    file: Any, element: Any, table: Table, marks: Sequence[Sequence[range]], elements: Any, prefix: str
) -> None:
    """Make an element a table.

    marks: those of each cell's texts, which follow those of the page's elements. prefix: of the names of its labels.
    """
    from pikepdf import Array, Dictionary, Name, Object

    over, beside = _heads(table, prefix)
    rows = []
    for i, (row, own_marks) in enumerate(zip(table.cells, marks, strict=True)):
        line = file.make_indirect(Dictionary(Type=Name.StructElem, S=Name.TR, P=element, K=Array()))
        rows.append(line)
        cells, j = [], 0
        for cell, cell_marks in zip(row, own_marks, strict=True):
            name, about = "", f"/ColSpan {cell.span}" if cell.span > 1 else ""
            if cell.head:
                name, about = f"/ID({prefix}-{i}-{j})", f"/Scope/{'Row' if cell.head == 'row' else 'Column'}{about}"
            elif heads := [*beside[i], *(head for k in range(j, j + cell.span) for head in over[k])]:
                about += f"/Headers[{''.join(heads)}]"
            text = f"<</Type/StructElem/S/{'TH' if name else 'TD'}{name}/A<</O/Table{about}>>/K{list(cell_marks)}>>"
            made = Object.parse(text.replace(",", "").encode())
            made.P, made.Pg = line, element.Pg
            if cell.said:
                made.Alt = cell.said
            cells.append(file.make_indirect(made))
            elements.extend(cells[-1:] * len(cell_marks))
            j += cell.span
        line.K = Array(cells)
    del element.Alt
    element.S, element.A, element.K = Name.Table, Dictionary(O=Name.Table, Summary=table.name), Array(rows)


def say(file: Any, element: Any, said: str, key_said: str, elements: Any) -> bytes:
    """Give a drawing its alternative text, and a mark for what the key draws over it.

    key_said: the text of a key which shares the page, "" where it is the same. Drawings with another text on the key,
    or in other runs, are noted in the catalogue (`SAID`), for the template.

    Returns the operators that begin what the key draws.
    """
    element.Alt = said
    element.K.append(len(elements))
    elements.append(element)
    if key_said:
        element[KEY_SAID] = key_said
    if key_said or MARK.search(said):
        from pikepdf import Array

        if SAID not in file.Root:
            file.Root[SAID] = Array()
        file.Root[SAID].append(element)
    return b"/Figure\n<</MCID %d>>\nBDC" % (len(elements) - 1)


def put_beside(file: Any, element: Any, labels: Sequence[Label], marks: Sequence[range], elements: Any) -> None:
    """Put the labels of a figure after its table. element: that of the table. marks: those of each label's texts."""
    from pikepdf import Array, Dictionary, Name

    at = place_in(element.P, element)
    for n, (label, of_label) in enumerate(zip(labels, marks, strict=True), 1):
        kind = Name.Formula if label.is_formula else Name.P
        made = Dictionary(Type=Name.StructElem, S=kind, P=element.P, Pg=element.Pg)
        made.K = Array(list(of_label))
        if label.said:
            made.Alt = label.said
        element.P.K.insert(at + n, file.make_indirect(made))
        elements.extend([element.P.K[at + n]] * len(of_label))


def put_box(element: Any, height: float) -> None:
    """Say where a drawing is: in points from the lower left corner of its page. WeasyPrint says px from the upper.

    height: that of the page in points.
    """
    left, top, right, bottom = drawing_box(element)
    edges = left * POINTS, height - bottom * POINTS, right * POINTS, height - top * POINTS
    element.A.BBox = [round(edge, 3) for edge in edges]


def completed(file: Any, words: Mapping[str, str]) -> None:
    """Add to a file's structure what WeasyPrint leaves out of it.

    The headers of its tables get their directions, and all headers an index. A link is one annotation, however many
    boxes it has, and says in words where it leads to. What leads to a sheet is no link, unless a book makes it one.

    words: what links say, by where they lead to.
    """
    from pikepdf import Array, Dictionary, Name, String

    heads = list[tuple[bytes, Any]]()
    has_links = any("/Annots" in page for page in file.pages)
    inside = _GROUPS | _TEXTS if has_links else _GROUPS
    more = set[tuple[int, int]]()  # annotations of links that have one

    def visit(element: Any, kind: str, of_link: bool) -> None:
        kids = kids_of(element)
        if kind == "/TR":
            direction = Name.Row if any(kid.S == "/TD" for kid in kids) else Name.Column
            for head in (kid for kid in kids if kid.S == "/TH"):
                if "/Scope" not in head.A:
                    head.A.Scope = direction
                heads.append((bytes(head.ID), head))
            return
        if of_link:
            more.update(kid.Obj.objgen for kid in kids if _is_reference(kid))
            if any(map(_is_reference, kids)):
                element.K = Array([kid for kid in kids if not _is_reference(kid)])
            element.S = Name.Span
        for kid in kids:
            if isinstance(kid, Dictionary) and (tag := str(kid.get("/S", ""))) in inside:
                visit(kid, tag, of_link or kind == "/Link")

    visit(file.Root.StructTreeRoot, "/Document", of_link=False)
    if heads:
        names = [part for name, head in sorted(heads, key=lambda each: each[0]) for part in (String(name), head)]
        file.Root.StructTreeRoot.IDTree = file.make_indirect(Dictionary(Names=Array(names)))
    if has_links:
        _describe_links(file, more, words)
        _note_leads(file)


def _describe_links(file: Any, more: set[tuple[int, int]], words: Mapping[str, str]) -> None:
    """Take annotations away from a file's pages, and let the other links say where they lead to."""
    from pikepdf import Array

    for page in file.pages:
        if "/Annots" in page:
            page.Annots = Array([each for each in page.Annots if each.objgen not in more])
            for each in page.Annots:
                target = str(each.get("/Dest", "")) or _address(each)
                if target in words:
                    each.Contents = words[target]


def _address(annotation: Any) -> str:
    """The address that a link leads to; "" for one within its file."""
    return str(annotation.get("/A", {}).get("/URI", ""))


def _note_leads(file: Any) -> None:
    """Take the links to sheets away from a file's pages, and note in their elements what a book needs of them."""
    from pikepdf import Array, Dictionary, Name, String

    elements = parents(file.Root.StructTreeRoot)
    noted = set[int]()
    for page in file.pages:
        leads = [each for each in page.get("/Annots", ()) if _address(each).startswith(LEAD)]
        for each in leads:
            element = elements[number := int(each.StructParent)]
            to = String(_address(each).removeprefix(LEAD))
            element[LEAD_TO] = Dictionary(To=to, Rect=each.Rect, Contents=each.get("/Contents", String("")))
            element.K, element.S = Array([kid for kid in kids_of(element) if not _is_reference(kid)]), Name.Span
            noted.add(number)
        if leads:
            page.Annots = Array([each for each in page.Annots if not _address(each).startswith(LEAD)])
            if not len(page.Annots):
                del page.Annots
    if noted:
        kept = [part for key, element in elements.items() if key not in noted for part in (key, element)]
        file.Root.StructTreeRoot.ParentTree.Nums = Array(kept)


def kids_of(element: Any) -> list[Any]:
    """The parts of an element, in the order in which they are read: elements, marks and references."""
    from pikepdf import Array

    held = element.get("/K", ())
    return list(held) if isinstance(held, Array) else [held] if held != () else []


def _is_reference(kid: Any) -> bool:
    """Whether a part of an element is a reference to an annotation."""
    from pikepdf import Dictionary

    return isinstance(kid, Dictionary) and kid.get("/Type") == "/OBJR"


def _heads(table: Table, prefix: str) -> tuple[dict[int, list[str]], dict[int, list[str]]]:
    """The names of the labels of each column and of each row, as strings of PDF."""
    over, beside = defaultdict[int, list[str]](list), defaultdict[int, list[str]](list)
    for i, row in enumerate(table.cells):
        j = 0
        for cell in row:
            if cell.head:
                (beside[i] if cell.head == "row" else over[j]).append(f"({prefix}-{i}-{j})")
            j += cell.span
    return over, beside
