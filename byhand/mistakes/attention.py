"""Mistakes in attention: queries and keys, scale, mask, softmax, and several heads."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from msgspec.structs import replace

from byhand.mistakes.registry import mistake, skipped, source, then
from byhand.model.names import is_gradient, steps_of
from byhand.ops.attention import (
    column_sum,
    divide_by_root,
    mask_buckets,
    mask_future,
    mask_pattern,
    may_see,
    normalize_columns,
    normalize_rows,
    power_of,
    row_sum,
    zero_future,
)
from byhand.ops.linear import add, add_all, affine, copy, divide_by, dot_rows, matmul
from byhand.ops.norms import unit_rows
from byhand.ops.positions import falling, pick_by_distance, rotate
from byhand.ops.shapes import gather_rows, hstack
from byhand.tape import Op, Step, Tape

PROJECTIONS = ("hook_q", "hook_k", "hook_v")
SCORES = "attn.hook_attn_scores"


@mistake(
    told="Keys made with W_Q, as queries are, so that every score is as large the other way round.",
    mend="Make the keys with weights of their own, W_K; W_Q is for the queries.",
)
def keys_by_query_weights(step: Step, tape: Tape) -> Iterable[Step]:
    """The keys are a product with W_Q."""
    weight = step.inputs[1].replace("W_K", "W_Q") if step.op is matmul and step.stem.endswith("hook_k") else ""
    return [replace(step, inputs=(step.inputs[0], weight)) if weight in tape.numbers else step]


@mistake(
    told="Scores not divided by √d_head.",
    mend="Divide each score by √d_head before you take softmax.",
)
def no_sqrt(step: Step, tape: Tape) -> Iterable[Step]:
    """The scale is left out."""
    return [skipped(step) if _scales(step) else step]


@mistake(
    told="Scores divided by √d_model in place of √d_head.",
    mend="Take the root of d_head: count the numbers of one query, not those of the whole stream.",
)
def sqrt_d_model(step: Step, tape: Tape) -> Iterable[Step]:
    """The scale is the root of the width that queries are made from."""
    if not _scales(step):
        return [step]
    raw = source(step, tape)
    query = source(raw, tape) if raw.inputs else raw
    return [replace(step, params={"of": source(query, tape).shape[1]}) if query.inputs else step]


@mistake(
    told="The pattern, not the scores, divided by √d_head.",
    mend="Divide the scores by √d_head first and then take softmax, so that each {row} adds up to 1.",
)
def divide_after_softmax(step: Step, tape: Tape) -> Iterable[Step]:
    """The scale is left out before softmax and follows it."""
    if _scales(step):
        return [skipped(step)]
    scale = _in_the_same_head(step, divide_by_root, tape) if _is_pattern(step) else None
    return then(step, "shares", divide_by_root, **scale.params) if scale else [step]


@mistake(
    told="The mask forgotten, so that tokens see what comes after them.",
    mend="Hide every later token behind −∞ before you take softmax: a token sees itself and what came before.",
)
def no_mask(step: Step, tape: Tape) -> Iterable[Step]:
    """The mask is left out."""
    return [skipped(step) if step.op is mask_future else step]


@mistake(
    told="Softmax over all scores first, then 0 where the future was: {rows} no longer add up to 1.",
    mend="Set the hidden scores to −∞ first, and then take softmax over what is left.",
)
def mask_after_softmax(step: Step, tape: Tape) -> Iterable[Step]:
    """The mask is left out before softmax and follows it, with 0 in place of −∞."""
    if step.op is mask_future:
        return [skipped(step)]
    masked = _in_the_same_head(step, mask_future, tape) if _is_pattern(step) else None
    return then(step, "unmasked", zero_future, **masked.params) if masked else [step]


@mistake(
    told="Masked scores set to 0, whose power is 1, in place of −∞.",
    mend="Write −∞ for each hidden score: its power is 0, so that its share is 0, too.",
)
def zero_for_minus_infinity(step: Step, tape: Tape) -> Iterable[Step]:
    """The mask has 0 in place of −∞."""
    return [replace(step, op=zero_future) if step.op is mask_future else step]


@mistake(
    told="The encoder's tokens kept from seeing what comes after them.",
    mend="Leave the encoder's scores as they are: its tokens may all see each other.",
)
def mask_in_encoder(step: Step, tape: Tape) -> Iterable[Step]:
    """The scores of the encoder are masked."""
    scores = step.op is not None and step.layer.startswith("encoder.") and step.stem == SCORES
    return then(step, "seen", mask_future) if scores else [step]


@mistake(
    told="The decoder kept from seeing what comes later in the source.",
    mend="Leave these scores as they are: the decoder may read the whole source.",
)
def mask_across(step: Step, tape: Tape) -> Iterable[Step]:
    """The scores between decoder and encoder are masked."""
    scores = step.op is not None and step.part == "cross" and step.stem.endswith(SCORES)
    return then(step, "seen", mask_future) if scores else [step]


@mistake(
    told="Scores divided by their sum, without powers first.",
    mend="Take the powers first, and then divide each of them by the sum of its {row}.",
)
def no_powers(step: Step, tape: Tape) -> Iterable[Step]:
    """The powers are left out, unless scores are masked: no one would add up −∞."""
    in_pattern = step.op is power_of and not step.name.startswith("probs") and not _masked(source(step, tape))
    return [skipped(step) if in_pattern else step]


@mistake(
    told="Each power divided by the sum of its {column}.",
    mend="Divide each power by the sum of its own {row}, so that each {row} adds up to 1.",
)
def softmax_over_columns(step: Step, tape: Tape) -> Iterable[Step]:
    """The sums are those of the columns, and each power is divided by the sum of its column."""
    if step.op is row_sum and _is_taught(step.stem.removesuffix(".sum")):
        powers = source(step, tape)
        return [replace(step, op=column_sum, shape=(1, powers.shape[1]), axes=("", powers.axes[1]))]
    return [replace(step, op=normalize_columns) if _is_pattern(step) else step]


@mistake(
    told="The heads' results divided by the number of heads before W_O.",
    mend="Leave the heads' results as they are: W_O mixes them, and nothing is divided.",
)
def heads_averaged(step: Step, tape: Tape) -> Iterable[Step]:
    """The step that joins several heads, side by side or as a sum, is followed by a division by their number."""
    joined = step.op in (hstack, add_all) and step.stem.endswith(("attn.z", "attn.result", "attn_out"))
    count = len(step.inputs)
    return then(step, "whole", divide_by, of=count) if joined and count > 1 else [step]


@mistake(
    told="Every head with the first head's weights; where its queries, keys and values are given, with the first's.",
    mend="Give each head its own queries, keys and values, so that it can look for something else.",
)
def heads_share_weights(step: Step, tape: Tape) -> Iterable[Step]:
    """The projections of a later head read the weights of the first head. Where queries, keys or values are given,
    the steps that read those of a later head read those of the first.
    """
    if not step.head:
        return [step]
    projection = step.op in (matmul, affine) and step.stem.endswith(PROJECTIONS)

    def first(name: str) -> str:
        given = tape.steps[name].op is None and tape.steps[name].stem.endswith(PROJECTIONS)
        return name.replace(f"[{step.head}]", "[0]") if projection or given else name

    return [replace(step, inputs=tuple(map(first, step.inputs)))]


@mistake(
    told="Only the queries turned, and the keys left as they are.",
    mend="Turn the keys, too, each by its own position: then a score knows how far apart the two are.",
)
def queries_only(step: Step, tape: Tape) -> Iterable[Step]:
    """The keys are not turned."""
    return [skipped(step) if step.op is rotate and step.stem.endswith("hook_rot_k") else step]


@mistake(
    told="Values turned by their positions, as keys are.",
    mend="Leave the values as they are: only what makes a score is turned, queries and keys.",
)
def rotate_values(step: Step, tape: Tape) -> Iterable[Step]:
    """The values of a mixture are turned first, all of their pairs that the keys' turns reach."""
    values = tape.steps[step.inputs[-1]] if step.op is matmul else step
    turns = next((s for s in tape.steps.values() if s.op is rotate and s.stem.endswith("hook_rot_k")), None)
    width = min(turns.params["width"], values.shape[1]) // 2 * 2 if turns else 0
    if values is step or not values.stem.endswith("hook_v") or turns is None or not width:
        return [step]
    periods = turns.params.get("periods", ())[: width // 2]
    params = {**turns.params, "width": width, **({"periods": periods} if periods else {})}
    name, inputs = steps_of(step.name, "turned"), (values.name,)
    first = replace(turns, name=name, inputs=inputs, params=params, shape=values.shape, axes=values.axes)
    return [first, replace(step, inputs=(step.inputs[0], first.name))]


@mistake(
    told="Pairs made of other dimensions: of neighbours in place of the two halves, or the other way round.",
    mend="Look which two dimensions make a pair, and turn these two together.",
)
def other_pairs(step: Step, tape: Tape) -> Iterable[Step]:
    """Neighbours make pairs where the first half and the second do, or the other way round."""
    if step.op is not rotate or step.params["width"] < 4:
        return [step]
    return [replace(step, params={**step.params, "adjacent": not step.params["adjacent"]})]


@mistake(
    told="Pairs turned the wrong way round, clockwise.",
    mend="Turn against the clock: a quarter turn makes (−y, x) of (x, y).",
)
def turned_backwards(step: Step, tape: Tape) -> Iterable[Step]:
    """Quarter turns are turned back."""
    if step.op is not rotate or "periods" not in step.params:
        return [step]
    return [replace(step, params={**step.params, "periods": tuple(-p for p in step.params["periods"])})]


@mistake(
    told="The {row} of the table for the same distance to the other side: +1 for −1, and so on.",
    mend="Count from the word that asks: those before it have −1, −2 and so on, those after it +1, +2 and so on.",
)
def distance_sign(step: Step, tape: Tape) -> Iterable[Step]:
    """The rows of the table are read from the other end."""
    table = next((tape.steps[name] for name in step.inputs if name.endswith("rel_pos_keys")), step)
    if table is step or step.op is not dot_rows:
        return [step]
    return _with_rows(step, table, range(table.shape[0])[::-1])


@mistake(
    told="The {rows} of the table dealt out by the places in the sentence, as positions are that are added once.",
    mend="Count from the word that asks, and not from the beginning: the {row} is that of the distance.",
)
def place_for_distance(step: Step, tape: Tape) -> Iterable[Step]:
    """Each word has the row of its place, whoever asks: the first has the first row."""
    if step.op is not pick_by_distance:
        return [step]
    asking, table = (tape.steps[name] for name in source(step, tape).inputs)
    rows = [min(j, table.shape[0] - 1) for j in range(step.shape[1])]
    return _with_rows(replace(step, op=dot_rows, inputs=(asking.name, table.name), params={}), table, rows)


@mistake(
    told="Words that are farther away than the table reaches left without a {row}.",
    mend="Give whatever is farther away the last {row} of the table.",
)
def no_clip(step: Step, tape: Tape) -> Iterable[Step]:
    """Past the ends of the table there is 0."""
    return [replace(step, params={**step.params, "clipped": False}) if step.op is pick_by_distance else step]


@mistake(
    told="Queries made of the memory’s {rows}, as if the memory asked, too.",
    mend="Make queries of the words of this segment only: the memory is read, and it does not ask.",
)
def query_from_memory(step: Step, tape: Tape) -> Iterable[Step]:
    """The queries are made of the first of the rows that keys are made of, which are those of the memory."""
    seen = tape.steps.get(f"{step.layer}.attn.seen", step)
    if seen is step or step.op not in (matmul, affine) or not step.stem.endswith("attn.hook_q"):
        return [step]
    return _with_rows(replace(step, inputs=(seen.name, *step.inputs[1:])), seen, range(step.shape[0]))


@mistake(
    told="The bias u of the first product added in the second one, too.",
    mend="Add v to the query before it meets the {rows} of distances; u is for the keys.",
)
def u_for_v(step: Step, tape: Tape) -> Iterable[Step]:
    """The query that meets the distances has the bias of the one that meets the keys."""
    if not step.stem.endswith("attn.q_position"):
        return [step]
    return [replace(step, inputs=tuple(name.replace("r_r_bias", "r_w_bias") for name in step.inputs))]


def _with_rows(step: Step, table: Step, rows: Sequence[int]) -> list[Step]:
    """A step that reads some rows of a table in place of the table."""
    name, shape = steps_of(step.name, "rows"), (len(rows), table.shape[1])
    read = replace(step, name=name, op=gather_rows, inputs=(table.name,), params={"rows": tuple(rows)}, shape=shape)
    others = tuple(name if other == table.name else other for other in step.inputs)
    return [replace(read, axes=("", table.axes[1])), replace(step, inputs=others)]


@mistake(
    told="The heads dealt out to the keys and values in turn, as cards are, in place of group by group.",
    mend="Let the first heads share the first keys and values, the next ones the second: neighbours are a group.",
)
def tiled_groups(step: Step, tape: Tape) -> Iterable[Step]:
    """Head h reads the keys and values of h modulo their number."""
    if step.op is gather_rows and step.name.endswith((".keys", ".values")):
        groups = source(step, tape).shape[0]
        return [replace(step, params={"rows": tuple(h % groups for h in range(step.shape[0]))})]
    if step.head is None:
        return [step]
    at, head = step.name.rpartition(".")[0], step.head
    start = f"{at}.hook_k["
    keys = (re.fullmatch(r"(\d+)\]", name.removeprefix(start)) for name in tape.steps if name.startswith(start))
    groups = max((int(found[1]) + 1 for found in keys if found), default=0)  # a page may print a few heads' keys only
    if not groups or f"{at}.hook_q[{groups}]" not in tape.steps:
        return [step]
    ends = {"scores_raw": "k", "hook_attn_scores": "k", "hook_z": "v"}
    kind = ends.get(step.stem.rpartition(".")[2], "")
    read = [name for name in step.inputs if kind and re.search(rf"hook_(rot_)?{kind}\[\d+\]$", name)]
    others = {name: f"{name.partition('[')[0]}[{head % groups}]" for name in read}
    return [replace(step, inputs=tuple(others.get(name, name) for name in step.inputs))]


@mistake(
    told="Scores that rise with the distance, in place of falling.",
    mend="Take something away for each step back: what is far counts less.",
)
def slope_sign(step: Step, tape: Tape) -> Iterable[Step]:
    """The slope has the other sign."""
    return [replace(step, params={"slope": -step.params["slope"]}) if step.op is falling else step]


@mistake(
    told="The same slope in every head.",
    mend="Give each head its own slope: some look near, some far.",
)
def same_slope_for_all(step: Step, tape: Tape) -> Iterable[Step]:
    """A later head has the slope of the first."""
    if step.op is not falling or not step.head:
        return [step]
    first = tape.steps[step.name.replace(f"[{step.head}]", "[0]")]
    return [replace(step, params=first.params)]


@mistake(
    told="The bias added before the scores were divided by √d_head, so that it counted for less.",
    mend="Divide the scores first, and then add the bias as it is.",
)
def bias_before_scale(step: Step, tape: Tape) -> Iterable[Step]:
    """The bias is added to the scores before they are scaled."""
    scaled = source(step, tape) if step.op is add else step
    biased = step.stem.endswith("biased")
    if not biased or scaled.op is not divide_by_root:
        return [step]
    return then(replace(step, inputs=(scaled.inputs[0], step.inputs[1])), "early", divide_by_root, **scaled.params)


@mistake(
    told="A window that is one token too wide.",
    mend="The token that asks is one of those in the window: count it, too.",
)
def window_off_by_one(step: Step, tape: Tape) -> Iterable[Step]:
    """The window holds as many tokens as it should before the one that asks, and that one besides."""
    if step.op not in (mask_pattern, may_see) or step.params["pattern"] != "window":
        return [step]
    return [replace(step, params={**step.params, "width": step.params["width"] + 1})]


@mistake(
    told="A token that looks at itself, though it sees others in its bucket.",
    mend="Leave the token itself out: its own key is its query, so it would look most at itself.",
)
def self_attended(step: Step, tape: Tape) -> Iterable[Step]:
    """Each token sees itself, too."""
    return [replace(step, params={**step.params, "itself": True}) if step.op is mask_buckets else step]


@mistake(
    told="Only the largest number taken as the bucket, without a look at the negative ones turned round.",
    mend="A token that points away from a direction has a bucket, too: look at −Q R as well as at Q R.",
)
def hash_of_one_sign(step: Step, tape: Tape) -> Iterable[Step]:
    """The bucket is the place of the largest number of Q R alone."""
    if step.op is not hstack or not step.stem.endswith(".hash"):
        return [step]
    along = source(step, tape)
    return [replace(step, op=copy, inputs=(along.name,), shape=along.shape)]


@mistake(
    told="Keys that are the queries as they are, not at length 1.",
    mend="Divide each key by its length, so that only its direction counts.",
)
def keys_at_any_length(step: Step, tape: Tape) -> Iterable[Step]:
    """The keys are the queries themselves."""
    return [skipped(step) if step.op is unit_rows else step]


@mistake(
    told="The latents mixed as if they were the values.",
    mend="Make the values of the latents first, with W_UV, and mix these.",
)
def latent_as_value(step: Step, tape: Tape) -> Iterable[Step]:
    """A pattern mixes the rows of the latent in place of the values, which are as wide."""
    if step.op is not matmul or ".hook_v" not in step.inputs[1]:
        return [step]
    latent = next((s for s in tape.steps.values() if s.stem.endswith("attn.latent")), None)
    if latent is None or tape.steps[step.inputs[1]].shape != latent.shape:
        return [step]
    return [replace(step, inputs=(step.inputs[0], latent.name))]


@mistake(
    told="The dimensions of each key poured together, in place of the words.",
    mend="Let each {row} of E mix the keys of the words: add up what stands in one place of several keys.",
)
def project_dimensions(step: Step, tape: Tape) -> Iterable[Step]:
    """Keys are shortened along their dimensions, if they are as many as the words."""
    if not step.stem.endswith("keys_short") or len({*tape.steps[step.inputs[1]].shape}) > 1:
        return [step]
    return [replace(step, op=dot_rows)]


@mistake(
    told="A mask over shortened keys, as if each were a word.",
    mend="Let every word look at all of them: each holds many words, and no mask can take the later ones out again.",
)
def causal_linformer(step: Step, tape: Tape) -> Iterable[Step]:
    """The scores of shortened keys have a mask."""
    if not step.stem.endswith("hook_attn_scores"):
        return [step]
    short = any(s.stem.endswith("keys_short") for s in tape.steps.values())
    return then(step, "early", mask_future) if short else [step]


def _is_pattern(step: Step) -> bool:
    """Whether a step is the result of a softmax that is taught, and not that of the logits."""
    return step.op is normalize_rows and _is_taught(step.stem)


def _is_taught(softmax: str) -> bool:
    return softmax.endswith("hook_pattern") or softmax == "softmax"


def _masked(scores: Step) -> bool:
    """Whether scores are masked."""
    return scores.op is mask_future or any(name.endswith(".mask") for name in scores.inputs)


def _scales(step: Step) -> bool:
    """Whether a step divides scores on their way forward."""
    return step.op is divide_by_root and not is_gradient(step.name)


def _in_the_same_head(step: Step, op: Op, tape: Tape) -> Step | None:
    """The step that applies an operation in the same head of the same attention layer, if there is one."""
    head = step.layer, step.part, step.head
    return next((s for s in tape.steps.values() if s.op is op and (s.layer, s.part, s.head) == head), None)
