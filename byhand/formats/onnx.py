"""A run as an ONNX graph in float64, in which each step is an output under its own name; and the graph's evaluation.

A softmax, a head of attention and a norm become one ONNX operator each. Every other step is built from the trees of
its cells: cells whose trees differ in their leaves only are computed together, with one operator for each node of the
tree.

Source: ONNX, opset 23 (Attention, LayerNormalization, RMSNormalization, Softmax, …).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from fractions import Fraction
from itertools import groupby
from typing import Any

from msgspec import Struct

from byhand.arithmetic.expr import Div, Expr, Fn, Mul, Num, Ref, Sub, Sum, children, evaluate, rebuild
from byhand.arithmetic.floats import FLOATS
from byhand.backward import softmax_of
from byhand.errors import ExtraError, WitnessError
from byhand.extras import install_command
from byhand.model.names import is_parameter
from byhand.runs import Run
from byhand.tape import Op, Step
from byhand.witness.letters import value_of

OPSET, IR = 23, 11
DOUBLE, INT64 = 11, 7  # of TensorProto
NODE = "node/"  # the name of a value that is no step begins with it
BESIDE = "beside/"  # the name of the numbers of a step beside which ln 2 stands begins with it
RECORDED = "recorded/"  # the name of the recorded numbers of a step, which other steps read, begins with it
INEXACT = {"Erf", "Gelu"}  # operators that ONNX's reference implementation computes to seven digits only

Dims = tuple[int, ...]
Trees = Sequence[Expr]  # trees of one form, one for each cell of a shape


def graph(run: Run, *, chained: bool = True) -> Any:
    """A run as an onnx.ModelProto. chained: whether steps read computed values of other steps, or the recorded ones.

    Raises: WitnessError for letters, or for a function without an operator; ExtraError.
    """
    if run.numbers == "symbolic":
        raise WitnessError("a run in letters has no ONNX graph; use exact, float or decimal numbers")
    onnx = _onnx()
    build, inputs, outputs = GraphBuilder(run, chained), [], []
    for name, step in run.steps.items():
        info = onnx.helper.make_tensor_value_info(name, DOUBLE, step.shape)
        if step.op is None:
            build.constant(_floats(run, name), name)
            if not is_parameter(name):
                inputs.append(info)  # its default is the run's own numbers
            continue
        outputs.append(info)
        if not chained:
            build.constant(_floats(run, name), RECORDED + name)
        if not chained or not any(fuse(build, step, run.steps) for fuse in FUSIONS):
            build.step(step)
        if step.times:
            build("Mul", BESIDE + name, step.factor, out=name)
    nodes = [onnx.helper.make_node(kind, *ends, name=ends[1][0], **more) for kind, *ends, more in build.nodes]
    constants = [onnx.numpy_helper.from_array(value, name) for name, value in build.constants.items()]
    whole = onnx.helper.make_graph(nodes, run.model, inputs, outputs, constants)
    opset = onnx.helper.make_opsetid("", OPSET)
    return onnx.helper.make_model(whole, opset_imports=[opset], ir_version=IR, producer_name="byhand")


def as_bytes(run: Run) -> bytes:
    """The content of a file with the graph of a run.

    Raises: as `graph`.
    """
    content: bytes = graph(run).SerializeToString(deterministic=True)
    return content


def evaluated(model: Any) -> dict[str, Any]:
    """The outputs of a graph by ONNX's reference implementation, as float64 arrays.

    Raises: ExtraError.
    """
    evaluator = _onnx().reference.ReferenceEvaluator(model)
    import numpy

    with numpy.errstate(all="ignore"):  # masked scores are −∞
        return dict(zip(evaluator.output_names, evaluator.run(None, {}), strict=True))


def compare(run: Run) -> None:
    """Compare a run with its ONNX graph; if the run rounds and carries, each step from the recorded numbers it reads.

    Raises: WitnessError for the first cell that differs; as `graph`.
    """
    decimal = run.numbers == "decimal"
    model = graph(run, chained=not decimal or run.rounding == "once")
    outputs = evaluated(model)
    recorded = {name: _floats(run, name) for name in run.steps}
    largest = max(abs(x) for rows in recorded.values() for row in rows for x in row if x != -math.inf)
    precision = 1e-6 if INEXACT & {node.op_type for node in model.graph.node} else 1e-9
    tolerance = (0.5 * 10.0 ** -(run.places or 0) if decimal else 0.0) + precision * max(1.0, largest)

    def recorded_at(ref: Ref) -> float:
        i, j = ref.index
        return recorded[ref.matrix][i][j]  # type: ignore[index]

    for name, factor in ((step.name, step.factor) for step in run.steps.values() if step.op):
        for i, row in enumerate(recorded[name]):
            for j, (here, output) in enumerate(zip(row, outputs[name][i], strict=True)):
                there = float(output) / factor
                pair = here, there
                if pair[0] == pair[1]:
                    continue
                match run.rule(name, i, j):
                    case Fn("argmax", args) if here in range(len(args)):  # equal up to rounding: both are right
                        pair = tuple(evaluate(args[int(x)], recorded_at, FLOATS) for x in pair)
                if not abs(pair[0] - pair[1]) <= tolerance:
                    where = f"{name}, row {i + 1}, column {j + 1}"
                    raise WitnessError(f"{where}: the run has {run.texts[name][i][j]}, ONNX {there:.12g}")


class Tensor(Struct, frozen=True):
    """A value in the graph."""

    name: str
    shape: Dims
    """Its shape before it is broadcast to that of its step."""


class GraphBuilder:
    """Builds a graph: its nodes, and the constants that they read.

    chained: whether steps read computed values of other steps, or the recorded ones.
    """

    def __init__(self, run: Run, chained: bool) -> None:
        self.run = run
        self.chained = chained
        self.nodes: list[tuple[str, list[str], list[str], dict[str, Any]]] = []
        self.constants: dict[str, Any] = {}

    def __call__(self, kind: str, *inputs: Any, out: str = "", **attributes: Any) -> str:
        """Add a node and return the name of its result. Its inputs are names, or numbers, which become constants.

        A list of ints holds axes or indices, and becomes an int64 constant.
        """
        out = out or f"{NODE}{len(self.nodes)}"
        names = [x if isinstance(x, str) else self.constant(x) for x in inputs]
        self.nodes.append((kind, names, [out], attributes))
        return out

    def constant(self, value: Any, name: str = "") -> str:
        """Add a constant and return its name: an int64 array of a list of ints, else a float64 array."""
        import numpy

        name, array = name or f"constant/{len(self.constants)}", numpy.asarray(value)
        self.constants[name] = array if array.ndim and array.dtype.kind == "i" else array.astype(numpy.float64)
        return name

    def step(self, step: Step) -> None:
        """Add a step from the trees of its cells, those of one form together."""
        rows, cols = step.shape
        name = BESIDE + step.name if step.times else step.name
        trees = [self.run.rule(step.name, i, j) for i in range(rows) for j in range(cols)]
        forms: dict[Expr, list[int]] = {}
        for at, tree in enumerate(trees):
            forms.setdefault(_form(tree), []).append(at)
        if len(forms) == 1:
            self._named(self._full(self._value(trees, step.shape), step.shape), name)
            return
        parts = [(self._value([trees[at] for at in cells], (len(cells),)), (len(cells),)) for cells in forms.values()]
        joined = self("Concat", *(self._full(*part) for part in parts), axis=0)
        place = {at: n for n, at in enumerate(at for cells in forms.values() for at in cells)}
        places = [[place[i * cols + j] for j in range(cols)] for i in range(rows)]
        self("Gather", joined, places, out=name, axis=0)

    def _named(self, value: str, name: str) -> None:
        """Give a value the name of a step: rename the result of the last node, or copy the value."""
        if value.startswith(NODE) and self.nodes[-1][2] == [value]:
            self.nodes[-1][2][0] = name
        else:
            self("Identity", value, out=name)

    def _full(self, value: Tensor, shape: Dims) -> str:
        """A value broadcast to a shape."""
        return value.name if value.shape == shape else self("Expand", value.name, list(shape))

    def _value(self, trees: Sequence[Expr], shape: Dims) -> Tensor:
        """The values of trees of one form, one for each cell of a shape.

        Raises: WitnessError for a function without an operator.
        """
        match trees[0]:
            case Num():
                return self._numbers([tree.value for tree in trees], shape)  # type: ignore[attr-defined]
            case Ref():
                return self._cells(trees, shape)  # type: ignore[arg-type]
            case Sum():
                return self._sum(_parts(trees), shape)
            case Sub() | Mul() | Div() as node:
                left, right = _parts(trees)
                return self._operator(type(node).__name__, self._value(left, shape), self._value(right, shape))
            case Fn(name):
                return self._function(name, _parts(trees), shape)
            case node:
                raise TypeError(f"not a node of one cell: {node!r}")

    def _operator(self, kind: str, *values: Tensor) -> Tensor:
        """An operator that works entry by entry on values, which are broadcast to each other."""
        import numpy

        shape = numpy.broadcast_shapes(*(value.shape for value in values))
        return Tensor(self(kind, *(value.name for value in values)), shape)

    def _numbers(self, numbers: Sequence[Any], shape: Dims) -> Tensor:
        """Numbers as a constant: a single number if all are equal, else one for each cell of a shape."""
        if len({*numbers}) == 1:
            return Tensor(self.constant(float(numbers[0])), ())
        import numpy

        return Tensor(self.constant(numpy.array([float(x) for x in numbers]).reshape(shape)), shape)

    def _cells(self, refs: Sequence[Ref], shape: Dims) -> Tensor:
        """The value of references to cells: a whole step that is broadcast to the shape, or the cells gathered."""
        import numpy

        starts, count = dict[str, int](), 0  # the place of the first cell of each step among all cells
        for name in dict.fromkeys(ref.matrix for ref in refs):
            starts[name] = count
            count += math.prod(self.run[name].shape)
        flat = [starts[ref.matrix] + _in_a_row(ref, self.run) for ref in refs]
        places = numpy.array(flat).reshape(shape)
        if len(starts) > 1:
            row = self("Concat", *(self("Reshape", self.source(name), [-1]) for name in starts), axis=0)
            return Tensor(self("Gather", row, places, axis=0), shape)
        (name,) = starts
        rows, cols = self.run[name].shape
        source = self.source(name)
        for dims in ((rows, cols), (1, rows, cols), (rows, 1, cols)):
            if len(dims) == len(shape) and _is_broadcast(numpy.arange(count).reshape(dims), places):
                return Tensor(source if dims == (rows, cols) else self("Reshape", source, list(dims)), dims)
        return Tensor(self("Gather", self("Reshape", source, [-1]), places, axis=0), shape)

    def source(self, name: str) -> str:
        """The name under which other steps read a step."""
        step = self.run[name]
        if self.chained or step.op is None:
            return BESIDE + name if step.times else name
        return RECORDED + name

    def _sum(self, terms: Sequence[Trees], shape: Dims) -> Tensor:
        """The sum of several trees for each cell; terms that read the same steps in the same way share operators."""
        groups = [[*group] for _, group in groupby(terms, lambda term: _form(term[0], named=True))]
        values = [self._total(group, shape) if len(group) > 1 else self._value(group[0], shape) for group in groups]
        if len(values) < 2:
            return values[0] if values else Tensor(self.constant(0.0), ())
        return self._operator("Add" if len(values) == 2 else "Sum", *values)

    def _total(self, terms: Sequence[Trees], shape: Dims) -> Tensor:
        """The sum of terms of one form, by MatMul if it is a product of matrices."""
        return self._product(terms, shape) or self._reduced("ReduceSum", terms, shape)

    def _product(self, terms: Sequence[Trees], shape: Dims) -> Tensor | None:
        """Σₖ X[i,k]·Y[k,j] or Σₖ X[i,k]·Y[j,k] over all of X and Y, by MatMul; None for any other sum."""
        match terms[0][0]:
            case Mul(Ref(left), Ref(right)) if len(shape) == 2 and self.run[left].shape == (shape[0], len(terms)):
                pass
            case _:
                return None

        def is_made_of(column: Callable[[int, int], tuple[int, int]]) -> bool:
            cells = [(i, j) for i in range(shape[0]) for j in range(shape[1])]
            return all(
                tree == Mul(Ref(left, (i, k)), Ref(right, column(k, j)))
                for k, term in enumerate(terms)
                for tree, (i, j) in zip(term, cells, strict=True)
            )

        other, x, y = self.run[right].shape, self.source(left), self.source(right)
        if other == (len(terms), shape[1]) and is_made_of(lambda k, j: (k, j)):
            return Tensor(self("MatMul", x, y), shape)
        if other == (shape[1], len(terms)) and is_made_of(lambda k, j: (j, k)):
            return Tensor(self("Gemm", x, y, transB=1), shape)
        return None

    def _reduced(self, kind: str, trees: Sequence[Trees], shape: Dims) -> Tensor:
        """An operator that reduces several values to one in each cell."""
        return Tensor(self(kind, self._stacked(trees, shape), [len(shape)], keepdims=0), shape)

    def _stacked(self, trees: Sequence[Trees], shape: Dims) -> str:
        """Several values for each cell, stacked along a last axis; trees of one form are computed together."""
        whole = (*shape, len(trees))
        if _are_alike(trees):
            in_order = [tree for place in zip(*trees, strict=True) for tree in place]
            return self._full(self._value(in_order, whole), whole)
        values = [self("Unsqueeze", self._full(self._value(tree, shape), shape), [len(shape)]) for tree in trees]
        return self("Concat", *values, axis=len(shape))

    def _function(self, name: str, args: Sequence[Trees], shape: Dims) -> Tensor:
        """The values of a named function, one for each cell of a shape.

        Raises: WitnessError for a function without an operator.
        """
        match name:
            case "argmax":
                place = self("ArgMax", self._stacked(args, shape), axis=len(shape), keepdims=0)
                return Tensor(self("Cast", place, to=DOUBLE), shape)
            case "choose":
                at = self("Cast", self._full(self._value(args[0], shape), shape), to=INT64)
                place = self("Unsqueeze", at, [len(shape)])
                chosen = self("GatherElements", self._stacked(args[1:], shape), place, axis=len(shape))
                return Tensor(self("Squeeze", chosen, [len(shape)]), shape)
            case "max" if _are_alike(args):
                return self._reduced("ReduceMax", args, shape)
            case "max" if len(args) == 2 and all(zero == Num(Fraction(0)) for zero in args[0]):
                return self._operator("Relu", self._value(args[1], shape))
            case "pow" if args[0][0] == Fn("e"):
                return self._operator("Exp", self._value(args[1], shape))
            case "log":
                base, natural = args[0], self._operator("Log", self._value(args[1], shape))
                if base[0] == Fn("e"):
                    return natural
                return self._operator("Div", natural, self._operator("Log", self._value(base, shape)))
            case "sinpi" | "cospi":
                angle = self._operator("Mul", self._value(args[0], shape), Tensor(self.constant(math.pi), ()))
                return self._operator(OPERATORS[name.removesuffix("pi")], angle)
            case "e" | "pi":
                return Tensor(self.constant(getattr(math, name)), ())
        if name not in OPERATORS:
            raise WitnessError(f"ONNX has no operator for the function {name!r}")
        return self._operator(OPERATORS[name], *(self._value(arg, shape) for arg in args))


OPERATORS = {  # the operators of functions that ONNX has
    "pow": "Pow", "sqrt": "Sqrt", "max": "Max", "sin": "Sin", "cos": "Cos", "gelu": "Gelu", "erf": "Erf",
}  # fmt: skip


def _form(tree: Expr, named: bool = False) -> Expr:
    """The form of a tree: the tree without its numbers and indices. named: with the names of the steps it reads."""
    return rebuild(tree, lambda leaf: Num(0) if isinstance(leaf, Num) else Ref(leaf.matrix if named else ""))


def _parts(trees: Trees) -> list[Trees]:
    """The children of the roots of trees of one form: for each branch, the child of every tree."""
    return [*zip(*map(children, trees), strict=True)]


def _are_alike(trees: Sequence[Trees]) -> bool:
    """Whether the several trees of each cell have one form."""
    return len({_form(tree[0]) for tree in trees}) == 1


def _in_a_row(ref: Ref, run: Run) -> int:
    """The index of a cell in its step, counted row by row."""
    i, j = ref.index
    return i * run[ref.matrix].shape[1] + j  # type: ignore[operator]


def _is_broadcast(small: Any, large: Any) -> bool:
    """Whether `large` is `small`, repeated along axes in which `small` has length 1."""
    fits = all(n in (1, m) for n, m in zip(small.shape, large.shape, strict=True))
    return fits and bool((small == large).all())


# Fusions: each adds one operator for several steps, such as a softmax, if this step is the last of them; then it
# returns True

Steps = Mapping[str, Step]


def _log(base: int | str) -> float:
    """The natural logarithm of a base of softmax."""
    return 1.0 if base == "e" else math.log(int(base))


def _softmax(b: GraphBuilder, step: Step, steps: Steps) -> bool:
    """Softmax. In base b, it is that of the scores times ln b."""
    if (scored := _scores(step, steps)) is None:
        return False
    b("Softmax", b("Mul", scored[0], _log(scored[1])), out=step.name, axis=-1)
    return True


def _scores(step: Step, steps: Steps) -> tuple[str, int | str] | None:
    """The scores and the base of a step that is a softmax; else None."""
    if (found := softmax_of(steps, step)) is None:
        return None
    scores, powers, _ = found
    return scores, steps[powers].params["base"]


def _attention(b: GraphBuilder, step: Step, steps: Steps) -> bool:
    """A head of attention. Scale and base multiply the queries, since ONNX's attribute for them is a float32."""
    if step.op_name != "matmul" or (scored := _scores(steps[step.inputs[0]], steps)) is None:
        return False
    scores, base = scored
    causal, masks, factor = 0, list[str](), _log(base)
    while True:
        match steps[scores]:
            case Step(op=Op(name="mask_future"), inputs=(scores,), params=params) if not params:
                causal = 1
            case Step(op=Op(name="add"), inputs=(scores, mask)):
                masks = [b("Mul", mask, factor), *masks]
            case Step(op=Op(name="divide_by_root"), inputs=(scores,), params={"of": of}):
                factor /= math.sqrt(Fraction(of))
            case Step(op=Op(name="dot_rows"), inputs=(query, key)):
                break
            case _:
                return False
    heads = (b("Unsqueeze", x, [0, 1]) for x in (b("Mul", query, factor), key, step.inputs[1]))
    masks = [b("Add", *masks)] if len(masks) == 2 else masks  # of distances, and a given one
    b("Squeeze", b("Attention", *heads, *masks, scale=1.0, is_causal=causal), [0, 1], out=step.name)
    return True


