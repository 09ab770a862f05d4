"""A sheet as LaTeX that a lecturer can edit: a file by itself, for pdflatex and its kin, with standard packages.

Every number stands in a macro that says what it is: \\given, \\weight, \\blank, \\again. The same macros print a
blank with its answer, or without. exam.tex is for the class `exam`, whose \\printanswers shows the solutions.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from itertools import groupby, takewhile
from typing import Any

from msgspec import Struct, structs

from byhand.arithmetic.expr import Expr
from byhand.formats import Setup
from byhand.formats.written.inline import Marks, line, paragraphs
from byhand.notation.inline import GREEK, SIGNS
from byhand.notation.latex import LATEX
from byhand.notation.write import write, write_value
from byhand.page.page import Page
from byhand.page.parts import (
    Blanks,
    Entries,
    Example,
    Formula,
    Goals,
    Heading,
    Matrix,
    Options,
    Part,
    Pencil,
    Product,
    Room,
    Sketch,
    Text,
    Title,
    Words,
    Worked,
    is_filled,
)
from byhand.page.sections import LaidSection
from byhand.tape import shape_text
from byhand.worksheet.document import Cell, Panel
from byhand.worksheet.views import View, shows_answers

PAPERS = {"a4": "a4paper", "letter": "letterpaper"}
# worked lines: with a sign for division, so that they break as text does
LINES = structs.replace(
    LATEX, divide=lambda a, b: rf"{a} \div {b}", divide_brackets=True, brackets=lambda x: f"({x})", letter=str
)
_COMMANDS = {sign: f"\\{name}" for name, sign in SIGNS.items() if not sign.isascii()} | {
    sign: f"\\{name}" for name, sign in GREEK.items()
}
_MATHS = {**_COMMANDS, "−": "-", "∗": "*", "\u00a0": "~", "′": "'", "⊙": r"\odot", "√": r"\surd"}
_TEXT = {
    **{sign: f"\\{sign}" for sign in "#$%&_{}"},
    "\\": r"\textbackslash{}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}", "\u00a0": "~", "…": r"\dots{}",
    "<": r"\textless{}", ">": r"\textgreater{}", "′": "$'$",
}  # fmt: skip
PREAMBLE = r"""% @foot@
% Typeset it with pdflatex, lualatex or xelatex. @about@
\documentclass[11pt,@paper@]{@class@}
\usepackage{iftex}
\ifPDFTeX
  \usepackage[T1]{fontenc}
  \usepackage[utf8]{inputenc}
  \IfFileExists{lmodern.sty}{\usepackage{lmodern}}{\usepackage{mathptmx}}
\else
  \usepackage{fontspec}
