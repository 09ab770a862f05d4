"""The search for numbers: how fast it is, and what it is worth to leave none of its constraints out.

Time is that of `choose` on one core, in processor time, the first call apart, which also loads numpy.
"""

from __future__ import annotations

import statistics
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from itertools import product
from types import SimpleNamespace
from typing import Any
from unittest import mock

import numpy as np

from byhand.effort import STEP, seconds
from byhand.errors import ByHandError
from byhand.lessons import cross_entropy, logits_and_perplexity, softmax, transformer_by_hand
from byhand.model import MODELS, Model
from byhand.model.config import Config
from byhand.model.weights import Values
from byhand.numbers import (
    attention,
    choice,
    embedding,
    feed_forward,
    natural,
    norms,
    promises,
    search,
    stack,
)
from byhand.numbers.promises import (
    foiled,
    kinds,
    numbers_read,
    seconds_a_number,
    usual_time,
    whole_time,
)
from byhand.numbers.registry import SEARCHES
from byhand.ops.norms import standardize
from byhand.worksheet.order import groups
from byhand.worksheet.sheet import load_sheet

SIZES: dict[str, Any] = {"d_model": 4, "n_heads": 2, "d_head": 4, "d_v": 2, "d_mlp": 6, "softmax_base": 2}
# name: model, what is not as in SIZES, median and p95 to reach in ms
ROWS: dict[str, tuple[str, dict[str, Any], int | None, int | None]] = {
    "one head": ("attention-head", {"n_heads": 1}, 13, None),
    "two heads, 4 tokens": ("multi-head-attention", {"n_ctx": 4}, 47, None),
    "cross-attention": ("cross-attention", {}, None, None),
    "block": ("block", {}, None, 500),
    "block, post-norm": ("block", {"norm_position": "post"}, 182, 500),
    "block, post-norm, 4 tokens": ("block", {"norm_position": "post", "n_ctx": 4}, None, 500),
    "block, RMSNorm": ("block", {"normalization_type": "RMS"}, None, 500),
    "block, 5 tokens": ("block", {"n_ctx": 5}, None, 500),
    "block, 5 tokens, post-norm": ("block", {"n_ctx": 5, "norm_position": "post"}, None, 500),
    "encoder, post-norm": ("encoder", {"norm_position": "post"}, None, None),
    "encoder, post-norm, 4 tokens": ("encoder", {"norm_position": "post", "n_ctx": 4}, None, None),
    "encoder, post-norm, 5 tokens": ("encoder", {"norm_position": "post", "n_ctx": 5}, None, None),
    "encoder-decoder, post-norm": ("encoder-decoder", {"norm_position": "post"}, 303, 1000),
    "encoder-decoder, pre-norm": ("encoder-decoder", {}, None, 1000),
    "encoder-decoder, d_model 8": ("encoder-decoder", {"d_model": 8, "d_v": 4}, None, 1000),
    "gpt": ("gpt", {}, 92, 500),
    "gpt, 4 tokens": ("gpt", {"n_ctx": 4}, None, 500),
    "gpt, post-norm": ("gpt", {"norm_position": "post"}, None, 500),
    "gpt, two blocks": ("gpt", {"n_layers": 2}, 198, 1000),
    "gpt, 5 tokens": ("gpt", {"n_ctx": 5}, None, 500),
    "gpt, d_model 8": ("gpt", {"d_model": 8, "d_v": 4}, 965, 1000),
    "block, d_model 8, 4 tokens": ("block", {"d_model": 8, "d_v": 4, "n_ctx": 4}, 965, 1000),
    "gpt, d_model 8, 4 tokens": ("gpt", {"d_model": 8, "d_v": 4, "n_ctx": 4}, 965, 1000),
    "gpt, d_model 8, 4 tokens, RMSNorm": (
        "gpt",
        {"d_model": 8, "d_v": 4, "n_ctx": 4, "normalization_type": "RMS"},
        965,
        1000,
    ),
    "gpt, d_model 8, 5 tokens": ("gpt", {"d_model": 8, "d_v": 4, "n_ctx": 5}, None, 1000),
    "block, d_model 8, post-norm": ("block", {"d_model": 8, "d_v": 4, "norm_position": "post"}, 965, 1000),
}
# models whose numbers are like those of the sheet of that name, and keep its promises
OF_SHEETS = groups()["family"]
ROWS |= {name: (name, {}, None, 1000) for name in OF_SHEETS}
ROWS |= {f"{name}, easy": (name, {"level": "easy"}, None, 1000) for name in OF_SHEETS}
FEW = {"encoder, post-norm, 5 tokens": 50}  # seeds, where one takes a second
AXES: dict[str, tuple[Any, ...]] = {
    "attention_dir": ("causal", "bidirectional"),
    "normalization_type": ("LN", "RMS"),
    "norm_position": ("pre", "post"),
    "n_layers": (1, 2),
}
NORMS = ("normalization_type", "norm_position")
RANGE = {
    "attention-head": ("attention_dir",),
    "multi-head-attention": ("attention_dir",),
    "cross-attention": (),
    "block": (*NORMS, "attention_dir"),
    "encoder": NORMS,
    "encoder-decoder": NORMS,
    "gpt": (*NORMS, "n_layers"),
}
WIDTHS: dict[int, dict[str, Any]] = {4: {}, 8: {"d_model": 8, "d_v": 4}}
RANGE_HEAD = ("model", "configurations", "found", "median ms", "p95 ms", "max")
CONSTANTS_HEAD = ("constant", "value", "half: found", "time", "twice: found", "time")
PACES_HEAD = ("what", "in use", "measured", "steps or instances")
HEAD = ("configuration", "found", "median ms", "p95 ms", "max", "integer", "denominator", "ugly", "median", "whole")


