"""A run as an ONNX graph in float64, each step an output under its own name; and its value there."""

from __future__ import annotations

import math
from typing import Any

from byhand.errors import ExtraError, WitnessError
from byhand.formats.onnx_nodes import NODES, WHOLES, Builder
from byhand.model.names import is_parameter
from byhand.runs import Run
from byhand.witness.letters import value_of
from byhand.witness.wiring import wires

OPSET, IR = 23, 11
RECORDED = "recorded/"  # before the name of a step that others read as it was recorded


def graph(run: Run, *, chained: bool = True) -> Any:
    """The run as an onnx.ModelProto. Where it is not chained, each step reads what was recorded of the others.

    Raises: WitnessError for letters, or for a step without an operator; ExtraError.
    """
    if run.numbers == "symbolic":
        raise WitnessError("a run in letters has no ONNX graph; use exact, float or decimal numbers")
    onnx = _onnx()
    shapes = {prefix + s.name: s.shape for s in run.steps.values() for prefix in ("", RECORDED)}
    build, inputs, outputs = Builder(onnx.helper.make_node, shapes), [], []
    computed = {name for name, step in run.steps.items() if step.op}
    wired = {name: wire for name, wire in wires(run).items() if name in computed}
    for name, shape in ((step.name, step.shape) for step in run.steps.values()):
        info = onnx.helper.make_tensor_value_info(name, onnx.TensorProto.DOUBLE, shape)
        if name not in computed:
            build.constant(_floats(run, name), name)
            if not is_parameter(name):
                inputs.append(info)  # with the run's own numbers as its default
            continue
        outputs.append(info)
        wire = wired[name]
        if not chained:
            build.constant(_floats(run, name), RECORDED + name)
        elif any(whole(build, shape, name, wired) for whole in WHOLES):
            continue
        if wire.rule not in NODES:
            raise WitnessError(f"{name}: ONNX has no node for {wire.rule!r}")
        read = [x if chained or x not in computed else RECORDED + x for x in wire.inputs]
        NODES[wire.rule](build, shape, name, *read, **wire.params)
    constants = [onnx.numpy_helper.from_array(value, name) for name, value in build.constants.items()]
    made = onnx.helper.make_graph(build.nodes, run.model, inputs, outputs, constants)
    opset = onnx.helper.make_opsetid("", OPSET)
    return onnx.helper.make_model(made, opset_imports=[opset], ir_version=IR, producer_name="byhand")


def evaluated(run: Run, *, chained: bool = True) -> dict[str, Any]:
    """The steps by ONNX's reference implementation, as float64 arrays.

    Raises: as `graph`.
    """
    model = graph(run, chained=chained)
    import numpy

    evaluator = _onnx().reference.ReferenceEvaluator(model)
    with numpy.errstate(all="ignore"):  # −∞ is a score like any other
        return dict(zip(evaluator.output_names, evaluator.run(None, {}), strict=True))


def judge(run: Run) -> None:
    """Compare a run with its ONNX graph: with "round and carry", step by step from what was recorded.

    Raises: WitnessError for the first cell that differs; as `graph`.
    """
    decimal = run.numbers == "decimal"
    found = evaluated(run, chained=not decimal or run.rounding == "once")
    recorded = {name: _floats(run, name) for name in run.steps}
    largest = max(abs(x) for rows in recorded.values() for row in rows for x in row if x != -math.inf)
    has_erf = any(step.op_name == "gelu" for step in run.steps.values())
    precision = 1e-6 if has_erf else 1e-9  # the reference's erf is short
    tolerance = (0.5 * 10.0 ** -(run.places or 0) if decimal else 0.0) + precision * max(1.0, largest)
    for name, step in run.steps.items():
        for i, row in enumerate(recorded[name] if step.op else ()):
            for j, (here, there) in enumerate(zip(row, found[name][i], strict=True)):
                pair = here, float(there)
                if step.op_name == "row_argmax":  # of two that differ by rounding only, either may be the largest
                    pair = tuple(recorded[step.inputs[0]][i][int(x)] for x in pair)  # type: ignore[assignment]
                if pair[0] != pair[1] and not abs(pair[0] - pair[1]) <= tolerance:
                    where = f"{name}, row {i + 1}, column {j + 1}"
                    raise WitnessError(f"{where}: the run has {run.texts[name][i][j]}, ONNX {float(there):.12g}")


def _onnx() -> Any:
    """The package, with what is used of it.

    Raises: ExtraError where it is not installed.
    """
    try:
        import onnx.helper
        import onnx.numpy_helper
        import onnx.reference
    except ImportError:
        raise ExtraError("ONNX graphs need the package onnx; pip install 'byhand[onnx]'") from None
    return onnx


def _floats(run: Run, name: str) -> list[list[float]]:
    return [[float(value_of(x, {})) for x in row] for row in run.texts[name]]
