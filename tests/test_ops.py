"""Every operation: what it says of itself, and a worked example of it in small integers."""

import inspect
from functools import reduce

import pytest
from judged import EXAMPLES, exactly, example_of, step_of
from uniform import is_uniform, orders_of

from byhand.arithmetic.exact import RATIONALS
from byhand.arithmetic.expr import Index, Mul, Num, Sub, Sum, bind, evaluate, nodes, refs
from byhand.notation.text import text as written
from byhand.ops.positions import rotate, sinusoid
from byhand.tape import OPS, Named, Op, example


def as_rows(matrix):
    return [list(row) for row in matrix.values]


@pytest.mark.parametrize(("name", "n"), EXAMPLES)
def test_an_op_gives_what_a_person_computes(name, n):
    example = example_of(name, n)
    assert as_rows(step_of(OPS[name], example, exactly(name))) == example.result


@pytest.mark.parametrize("name", OPS)
def test_an_op_says_what_it_does_in_a_sentence(name):
    prose = OPS[name].rule.__doc__.partition("\n")[0]
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
    result = step_of(OPS[name], OPS[name].example, RATIONALS)
    for i in range(result.rows):
        for j in range(result.cols):
            for ref in refs(result.tape.cell("y", i, j)):
                rows, cols = result.tape[ref.matrix].shape
                assert 0 <= ref.index[0] < rows
                assert 0 <= ref.index[1] < cols


@pytest.mark.parametrize(("name", "n"), EXAMPLES)
def test_a_cell_begins_no_product_with_a_one_that_nobody_asked_for(name, n):
    result = step_of(OPS[name], example_of(name, n), RATIONALS)
    cells = [result.tape.cell("y", i, j) for i in range(result.rows) for j in range(result.cols)]
    assert not [node for cell in cells for node in nodes(cell) if isinstance(node, Mul) and node.left == Num(1)]


LETTERS = [
    (name, letter)
    for name, op in OPS.items()
    for letter in sorted({*op.signature} - {*"*1,->"} - {*"…" * ("*" in op.signature)})  # a * stands along a letter
]


@pytest.mark.parametrize(("name", "letter"), LETTERS)
def test_an_op_is_uniform_in_every_letter_but_those_that_it_treats_by_place(name, letter):
    op = OPS[name]
    orders = list(orders_of(op, letter))
    assert orders, f"no example of {name} has two places of {letter}"
    assert all(is_uniform(op, letter, *case) for case in orders if letter not in op.by_place)
    assert letter not in op.by_place or not all(is_uniform(op, letter, *case) for case in orders)


def test_what_an_op_says_of_its_letters_is_about_letters_and_params_that_it_has():
    for op in OPS.values():
        assert {*op.by_place} <= {*op.signature}
        for param, spoken in op.places.items():
            assert {*spoken} - {*"->"} <= {*op.signature}
            assert param in inspect.signature(op.rule).parameters


def test_an_op_that_mixes_an_axis_by_place_and_does_not_say_so_is_found_out():
    def rotate_pairs(a, i, j):
        return Sub(Sum(()), a[i, j + 1]) if j % 2 == 0 else a[i, j - 1]

    gives = [[-2, 1], [4, 3]]
    op = Op("rotate_pairs", rotate_pairs, "ij->ij", "", "", "", "", example([[1, 2], [3, -4]], gives=gives))
    assert as_rows(step_of(op, op.example, RATIONALS)) == gives
    assert all(is_uniform(op, "i", *case) for case in orders_of(op, "i"))
    assert not all(is_uniform(op, "j", *case) for case in orders_of(op, "j"))


def test_operands_whose_order_counts_are_found_out():
    def first_less_others(*matrices, i, j):
        return reduce(Sub, [m[i, j] for m in matrices])

    op = Op(
        "first_less_others", first_less_others, "ij…->ij", "", "", "", "", example([[5]], [[2]], [[1]], gives=[[2]])
    )
    assert not all(is_uniform(op, "…", *case) for case in orders_of(op, "…"))


@pytest.mark.parametrize("name", [name for name, op in OPS.items() if op.tells])
def test_what_an_op_tells_is_the_number_of_a_place(name):
    op, order = OPS[name], (2, 0, 1)
    rows = [[4, 7, 1], [3, -2, 0]]
    assert op.tells == op.letters(1)[0][0][1]
    right = step_of(op, op.example, RATIONALS, [rows])
    moved = step_of(op, op.example, RATIONALS, [[[row[old] for old in order] for row in rows]])
    assert [[order[int(place)] for place in row] for row in moved.values] == as_rows(right)


LARGEST = ("largest_entry", "row_max", "max_so_far", "heard_of")  # of as many numbers as there are, which no Σ counts
UNIFORM = [name for name in OPS if not OPS[name].by_place and not OPS[name].places and name not in LARGEST]


