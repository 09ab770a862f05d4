"""Every operation: what it says of itself, and a worked example of it in small integers."""

import pytest
from judged import EXAMPLES, example_of, step_of

from byhand import ops
from byhand.arithmetic.exact import RATIONALS
from byhand.arithmetic.expr import Index, bind, evaluate, refs
from byhand.tape import OPS, Symbolic


def as_rows(matrix):
    return [list(row) for row in matrix.values]


@pytest.mark.parametrize(("name", "n"), EXAMPLES)
def test_an_op_gives_what_a_person_computes(name, n):
    example = example_of(name, n)
    assert as_rows(step_of(name, example, RATIONALS)) == example.result


@pytest.mark.parametrize("name", OPS)
def test_an_op_says_what_it_does_in_a_sentence(name):
    prose = OPS[name].prose
    assert prose[0].isupper()
    assert prose.endswith(".")
    assert "\n" not in prose


@pytest.mark.parametrize("name", OPS)
@pytest.mark.parametrize("template", ["formula", "columns", "undefined"])
def test_what_an_op_says_can_be_filled_in(name, template):
    example = OPS[name].example
    names = [f"M_{n}" for n, _ in enumerate(example.operands)]
    filled = getattr(OPS[name], template).format(*names, row=1, **example.params)
    assert filled
    assert filled.count("{") == filled.count("}")
    if template == "formula" and len(names) <= 2:
        assert all(name in filled for name in names)


@pytest.mark.parametrize("name", OPS)
def test_a_cell_reads_cells_that_its_operands_have(name):
    result = step_of(name, OPS[name].example, RATIONALS)
    for i in range(result.rows):
        for j in range(result.cols):
            for ref in refs(result.tape.cell("y", i, j)):
                rows, cols = result.tape[ref.matrix].shape
                assert 0 <= ref.index[0] < rows
                assert 0 <= ref.index[1] < cols


# Rules whose shape does not depend on where the cell is.
BY_PLACE = {"add_all", "hstack", "gather_rows", "sinusoid", "turns", "mask_future", "zero_future", "row_argmax",
            "multiply", "one_hot", "gather_entries", "keep_entries", "largest_entry", "column_as_row", "slide", "vstack"}  # fmt: skip
UNIFORM = sorted(OPS.keys() - BY_PLACE)


@pytest.mark.parametrize("name", UNIFORM)
def test_the_general_rule_with_numbers_for_its_indices_is_the_rule_of_the_cell(name):
    example = OPS[name].example
    result = step_of(name, example, RATIONALS)
    rule = OPS[name].general_rule(result.step.inputs, **example.params)
    lengths = {Index("m"): len(example.operands[0]), Index("n"): len(example.operands[0][0])}
    numbers = {operand: result.tape.values(operand) for operand in result.step.inputs}
    for i, row in enumerate(example.result):
        for j, value in enumerate(row):
            bound = bind(rule, {Index("i"): i, Index("j"): j, **lengths})
            assert evaluate(bound, lambda ref: numbers[ref.matrix][ref.index[0]][ref.index[1]], RATIONALS) == value
            assert list(refs(bound)) == list(refs(result.tape.cell("y", i, j)))


@pytest.mark.parametrize("name", sorted(BY_PLACE))
def test_every_op_has_a_general_rule(name):
    example = OPS[name].example
    operands = ["a", "b", "c"][: len(example.operands)]
    assert {ref.matrix for ref in refs(OPS[name].general_rule(operands, **example.params))} <= set(operands)


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