def asked(model: str, config: dict[str, Any]) -> Values:
    """What is asked for; a decoder has one word less than it reads."""
    if model in OF_SHEETS:
        return Values.of(load_sheet(model).values)
    settings = Config(**{**SIZES, **config})
    source = ("we", "look", "on", "and", "see")[: settings.n_ctx]
    words: dict[str, Any] = {"tokens": source[1:], "source": source}
    return Values(settings, **words if model in ("cross-attention", "encoder-decoder") else {})


def searched(model: str, config: dict[str, Any], seeds: int) -> tuple[list[dict[str, Any]], list[float]]:
    """The qualities of the instances that are found, and ms for each seed."""
    times: list[float] = []
    found: list[dict[str, Any]] = []
    how: dict[str, Any] = {"level": config.get("level", "standard")}
    values = asked(model, {name: value for name, value in config.items() if name != "level"})
    if model in OF_SHEETS:
        how |= {"promises": load_sheet(model).promises}
    for seed in range(1, seeds + 1):
        start = time.process_time()
        with suppress(ByHandError):
            found.append(choice.choose(MODELS[model], values, seed, pick_words=model == "gpt", **how).quality)
        times.append(1000 * (time.process_time() - start))
    return found, times


def measured(name: str, seeds: int) -> tuple[str, ...]:
    """One configuration: found, times, and the largest of its figures."""
    model, config, median_to_reach, p95_to_reach = ROWS[name]
    seeds = min(seeds, FEW.get(name, seeds))
    found, times = searched(model, config, seeds)
    later = sorted(times[1:])
    median, p95 = statistics.median(later), later[int(0.95 * len(later))]
    figures = {key: [q[key] for q in found] for key in ("largest_integer", "largest_denominator", "ugly")}
    return (
        name, f"{len(found)}/{seeds}",
        _against(median, median_to_reach), _against(p95, p95_to_reach), f"{later[-1]:.0f}",
        str(max(figures["largest_integer"])), str(max(figures["largest_denominator"])), str(max(figures["ugly"])),
        f"{statistics.median(figures['ugly']):g}", f"{statistics.mean(q['share_of_integers'] for q in found):.0%}",
    )  # fmt: skip


