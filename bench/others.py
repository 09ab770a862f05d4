"""The same amount of paper by other programs: a worksheet of four pages with 212 boxed cells, and its key.

Each student has other numbers; 104 of the cells are blank on the worksheet. byhand's is a sheet of its own kind, with
the map, the conventions and the second witness; the others only print boxes.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pypdfium2
from jinja2 import Environment
from measuring import Use

TOKENS, FEATURES, UNITS = 5, 4, 7
STEPS = ("blocks.0.mlp.hook_pre", "blocks.0.mlp.hook_post", "blocks.0.hook_mlp_out")
CELLS, BLANKS = 212, 2 * TOKENS * UNITS + TOKENS * FEATURES  # of the three steps
PAGES = 4
Student = dict[str, Any]

TYPST = """
#set page(paper: "a4", margin: 2cm)
#set text(size: 10pt)
#let data = json(bytes(sys.inputs.data))
#for student in data {
  for (n, cells) in student.pages.enumerate() [
    #if n > 0 or student != data.at(0) { pagebreak() }
    #student.name #h(1fr) page #(n + 1)
    = Step #(n + 1)
    Multiply, add up, and write the result into the empty boxes.
    #table(columns: (1fr,) * 8, align: center + horizon, inset: 8pt, ..cells.map(n => if n == none [] else [$#n$]))
  ]
}
"""
LATEX = r"""
\documentclass{article}\usepackage[a4paper,margin=2cm]{geometry}\renewcommand{\arraystretch}{1.8}
\begin{document}
{% for cells in student.pages %}
\noindent {{ student.name }}\hfill page {{ loop.index }}
\section*{Step {{ loop.index }}}
Multiply, add up, and write the result into the empty boxes.

\noindent\begin{tabular}{*{8}{|p{1.2cm}}|}\hline
{% for row in cells | batch(8, "") %}
{% for n in row %}{% if n is number %}${{ n }}${% endif %}{% if not loop.last %} & {% endif %}{% endfor %} \\ \hline
{% endfor %}\end{tabular}
\newpage
{% endfor %}
\end{document}
"""


def students(count: int, key: bool) -> list[Student]:
    """Names and numbers; None for a blank."""
    found = []
    for who in range(count):
        numbers = [(7 * n + 11 * who) % 19 - 9 for n in range(CELLS)]
        cells = [None if not key and n % 2 and n < 2 * BLANKS else x for n, x in enumerate(numbers)]
        each = CELLS // PAGES
        found.append({"name": f"Student {who}", "pages": [cells[i : i + each] for i in range(0, CELLS, each)]})
    return found


def typst_each(count: int) -> float | None:
    """Seconds a student, a file for each view, by one compiler in one process; the first apart."""
    if not find_spec("typst"):
        return None
    import typst

    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder, "sheet.typ")
        source.write_text(TYPST, encoding="utf-8")
        compiler = typst.Compiler(str(source))

        def made(who: int) -> None:
            for view, key in (("worksheet", False), ("key", True)):
                inputs = {"data": json.dumps(students(who + 1, key)[who:])}
                compiler.compile(output=str(Path(folder, f"{who}-{view}.pdf")), sys_inputs=inputs)

        made(0)
        return timed(lambda: [made(who) for who in range(1, count + 1)]) / count


def typst_together(count: int) -> float | None:
    """Seconds a further student in one file for each view, in fresh processes."""
    if not find_spec("typst"):
        return None
    code = (
        "import sys, typst; source, output, data = sys.argv[1:];"
        "typst.compile(source, output=output, sys_inputs={'data': open(data).read()})"
    )
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder, "sheet.typ")
        source.write_text(TYPST, encoding="utf-8")

        def made(many: int) -> None:
            for key in (False, True):
                data = Path(folder, "data.json")
                data.write_text(json.dumps(students(many, key)), encoding="utf-8")
                subprocess.run([sys.executable, "-c", code, source, Path(folder, "all.pdf"), data], check=True)

        first, last = timed(lambda: made(1)), timed(lambda: made(count))
        return (last - first) / (count - 1)


def pdflatex(count: int) -> float | None:
    """Seconds a student, a run for each view; the first apart."""
    if not shutil.which("pdflatex"):
        return None
    template = Environment(autoescape=False).from_string(LATEX)
    with tempfile.TemporaryDirectory() as folder:

        def made(who: int) -> None:
            for key in (False, True):
                text = template.render(student=students(who + 1, key)[who])
                Path(folder, "sheet.tex").write_text(text, encoding="utf-8")
                command = ["pdflatex", "-interaction=batchmode", "sheet.tex"]
                subprocess.run(command, cwd=folder, stdout=subprocess.DEVNULL, check=True)

        made(0)
        return timed(lambda: [made(who) for who in range(1, count + 1)]) / count


def byhand(command: Callable[..., Use], count: int) -> tuple[float, int]:
    """Seconds a further student, files and books; and the sheet's pages."""
    with tempfile.TemporaryDirectory() as folder:
        sheet = Path(folder, "worksheets", "four-pages.md")
        sheet.parent.mkdir()
        sheet.write_text(_sheet(), encoding="utf-8")
        os.environ["BYHAND_TEMPLATES"] = folder

        def made(many: int, out: str) -> float:
            asked = ["-c", "from byhand.cli import main; main()", "class", "four-pages", "--anonymous", str(many)]
            return command(*asked, "--out", f"{folder}/{out}").seconds

        made(30, "laid out")
        first, last = made(30, "few"), made(count, "many")
        del os.environ["BYHAND_TEMPLATES"]
        key = next(Path(folder, "few", "four-pages-class0", "keys").iterdir())
        return (last - first) / (count - 30), len(pypdfium2.PdfDocument(key))


