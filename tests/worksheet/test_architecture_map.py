"""The map as data: which parts there are, which this sheet computes, and what reads what."""

from functools import cache

import pytest
from every_sheet import ORDER
from maps import (
    ATTENTION,
    ATTENTION_ONLY,
    ATTN,
    BLOCK,
    EMBEDDING,
    FEED_FORWARD,
    gpt,
    head,
    map_for,
    norm,
    translation,
    two_layers,
)

from byhand.options import Options
from byhand.pipeline import prepare
from byhand.worksheet.order import has_met, number_of
from byhand.worksheet.sheet import load_sheet


def states(chart):
    return {box.part: box.state for box in chart.boxes}


def named(nodes):
    """Each step with what it reads, by name."""
    names = [node.word or node.symbol for node in nodes]
    return {name: [names[r] for r in node.reads] for name, node in zip(names, nodes, strict=True)}


def test_what_comes_before_the_sheet_is_done_and_what_comes_after_is_later():
    chart = map_for("attention-head", head())
    assert states(chart) == {
        "embed": "done", "ln1": "done", "heads": "here", "out": "later", "add1": "later", "ln2": "later",
        "mlp": "later", "add2": "later",
    }  # fmt: skip


def test_a_step_between_two_of_the_sheet_is_done():
    chart = map_for("block", [*norm("blocks.0.ln1"), *ATTENTION])
    assert states(chart)["heads"] == "done"


def test_on_a_sheet_that_asks_for_nothing_everything_comes_later():
    chart = map_for("attention-head", [(), (f"={ATTN}hook_q[0]",)])
    assert set(states(chart).values()) == {"later"}
    assert not chart.inside


def test_the_flow_inside_a_head_is_that_of_the_tape():
    assert named(map_for("attention-head", head()).inside["heads"]) == {
        "X": [], "Q": ["X"], "K": ["X"], "V": ["X"], "scores": ["Q", "K"], "scale, mask": ["scores"],
        "softmax": ["scale, mask"], "Z": ["softmax", "V"],
    }  # fmt: skip


def test_a_matrix_that_is_printed_is_where_the_flow_begins():
    steps = [(f"={ATTN}hook_q[0]", f"={ATTN}hook_k[0]", f"{ATTN}scores_raw[0]")]
    nodes = map_for("attention-head", steps).inside["heads"]
    assert named(nodes) == {"Q": [], "K": [], "scores": ["Q", "K"]}
    assert [node.sections for node in nodes] == [(), (), (1,)]


def test_steps_that_nobody_asks_for_are_passed_through():
    nodes = map_for("attention-head", [head()[0], head()[6]]).inside["heads"]
    assert named(nodes) == {"X": [], "Q": ["X"], "Z": ["X", "Q"]}


def test_what_is_copied_leads_on_from_where_it_is_computed():
    document, _ = prepare(load_sheet("kv-cache"), Options())
    flow = named(document.map.inside["heads"])
    assert [flow[name][:2] for name in ("scores", "z")] == [["q", "k"], ["scale, softmax", "v"]]


def test_questions_are_no_steps():
    chart = map_for("attention-head", [*head(), (), ()])
    assert sorted(n for node in chart.inside["heads"] for n in node.sections) == list(range(1, 8))


def test_the_steps_of_two_heads_are_one():
    chart = map_for("gpt", gpt(), n_heads=2)
    heads = [box for box in chart.boxes if box.part == "heads"]
    assert [(box.label, box.sections) for box in heads] == [
        (r"\text{head 1}", tuple(range(3, 10))),
        (r"\text{head 2}", tuple(range(10, 17))),
    ]
    assert [n.sections for n in chart.inside["heads"] if n.sections] == [(i, i + 7) for i in range(3, 10)]
    assert {box.state for box in chart.boxes} == {"here"}


@pytest.mark.parametrize(
    ("n_heads", "labels"),
    [(1, ["head"]), (2, ["head 1", "head 2"]), (5, ["5 heads"])],
)
def test_a_box_for_each_head_where_there_are_two(n_heads, labels):
    chart = map_for("multi-head-attention", head(), n_heads=n_heads)
    assert [box.label[6:-1] for box in chart.boxes if box.part == "heads"] == labels


