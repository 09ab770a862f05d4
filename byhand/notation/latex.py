"""Trees as LaTeX: the general rule of a step, for display formulas; and worked lines, as inline formulas."""

from __future__ import annotations

from msgspec.structs import replace

from byhand.arithmetic.expr import Expr, Ref
from byhand.notation.text import TEXT, called, index_text, indexed
from byhand.notation.write import write


def _ref(ref: Ref) -> str:
    return rf"{{{ref.matrix}}}_{{{' '.join(index_text(i) for i in ref.index)}}}"


LATEX = replace(
    TEXT,
    fraction=lambda top, bottom: rf"{top.replace('−', '-')}/{bottom}",
    times=r" \cdot ",
    divide=lambda a, b: rf"\frac{{{a}}}{{{b}}}",
    divide_brackets=False,
    power=lambda base, exponent: f"{base}^{{{exponent}}}",
    root=lambda x: rf"\sqrt{{{x}}}",
    log=lambda base, x: rf"\ln {x}" if base == "e" else rf"\log_{{{base}}} {x}",
    call=lambda name, args: called(name, args, lambda of: rf"\operatorname{{{of}}}"),
    brackets=lambda x: rf"\left({x}\right)",
    thousands="{,}",
    big_sum=lambda index, count, body: rf"\sum_{{{index}}} {body}",
    ref=_ref,
    letter=lambda name: rf"{name}",
    constant=lambda name: {"pi": r"\pi"}.get(name, name),
)


def _letter(name: str) -> str:
    stem, digits = indexed(name)
    return stem + (f"_{{{digits}}}" if digits else "")


# as a line of plain text, but for powers, roots and letters
FORMULA = replace(
    TEXT, power=LATEX.power, root=LATEX.root, log=LATEX.log, call=LATEX.call, letter=_letter,
    constant=lambda name: {"pi": "π"}.get(name, rf"\mathrm{{{name}}}"),
)  # fmt: skip


def latex(node: Expr) -> str:
    """A tree as LaTeX."""
    return write(node, LATEX).replace("−", "-")
