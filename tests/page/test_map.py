"""The map as a drawing: every step's number once, everything in its place, and what a screen reader hears."""

import re
from xml.etree import ElementTree

import pytest
from maps import (
    ATTENTION,
    ATTENTION_ONLY,
    ATTN,
    BLOCK,
    EMBEDDING,
    FEED_FORWARD,
    area,
    document_of,
    elements,
    gpt,
    head,
    in_the_white,
    map_for,
    norm,
    translation,
    two_layers,
    words,
)
from msgspec.structs import replace

from byhand.options import Options
from byhand.page.map import graphic, ranges, said
from byhand.page.map_panel import PartPanel
from byhand.pipeline import prepare
from byhand.worksheet.document import Node
from byhand.worksheet.messages import messages
from byhand.worksheet.order import groups, number_of
from byhand.worksheet.sheet import load_sheet

LN = "blocks.0.ln1"
POST = [*ATTENTION, *norm(LN), *FEED_FORWARD, *norm("blocks.0.ln2", f"{BLOCK}hook_normalized_resid_post")]
STEPS = [(f"{LN}.mean",), (f"{LN}.centered",), (f"{LN}.variance", f"{LN}.hook_scale"), (f"{LN}.hook_normalized",)]
HEADS_OF_4 = [steps for h in range(4) for steps in head(h)]


def enlarged(chart):
    """The same map with shapes that do not fit."""
    boxes = tuple(replace(box, shape="1024 × 12800") for box in chart.boxes)
    inside = {p: tuple(replace(n, shape="1024 × 12800") for n in nodes) for p, nodes in chart.inside.items()}
    return replace(chart, boxes=boxes, inside=inside)


MAPS = {
    "a head": map_for("attention-head", [*head(), (), ()]),
    "a head, columns": map_for("attention-head", head(), orientation="columns"),
    "one head of two": map_for("attention-head", head(), n_heads=2),
    "one head of twelve": map_for("attention-head", head(), n_heads=12),
    "queries, keys, values": map_for("attention-head", head()[:3]),
    "from printed queries": map_for("attention-head", [(f"={ATTN}hook_q[0]", *head()[3]), *head()[4:]]),
    "two heads": map_for("multi-head-attention", [*head(), *head(1), ATTENTION[0]], n_heads=2),
    "four heads": map_for("multi-head-attention", [*HEADS_OF_4, ATTENTION[0]], n_heads=4),
    "a norm": map_for("layer-norm", norm(LN)),
    "a norm in steps": map_for("layer-norm", STEPS),
    "feed-forward": map_for("feed-forward", FEED_FORWARD),
    "post-norm": map_for("block", [*head(), *head(1), *POST], n_heads=2, norm_position="post"),
    "a memory": map_for("attention-head", head(), positional_embedding_type="relative", mem_len=2),
    "a memory, post-norm": map_for(
        "attention-head",
        [],
        positional_embedding_type="relative",
        mem_len=2,
        norm_position="post",
        orientation="columns",
    ),
    "a whole model": map_for("gpt", gpt(1)),
    "a whole model, two heads": map_for("gpt", gpt(), n_heads=2),
    "a whole model, columns": map_for("gpt", gpt(), n_heads=2, orientation="columns"),
    "a large model": enlarged(map_for("gpt", gpt(), n_heads=2)),
    "two blocks": map_for("gpt", gpt(), n_heads=2, n_layers=2),
    "two layers of attention": map_for("gpt", [*EMBEDDING, *two_layers(), ("logits",)], **ATTENTION_ONLY),
    "two layers, two heads": map_for(
        "gpt", [*EMBEDDING, *head(), *head(1)], n_heads=2, orientation="columns", **ATTENTION_ONLY
    ),
    "a softmax": map_for("softmax", [("softmax.exp",), ("softmax",)], inputs={"scores": [[1, 2], [0, 1]]}),
    "an encoder and a decoder": map_for("encoder-decoder", translation(), norm_position="post"),
    "an encoder and a decoder, pre-norm": map_for("encoder-decoder", translation()[:9], orientation="columns"),
    "an encoder of two layers": map_for(
        "encoder",
        [(s.replace("blocks.0", f"encoder.{layer}"),) for layer in (0, 1) for (s, *_) in POST[:3]],
        n_layers=2,
        norm_position="post",
        inputs={"encoder.0.hook_resid_pre": [[1, 2, 0, 1]] * 3},
    ),
    "cross-attention": map_for("cross-attention", translation()[7:10], norm_position="post"),
    "an embedding": map_for("embedding", [("one_hot",), ("hook_embed",), ("one_hot.product",)]),
    "a sizing": map_for("sizing", [("params.embed",), ("params.attn", "params.mlp"), ("flops",)]),
    "nothing": map_for("attention-head", [()]),
}