def test_the_other_heads_of_a_sheet_on_one_head_come_later():
    chart = map_for("attention-head", head(), n_heads=5)
    heads = [(box.label[6:-1], box.state) for box in chart.boxes if box.part == "heads"]
    assert heads == [("head 1", "here"), ("heads 2–5", "later")]


def test_kernels_are_learned_like_the_weights_that_they_are_columns_of():
    document, _ = prepare(load_sheet("one-by-one-convolution"), Options(seed=0))
    assert [node.symbol for node in document.map.inside["mlp"] if not node.sections] == ["X'"]


def test_feature_maps_beside_each_other_have_one_shape():
    document, _ = prepare(load_sheet("one-by-one-convolution"), Options(seed=0))
    (maps,) = (node for node in document.map.inside["mlp"] if node.sections == (1, 2))
    assert maps.shape == "3 × 4"


@pytest.mark.parametrize(("orientation", "turned"), [("rows", False), ("columns", True)])
def test_shapes_come_from_the_config_and_turn_with_the_page(orientation, turned):
    sizes = {"d_model": 5, "d_head": 3, "d_v": 2, "d_mlp": 7, "n_heads": 2}
    chart = map_for("gpt", gpt(), orientation=orientation, **sizes)

    def shape(width):
        return f"{width} × 3" if turned else f"3 × {width}"

    widths = {"heads": 2, "unembed": 6}
    assert {b.part: b.shape for b in chart.boxes} == {b.part: shape(widths.get(b.part, 5)) for b in chart.boxes}
    assert chart.stream == shape(5)
    shapes = {node.symbol: node.shape for nodes in chart.inside.values() for node in nodes if node.sections}
    assert (shapes["Q"], shapes["V"], shapes["S"], shapes["H"]) == (shape(3), shape(2), "3 × 3", shape(7))


def test_post_norm_has_its_norms_after_the_sums():
    steps = [*ATTENTION, *norm("blocks.0.ln1"), *FEED_FORWARD, (f"{BLOCK}hook_resid_post",)]
    steps += norm("blocks.0.ln2", f"{BLOCK}hook_normalized_resid_post")
    chart = map_for("block", steps, norm_position="post")
    assert [b.part for b in chart.boxes] == ["embed", "heads", "out", "add1", "ln1", "mlp", "add2", "ln2"]
    assert [b.sections for b in chart.boxes] == [(), (), (1,), (2,), (3,), (4, 5, 6), (7,), (8,)]
    assert chart.branches == (("heads", "add1"), ("mlp", "add2"))


def test_a_model_without_norm_or_feed_forward_has_no_boxes_for_them():
    chart = map_for("block", [(f"{BLOCK}hook_resid_post",)], normalization_type=None, attn_only=True)
    assert [b.part for b in chart.boxes] == ["embed", "heads", "out", "add1"]
    assert chart.boxes[-1].sections == (1,)
    assert chart.branches == (("heads", "add1"),)


def test_two_layers_of_attention_only_have_boxes_each():
    chart = map_for("gpt", [*EMBEDDING, *two_layers(), ("logits",)], **ATTENTION_ONLY)
    assert {b.part: b.sections for b in chart.boxes} == {
        "embed": (1,), "heads": (2,), "out": (3,), "add1": (4,), "heads.1": tuple(range(5, 12)), "out.1": (12,),
        "add1.1": (13,), "unembed": (14,),
    }  # fmt: skip
    assert chart.branches == (("heads", "add1"), ("heads.1", "add1.1"))
    labels = [b.label[6:-1] for b in chart.boxes if b.kind == "heads"]
    assert labels == ["head, layer 1", "head, layer 2"]
    assert chart.layers == 1  # no block stands for others
    assert named(chart.inside["heads.1"])["Q"] == ["X''"]