def whole_range(seeds: int) -> Iterator[tuple[str, ...]]:
    """Every model with 3 to 5 tokens: 4 and 8 dimensions, and where it has them LayerNorm and RMSNorm, before and
    after its layers, with and without mask, one layer and two.
    """
    for model, axes in RANGE.items():
        for n in 3, 4, 5:
            kinds = [dict(zip(axes, kind, strict=True)) for kind in product(*(AXES[axis] for axis in axes))]
            each = [searched(model, {"n_ctx": n, **WIDTHS[d], **kind}, seeds) for d in WIDTHS for kind in kinds]
            found, times = sum(len(found) for found, _ in each), sorted(ms for _, times in each for ms in times)
            yield (
                f"{model}, {n} tokens", str(len(each)), f"{found}/{len(times)}", f"{statistics.median(times):.0f}",
                f"{times[int(0.95 * len(times))]:.0f}", f"{times[-1]:.0f}",
            )  # fmt: skip


def _against(ms: float, limit: int | None) -> str:
    return f"{ms:.0f}" if limit is None else f"{ms:.0f} of {limit}" + (" !" if ms > limit else "")


def everything(w: Any, *_: Any) -> Any:
    return np.ones(w.shape[:-2], dtype=bool)


def any_row(scores: Any, visible: Any, base: int) -> Any:
    """Only what can be computed at all in small numbers: scores that are not too far apart."""
    shown, spread = scores[visible], attention.SCORE_SPREAD[base]
    return (shown.max(0) - shown.min(0) <= spread) & (abs(shown).max(0) <= spread)


def natural_only(mixture: Any, w_o: Any, added: Any) -> Any:
    return natural.natural(w_o, 15, 60)


def any_first_layer(dice: Any, x: Any, d_mlp: int, limits: Any) -> Any:
    """A first layer at random."""
    w = dice.choices(np.array([0, 0, 1, 1, -1, -1, 2, -2]), x.shape[1], d_mlp)
    b = dice.choices(np.array([0, 0, 1, -1]), d_mlp)
    return feed_forward.FirstLayer(w, b, np.maximum(x @ w + b, 0))


# what is left out: where, and what takes its place
WITHOUT: dict[str, list[tuple[Any, str, Any]]] = {
    "(nothing)": [],
    "totals of a row, not uniform, not saturated": [(attention, "row_fits", any_row)],
    "rows that attention and every head change": [(attention, "uses_attention", natural_only)],
    "rows distinct": [
        (m, name, everything) for m in (attention, feed_forward, norms, stack) for name in ("distinct", "told_apart")
    ],
    "natural weights": [(m, "natural", everything) for m in (attention, feed_forward, embedding)],
    "units alive and dead": [(stack, "find_first_layer", any_first_layer)],
    "the last word needs attention": [(search, "without_attention", lambda *_: None)],
}


@contextmanager
def left_out(name: str) -> Iterator[None]:
    with ExitStack() as patches:
        for patch in WITHOUT[name]:
            patches.enter_context(mock.patch.object(*patch))
        yield


def broken(name: str, seeds: int, judge: Callable[..., Any]) -> tuple[str, ...]:
    """How often the first instance of a seed breaks each promise."""
    seen: Counter[str] = Counter()
    count = 0
    config = asked("gpt", {})
    for seed in range(1, seeds + 1):
        first: list[list[str]] = []

        def note(model: Model, found: Values, limits: Any, wanted: Any = (), *more: Any, first: Any = first) -> Any:
            first.append(judge(model, found, limits, wanted))
            return SimpleNamespace(quality={}, seconds=0.0)

        with left_out(name), mock.patch.object(choice, "accepted", note):
            try:
                choice.choose(MODELS["gpt"], config, seed, pick_words=True)
            except ByHandError:
                continue
        count += 1
        seen.update(first[0])
    share = ", ".join(f"{kind} {n / count:.0%}" for kind, n in seen.most_common()) or "none"
    return name, str(count), share


