"""What may change places and signs, as it follows from the operations of a run."""

import pytest
from judged import small
from kept import numbers_by_step, whole_run
from uniform import is_uniform, orders_of

from byhand.arithmetic.exact import RATIONALS
from byhand.arithmetic.expr import Index, Sub, Sum
from byhand.model import MODELS, Model
from byhand.model.layers import softmax
from byhand.model.weights import Values, complete
from byhand.ops.attention import mask_future
from byhand.ops.linear import add, add_all, dot_rows, matmul, multiply, relu
from byhand.ops.positions import sinusoid
from byhand.ops.shapes import gather_rows, hstack
from byhand.symmetry.axes import symmetries
from byhand.symmetry.renaming import moves, renamed
from byhand.tape import Computed, Op, Tape, example
from byhand.worksheet.sheet import load_sheet

SEEDS = range(1, 9)

ATTN = "blocks.0.attn."


def tape_of(**shapes):
    """A tape with given matrices of ones, and these."""
    tape = Tape(RATIONALS, {name: [[1] * cols] * rows for name, (rows, cols) in shapes.items()})
    return tape, *(tape.given(name, shape) for name, shape in shapes.items())


def known_of(sheet):
    own = load_sheet(sheet)
    return moves(own.model, complete(own.given(letters=False)), own.in_place).run


def test_contracted_sides_are_one_axis():
    tape, x, w = tape_of(x=(2, 3), w=(3, 4))
    matmul(x, w, name="y")
    known = symmetries(tape)
    assert known.axes["x", 1] == known.axes["w", 0]
    assert known.axes["y", 0] == known.axes["x", 0]
    assert len({known.axes[side] for side in (("x", 0), ("x", 1), ("w", 1))}) == 3
    assert not known.held
    assert known.signed >= {("x", 0), ("x", 1), ("w", 1)}


def test_a_mask_holds_both_its_axes():
    tape, x = tape_of(x=(3, 3))
    mask_future(x, name="y")
    assert symmetries(tape).held == {("x", 0), ("x", 1)}


def test_a_bend_keeps_signs_and_no_places():
    tape, x = tape_of(x=(3, 3))
    relu(x, name="y")
    known = symmetries(tape)
    assert not known.held
    assert not known.signed


def test_a_constant_that_is_added_holds_places_and_signs_but_equal_cells_may_be_exchanged():
    tape, x = tape_of(x=(4, 4))
    waves = sinusoid(name="waves", tape=tape, sizes={"i": (4, ""), "j": (4, "")}, width=4, periods=(2, 4))
    add(x, waves, name="y")
    known = symmetries(tape)
    assert known.held == {("x", 0), ("x", 1)}
    assert not known.signed
    assert {kind for row in known.kinds["x"] for kind in row} == {(-1,), (0,), (1,)}
    matmul(tape["y"], tape.given("w", (4, 2)), name="z")
    assert not symmetries(tape).kinds


def test_heads_change_places_as_wholes_and_the_stack_with_them():
    known = known_of("gpt")
    ((whole, alike),) = known.alike.items()
    assert whole == ("blocks.0.attn.z", 2)
    assert [computation["blocks.0.attn.W_Q[0]"] for computation in alike.computations] == [
        f"blocks.0.attn.W_Q[{h}]" for h in (0, 1)
    ]
    assert known.stacks[known.axes["blocks.0.attn.W_O", 0]].of == whole
    assert known.axes["blocks.0.attn.W_Q[0]", 1] in alike.own_axes


def test_heads_that_something_else_reads_stay_where_they_are():
    tape, x, a, b = tape_of(x=(2, 3), a=(3, 2), b=(3, 2))
    one, other = (matmul(x, w, name=f"of {w.name}") for w in (a, b))
    hstack(one, other, name="both", sizes={"j": (4, "")})
    assert symmetries(tape).alike.keys() == {("both", 2)}
    relu(other, name="alone")
    assert not symmetries(tape).alike