def test_an_encoder_and_a_decoder_have_a_row_each():
    chart = map_for("encoder-decoder", translation(), norm_position="post")
    assert {b.part: b.sections for b in chart.encoder.boxes} == {
        "embed": (), "heads": (1, 2, 3, 4), "add1": (5,), "ln1": (6,), "mlp": (), "add2": (), "ln2": (),
    }  # fmt: skip
    assert {b.part: b.sections for b in chart.boxes} == {
        "embed": (), "heads": (7,), "add1": (), "ln1": (), "cross": (8, 9, 10), "add_cross": (11,), "ln2": (),
        "mlp": (), "add2": (), "ln3": (12,), "unembed": (13,),
    }  # fmt: skip
    assert chart.branches == (("heads", "add1"), ("cross", "add_cross"), ("mlp", "add2"))
    assert (chart.encoder.stream, chart.stream) == ("2 × 4", "3 × 4")
    assert {b.state for b in chart.encoder.boxes if not b.sections} == {"done"}


def test_in_a_pre_norm_decoder_a_branch_begins_with_its_norm():
    chart = map_for("encoder-decoder", translation()[:9])
    assert chart.branches == (("ln1", "add1"), ("ln2", "add_cross"), ("ln3", "add2"))
    assert states(chart)["mlp"] == "later"


@pytest.mark.parametrize(
    ("model", "step", "inputs", "part"),
    [
        ("embedding", "one_hot", None, "embed"),
        ("dot-product", "dot", {"u": [[1, 2]], "v": [[1, 2]]}, "heads"),
        ("linear-layer", "y", {"x": [[1, 2, 3, 4]] * 3}, "mlp"),
        ("softmax", "softmax", {"scores": [[1, 2]]}, "heads"),
    ],
)
def test_a_small_model_stands_where_it_is_used(model, step, inputs, part):
    chart = map_for(model, [(step,)], inputs=inputs)
    assert [box.part for box in chart.boxes if box.state == "here"] == [part]


def test_the_steps_of_a_count_stand_where_they_are_counted():
    chart = map_for("sizing", [("params.attn",), ("flops.unembed",)])
    assert {box.part: box.sections for box in chart.boxes if box.sections} == {"heads": (1,), "unembed": (2,)}


def test_what_is_only_counted_has_no_shapes():
    chart = map_for("sizing", [("params.attn",)])
    assert {box.shape for box in chart.boxes} == {""}
    assert not chart.inside


def test_only_a_whole_model_ends_in_words():
    assert [b.part for b in map_for("gpt", gpt(1)).boxes][-2:] == ["ln_final", "unembed"]
    assert [b.part for b in map_for("gpt", gpt(1)[:1], norm_position="post").boxes][-2:] == ["ln2", "unembed"]
    assert [b.part for b in map_for("block", []).boxes][-1] == "add2"


def test_a_section_over_two_parts_counts_once_but_both_are_here():
    chart = map_for("block", [(f"{BLOCK}hook_resid_mid", *norm("blocks.0.ln2")[0])])
    assert {b.part: b.sections for b in chart.boxes if b.state == "here"} == {"add1": (1,), "ln2": ()}


def test_a_step_is_called_by_its_title_where_it_does_many_things():
    (_, node) = map_for("layer-norm", norm("blocks.0.ln1"), titles=["All of <it>"]).inside["ln1"]
    assert node.word == "All of <it>"


def test_a_softmax_alone_belongs_to_a_head():
    steps = [("softmax.exp",), ("softmax.sum",), ("softmax",)]
    chart = map_for("softmax", steps, inputs={"scores": [[1, 2], [0, 1]]})
    assert named(chart.inside["heads"]) == {
        "S": [], "powers": ["S"], "sums": ["powers"], "softmax": ["powers", "sums"],
    }  # fmt: skip