def drawn(chart):
    return ElementTree.fromstring(graphic(document_of(chart)).svg)


def numbers(root):
    """The steps' numbers on the drawing, ranges written out; they are the semibold ones that are not white."""
    for text in elements(root, "text"):
        if text.get("font-weight") == "600" and text.get("fill") != "#fff":
            for run in re.split(" · |, ", words(text)):
                first, _, last = run.partition("–")
                yield from range(int(first), int(last or first) + 1)


@pytest.mark.parametrize("name", MAPS)
def test_every_step_has_its_number_once(name):
    chart = MAPS[name]
    nodes = [node for inside in chart.inside.values() for node in inside]
    if not nodes:
        nodes = [*chart.boxes, *(chart.encoder.boxes if chart.encoder else ())]
    assert sorted(numbers(drawn(MAPS[name]))) == sorted(n for node in nodes for n in node.sections)


def test_a_whole_model_has_all_its_numbers():
    assert sorted(numbers(drawn(MAPS["a whole model, two heads"]))) == list(range(1, 27))


@pytest.mark.parametrize("name", MAPS)
def test_nothing_overlaps_and_lines_run_in_the_white(name):
    in_the_white(drawn(MAPS[name]))


@pytest.mark.parametrize("name", MAPS)
def test_it_is_legible_grey_and_cheap(name):
    source = graphic(document_of(MAPS[name])).svg
    root = ElementTree.fromstring(source)
    assert min(float(text.get("font-size")) for text in elements(root, "text")) >= 2.1
    assert min(map(float, re.findall(r'stroke-width="([\d.]+)"', source))) >= 0.18
    colours = re.findall(r'"#([0-9a-f]+)"', source)
    assert all(len({c[i : i + len(c) // 3] for i in range(0, len(c), len(c) // 3)}) == 1 for c in colours)
    assert len(list(elements(root, "text"))) <= 60
    assert {e.tag.partition("}")[2] for e in root.iter()} <= {"svg", "path", "rect", "text", "tspan"}


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("a head", ": embedding, LayerNorm, attention head (this sheet: steps 1–7), output O,"),
        ("a norm", ": embedding, LayerNorm (this sheet: step 1), attention head,"),
        ("a whole model, two heads", ", all of it on this sheet: embedding (step 1), LayerNorm (step 2)"),
        ("nothing", ": embedding, LayerNorm, attention head, output O, residual sum,"),
    ],
)
def test_its_label_says_where_we_are(name, said):
    root = drawn(MAPS[name])
    assert root.get("role") == "img"
    assert root.get("aria-label").startswith(f"Map of the model{said}")
    assert root.get("aria-label").endswith("; the residual stream is 3 × 4.")


def test_what_is_only_counted_says_nothing_of_a_stream():
    assert drawn(MAPS["a sizing"]).get("aria-label").endswith("unembedding.")


def test_a_memory_is_read_beside_the_stream():
    assert (MAPS["a memory"].memory, MAPS["a memory, post-norm"].memory, MAPS["a head"].memory) == (
        "2 × 4",
        "4 × 2",
        "",
    )
    said = drawn(MAPS["a memory"]).get("aria-label")
    assert said.endswith("; the residual stream is 3 × 4. The heads also read a memory of 2 × 4 beside it.")


def test_shapes_are_those_of_the_page():
    rows, columns = (
        [words(t) for t in elements(drawn(MAPS[name]), "text")] for name in ("a head", "a head, columns")
    )
    assert {"3 × 4", "3 × 2", "3 × 3"} <= set(rows)
    assert {"4 × 3", "2 × 3", "3 × 3"} <= set(columns)
    assert not {"4 × 3", "3 × 4"} <= set(columns)


def test_post_norm_has_its_norms_after_the_sums():
    texts = [(area(t)[0], words(t)) for t in elements(drawn(MAPS["post-norm"]), "text") if area(t)[1] < 15]
    row = [word for _, word in sorted(texts) if "×" not in word and "head" not in word]
    assert row == ["embed", "O", "LayerNorm", "MLP", "LayerNorm"]


def test_what_comes_from_the_sheet_is_escaped():
    chart = map_for("layer-norm", norm(LN), titles=['<b> & "N"'])
    source = graphic(document_of(replace(chart, stream='"<3>'))).svg
    assert "<b>" not in source
    assert '"<3' not in source
    texts = [words(t) for t in elements(ElementTree.fromstring(source), "text")]
    assert '<b> & "N"' in texts


def test_a_title_too_long_for_a_panel_leaves_its_number_at_the_box():
    root = drawn(map_for("layer-norm", norm(LN), titles=["a very long title " * 9]))
    assert list(numbers(root)) == [1]
    assert not any("title" in words(t) for t in elements(root, "text"))


def test_a_step_that_has_nothing_to_do_with_the_others_stands_at_the_end():
    steps = [((), 1), ((0,), 2), ((), 3)]
    panel = PartPanel("", tuple(Node((n,), f"x_{n}", "", "1 × 2", reads) for reads, n in steps), tall=False)
    assert panel.columns == [[0], [2, 1]]  # arrows come to the second from below


def test_a_step_that_an_arrow_comes_to_from_further_away_stands_below_the_others():
    """No arrow comes through a box: the third and the second, which leads to it, change places with others."""
    reads = [(), (0,), (0, 1), (0,), (3,)]
    panel = PartPanel("", tuple(Node((n,), f"x_{n}", "", "1 × 2", r) for n, r in enumerate(reads, 1)), tall=False)
    assert panel.columns == [[0], [3, 1], [4, 2]]


def test_the_map_of_gradients_goes_back():
    """The same boxes with the arrows turned; in the panel, what comes back first stands at the right."""
    forward, turned = (document_of(replace(MAPS["a head"], turned=turned)) for turned in (False, True))
    before, after = (ElementTree.fromstring(graphic(each).svg) for each in (forward, turned))
    in_the_white(after)
    placed = [{words(t): area(t)[0] for t in elements(root, "text")} for root in (before, after)]
    assert placed[0]["1"] < placed[0]["4"]
    assert placed[1]["1"] > placed[1]["4"]
    assert placed[0]["head"] == placed[1]["head"]
    assert said(turned) == f"{said(forward)} Its arrows go back, from the end to the beginning, as gradients do."


def test_ranges():
    assert ranges([3, 1, 2, 7, 9, 10]) == "1–3, 7, 9–10"
    assert ranges([]) == ""


@pytest.mark.parametrize("name", groups()["basics"])
def test_before_any_part_of_the_model_there_is_a_strip_of_the_course(name):
    document, _ = prepare(load_sheet(name), Options())
    root = ElementTree.fromstring(graphic(document).svg)
    in_the_white(root)
    said = [words(text) for text in elements(root, "text")]
    names = [messages().say(f"course.groups.{group}") for group in groups()]
    numbers = [str(number_of(each)) for each in groups()["basics"]]
    assert [text for text in said if text in (*names, *numbers)] == [*names, *numbers]
    dark = [words(text) for text in elements(root, "text") if text.get("fill") == "#fff"]
    assert dark == ["Basics", str(document.number)]
    assert f"{document.number} {document.title}" in root.get("aria-label")


def test_more_than_six_sheets_stand_in_three_columns():
    """Nine take as much room as six in two columns, and no title reaches into the next column."""
    document, _ = prepare(load_sheet("dot-product"), Options())
    sheets = [replace(document.beside[0], title=f"Learning beside the {n}", number=n) for n in range(1, 11)]
    six, nine, ten = (graphic(replace(document, beside=tuple(sheets[:n]))) for n in (6, 9, 10))
    assert six.height == nine.height < ten.height
    root = ElementTree.fromstring(nine.svg)
    in_the_white(root)
    squares = [area(box) for box in elements(root, "rect") if area(box)[2] - area(box)[0] < 5]
    assert len({round(left, 3) for left, *_ in squares}) == 3


def test_a_map_of_few_boxes_has_short_arrows():
    root = ElementTree.fromstring(graphic(prepare(load_sheet("scores"), Options())[0]).svg)
    lefts = [area(box)[0] for box in elements(root, "rect")][:2]
    assert lefts[1] - lefts[0] < 30