def test_givens_that_are_added_or_multiplied_do_not_change_places():
    tape, a, b = tape_of(a=(1, 1), b=(1, 1))
    multiply(a, b, name="y")
    add_all(a, b, name="z")
    assert not symmetries(tape).alike


def test_rows_that_are_looked_up_move_along_or_not_at_all():
    tape, table = tape_of(table=(3, 2))
    found = gather_rows(table, name="y", sizes={"i": (2, "")}, rows=(2, 0))
    known = symmetries(tape)
    assert known.lookups[known.axes["table", 0]].looked_up == (2, 0)
    mask_future(found, name="masked")
    assert known.axes["table", 0] in symmetries(tape).held


def test_rows_that_would_move_along_with_themselves_are_held():
    tape, x = tape_of(x=(3, 2))
    add(x, gather_rows(x, name="before", sizes={"i": (3, "")}, rows=(2, 0, 1)), name="y")
    known = symmetries(tape)
    assert known.axes["x", 0] in known.held
    assert not known.lookups


def test_places_that_the_numbers_themselves_choose_hold_nothing():
    tape, x = tape_of(x=(3, 2))
    gather_rows(x, name="y", sizes={"i": (1, "")}, rows=(Computed(1),))
    assert not symmetries(tape).held


def test_what_no_operation_reads_stays_as_it_is():
    tape, x, _ = tape_of(x=(2, 3), limit=(1, 2))
    relu(x, name="y")
    known = symmetries(tape, in_place=["limit"])
    assert {("limit", 0), ("limit", 1)} <= known.held
    assert not known.signed


def test_tokens_that_look_at_tokens_keep_their_order():
    for sheet, names in {
        "scores": ["blocks.0.hook_resid_pre"],
        "cross-attention": ["decoder.0.hook_resid_pre", "encoder.0.hook_resid_pre"],
        "encoder": ["encoder.0.hook_resid_pre"],
        "transformer-by-hand": ["blocks.0.hook_resid_pre"],
    }.items():
        known = known_of(sheet)
        assert {known.axes[name, 0] for name in names} <= known.held
    assert known_of("layer-norm").axes["blocks.0.hook_resid_pre", 0] not in known_of("layer-norm").held


def test_the_stream_keeps_its_signs_where_a_norm_reads_it_and_not_where_it_is_only_multiplied():
    assert ("blocks.0.hook_resid_pre", 1) not in known_of("transformer-block").signed
    assert ("blocks.0.hook_resid_pre", 1) in known_of("causal-mask").signed


@pytest.mark.parametrize("tied", [False, True])
def test_the_words_that_a_model_says_and_reads_stay(tied):
    known = moves(MODELS["gpt"], small("gpt", tie_word_embeddings=tied)).run
    assert known.axes["embed.W_E", 0] in known.held
    assert tied or known.axes["unembed.W_U", 1] in known.held


def turned(a, i, j):
    """Each pair of columns, turned by a quarter from row to row: a rotary embedding whose numbers stay whole."""
    if isinstance(i, Index) or isinstance(j, Index):
        return a[i, j]
    pair, cell = j - j % 2, [a[i, j], a[i, j + 1 - 2 * (j % 2)]]
    sign = (i + (j - pair)) % 4 >= 2 if i % 2 == 0 else (i + 1 + 2 * (j - pair)) % 4 < 2
    found = cell[i % 2]
    return Sub(Sum(()), found) if sign else found


def rotary(by_place):
    """The operation, and what it says that it treats by place."""
    shown = example([[1, 2, 3, 4]] * 2, gives=[[1, 2, 3, 4], [2, -1, 4, -3]])
    return Op("turned", turned, "ij->ij", "", "", "", "", shown, by_place=by_place)


def head_with(op):
    """A model: a head of attention whose queries and keys are turned by an operation."""

    def write(build):
        x, given = build.stream("x"), {c: build.matrix(f"W_{c}", ("d_model", "d_head")) for c in "QKV"}
        q, k = (op(matmul(x, given[c], name=c), name=f"{c}.turned") for c in "QK")
        return matmul(softmax(dot_rows(q, k, name="scores"), "pattern", 2), matmul(x, given["V"], name="V"), name="z")

    return Model("rotary head", write)