\fi
\usepackage[margin=20mm]{geometry}
\usepackage{amsmath,amssymb,array,graphicx,xcolor}
\setlength{\parindent}{0pt}
\setlength{\parskip}{6pt plus 2pt}
\raggedright
@answers@
\definecolor{pen}{HTML}{1C3F94}
\newcommand\pen[1]{\textcolor{pen}{#1}}
\newcommand\inbox[1]{\begingroup\setlength\fboxsep{1.5pt}\sbox0{\ifprintanswers\pen{$#1$}\fi}%
  \fbox{\makebox[\ifdim\wd0>2.4em \wd0\else 2.4em\fi]{\rule[-0.7ex]{0pt}{2.8ex}\usebox0}}\endgroup}
\newcommand\blank[1]{\inbox{#1}}                                 % a number to be found
\newcommand\again[1]{\textcolor{black!45}{\inbox{#1}}}           % one's own result, to be copied
\newcommand\given[1]{$#1$}                                       % a number that is given
\newcommand\weight[1]{\begingroup\setlength\fboxsep{1.5pt}\colorbox{black!8}{$#1$}\endgroup} % a parameter
\newcommand\ticked{\ifprintanswers\pen{$\boxtimes$}\else$\square$\fi}  % the right one
\newcommand\unticked{$\square$}
\newcount\ruledlines
\newcommand\ruled[1]{\par\ruledlines=#1
  \loop\ifnum\ruledlines>0 \vspace{7mm}\hrule\advance\ruledlines by -1 \repeat\par}
% what asks, how many lines to write on, the answer
\newcommand\room[3]{\textbf{#1} \ifprintanswers\pen{#3}\par\else\ruled{#2}\fi}
\newcommand\worked[1]{\ifprintanswers\par{\small #1}\par\fi}
\newsavebox\fitbox
\newcommand\fit[1]{\sbox\fitbox{#1}\ifdim\wd\fitbox>\linewidth
  \resizebox{\linewidth}{!}{\usebox\fitbox}\else\usebox\fitbox\fi}  % no wider than the page
% a matrix under its name
\newcommand\named[2]{\fit{\begin{tabular}[t]{@{}l@{}}#1\\[2pt]#2\end{tabular}}\hspace{1.6em}}
\renewcommand\arraystretch{1.25}
"""
SHOWN = r"""\newif\ifprintanswers
\printanswers@shown@"""
ABOUT = {
    "article": r"\printanswersfalse hides what is written in the blanks.",
    "exam": r"Take the % away before \printanswers, and the solutions are printed.",
}


def latex(page: Page, view: View, setup: Setup) -> bytes:
    """A page as a LaTeX file."""
    return _Latex(page, view, setup).article().encode()


def exam(page: Page, view: View, setup: Setup) -> bytes:
    """A page as a file for the class `exam`, whatever the view; without feedback, it has no solutions."""
    return _Latex(page, "key" if setup.feedback else "worksheet", setup, is_exam=True).exam().encode()


def escaped(plain: str) -> str:
    """A plain text as LaTeX."""
    return "".join(map(_character, plain))


def _character(sign: str) -> str:
    if sign.isascii() or sign in _TEXT:
        return _TEXT.get(sign, sign)
    if sign in _MATHS:
        return f"${_MATHS[sign]}$"
    plain = unicodedata.normalize("NFKC", sign)
    way = unicodedata.decomposition(sign).partition(" ")[0]
    if way == "<super>":
        return rf"\textsuperscript{{{plain}}}"
    if way == "<fraction>":
        return plain.replace("⁄", "/")
    return rf"\textsubscript{{{plain}}}" if way == "<sub>" else sign


def maths(formula: str) -> str:
    """A formula of a sheet as LaTeX has it: signs as commands, and words escaped."""
    parts = re.split(r"(\\text\s*\{[^{}]*\})", formula)
    return "".join(rf"\text{{{escaped(_words(part))}}}" if n % 2 else _signs(part) for n, part in enumerate(parts))


def _words(part: str) -> str:
    return part[part.index("{") + 1 : -1]


def _signs(formula: str) -> str:
    return "".join(_MATHS.get(sign, sign) + " " * (_MATHS.get(sign, "").startswith("\\")) for sign in formula)


MARKS = Marks(
    text=escaped,
    math=lambda formula: f"${maths(formula)}$",
    code=lambda plain: rf"\texttt{{{escaped(plain)}}}",
    emphasis=(r"\emph{", "}"),
    strong=(r"\textbf{", "}"),
    item=r"\textbullet{} ",
)


class _Latex(Struct, frozen=True, eq=False):
    """A page as LaTeX."""

    page: Page
    view: View
    setup: Setup
    is_exam: bool = False

    def article(self) -> str:
        answers = SHOWN.replace("@shown@", "true" if shows_answers(self.view) else "false")
        return self._file("article", answers, self._written(self.page.parts(self.view)))

    def exam(self) -> str:
        before = [*takewhile(lambda each: not each.section.number, self.page.sections)]
        parts = [self._written(self.page.head)]
        parts += [self._titled(section) for section in before]  # in a list, they would be one paragraph
        parts += [r"\begin{questions}", *map(self._question, self.page.sections[len(before) :])]
        parts += [r"\end{questions}", self._written(self.page.end)]
        return self._file("exam", "% \\printanswers\n\\pagestyle{foot}\\cfoot{\\thepage}", "\n\n".join(parts))

    def _file(self, name: str, answers: str, body: str) -> str:
        places = {
            "foot": self.page.document.foot, "about": ABOUT[name], "class": name, "paper": PAPERS[self.setup.paper],
            "answers": answers,
        }  # fmt: skip
        preamble = re.sub(r"@(\w+)@", lambda place: places.get(place[1], place[0]), PREAMBLE)
        return f"{preamble}\\begin{{document}}\n\n{body}\n\n\\end{{document}}\n"

    def _question(self, section: LaidSection) -> str:
        """A section as a question of an exam; one without a number stands between the questions."""
        titled = self._titled(section)
        return f"\\question {titled}" if section.section.number else f"\\fullwidth{{{titled}}}"

    def _titled(self, section: LaidSection) -> str:
        """A section under its title."""
        heading, *parts = section.in_view(self.view)
        assert isinstance(heading, Heading)
        return rf"\textbf{{{_line(heading.words)}}}" + f"\n\n{self._written(parts)}"

    def _written(self, parts: Iterable[Part]) -> str:
        """Parts as paragraphs; matrices that follow each other stand side by side, as far as there is room."""
        blocks = []
        for kind, group in groupby(parts, type):
            texts = [self.written(part) for part in group]
            blocks.append(("%\n" if kind is Matrix else "\n\n").join(texts))
        return "\n\n".join(blocks)

    def written(self, part: Part) -> str:
        """A part as LaTeX."""
        match part:
            case Title():
                return rf"\section*{{{_line(part.words if self.is_exam else part.views[self.view])}}}"
            case Heading():
                number = rf"{part.number}\quad " * bool(part.number)
                return rf"\subsection*{{{number}{_line(part.words)}}}"
            case Text():
                lead = r"\unticked{} " * part.tick + rf"\textbf{{{escaped(part.lead)}}} " * bool(part.lead)
                return lead + "\n\n".join(paragraphs(part.words, MARKS))
            case Pencil():
                options = [rf"\unticked{{}} {escaped(option)}" for option in part.options]
                cells = [rf"{escaped(name)} \underline{{\hspace{{3em}}}}" for name in part.cells]
                told = rf"\textbf{{{escaped(part.lead)}}} {_line(part.words)}"
                return "\n\n".join([told, *[r"\quad ".join([*options, *cells])] * bool(options or cells)])
            case Goals():
                goals = (rf"\unticked{{}} {_line(words)}\par" for words in part.lines)
                return "\n".join([rf"\subsection*{{{escaped(part.lead)}}}", *goals])
            case Blanks():
                return " ".join(
                    rf"\makebox[0.47\linewidth][l]{{{escaped(n)}\enspace\hrulefill\quad}}" for n in part.names
                )
            case Formula():
                return f"${maths(part.latex)}$"
            case Product():
                return self._falk(part)
            case Matrix():
                return self._matrix(part)
            case Entries():
                return self._entries(part)
            case Options():
                return self._options(part)
            case Room():
                return self._room(part)
            case Sketch():
                said = self.page.messages.say("written.picture", said=part.said(self.view))
                return rf"\emph{{{escaped(said)}}}"
            case Example():
                return rf"\textbf{{{escaped(part.lead)}}} ${self._tree(part.rule)} = {_value(part.value)}$"
            case Worked():
                return self._worked(part)

    def cell(self, cell: Cell, role: str) -> str:
        """A number in the macro that says what it is."""
        if not cell.blank:
            return rf"\{'weight' if role == 'parameter' else 'given'}{{{_value(cell.value)}}}"
        name = "again" if role == "copy" else "blank"
        return rf"\{name}{{{_value(cell.value) if is_filled(cell, self.view) else ''}}}"

    def _rows(self, panel: Panel) -> list[list[str]]:
        return [[self.cell(cell, panel.role) for cell in row] for row in panel.cells]

    def _title(self, matrix: Matrix) -> str:
        ticked = matrix.ticked(self.view)
        box = "" if ticked is None else f"{_tick(ticked)} "
        panel = matrix.panel
        note = f", {escaped(panel.note)}" * bool(panel.note)
        return f"{box}${maths(matrix.titles[0])}$ {{\\small {escaped(shape_text(panel.shape))}{note}}}"

    def _matrix(self, matrix: Matrix) -> str:
        panel = matrix.panel
        lines = [["", *map(escaped, panel.cols)]] if any(panel.cols) else []
        lines += [[escaped(label), *row] for label, row in zip(panel.rows, self._rows(panel), strict=True)]
        return f"\\named{{{self._title(matrix)}}}{{%\n{_tabular('r' + 'c' * panel.shape[1], lines)}}}"

    def _falk(self, part: Product) -> str:
        """A product: the right operand above, the left one to the left, the result where they cross."""
        figure, title = part.figure, {id(each.panel): self._title(each) for each in part.matrices}
        left, upper, result, bias = figure.left, figure.upper, figure.result, figure.bias
        wide = left.shape[1]
        row_of_bias = bias is not None and bias.shape == (1, result.shape[1])
        lines = [[rf"\multicolumn{{{wide + 1}}}{{r}}{{}}", "", *map(escaped, upper.cols)]]
        over = [*zip(map(escaped, upper.rows), self._rows(upper), strict=True)]
        if bias is not None and row_of_bias:
            over += [("$+$", self._rows(bias)[0])]
        empty = [""] * wide
        lines += [[*empty, "", label, *row] for label, row in over]
        lines.append(["", *map(escaped, left.cols), "", *[""] * upper.shape[1]])
        for label, row, results in zip(left.rows, self._rows(left), self._rows(result), strict=True):
            lines.append([escaped(label), *row, "", *results])
        head = [f"${maths(figure.formula)}$", *title.values()]
        table = _tabular("r" + "c" * wide + "r" + "c" * result.shape[1], lines)
        after = "" if bias is None or row_of_bias else self._matrix(part.matrices[2])
        return f"{r'; '.join(head)}\n\n\\fit{{%\n{table}}}" + f"\n\n{after}" * bool(after)

    def _entries(self, part: Entries) -> str:
        lines = [[rf"\textbf{{{_line(words)}}}" for words in part.head]] if part.head else []
        lines += [[self.cell(x, "") if isinstance(x, Cell) else _line(x) for x in row] for row in part.rows]
        return f"\\fit{{%\n{_tabular('l' * max(map(len, lines)), lines)}}}"

    def _tree(self, rule: Expr) -> str:
        """A rule with the numbers in it."""
        return _plain(write(self.page.worked_out(rule), LINES))

    def _worked(self, part: Worked) -> str:
        name = f"${maths(part.symbol)}$ " * bool(part.symbol)
        lines = [rf"{name}\textbf{{{escaped(part.lines.label)}}}"]
        for label, rule, value in part.lines.rows:
            lines.append(f"{escaped(label)} ${self._tree(rule)} = {_value(value)}$".lstrip())
        return "".join(["\\worked{", "\\\\\n".join(lines), "}"])

    def _options(self, part: Options) -> str:
        ticked = part.ticked(self.view)
        if self.is_exam:
            choices = (
                rf"\{'CorrectChoice' if n == ticked else 'choice'} {escaped(label)}"
                for n, label in enumerate(part.labels)
            )
            return "\\begin{oneparcheckboxes}\n" + "\n".join(choices) + "\n\\end{oneparcheckboxes}"
        return r"\quad ".join(f"{_tick(n == ticked)} {escaped(label)}" for n, label in enumerate(part.labels))

    def _room(self, part: Room) -> str:
        answer = "\n\n".join(paragraphs(part.answer(self.view) or "", MARKS))
        lead, lines = escaped(part.lead), max(part.lines, 1)
        if self.is_exam:
            body = f"\\begin{{solutionorlines}}[{lines}\\baselineskip]\n{answer}\n\\end{{solutionorlines}}"
            return f"\\textbf{{{lead}}}\n{body}"
        return rf"\room{{{lead}}}{{{lines}}}{{{answer}}}"


def _tick(ticked: bool) -> str:
    return r"\ticked{}" if ticked else r"\unticked{}"


def _tabular(columns: str, lines: Sequence[Sequence[str]]) -> str:
    rows = "".join(f"{' & '.join(entries)} \\\\\n" for entries in lines)
    return f"\\begin{{tabular}}{{@{{}}{columns}@{{}}}}\n{rows}\\end{{tabular}}"


def _value(value: Any) -> str:
    """A value as LaTeX for maths; a word as its text."""
    if isinstance(value, str):
        return rf"\text{{{escaped(value)}}}"
    return _plain(write_value(value, LATEX))


def _plain(formula: str) -> str:
    return formula.replace("−", "-").replace("∞", r"\infty ")


def _line(words: Words) -> str:
    return line(words, MARKS).replace("\n", " ")
