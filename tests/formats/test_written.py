"""Sheets as Markdown, linear text and LaTeX: what is read back from a file is what the run has."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

import pytest
from every_sheet import CASES, FULL, ORDER, made
from kinds import kinds, kinds_and_run
from written_back import MACRO, by_rows, cells, of_latex, of_linear, of_markdown

from byhand.formats import Setup
from byhand.formats.written.latex import escaped, exam, latex, maths
from byhand.formats.written.linear import linear
from byhand.formats.written.markdown import markdown
from byhand.notation.inline import GRADIENT
from byhand.page.page import lower
from byhand.page.parts import block_parts
from byhand.worksheet.document import Question, Reply

ORIENTATIONS = ("rows", "columns")
WITHOUT_LATEX = shutil.which("pdflatex") is None or shutil.which("pdftotext") is None


def file(write, document, run, view="key", **setup):
    return write(lower(document, run), view, Setup(**setup)).decode()


@pytest.mark.parametrize("orientation", ORIENTATIONS)
@pytest.mark.parametrize(("sheet", "seed"), CASES)
def test_what_is_read_back_is_what_the_run_has(sheet, seed, orientation):
    document, run = made(sheet, seed, orientation=orientation)
    for view in ("worksheet", "key"):
        shown = view == "key"
        assert of_markdown(file(markdown, document, run, view), document) == cells(document, run, shown)
        assert of_linear(file(linear, document, run, view), document) == cells(document, run, shown)
        assert of_latex(file(latex, document, run, view)) == by_rows(document, run, shown)
    assert of_latex(file(exam, document, run, "worksheet")) == by_rows(document, run, True)


@pytest.mark.parametrize("sheet", ORDER)
def test_what_is_read_back_in_decimals_is_what_the_run_has(sheet):
    document, run = made(sheet, numbers="decimal", base="e")
    assert of_linear(file(linear, document, run), document) == cells(document, run, True)


def tight(text):
    """A text whose words have one blank around them, and no signs, which a format may write otherwise."""
    return f" {' '.join(re.findall(r'[A-Za-z0-9]+', text))} "


@pytest.mark.parametrize("write", [markdown, linear, latex])
@pytest.mark.parametrize(("sheet", "seed"), CASES)
def test_no_answer_stands_in_a_worksheet(write, sheet, seed):
    document, run = made(sheet, seed)
    worksheet, key = (file(write, document, run, view) for view in ("worksheet", "key"))
    for reply in document.replies():
        has_formula = GRADIENT in reply.right or not re.fullmatch(r"[A-Za-z .,:;“”’]*", reply.right)  # or a number
        if not has_formula and not reply.options:
            answer = tight(reply.right.rpartition(". ")[2])  # what the sheet itself says, too, is there once less
            assert tight(worksheet).count(answer) < tight(key).count(answer)
    assert not re.search(r"\[x\]|(?<!\w)\(x\)|\\ticked\{\}", worksheet)  # but φ(x)


@pytest.mark.parametrize(("sheet", "seed"), CASES)
def test_a_line_of_linear_text_is_a_number_and_its_rule(sheet, seed):
    """What a worked rule says, computed by itself, is the number at the end of the line."""
    document, run = made(sheet, seed)
    if run.numbers != "exact":
        return
    lines = [
        line.split(" = ") for line in file(linear, document, run, "worked").splitlines()
        if "] = " in line and not re.search(r" of step \d+ = ", line)  # no copy
    ]  # fmt: skip
    worked = [(line[-2], line[-1]) for line in lines if len(line) == 4]
    for rule, result in worked:
        code = rule.replace("×", "*").replace("÷", "/").replace("−", "-").replace("∞", "inf").replace("^", "**")
        code = re.sub(r"√(\d+)", r"(\1)**.5", code).replace("√", "sqrt")
        code = re.sub(r"log_2 ?", "log2", code)
        code = re.sub(r"\[([^]]* > 0)\]", r"(\1)", code)  # 1 if that is so, else 0
        value = eval(
            code, {"max": max, "inf": float("inf"), "sqrt": lambda x: x**0.5, "log2": LOG, "__builtins__": {}}
        )
        assert value == pytest.approx(eval(result.replace("−", "-").replace("∞", "1e999").replace(",", "")))
    assert worked or not any(blank.role == "ask" for blank in document.blanks())


def LOG(x):  # noqa: N802 - a function as the rules name it
    from math import log2

    return log2(x)


@pytest.mark.parametrize(
    ("name", "write"), [("key.md", markdown), ("worksheet.txt", linear), ("worked.txt", linear), ("key.tex", latex)]
)
def test_every_kind_of_question_is_written(name, write, golden):
    document, run = kinds_and_run()
    golden(f"written-{name}", file(write, document, run, name.partition(".")[0]))


@pytest.mark.parametrize("sheet", ORDER)
def test_a_sign_of_maths_is_no_text(sheet):
    document, run = made(sheet)
    assert r"\$" not in file(latex, document, run)  # no sheet has a dollar among its words


def test_what_stands_before_the_first_question_of_an_exam_has_paragraphs_of_its_own():
    """In a list, LaTeX joins the paragraphs before its first item."""
    before, _, after = file(exam, *made("low-rank-attention")).partition(r"\begin{questions}")
    assert "\\textbf{All keys}\n\nIn the ordinary way" in before
    assert after.lstrip().startswith(r"\question")


def test_an_exam_has_its_solutions_and_without_feedback_none():
    document, run = kinds_and_run()
    whole, bare = file(exam, document, run), file(exam, document, run, feedback=False)
    assert "% \\printanswers" in whole
    assert whole.count(r"\question ") == len([s for s in document.sections if s.number])
    assert "Each power is divided by the sum of its row." in whole
    assert whole.count(r"\CorrectChoice") == sum(r.role in ("claim", "choice") for r in document.replies())
    assert "Each power is divided" not in bare
    assert "CorrectChoice" not in bare
    assert of_latex(bare) == by_rows(document, run, False)


@dataclass(frozen=True, eq=False)
class Guess(Question):
    """A kind of question that no format knows."""

    kind = "guess"

    def replies(self) -> Iterator[Reply]:
        yield Reply(self, "choice", "2", ("1", "2"), ("a cat", "a dog"))
        yield Reply(self, "lines", "It barks.")


def test_a_kind_of_question_of_ones_own_is_written_by_what_it_asks_for():
    guess = Guess()
    options, room = block_parts(guess, [*guess.replies()], kinds().messages)
    assert (options.labels, options.ticked("key"), room.answer("key")) == (("a cat", "a dog"), 1, "It barks.")
    assert (options.ticked("worksheet"), room.answer("worksheet")) == (None, None)


def test_what_latex_would_obey_is_written_as_it_looks():
    assert escaped(r"50% of #1 & {x}_y^z ~ \end") == (
        r"50\% of \#1 \& \{x\}\_y\textasciicircum{}z \textasciitilde{} \textbackslash{}end"
    )
    assert escaped("x² → −∞, 2₁ and √2, ½") == (
        r"x\textsuperscript{2} $\to$ $-$$\infty$, 2\textsubscript{1} and $\surd$2, 1/2"
    )
    assert maths(r"S → \text{top_k} ÷ 2") == r"S \to  \text{top\_k} \div  2"


def number_lines(tex):
    """The numbers of each row of a table, as its source has them."""
    for row in re.findall(r"^.*&.*\\\\$", tex[tex.index(r"\begin{document}") :], re.MULTILINE):
        yield [plain(inside) for inside in MACRO.findall(row) if plain(inside)]


def plain(text):
    text = (
        re.sub(r"\\text\{(.*)\}", r"\1", text)
        .replace(r"\infty", "∞")
        .replace(r"$\times$", "×")
        .replace("{,}", ",")
        .replace("$-$", "-")
        .replace(r"$\cdot$", "")
    )
    return re.sub(r"[\s{}()^\\·]|frac|sqrt|cdot|√", "", text.replace("−", "-"))


@pytest.mark.skipif(not FULL, reason="make test-formats typesets LaTeX")
@pytest.mark.skipif(WITHOUT_LATEX, reason="pdflatex or pdftotext is missing")
@pytest.mark.parametrize("name", ["key", "exam"])
@pytest.mark.parametrize(("sheet", "seed"), CASES)
def test_pdflatex_typesets_the_same_numbers(sheet, seed, name, tmp_path):
    document, run = made(sheet, seed)
    tex = file(latex if name == "key" else exam, document, run).replace("% \\printanswers", "\\printanswers")
    (tmp_path / "sheet.tex").write_text(tex, encoding="utf-8")
    tool = partial(subprocess.run, cwd=tmp_path, capture_output=True, check=True, timeout=120)
    tool(["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "sheet.tex"])
    assert "Overfull \\hbox" not in (tmp_path / "sheet.log").read_text(encoding="latin-1")
    read = tool(["pdftotext", "-raw", "sheet.pdf", "-"]).stdout.decode()
    read, at = plain(re.sub(r"\s", "", read)), 0
    for row in number_lines(tex):
        for text in row:
            at = read.find(text, at) + len(text)
            assert at >= len(text), f"{text} of {row} is not on the page where it belongs"


@pytest.mark.parametrize("sheet", ORDER)
def test_no_text_says_how_a_cell_is_drawn(sheet):
    """A text, a notebook and a question have no dashed cells."""
    document, run = made(sheet)
    for write in (markdown, linear, latex):
        assert "dashed cell" not in file(write, document, run)
