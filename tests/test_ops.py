"""Every operation: what it says of itself, and a worked example of it in small integers."""

from fractions import Fraction

import pytest

from byhand import ops
from byhand.arithmetic.exact import RATIONALS
from byhand.arithmetic.expr import NEG_INF, Index, bind, evaluate, refs
from byhand.tape import OPS, Symbolic, Tape

HALF = Fraction(1, 2)
A = [[1, 2], [3, -4]]
MASK = NEG_INF
# op: operands, parameters, sizes of letters that no operand has, result
EXAMPLES = {
    "matmul": ([A, [[5, 0, 1], [6, 1, 0]]], {}, {}, [[17, 2, 1], [-9, -4, 3]]),
    "affine": ([A, [[5, 0], [6, 1]], [[10, 20]]], {}, {}, [[27, 22], [1, 16]]),
    "dot_rows": ([A, [[1, 1], [0, 2], [2, 0]]], {}, {}, [[3, 4, 2], [-1, -8, 6]]),
    "add": ([A, [[1, 1], [1, 1]]], {}, {}, [[2, 3], [4, -3]]),
    "add_all": ([A, A, A], {}, {}, [[3, 6], [9, -12]]),
    "hstack": ([A, [[7], [8]], [[5, 6], [9, 0]]], {}, {"j": 5}, [[1, 2, 7, 5, 6], [3, -4, 8, 9, 0]]),
    "gather_rows": ([[[1, 2], [3, 4], [5, 6]]], {"rows": (2, 0, 2)}, {"i": 3}, [[5, 6], [1, 2], [5, 6]]),
    "sinusoid": ([], {"width": 4, "periods": (4, 12)}, {"i": 4, "j": 2}, [[0, 1], [1, 0], [0, -1], [-1, 0]]),
    "turns": ([], {"periods": (4, 2)}, {"i": 2, "j": 2}, [[0, 0], [Fraction(1, 4), HALF]]),
    "divide_by_root": ([A], {"of": 4}, {}, [[HALF, 1], [Fraction(3, 2), -2]]),
    "mask_future": ([[[1, 2, 3], [4, 5, 6], [7, 8, 9]]], {}, {}, [[1, MASK, MASK], [4, 5, MASK], [7, 8, 9]]),
    "power_of": ([[[0, 3], [-1, MASK]]], {"base": 2}, {}, [[1, 8], [HALF, 0]]),
    "row_sum": ([A], {}, {}, [[3], [-1]]),
    "normalize_rows": ([[[1, 3], [2, 0]], [[4], [2]]], {}, {}, [[Fraction(1, 4), Fraction(3, 4)], [1, 0]]),
    "row_mean": ([A], {}, {}, [[Fraction(3, 2)], [-HALF]]),
    "center": ([A, [[1], [2]]], {}, {}, [[0, 1], [1, -6]]),
    "mean_square": ([A], {}, {}, [[Fraction(5, 2)], [Fraction(25, 2)]]),
    "root": ([[[9], [0]]], {"eps": 16}, {}, [[5], [4]]),
    "standardize": ([A, [[2], [-1]]], {}, {}, [[HALF, 1], [-3, 4]]),
    "scale_and_shift": ([A, [[2, 3]], [[10, 20]]], {}, {}, [[12, 26], [16, 8]]),
    "relu": ([A], {}, {}, [[1, 2], [3, 0]]),
    "gelu": ([[[0, 0]]], {}, {}, [[0, 0]]),
    "row_argmax": ([[[1, 5, 5], [2, 1, 0], [MASK, -1, MASK]]], {}, {}, [[1], [0], [1]]),
    "copy": ([A], {}, {}, A),
    "column_sum": ([A], {}, {}, [[4, -2]]),
    "normalize_columns": ([[[1, 3], [3, 0]], [[4, 3]]], {}, {}, [[Fraction(1, 4), 1], [Fraction(3, 4), 0]]),
    "center_columns": ([A, [[2, -1]]], {}, {}, [[-1, 3], [1, -3]]),
    "column_mean": ([A], {}, {}, [[2, -1]]),
    "column_mean_square": ([A], {}, {}, [[5, 10]]),
    "sample_variance": ([[[1, 2, -3]]], {}, {}, [[7]]),
    "zero_future": ([[[1, 2], [4, 5]]], {}, {}, [[1, 0], [4, 5]]),
    "divide_by": ([A], {"of": 2}, {}, [[HALF, 1], [Fraction(3, 2), -2]]),
    "shift": ([A, [[10, 20]]], {}, {}, [[11, 22], [13, 16]]),
    "affine_rows": ([A, [[1, 1], [0, 2]], [[10, 20]]], {}, {}, [[13, 24], [9, 12]]),
    "multiply": ([A, A], {}, {}, [[1, 4], [9, 16]]),
    "quotient": ([A, [[2, 4], [3, 8]]], {}, {}, [[HALF, HALF], [1, -HALF]]),
    "percent": ([A, [[2, 4], [4, 8]]], {}, {}, [[50, 50], [75, -50]]),
    "subtract": ([A, [[1, 0], [5, -4]]], {}, {}, [[0, 2], [-2, 0]]),
    "row_dots": ([A, [[5, 6], [1, 2]]], {}, {}, [[17], [-5]]),
    "plus_number": ([A], {"by": 5}, {}, [[6, 7], [8, 1]]),
    "times_number": ([A], {"by": 2}, {}, [[2, 4], [6, -8]]),
    "scale_rows": ([A, [[2], [-1]]], {}, {}, [[2, 4], [-3, 4]]),
    "divided_by_each": ([[[1, -2]], [[1], [2], [HALF]]], {}, {}, [[1, -2], [HALF, -1], [2, -4]]),
    "one_hot": ([], {"rows": (2, 0)}, {"i": 2, "j": 3}, [[0, 0, 1], [1, 0, 0]]),
    "gather_entries": ([A], {"cols": (1, 0)}, {}, [[2], [3]]),
    "keep_entries": ([A], {"kept": ((1, 0), (1, 1))}, {}, [[1, 0], [3, -4]]),
    "largest_entry": ([A], {}, {}, [[3]]),
    "surprisal": ([[[HALF, 1], [2, Fraction(1, 8)]]], {"base": 2}, {}, [[1, 0], [-1, 3]]),
    "column_as_row": ([A], {"which": 1}, {}, [[2, -4]]),
    "slide": ([[[1, 2], [3, -4], [5, 0]], [[1, 1], [2, 0]]], {}, {"o": 2}, [[9], [9]]),
    "vstack": ([A, [[7, 8]]], {}, {"i": 3}, [[1, 2], [3, -4], [7, 8]]),
}
MORE = [
    ("mask_future", [[[1, 2, 3], [4, 5, 6]]], {}, [[1, MASK, MASK], [4, 5, MASK]]),
    ("power_of", [[[2, -1]]], {"base": 3}, [[9, Fraction(1, 3)]]),
    ("root", [[[9]]], {}, [[3]]),
    ("root", [[[Fraction(1, 4)]]], {"eps": "0"}, [[HALF]]),
    ("add_all", [A], {}, A),
    ("multiply", [A, A], {"times": 3}, [[3, 12], [27, 48]]),
    ("multiply", [A], {}, A),
    ("surprisal", [[[9, Fraction(1, 3)]]], {"base": 3}, [[-2, 1]]),
]  # fmt: skip