def judge(model: Model, found: Values, limits: Any, wanted: Any) -> list[str]:
    """The promises that an instance breaks."""
    try:
        tape = choice.evaluated(model, found)
        expected = usual_time(tape, found.config) * SEARCHES[model.name].pace
        case = promises.case_of(tape, limits, expected, wanted)
        case.quality["foils"] = foiled(tape)
    except ByHandError:
        return ["exact"]
    names = promises.broken(case)
    matrices = {k: np.array(m) for k, m in found.weights.items() if ".W_" in k}
    stacks = [m.reshape(1, -1, m.shape[-1]) if k.endswith("W_O") or m.ndim == 2 else m for k, m in matrices.items()]
    if not all(natural.natural(m, 8, 60).all() for m in stacks):
        names.append("natural")
    return names


def paces(seeds: int) -> Iterator[tuple[str, ...]]:
    """What promises.py says of the time that instances usually take, and what it is: seconds for each number that a
    kind of step reads, what norms make of the whole time, and the pace of each model.

    Measured on the whole range, and on the models of one layer, whatever time an instance takes.
    """
    each: defaultdict[tuple[str, bool], list[tuple[float, int]]] = defaultdict(list)
    whole: defaultdict[str, list[float]] = defaultdict(list)
    for model, values in _any_time(seeds):
        tape = choice.evaluated(MODELS[model], values)
        steps, c = [s for s in tape.used() if s.op], values.config
        has_norm = any(s.op is standardize for s in steps)
        ratio = whole_time(tape) / usual_time(tape, c)
        whole[f"pace of {model}"].append(ratio)
        ratio /= SEARCHES[model].pace
        if has_norm and c.d_model == 8:
            whole["NORM_OF_EIGHT"].append(ratio * promises.NORM_OF_EIGHT)
        if has_norm and c.normalization_type == "RMS":
            whole["NORM_RMS"].append(ratio * promises.NORM_RMS)
        if has_norm and c.norm_position == "post":
            whole["NORM_AFTER"].append(ratio * promises.NORM_AFTER)
        for step, kind in zip(steps, kinds(steps), strict=True):
            if c.d_model == 4:
                each[kind].append((seconds(tape, [step.name]) - STEP, numbers_read(tape, step)))
    for (key, unmasked), found in sorted(each.items()):
        measured = sum(time for time, _ in found) / sum(count for _, count in found)
        name = f"{key}, without a mask" if unmasked else key
        yield name, f"{seconds_a_number(key, unmasked):.2f}", f"{measured:.2f}", str(len(found))
    for name, ratios in sorted(whole.items()):
        model = name.removeprefix("pace of ")
        in_use = SEARCHES[model].pace if model in SEARCHES else getattr(promises, name)
        yield name, f"{in_use:.3f}", f"{statistics.mean(ratios):.3f}", str(len(ratios))


def _any_time(seeds: int) -> Iterator[tuple[str, Values]]:
    """Instances that keep every promise but that of the time."""
    cases = [
        (model, {"n_ctx": n, **WIDTHS[d], **dict(zip(axes, kind, strict=True))})
        for model, axes in {**RANGE, "layer-norm": ("normalization_type",), "feed-forward": (), "softmax": ()}.items()
        for n, d in product((3, 4, 5), WIDTHS)
        for kind in product(*(AXES[axis] for axis in axes))
    ]
    with mock.patch.object(promises, "BAND", float("inf")):
        for (model, config), seed in product(cases, range(1, seeds + 1)):
            with suppress(ByHandError):
                chosen = choice.choose(MODELS[model], asked(model, config), seed, pick_words=model == "gpt")
                yield model, chosen.values


