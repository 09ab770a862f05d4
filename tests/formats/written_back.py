"""Reads numbers back from the files of text, knowing only how each format writes a matrix, a table and a word."""

from __future__ import annotations

import re
from collections.abc import Iterator
from fractions import Fraction
from typing import Any

from byhand.marking.letters import read_formula
from byhand.runs import Run
from byhand.worksheet.construction import Construction
from byhand.worksheet.document import Block, Cell, Document, Falk, Strip, Table, WordBoxes

GROUP = r"[^{}]"  # within braces, up to four levels of them
for _ in range(4):
    GROUP = rf"(?:[^{{}}]|\{{{GROUP}*\}})"
MACRO = re.compile(rf"\\(?:given|weight|blank|again)\{{({GROUP}*)\}}")


def number(text: str) -> Any:
    """The number that a text says: a fraction, −∞, or a formula in its usual form; or else the text itself."""
    plain = re.sub(r"\\text\{(.*)\}", r"\1", text).replace("−", "-").replace("{,}", ",").replace(r"\infty", "∞")
    plain = re.sub(r"(?<=\d),(?=\d{3})", "", plain.replace("$", "").replace("\\times", "×").replace("·", "×")).strip()
    try:
        return float("-inf") if plain in ("-∞", "-inf") else Fraction(plain)
    except ValueError:
        return formula(plain) or plain.replace(" ", "")


def formula(text: str) -> Any:
    """A formula in letters, in its usual form; None for a text that is none."""
    from sympy import cancel

    text = re.sub(rf"\\frac\{{({GROUP}*)\}}\{{({GROUP}*)\}}", r"(\1)/(\2)", text)
    text = re.sub(rf"\\sqrt\{{({GROUP}*)\}}", r"sqrt(\1)", text)
    text = (
        text.replace(r"\cdot", "*").replace("{", "(").replace("}", ")").replace("\\left", "").replace("\\right", "")
    )
    letters = sorted(set(re.findall(r"(?<![a-z])[a-z](?![a-z])", text)))
    found = read_formula(text, letters) if letters or "√" in text or "sqrt" in text else None
    return None if found is None else cancel(found)


def right(cell: Cell, run: Run, shown: bool) -> Any:
    """What has to stand in a cell, by the run where the cell is one of the run's; None where it is empty."""
    if cell.blank and not shown:
        return None
    if cell.shows == "run" and cell.at and cell.places is None:
        i, j = cell.at
        return number(run.texts[cell.step][i][j])
    return number(cell.text)


def blocks(document: Document) -> Iterator[Block]:
    """The blocks with cells of the run, in the order in which a text has them; a construction has none."""
    for section in document.sections:
        yield from section.figures
        yield from (word for word in section.words if word.cells and not isinstance(word, Construction))


def panels(block: Block) -> list[Any]:
    """The matrices of a block in the order of a text: parameters above the last one before it."""
    return [*block.panels[:-1], *block.above, block.panels[-1]] if isinstance(block, Strip) else [*block.matrices]


def cells(document: Document, run: Run, shown: bool) -> list[Any]:
    """What stands in all cells, in the order of a text, matrix by matrix."""
    found = []
    for block in blocks(document):
        inside = [cell for panel in panels(block) for cell in panel.flat] or block.cells
        found += [right(cell, run, shown) for cell in inside]
    return found


def by_rows(document: Document, run: Run, shown: bool) -> list[Any]:
    """The same where a product is one table: the rows of the upper operand, then of the left one and of the result."""
    found = []
    for block in blocks(document):
        order = [cell for panel in panels(block) for cell in panel.flat] or [*block.cells]
        if isinstance(block, Falk):
            left, upper, result, bias = block.left, block.upper, block.result, block.bias
            in_row = bias is not None and bias.shape == (1, result.shape[1])
            order = [*upper.flat, *(bias.flat if bias and in_row else ())]
            order += [cell for pair in zip(left.cells, result.cells, strict=True) for row in pair for cell in row]
            order += [] if bias is None or in_row else bias.flat
        found += [right(cell, run, shown) for cell in order]
    return found


def of_markdown(text: str, document: Document) -> list[Any]:
    """The cells of the tables of Markdown; of a table of a sheet, those that its columns say."""
    tables = [t for t in re.findall(r"(?:^\|.*\n?)+", text, re.MULTILINE) if "| becomes |" not in t]
    rows = [[[x.strip() for x in line.strip("|").split(" | ")] for line in t.splitlines()[2:]] for t in tables]
    found = []
    for block in blocks(document):
        if block.matrices:
            for panel in panels(block):
                entries = rows.pop(0)
                assert [len(row) - 1 for row in entries] == [len(panel.cols)] * len(panel.rows)
                found += [x for row in entries for x in row[1:]]
        elif isinstance(block, Table):
            at = [[n for n, x in enumerate(row) if isinstance(x, Cell)] for row in block.rows]
            found += [row[n] for row, places in zip(rows.pop(0), at, strict=True) for n in places]
        elif isinstance(block, WordBoxes):
            found += [x for row in rows.pop(0) for x in row]
    return [None if x == "____" else number(x.replace("\\", "")) for x in found]


def of_linear(text: str, document: Document) -> list[Any]:
    """The numbers of linear text: of a row, of a cell, and of an entry of a table, which has a name."""
    tables = (block for block in blocks(document) if block.cells and not block.matrices)
    names = [
        name.replace("ᵀ", "^T").replace("\xa0", " ") for block in tables for name in block.called(document.messages)
    ]
    found = []
    for line in text.splitlines():
        if re.match(r".*?\[\d+,\d+\] = ", line):
            found.append(line.rpartition(" = ")[2])
        elif re.match(r".*?\[\d+\] = ", line):
            found += line.rpartition(" = ")[2].split(", ")
        elif names and line.startswith(f"{names[0]}: "):
            found.append(line.removeprefix(f"{names.pop(0)}: "))
    return [None if x == "____" else number(x) for x in found]


def of_latex(text: str) -> list[Any]:
    """The arguments of the macros of LaTeX that are numbers."""
    body = text[text.index(r"\begin{document}") :]
    body = re.sub(r"\\textbf\{becomes\} \\\\.*?\\end\{tabular\}", "", body, flags=re.DOTALL)  # of a construction
    return [number(inside) if inside else None for inside in MACRO.findall(body)]