def worked(name, matrices, params=None, sizes=None):
    """The result of an op on givens called a, b, c, …"""
    tape = Tape(RATIONALS, dict(zip("abcdef", matrices, strict=False)))
    givens = [tape.given(n, (len(m), len(m[0])), ("rows", "columns")) for n, m in tape.numbers.items()]
    lengths = {letter: (n, letter) for letter, n in (sizes or {}).items()}
    return OPS[name](*givens, name="y", tape=tape, sizes=lengths, **(params or {}))


def as_rows(matrix):
    return [list(row) for row in matrix.values]


def test_every_op_has_an_example():
    assert EXAMPLES.keys() == OPS.keys()


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_op_gives_what_a_person_computes(name):
    matrices, params, sizes, result = EXAMPLES[name]
    assert as_rows(worked(name, matrices, params, sizes)) == result


@pytest.mark.parametrize(("name", "matrices", "params", "result"), MORE)
def test_an_op_gives_what_a_person_computes_at_its_edges(name, matrices, params, result):
    assert as_rows(worked(name, matrices, params)) == result


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_op_says_what_it_does_in_a_sentence(name):
    prose = OPS[name].prose
    assert prose[0].isupper()
    assert prose.endswith(".")
    assert "\n" not in prose


@pytest.mark.parametrize("name", EXAMPLES)
@pytest.mark.parametrize("template", ["formula", "columns", "reads", "undefined"])
def test_what_an_op_says_can_be_filled_in(name, template):
    matrices, params, *_ = EXAMPLES[name]
    names = [f"M_{n}" for n, _ in enumerate(matrices)]
    filled = getattr(OPS[name], template).format(*names, i=1, j=2, row=1, **params)
    assert filled
    assert filled.count("{") == filled.count("}")
    if template == "formula" and len(names) <= 2:
        assert all(name in filled for name in names)


