"""How a gradient goes back through each operation: against the derivative of its cells."""

import random
from fractions import Fraction

import pytest
from judged import EXAMPLES, example_of, step_of
from logarithms import Logarithms

from byhand.arithmetic.derivative import pushed
from byhand.arithmetic.exact import RATIONALS
from byhand.arithmetic.expr import Ref, Sum, evaluate
from byhand.arithmetic.floats import FLOATS
from byhand.backward import record_gradients
from byhand.errors import ByHandError
from byhand.model.weights import UPSTREAM
from byhand.tape import OPS, example

SQUARES = [Fraction(n, 6) ** 2 for n in range(1, 90)]


def numbers_for(name, example, seed):
    """Whole numbers, no two of them alike, in the place of an example's operands; squares where a root is taken."""
    dice = random.Random(f"{name}{seed}")
    if name == "unit_rows":
        return [[[3 * n, 4 * n] for n in dice.sample(range(1, 30), len(example.operands[0]))]]
    eps = Fraction(example.params.get("eps", 0))
    pool = [x - eps for x in SQUARES] if name == "root" else range(-20, 40)
    pool = iter(dice.sample([x for x in pool if x], 59))
    return [[[next(pool) for _ in row] for row in rows] for rows in example.operands]


def gradients_of(name, example, seed, domain):
    """A tape with an operation on random numbers, and the gradients of a result for which random numbers arrive."""
    y = step_of(OPS[name], example, domain, numbers_for(name, example, seed))
    dice = random.Random(seed)
    y.tape.numbers[UPSTREAM] = [[Fraction(dice.randint(-9, 9), 4) for _ in range(y.cols)] for _ in range(y.rows)]
    record_gradients(y.tape, "y")
    return y.tape


def of_operand(tape, operand, ln):
    """The gradient of an operand, where ln b is some number."""
    logs = {"": 1, "ln 2": ln, "ln 3": ln, "1/ln 2": 1 / ln, "1/ln 3": 1 / ln}
    names = [n for n in (f"{operand}.grad", f"{operand}.grad.values", f"{operand}.grad.scores") if n in tape.steps]
    assert names
    rows, cols = tape[operand].shape
    parts = [(tape.values(n), logs[tape[n].step.times]) for n in names]
    return [[sum(values[i][j] * log for values, log in parts) for j in range(cols)] for i in range(rows)]


def shares_of(tape, operand):
    """The tree of the same gradient, by the derivative of every cell of the result."""
    rows, cols = tape[operand].shape
    terms = {(i, j): [] for i in range(rows) for j in range(cols)}
    for i in range(tape["y"].rows):
        for j in range(tape["y"].cols):
            for ref, share in pushed(tape.cell("y", i, j), Ref("y.grad", (i, j))):
                if ref.matrix == operand:
                    terms[ref.index].append(share)
    return {place: Sum(tuple(shares)) for place, shares in terms.items()}


DIFFERENTIABLE = [
    (name, n)
    for name, n in EXAMPLES
    if all(not isinstance(way, str) for way in OPS[name].backward) and OPS[name].backward
]
REFUSED = [name for name, op in OPS.items() if any(isinstance(way, str) for way in op.backward)]


@pytest.mark.parametrize("name", OPS)
def test_every_operation_says_how_a_gradient_goes_back_to_each_operand_or_why_not(name):
    op = OPS[name]
    inputs = op.signature.partition("->")[0]
    operands = len(inputs.split(",")) if inputs else 0
    for way in op.backward:
        assert way
        assert not isinstance(way, str) or not way[0].isupper()
        assert isinstance(way, str) or all(callable(each.line) for each in way)
    assert len(op.backward) == operands or (operands and len(op.backward) == 1 and isinstance(op.backward[0], str))


@pytest.mark.parametrize(("name", "n"), [case for case in DIFFERENTIABLE if case[0] != "gelu"])
@pytest.mark.parametrize("seed", range(3))
def test_what_goes_back_is_the_derivative_of_the_cells(name, n, seed):
    example = example_of(name, n)
    ln = Fraction(7, 5)
    tape = gradients_of(name, example, seed, Logarithms(ln))
    for operand in tape["y"].step.inputs:
        found = of_operand(tape, operand, ln)
        for (i, j), tree in shares_of(tape, operand).items():
            assert found[i][j] == evaluate(tree, tape.value, tape.domain)


@pytest.mark.parametrize("seed", range(3))
def test_what_goes_back_through_gelu_is_the_derivative_of_its_cells(seed):
    tape = gradients_of("gelu", example([[0, 0, 0], [0, 0, 0]], gives=[]), seed, FLOATS)
    tape = tape.replay(
        numbers={"x0": [[x / 20 for x in row] for row in tape.values("x0")]}
    )  # where it is not straight
    found = tape.values("x0.grad")
    for (i, j), tree in shares_of(tape, "x0").items():
        assert found[i][j] == pytest.approx(evaluate(tree, tape.value, FLOATS), rel=1e-12)


SAME_LINE = [
    ("matmul", 0), ("matmul", 1), ("affine", 0), ("affine", 1), ("affine", 2), ("dot_rows", 0), ("affine_rows", 0), ("affine_rows", 2),
    ("shift", 1), ("gather_rows", 0), ("pick_by_distance", 0), ("bucket_biases", 0),
]  # fmt: skip


@pytest.mark.parametrize(("name", "k"), SAME_LINE)
def test_the_step_that_a_gradient_is_has_the_derivatives_own_tree(name, k):
    tape = gradients_of(name, OPS[name].example, 0, RATIONALS)
    operand = tape["y"].step.inputs[k]
    for (i, j), tree in shares_of(tape, operand).items():
        assert tape.cell(f"{operand}.grad", i, j) == tree


@pytest.mark.parametrize("name", REFUSED)
def test_what_has_no_gradient_says_so_in_one_line(name):
    with pytest.raises(ByHandError) as caught:
        gradients_of(name, OPS[name].example, 0, RATIONALS)
    assert str(caught.value).startswith("no gradient goes back through y: ")
    assert "\n" not in str(caught.value)
