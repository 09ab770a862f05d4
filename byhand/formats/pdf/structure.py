"""The structure tree of a PDF, by which it is read aloud: tables go in, and what stands beside them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from byhand.formats.pdf.beside import Label
from byhand.formats.pdf.inner import place_in
from byhand.formats.pdf.tables import Table


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
        for cell, own in zip(row, own_marks, strict=True):
            name, about = "", f"/ColSpan {cell.span}" if cell.span > 1 else ""
            if cell.head:
                name, about = f"/ID({prefix}-{i}-{j})", f"/Scope/{'Row' if cell.head == 'row' else 'Column'}{about}"
            elif heads := [*beside[i], *(head for k in range(j, j + cell.span) for head in over[k])]:
                about += f"/Headers[{''.join(heads)}]"
            text = f"<</Type/StructElem/S/{'TH' if name else 'TD'}{name}/A<</O/Table{about}>>/K{list(own)}>>"
            made = Object.parse(text.replace(",", "").encode())
            made.P, made.Pg = line, element.Pg
            if cell.said:
                made.Alt = cell.said
            cells.append(file.make_indirect(made))
            elements.extend(cells[-1:] * len(own))
            j += cell.span
        line.K = Array(cells)
    del element.Alt
    element.S, element.A, element.K = Name.Table, Dictionary(O=Name.Table, Summary=table.name), Array(rows)


def put_beside(file: Any, element: Any, labels: Sequence[Label], marks: Sequence[range], elements: Any) -> None:
    """Put the labels of a figure after its table. element: that of the table. marks: those of each label's texts."""
    from pikepdf import Array, Dictionary, Name

    at = place_in(element.P, element)
    for n, (label, own) in enumerate(zip(labels, marks, strict=True), 1):
        made = Dictionary(Type=Name.StructElem, S=Name.Formula if label.said else Name.P, P=element.P, Pg=element.Pg)
        made.K = Array(list(own))
        if label.said:
            made.Alt = label.said
        element.P.K.insert(at + n, file.make_indirect(made))
        elements.extend([element.P.K[at + n]] * len(own))


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
