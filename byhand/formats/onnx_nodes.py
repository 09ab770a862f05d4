"""Each operation in ONNX's own operators; a whole softmax, head or norm in one of them.

Source: ONNX, opset 23 (Attention, LayerNormalization, RMSNormalization, Softmax, …).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from typing import Any

from byhand.witness.wiring import Wire

Wires = Mapping[str, Wire]
Shape = Sequence[int]


class Builder:
    """A graph being built: nodes, and the constants that they read."""

    def __init__(self, make_node: Callable[..., Any], shapes: Mapping[str, Shape]) -> None:
        self.make_node = make_node
        self.shapes = shapes  # of the steps, by name
        self.nodes: list[Any] = []
        self.constants: dict[str, Any] = {}

    def __call__(self, kind: str, *inputs: Any, out: str = "", **attributes: Any) -> str:
        """A node. It reads names, or numbers, which become constants; lists of whole numbers are axes or places."""
        out = out or f"node/{len(self.nodes)}"
        names = [x if isinstance(x, str) else self.constant(x) for x in inputs]
        self.nodes.append(self.make_node(kind, names, [out], name=out, **attributes))
        return out

    def constant(self, value: Any, name: str = "") -> str:
        import numpy

        name, array = name or f"constant/{len(self.constants)}", numpy.asarray(value)
        self.constants[name] = array if array.ndim == 1 and array.dtype.kind == "i" else array.astype(numpy.float64)
        return name


def _log(base: int | str) -> float:
    return 1.0 if base == "e" else math.log(int(base))


def _rows(shape: Shape, entry: Callable[[int, int], float]) -> list[list[float]]:
    return [[entry(i, j) for j in range(shape[1])] for i in range(shape[0])]


def _kept(b: Builder, a: str, shape: Shape, out: str, kept: Callable[[int, int], bool], other: float) -> str:
    """Some entries of a matrix, and one number in place of the rest."""
    mask = b("Greater", _rows(shape, lambda i, j: float(kept(i, j))), 0.0)
    return b("Where", mask, a, other, out=out)


def _mean_square(b: Builder, a: str, out: str, axis: int) -> str:
    return b("ReduceMean", b("Mul", a, a), [axis], out=out, keepdims=1)


def _slide(b: Builder, x: str, kernel: str, out: str) -> str:
    """A convolution: positions last, channels before them, as ONNX has them; of one row, it is a product."""
    if b.shapes[kernel][0] == 1:
        return b("Gemm", x, kernel, out=out, transB=1)
    images = (b("Unsqueeze", b("Transpose", a, perm=[1, 0]), [0]) for a in (x, kernel))
    return b("Transpose", b("Squeeze", b("Conv", *images), [0]), out=out, perm=[1, 0])


def _waves(b: Builder, shape: Shape, out: str, width: int, base: int = 10000, periods: Sequence[Any] = ()) -> str:
    def angle(t: int, j: int) -> float:
        turns = 2 * math.pi / float(Fraction(periods[j // 2])) if periods else base ** (-2 * (j // 2) / width)
        return t * turns

    angles = b.constant(_rows(shape, angle))
    even = b("Greater", _rows(shape, lambda _, j: 1.0 - j % 2), 0.0)
    return b("Where", even, b("Sin", angles), b("Cos", angles), out=out)


# the operations; b: the graph, s: the result's shape, o: its name
NODES: dict[str, Callable[..., str]] = {
    # products
    "matmul": lambda b, s, o, x, y: b("MatMul", x, y, out=o),
    "dot_rows": lambda b, s, o, x, y: b("Gemm", x, y, out=o, transB=1),
    "affine": lambda b, s, o, x, y, bias: b("Gemm", x, y, bias, out=o),
    "affine_rows": lambda b, s, o, x, y, bias: b("Gemm", x, y, bias, out=o, transB=1),
    "row_dots": lambda b, s, o, x, y: b("ReduceSum", b("Mul", x, y), [1], out=o, keepdims=1),
    "slide": lambda b, s, o, x, kernel: _slide(b, x, kernel, o),
    # sums and differences
    "add": lambda b, s, o, x, y: b("Add", x, y, out=o),
    "add_all": lambda b, s, o, *xs: b("Sum", *xs, out=o),
    "subtract": lambda b, s, o, x, y: b("Sub", x, y, out=o),
    "shift": lambda b, s, o, x, bias: b("Add", x, bias, out=o),
    "plus_number": lambda b, s, o, x, by: b("Add", x, by, out=o),
    "row_sum": lambda b, s, o, x: b("ReduceSum", x, [1], out=o, keepdims=1),
    "column_sum": lambda b, s, o, x: b("ReduceSum", x, [0], out=o, keepdims=1),
    "center": lambda b, s, o, x, means: b("Sub", x, means, out=o),
    "center_columns": lambda b, s, o, x, means: b("Sub", x, means, out=o),
    # factors and quotients
    "multiply": lambda b, s, o, *xs, times=1: _product(b, o, *xs, *((times,) if times != 1 or len(xs) < 2 else ())),
    "times_number": lambda b, s, o, x, by: b("Mul", x, by, out=o),
    "scale_rows": lambda b, s, o, x, factors: b("Mul", x, factors, out=o),
    "quotient": lambda b, s, o, x, y: b("Div", x, y, out=o),
    "percent": lambda b, s, o, x, y: b("Div", b("Mul", x, 100), y, out=o),
    "divide_by": lambda b, s, o, x, of: b("Div", x, float(Fraction(of)), out=o),
    "divide_by_root": lambda b, s, o, x, of: b("Div", x, math.sqrt(Fraction(of)), out=o),
    "divided_by_each": lambda b, s, o, x, divisors: b("Div", x, divisors, out=o),
    "normalize_rows": lambda b, s, o, x, sums: b("Div", x, sums, out=o),
    "normalize_columns": lambda b, s, o, x, sums: b("Div", x, sums, out=o),
    "standardize": lambda b, s, o, x, scale: b("Div", x, scale, out=o),
    "scale_and_shift": lambda b, s, o, x, w, bias: b("Add", b("Mul", x, w), bias, out=o),
    # means
    "row_mean": lambda b, s, o, x: b("ReduceMean", x, [1], out=o, keepdims=1),
    "column_mean": lambda b, s, o, x: b("ReduceMean", x, [0], out=o, keepdims=1),
    "mean_square": lambda b, s, o, x: _mean_square(b, x, o, 1),
    "column_mean_square": lambda b, s, o, x: _mean_square(b, x, o, 0),
    "sample_variance": lambda b, s, o, x: _sample_variance(b, x, o),
    # what moves numbers
    "copy": lambda b, s, o, x: b("Identity", x, out=o),
    "hstack": lambda b, s, o, *xs: b("Concat", *xs, out=o, axis=1),
    "vstack": lambda b, s, o, *xs: b("Concat", *xs, out=o, axis=0),
    "gather_rows": lambda b, s, o, x, rows: b("Gather", x, list(rows), out=o, axis=0),
    "gather_entries": lambda b, s, o, x, cols: b("GatherElements", x, b("Unsqueeze", list(cols), [1]), out=o, axis=1),
    "keep_entries": lambda b, s, o, x, kept: _kept(b, x, s, o, lambda i, j: bool(kept[i][j]), 0.0),
    "column_as_row": lambda b, s, o, x, which: b("Transpose", b("Gather", x, [which], axis=1), out=o, perm=[1, 0]),
    "mask_future": lambda b, s, o, x: _kept(b, x, s, o, lambda i, j: j <= i, -math.inf),
    "zero_future": lambda b, s, o, x: _kept(b, x, s, o, lambda i, j: j <= i, 0.0),
    "one_hot": lambda b, s, o, shape, rows: b(
        "Gather", _rows([shape[1]] * 2, lambda i, j: float(i == j)), list(rows), out=o, axis=0
    ),
    "row_argmax": lambda b, s, o, x: b("Cast", b("ArgMax", x, axis=1, keepdims=1), out=o, to=DOUBLE),
    "largest_entry": lambda b, s, o, x: b("ReduceMax", x, [0, 1], out=o, keepdims=1),
    # functions
    "power_of": lambda b, s, o, x, base=2: b("Exp", x, out=o) if base == "e" else b("Pow", int(base), x, out=o),
    "surprisal": lambda b, s, o, x, base=2: b("Neg", b("Div", b("Log", x), _log(base)), out=o),
    "root": lambda b, s, o, x, eps=0: b("Sqrt", b("Add", x, float(Fraction(eps))), out=o),
    "relu": lambda b, s, o, x: b("Relu", x, out=o),
    "gelu": lambda b, s, o, x: b("Gelu", x, out=o),
    "turns": lambda b, s, o, shape, periods: b(
        "Div", _rows(shape, lambda t, _: float(t)), [[float(Fraction(p)) for p in periods]], out=o
    ),
    "sinusoid": lambda b, s, o, shape, **params: _waves(b, shape, o, **params),
}
DOUBLE = 11  # TensorProto.DOUBLE


def _product(b: Builder, out: str, first: Any, *others: Any) -> str:
    for other in others[:-1]:
        first = b("Mul", first, other)
    return b("Mul", first, others[-1], out=out)


def _sample_variance(b: Builder, x: str, out: str) -> str:
    count = b("Sub", b("Cast", b("Shape", x, start=1), to=DOUBLE), 1)
    return b("Div", b("ReduceSum", b("Mul", x, x), [1], keepdims=1), count, out=out)


# wholes: None where a step is not the end of one


def _softmax(b: Builder, shape: Shape, out: str, wires: Wires) -> str | None:
    """In base b it is that of the scores times ln b."""
    found = _scores(out, wires)
    return found and b("Softmax", b("Mul", found[0], _log(found[1])), out=out, axis=-1)


def _scores(name: str, wires: Wires) -> tuple[str, Any] | None:
    """The scores and the base of what is a softmax."""
    match wires.get(name):
        case Wire("normalize_rows", (powers, sums)) if wires.get(sums) == Wire("row_sum", (powers,)):
            match wires.get(powers):
                case Wire("power_of", (scores,), {"base": base}):
                    return scores, base
    return None


def _attention(b: Builder, shape: Shape, out: str, wires: Wires) -> str | None:
    """One head. The queries carry the scale and the base, which as an attribute would be a float32."""
    if wires[out].rule != "matmul" or (found := _scores(wires[out].inputs[0], wires)) is None:
        return None
    scores, base = found
    causal, masks, factor = 0, list[str](), _log(base)
    while True:
        match wires.get(scores):
            case Wire("mask_future", (scores,)):
                causal = 1
            case Wire("add", (scores, mask)):
                masks = [b("Mul", mask, _log(base))]
            case Wire("divide_by_root", (scores,), {"of": of}):
                factor /= math.sqrt(of)
            case Wire("dot_rows", (query, key)):
                break
            case _:
                return None
    heads = (b("Unsqueeze", x, [0, 1]) for x in (b("Mul", query, factor), key, wires[out].inputs[1]))
    return b("Squeeze", b("Attention", *heads, *masks, scale=1.0, is_causal=causal), [0, 1], out=out)


def _norm(b: Builder, shape: Shape, out: str, wires: Wires) -> str | None:
    """LayerNormalization, or RMSNormalization and a bias."""
    end, w, bias = wires[out], "", list[str]()
    if end.rule == "scale_and_shift":
        unit, w, shift = end.inputs
        end, w, bias = wires.get(unit, end), b("Reshape", w, [shape[1]]), [b("Reshape", shift, [shape[1]])]
    match end:
        case Wire("standardize", (x, scale)):
            pass
        case _:
            return None
    match wires.get(scale):
        case Wire("root", (square,), {"eps": eps}) if wires.get(square) == Wire("mean_square", (x,)):
            common: dict[str, Any] = {"axis": -1, "epsilon": float(Fraction(eps))}
        case _:
            return None
    w = w or b.constant([1.0] * shape[1])
    match wires.get(x):
        case Wire("center", (source, _)):
            return b("LayerNormalization", source, w, *bias, out=out, **common)
    if not bias:
        return b("RMSNormalization", x, w, out=out, **common)
    return b("Add", b("RMSNormalization", x, w, **common), *bias, out=out)


WHOLES: tuple[Callable[[Builder, Shape, str, Wires], str | None], ...] = (_softmax, _attention, _norm)