HEAD = Values.of({
    "config": {"n_ctx": 3, "d_model": 4, "d_head": 4},
    "inputs": {
        "x": [[1, 0, -1, 2], [2, 1, 0, -1], [0, -2, 1, 1]],
        "W_Q": [[0, 1, -1, 0], [0, 1, 1, -1], [-1, 0, -1, -1], [1, 0, 0, 2]],
        "W_K": [[2, -1, -1, 0], [2, 1, 0, -1], [0, 0, 1, 1], [0, -1, 0, 1]],
        "W_V": [[0, 1], [1, 0], [2, -1], [0, 1]],
    },
})  # fmt: skip


def keeps(model):
    """For each of several seeds, whether every step of a model keeps its numbers."""
    known = moves(model, HEAD).run
    right = numbers_by_step(whole_run(model, HEAD, RATIONALS), known)
    for seed in SEEDS:
        yield numbers_by_step(whole_run(model, renamed(model, HEAD, seed), RATIONALS), known) == right


def test_an_operation_that_mixes_an_axis_by_place_holds_it():
    op = rotary("ij")
    model = head_with(op)
    known = moves(model, HEAD).run
    assert {known.axes["W_Q", 1], known.axes["x", 0]} <= known.held
    assert known.axes["W_Q", 1] not in known.signed
    assert {known.axes["x", 1], known.axes["W_V", 1]}.isdisjoint(known.held)
    assert all(keeps(model))
    for letter in "ij":
        assert not all(is_uniform(op, letter, *case) for case in orders_of(op, letter))


def test_one_that_does_not_say_so_breaks_copies_and_fails_the_test_of_operations():
    op = rotary("i")
    model = head_with(op)
    known = moves(model, HEAD).run
    assert known.axes["W_Q", 1] not in known.held
    assert not all(keeps(model))
    assert not all(is_uniform(op, "j", *case) for case in orders_of(op, "j"))


def test_turned_queries_and_keys_hold_their_pairs_and_nothing_else():
    turned = {"positional_embedding_type": "rotary", "rotary_periods": [4, 2], "attention_dir": "bidirectional"}
    plain, rotary = (moves(MODELS["multi-head-attention"], small("multi-head-attention", **c)).run
                     for c in ({**turned, "positional_embedding_type": None}, turned))  # fmt: skip
    width = rotary.axes[f"{ATTN}W_Q[0]", 1]
    assert width in plain.signed - plain.held
    assert width in rotary.held - rotary.signed
    for side in (("blocks.0.hook_resid_pre", 1), (f"{ATTN}W_V[0]", 1)):
        assert rotary.axes[side] in rotary.signed - rotary.held


def test_heads_that_share_keys_change_places_among_themselves():
    config = {"n_heads": 4, "n_key_value_heads": 1}
    known = moves(MODELS["multi-head-attention"], small("multi-head-attention", **config)).run
    ((whole, alike),) = known.alike.items()
    assert (whole, len(alike.computations)) == ((f"{ATTN}z", 2), 4)
    assert f"{ATTN}W_K[0]" not in alike.computations[0]


def test_a_given_that_is_fixed_keeps_places_and_signs_and_so_does_what_is_computed_with_it():
    tape, x = tape_of(x=(2, 3))
    sizes = tape.given("sizes", (1, 3), default=4, fixed=True)
    counts = multiply(sizes, tape.given("others", (1, 3), default=5), name="counts")
    relu(x, name="y")
    known = symmetries(tape)
    assert {known.axes[step.name, side] for step in (sizes, counts) for side in (0, 1)} <= known.held - known.signed
    assert known.axes["x", 1] not in known.held


def test_axes_with_names_keep_places_and_signs():
    known = known_of("attention-head")
    named = {known.axes[side] for side in ((f"{ATTN}W_V[0]", 0), (f"{ATTN}W_K[0]", 1))}
    assert named <= known.held
    assert not named & known.signed
    values = known.axes[f"{ATTN}W_V[0]", 1]
    assert values in known.signed - known.held