@pytest.mark.parametrize("name", UNIFORM)
def test_the_general_rule_with_numbers_for_its_indices_is_the_rule_of_the_cell(name):
    example, domain = OPS[name].example, exactly(name)
    result = step_of(OPS[name], example, domain)
    rule = OPS[name].general_rule(result.step.inputs, **example.params)
    lengths = {Index("m"): len(example.operands[0]), Index("n"): len(example.operands[0][0])}
    numbers = {operand: result.tape.values(operand) for operand in result.step.inputs}
    for i, row in enumerate(example.result):
        for j, value in enumerate(row):
            bound = bind(rule, {Index("i"): i, Index("j"): j, **lengths})
            assert evaluate(bound, lambda ref: numbers[ref.matrix][ref.index[0]][ref.index[1]], domain) == value
            assert list(refs(bound)) == list(refs(result.tape.cell("y", i, j)))


def test_a_kernel_of_one_row_has_a_general_rule_that_holds_at_every_position():
    numbers = {"x": [[1, 2], [3, -4], [5, 0]], "f": [[2, 5]]}
    rule = bind(OPS["slide"].general_rule(["x", "f"]), {Index("n"): 2})
    for i, (first, second) in enumerate(numbers["x"]):
        bound = bind(rule, {Index("i"): i, Index("j"): 0})
        value = evaluate(bound, lambda ref: numbers[ref.matrix][ref.index[0]][ref.index[1]], RATIONALS)
        assert value == 2 * first + 5 * second


@pytest.mark.parametrize("name", OPS)
def test_every_op_has_a_general_rule(name):
    example = OPS[name].example
    operands = ["a", "b", "c", "d", "e"][: len(example.operands)]
    assert {ref.matrix for ref in refs(OPS[name].general_rule(operands, **example.params))} <= set(operands)


def test_a_general_rule_is_written_with_letters():
    assert written(OPS["matmul"].general_rule(["Q", "W"])) == "Σ_k Q[i, k]·W[k, j]"
    assert written(OPS["divide_by_root"].general_rule(["S"], of=4)) == "S[i, j] ÷ √4"
    assert written(OPS["slide_along"].general_rule(["x", "f"])) == "Σ_k x[i, k]·f[1, k]"


@pytest.mark.parametrize(
    ("position", "dimension", "text"),
    [(0, 0, "sin(0 ÷ 10,000^(0 ÷ 4))"), (3, 1, "cos(3 ÷ 10,000^(0 ÷ 4))"), (3, 2, "sin(3 ÷ 10,000^(2 ÷ 4))")],
)
def test_positions_without_periods_follow_the_paper_of_2017(position, dimension, text):
    assert written(sinusoid.rule(i=position, j=dimension, width=4)) == text


def test_one_row_and_one_column_of_positions_have_a_rule_with_a_letter():
    assert written(sinusoid.rule(i=3, j=Index("j"), width=4)) == "sin(3 ÷ 10,000^(j ÷ d_model))"
    assert written(sinusoid.rule(i=Index("i"), j=2, width=4)) == "sin(i ÷ 10,000^(2 ÷ d_model))"


@pytest.mark.parametrize(
    ("place", "asked", "text"),
    [
        ((0, 2), {"start": 3}, "x[1, 3]·cos(3 ÷ 10,000^(2 ÷ 4)) − x[1, 4]·sin(3 ÷ 10,000^(2 ÷ 4))"),
        ((0, 0), {"start": 1, "periods": (8, 4)}, "x[1, 1]·cos(1/4·π) − x[1, 2]·sin(1/4·π)"),
        ((0, 2), {"start": 1, "periods": (8, 4)}, "x[1, 3]·0 − x[1, 4]·1"),  # a quarter turn
    ],
)
def test_a_pair_is_turned_by_a_frequency_or_by_a_part_of_a_whole_turn(place, asked, text):
    i, j = place
    assert written(rotate.rule(Named("x", 1, 4), i=i, j=j, width=4, adjacent=True, **asked)) == text


def test_a_bias_is_looked_up_in_the_first_row_of_its_table():
    assert written(OPS["bucket_biases"].general_rule(["r"], buckets=8, furthest=8)) == "r[1, b_ij]"


def test_a_weight_of_halting_is_the_smaller_of_the_probability_and_1_where_nothing_came_before():
    assert written(OPS["halting_weights"].general_rule(["p"])) == "1 − max(0, 1 − p[i, j])"


def test_an_operand_of_unknown_size_has_symbolic_sizes():
    x = Named("x", Index("m"), Index("n"))
    assert (x.rows, x.cols) == (Index("m"), Index("n"))