def test_the_steps_of_a_part_stand_in_the_order_of_their_numbers():
    factors = {"A": [[1, 2], [0, 1]], "B": [[0, 1], [1, 1]]}
    product = map_for("matrix-product", [("AB",), ("BA",)], inputs=factors)
    words = map_for("embedding", [("hook_embed",), ("one_hot",), ("one_hot.product",)])
    for chart in (product, words):
        (nodes,) = chart.inside.values()
        numbers = [node.sections for node in nodes if node.sections]
        assert numbers == sorted(numbers)


def test_what_is_counted_is_no_step_of_a_model():
    sections = [(f"{BLOCK}conv_in.hook_pre",), ("count.weights", "count")]
    nodes = map_for("convolution", sections).inside["mlp"]
    assert [node.sections for node in nodes if node.sections] == [(1,)]


@pytest.mark.parametrize("sheet", ["cross-entropy", "sampling"])
def test_what_is_done_with_logits_is_one_part(sheet):
    assert list(prepare(load_sheet(sheet), Options())[0].map.inside) == ["unembed"]


@cache
def shipped(name):
    return prepare(load_sheet(name), Options())[0]


@pytest.mark.parametrize("name", ORDER)
def test_a_map_shows_only_what_the_student_has_met(name):
    chart = shipped(name).map
    parts = {box.kind for each in (chart, chart.encoder) if each for box in each.boxes}
    assert all(has_met(name, part) for part in parts)
    # sheets whose models are no part of it
    alone = {"counted-pairs", "word-in-context", "optimizers", "lora"}
    alone |= {f"{what}-backward" for what in ("linear", "mlp", "layer-norm", "softmax", "tied-embeddings", "gpt")}
    assert bool(parts) == (number_of(name) >= number_of("embedding") and name not in alone)


def test_maps_of_gradients_are_turned():
    """What the sheet has done by then lies right of what it is about, and what comes later left of it."""
    turned = {name for name in ORDER if shipped(name).map.turned}
    assert "attention-backward" in turned
    assert all(name.endswith("-backward") for name in turned)
    states = [box.state for box in shipped("attention-backward").map.boxes]
    assert states == ["later", "later", "here", "done", "done", "done", "done", "done"]


def test_no_map_has_a_norm_before_the_sheet_on_norms():
    before = ORDER[: ORDER.index("layer-norm")]
    assert not [name for name in before if any(box.part.startswith("ln") for box in shipped(name).map.boxes)]


def test_a_part_for_several_readers_of_one_token_has_a_row_for_each():
    shapes = {box.part: box.shape for box in shipped("masked-words").map.boxes}
    assert shapes == {"embed": "4 × 4", "heads": "3 × 2", "out": "3 × 4", "add1": "3 × 4", "unembed": "3 × 8"}
    assert shipped("masked-words").map.stream == "3 × 4"


def test_a_sheet_that_counts_a_whole_model_is_about_all_of_it():
    assert {box.state for box in shipped("sizing").map.boxes} == {"here"}


def test_boxes_say_which_heads_share_keys_and_that_a_network_has_a_gate_or_experts():
    for more, heads, network in (
        ({}, r"\text{4 heads}", r"\text{MLP}"),
        ({"n_key_value_heads": 2, "gated_mlp": True}, r"\text{4 heads, 2 keys}", r"\text{gated MLP}"),
        (
            {"n_key_value_heads": 1, "num_experts": 8, "experts_per_token": 2},
            r"\text{4 heads, 1 key}",
            r"\text{router, 8 experts}",
        ),
    ):
        labels = {box.part: box.label for box in map_for("block", FEED_FORWARD, n_heads=4, d_head=4, **more).boxes}
        assert (labels["heads"], labels["mlp"]) == (heads, network)


@pytest.mark.parametrize("level", ["easy", "standard", "stretch"])
def test_a_whole_model_has_only_the_parts_that_it_computes(level):
    """And a section that goes through all of it belongs to none of its parts."""
    document, _ = prepare(load_sheet("writing"), Options(level=level))
    boxes = [(box.part, box.sections) for box in document.map.boxes]
    assert boxes == [("embed", ()), ("heads", ()), ("add1", ()), ("unembed", (1,) if level == "stretch" else ())]
    assert "heads" not in document.map.inside