# the constants of the search that say how many candidates a stage draws or keeps
MEASURED: dict[Any, str] = {
    attention: "TELLING_COLUMNS KEYS_DRAWN KEYS_PER_HEAD PATIENCE PATIENCE_CROWDED HEADS_PER_KEY QUERY_BEAMS "
    "QUERY_SAMPLES QUERY_ROWS_TRIED MIXTURES_TRIED VALUE_COLUMNS VALUES_PER_HEAD MIXTURES_JOINED "
    "MIXTURES_JOINED_OF_FIVE MIXTURES_PLAIN W_O_COLUMNS W_O_COLUMNS_NEEDED PLAIN_UPDATES_TRIED UPDATE_BEAMS "
    "UPDATE_SAMPLES TOKENS_LISTED SUMS_LISTED COLUMNS_PAIRED QUADRUPLES",
    natural: "COLUMNS_KEPT COLUMNS_LISTED",
    embedding: "EMBEDDINGS_TRIED UNEMBEDDING_COLUMNS UNEMBEDDINGS_TRIED UNEMBEDDINGS_KEPT",
    feed_forward: "W_IN_COLUMNS FIRST_LAYERS_TRIED W_OUT_COLUMNS SECOND_LAYERS_TRIED SECOND_LAYER_BEAMS",
    norms: "NORMS_TRIED",
    stack: "UPDATES_TRIED FRIENDLY_DRAWS PLAIN_DRAWS",
    search: "LAYER_MIXTURES_TRIED ENCODERS_TRIED DECODERS_TRIED",
    softmax: "SCORES_DRAWN TABLES_DRAWN",
    transformer_by_hand: "MIXED_TRIED",
    cross_entropy: "LOGITS_TRIED",
    logits_and_perplexity: "LOGITS_TRIED_PERPLEXITY",
}
MEASURED_ROWS = (
    "one head", "two heads, 4 tokens", "cross-attention", "block", "block, RMSNorm", "block, 5 tokens, post-norm",
    "encoder, post-norm, 4 tokens", "encoder-decoder, post-norm", "encoder-decoder, pre-norm", "gpt",
    "gpt, post-norm", "gpt, 5 tokens", "gpt, d_model 8, 4 tokens", "block, d_model 8, post-norm",
)  # fmt: skip
MEASURED_SHEETS = (
    "layer-norm-or-batch-norm", "transformer-by-hand", "cross-entropy", "logits-and-perplexity", "softmax",
    "linear-layer",
)  # fmt: skip


def constants(seeds: int) -> Iterator[tuple[str, ...]]:
    """What half and twice of each constant do: how many instances are found, and the time for each case in proportion
    to the constant as it is, as a geometric mean.
    """
    asked_for = [(MODELS[model], asked(model, config)) for model, config, *_ in map(ROWS.__getitem__, MEASURED_ROWS)]
    sheets = [load_sheet(name) for name in MEASURED_SHEETS]
    cases = [*asked_for, *((sheet.model, Values.of(sheet.values)) for sheet in sheets)]
    for module, name in ((module, name) for module, names in MEASURED.items() for name in names.split()):
        value = getattr(module, name)
        before, _ = _timed(cases, seeds, module, name, 1)
        cells = [str(value)]
        for factor in 0.5, 2:
            times, found = _timed(cases, seeds, module, name, factor)
            ratio = statistics.geometric_mean(a / b for a, b in zip(times, before, strict=True))
            cells += [f"{found}/{seeds * len(cases)}", f"{ratio:.2f}"]
        yield f"{module.__name__.rpartition('.')[2]}.{name}", *cells


def _timed(
    cases: list[tuple[Model, Values]], seeds: int, module: Any, name: str, factor: float
) -> tuple[list[float], int]:
    """The seconds that the seeds of each case take with one constant changed, and how many instances are found."""
    value = getattr(module, name)
    changed = {k: round(v * factor) for k, v in value.items()} if isinstance(value, dict) else round(value * factor)
    times, found = [], 0
    natural.weight_columns.cache_clear()  # which depends on two of the constants
    with mock.patch.object(module, name, changed):
        for model, values in cases:
            start = time.process_time()
            for seed in range(1, seeds + 1):
                with suppress(ByHandError):
                    choice.choose(model, values, seed, pick_words=model.name == "gpt")
                    found += 1
            times.append(time.process_time() - start)
    natural.weight_columns.cache_clear()
    return times, found
