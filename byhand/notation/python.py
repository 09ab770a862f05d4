"""Trees as Python: the rule of a cell as an expression that a short evaluator computes, as a notebook does.

v[2,i,k] is a cell of the third of the named steps. The functions are named as in trees, and power, sqrt, log and div.
"""

from __future__ import annotations

from collections.abc import Mapping

from msgspec.structs import replace

from byhand.arithmetic.expr import At, Expr, Index, Ref
from byhand.notation.text import TEXT
from byhand.notation.write import Style, write


def _index(at: At) -> str:
    return at.name if isinstance(at, Index) else str(at)


def style(numbers: Mapping[str, int]) -> Style:
    """The notation for rules over steps that have these numbers."""

    def ref(ref: Ref) -> str:
        return f"v[{','.join([str(numbers[ref.matrix]), *map(_index, ref.index)])}]"

    return replace(
        TEXT,
        fraction=lambda top, bottom: f"F({top},{bottom})",
        times="*",
        divide=lambda a, b: f"div({a},{b})",
        divide_brackets=False,
        power=lambda base, exponent: f"power({base},{exponent})",
        root=lambda x: f"sqrt({x})",
        log=lambda base, x: f"log({base},{x})",
        call=lambda name, args: f"{name}({','.join(args)})",
        thousands="",
        big_sum=lambda index, count, body: f"sum({body} for {index} in range({count}))",
        ref=ref,
        letter=lambda name: name,
        constant=lambda name: name,
    )


def python(node: Expr, numbers: Mapping[str, int]) -> str:
    """A tree as Python."""
    return write(node, style(numbers)).replace("−∞", "NEVER").replace("−", "-")