def _norm(b: GraphBuilder, step: Step, steps: Steps) -> bool:
    """A norm: LayerNormalization, or RMSNormalization with a bias added."""
    end, width, w, bias = step, step.shape[1], "", list[str]()
    if step.op_name == "scale_and_shift":
        unit, w, shift = step.inputs
        end, w, bias = steps[unit], b("Reshape", w, [width]), [b("Reshape", shift, [width])]
    match end:
        case Step(op=Op(name="standardize"), inputs=(x, scale)):
            pass
        case _:
            return False
    match steps[scale]:
        case Step(op=Op(name="root"), inputs=(square,), params={"eps": eps}) if steps[
            square
        ].op_name == "mean_square" and steps[square].inputs == (x,):
            common: dict[str, Any] = {"axis": -1, "epsilon": float(Fraction(eps))}
        case _:
            return False
    w = w or b.constant([1.0] * width)
    if steps[x].op_name == "center":
        b("LayerNormalization", steps[x].inputs[0], w, *bias, out=step.name, **common)
    elif bias:
        b("Add", b("RMSNormalization", x, w, **common), *bias, out=step.name)
    else:
        b("RMSNormalization", x, w, out=step.name, **common)
    return True


FUSIONS: Iterable[Callable[[GraphBuilder, Step, Steps], bool]] = (_softmax, _attention, _norm)


def _onnx() -> Any:
    """The package onnx, with the submodules that are used here.

    Raises: ExtraError where it is not installed.
    """
    try:
        import onnx.helper
        import onnx.numpy_helper
        import onnx.reference
    except ImportError:
        raise ExtraError(f"ONNX graphs need the package onnx; {install_command('onnx')}") from None
    return onnx


def _floats(run: Run, name: str) -> list[list[float]]:
    """The recorded numbers of a step, as floats."""
    return [[float(value_of(x, {})) for x in row] for row in run.texts[name]]