@pytest.mark.parametrize("name", EXAMPLES)
def test_a_cell_reads_cells_that_its_operands_have(name):
    matrices, params, sizes, _ = EXAMPLES[name]
    result = worked(name, matrices, params, sizes)
    for i in range(result.rows):
        for j in range(result.cols):
            for ref in refs(result.tape.cell("y", i, j)):
                rows, cols = result.tape[ref.matrix].shape
                assert 0 <= ref.index[0] < rows
                assert 0 <= ref.index[1] < cols


# Rules whose shape does not depend on where the cell is.
BY_PLACE = {"add_all", "hstack", "gather_rows", "sinusoid", "turns", "mask_future", "zero_future", "row_argmax",
            "multiply", "one_hot", "gather_entries", "keep_entries", "largest_entry", "column_as_row", "slide", "vstack"}  # fmt: skip
UNIFORM = sorted(EXAMPLES.keys() - BY_PLACE)


@pytest.mark.parametrize("name", UNIFORM)
def test_the_general_rule_with_numbers_for_its_indices_is_the_rule_of_the_cell(name):
    matrices, params, sizes, expected = EXAMPLES[name]
    result = worked(name, matrices, params, sizes)
    rule = OPS[name].general_rule(result.step.inputs, **params)
    lengths = {Index("m"): len(matrices[0]), Index("n"): len(matrices[0][0])}
    numbers = {operand: result.tape.values(operand) for operand in result.step.inputs}
    for i, row in enumerate(expected):
        for j, value in enumerate(row):
            bound = bind(rule, {Index("i"): i, Index("j"): j, **lengths})
            assert evaluate(bound, lambda ref: numbers[ref.matrix][ref.index[0]][ref.index[1]], RATIONALS) == value
            assert list(refs(bound)) == list(refs(result.tape.cell("y", i, j)))


@pytest.mark.parametrize("name", sorted(BY_PLACE))
def test_every_op_has_a_general_rule(name):
    matrices, params, *_ = EXAMPLES[name]
    operands = ["a", "b", "c"][: len(matrices)]
    assert {ref.matrix for ref in refs(OPS[name].general_rule(operands, **params))} <= set(operands)


@pytest.mark.parametrize(
    ("position", "dimension", "text"),
    [(0, 0, "sin(0 ÷ 10,000^(0 ÷ 4))"), (3, 1, "cos(3 ÷ 10,000^(0 ÷ 4))"), (3, 2, "sin(3 ÷ 10,000^(2 ÷ 4))")],
)
def test_positions_without_periods_follow_the_paper_of_2017(position, dimension, text):
    from byhand.notation.text import text as written

    assert written(ops.sinusoid.rule(i=position, j=dimension, width=4)) == text


def test_an_operand_of_unknown_size_has_symbolic_sizes():
    x = Symbolic("x")
    assert (x.rows, x.cols) == (Index("m"), Index("n"))