def _sheet() -> str:
    """A sheet with so many cells with numbers, on four pages."""

    def matrix(rows: int, columns: int) -> list[list[int]]:
        return [[(3 * i + 5 * j + i * j) % 5 - 2 for j in range(columns)] for i in range(rows)]

    front = {
        "title": "Four pages", "model": "mlp", "goal": "You compute three steps.",
        "tokens": ["a", "b", "c", "d", "e"],
        "config": {"n_ctx": TOKENS, "d_model": FEATURES, "d_mlp": UNITS}, "inputs": {"x": matrix(TOKENS, FEATURES)},
        "weights": {
            "blocks.0.mlp.W_in": matrix(FEATURES, UNITS), "blocks.0.mlp.b_in": matrix(1, UNITS)[0],
            "blocks.0.mlp.W_out": matrix(UNITS, FEATURES), "blocks.0.mlp.b_out": matrix(1, FEATURES)[0],
        },
    }  # fmt: skip
    head = "\n".join(f"{name}: {json.dumps(value)}" for name, value in front.items())
    body = "\n\n".join(f'## A step\n\n{{{{ ask("{step}") }}}}\n\n## Why\n\n{{{{ lines(14, "") }}}}' for step in STEPS)
    return f"---\n{head}\n---\n{body}\n"


def timed(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def rows(command: Callable[..., Use], quick: bool = False) -> Sequence[tuple[str, ...]]:
    """Programs against byhand, as many times as slow."""
    own, pages = byhand(command, 130 if quick else 1000)
    found: list[tuple[str, float | None]] = [
        (f"byhand, files and books, {pages} pages", own),
        ("Typst, one big file for each view", typst_together(10 if quick else 100)),
        ("Typst, a file each", typst_each(5 if quick else 50)),
        ("Jinja2 and pdflatex, a file each", pdflatex(1 if quick else 10)),
    ]
    return [
        (name, f"{1000 * seconds:.1f}", f"{1000 * seconds / (2 * PAGES):.2f}", f"{seconds / own:.1f}")
        if seconds is not None else (name, "not installed", "–", "–")
        for name, seconds in found
    ]  # fmt: skip
