"""Measure the search for numbers, as Markdown tables. Run it alone, or:

choosing.py [--seeds N] [--only TEXT] [--without]

Time is that of `choose` in one process, the first call apart, which also loads numpy. --without prints only how often
a promise is broken when the constraint that keeps it is left out of the search.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import replace
from typing import Any
from unittest import mock

import numpy as np

from byhand.choosing import choice, heads, hidden, mixing, norms, search, stack, sums, unembed
from byhand.choosing.evenness import is_even
from byhand.choosing.natural import natural
from byhand.choosing.quality import foiled, problems, quality
from byhand.errors import ByHandError
from byhand.model.config import Config
from byhand.model.weights import Values

SIZES: dict[str, Any] = {"d_model": 4, "n_heads": 2, "d_head": 4, "d_v": 2, "d_mlp": 6, "softmax_base": 2}
# name: model, what is not as in SIZES, median and p95 to reach in ms
ROWS: dict[str, tuple[str, dict[str, Any], int | None, int | None]] = {
    "softmax": ("softmax", {}, None, None),
    "LayerNorm": ("layer-norm", {}, None, None),
    "feed-forward": ("feed-forward", {}, None, None),
    "one head": ("attention-head", {"n_heads": 1}, 13, None),
    "one head, 5 tokens": ("attention-head", {"n_heads": 1, "n_ctx": 5}, None, None),
    "one head, no mask": ("attention-head", {"n_heads": 1, "attention_dir": "bidirectional"}, None, None),
    "two heads": ("multi-head-attention", {}, None, None),
    "two heads, 4 tokens": ("multi-head-attention", {"n_ctx": 4}, 47, None),
    "two heads, 5 tokens": ("multi-head-attention", {"n_ctx": 5}, None, None),
    "block": ("block", {}, 92, 500),
    "block, no mask": ("block", {"attention_dir": "bidirectional"}, None, None),
    "block, 4 tokens": ("block", {"n_ctx": 4}, None, None),
    "block, post-norm": ("block", {"norm_position": "post"}, 182, 500),
    "block, post-norm, 4 tokens": ("block", {"norm_position": "post", "n_ctx": 4}, None, None),
    "gpt": ("gpt", {}, 92, 500),
    "gpt, base 3": ("gpt", {"softmax_base": 3}, None, None),
    "gpt, no norm": ("gpt", {"normalization_type": None}, None, None),
    "gpt, 4 tokens": ("gpt", {"n_ctx": 4}, None, None),
    "gpt, post-norm": ("gpt", {"norm_position": "post"}, None, None),
    "gpt, two blocks": ("gpt", {"n_layers": 2}, 198, 1000),
    "gpt, d_model 8": ("gpt", {"d_model": 8, "d_v": 4}, 965, 1000),
}


def values(config: dict[str, Any]) -> Values:
    return Values(Config(**{**SIZES, **config}))


def table(head: tuple[str, ...], rows: Iterator[tuple[str, ...]]) -> None:
    """Print a table, a row at a time."""
    print("| " + " | ".join(head) + " |\n|" + "|".join(["---"] + ["--:"] * (len(head) - 1)) + "|")
    for row in rows:
        print("| " + " | ".join(row) + " |", flush=True)
    print()


def measured(name: str, seeds: int) -> tuple[str, ...]:
    """One configuration: found, times, and the largest of its figures."""
    model, config, median_to_reach, p95_to_reach = ROWS[name]
    times, found = [], []
    for seed in range(1, seeds + 1):
        start = time.perf_counter()
        with suppress(ByHandError):
            found.append(choice.choose(model, values(config), seed, pick_words=model == "gpt").quality)
        times.append(1000 * (time.perf_counter() - start))
    later = sorted(times[1:])
    median, p95 = statistics.median(later), later[int(0.95 * len(later))]
    figures = {key: [q[key] for q in found] for key in ("largest_integer", "largest_denominator", "ugly")}
    return (
        name, f"{len(found)}/{seeds}",
        _against(median, median_to_reach), _against(p95, p95_to_reach), f"{later[-1]:.0f}",
        str(max(figures["largest_integer"])), str(max(figures["largest_denominator"])), str(max(figures["ugly"])),
        f"{statistics.median(figures['ugly']):g}", f"{statistics.mean(q['share_of_integers'] for q in found):.0%}",
    )  # fmt: skip


def _against(ms: float, limit: int | None) -> str:
    return f"{ms:.0f}" if limit is None else f"{ms:.0f} of {limit}" + (" !" if ms > limit else "")


def everything(w: Any, *_: Any) -> Any:
    return np.ones(w.shape[:-2], dtype=bool)


def any_row(scores: Any, seen: Any, base: int) -> Any:
    """Only what can be computed at all in small numbers: scores that are not too far apart."""
    shown = scores[:, seen]
    return (shown.max(1) - shown.min(1) <= heads.SPREAD[base]) & (abs(shown).max(1) <= heads.SPREAD[base])


def natural_only(mix: Any, w_o: Any, added: Any) -> Any:
    return natural(w_o, 15, 60)


def any_hidden(dice: Any, x: Any, d_mlp: int, limits: Any) -> Any:
    """A first layer at random."""
    w = dice.of(np.array([0, 0, 1, 1, -1, -1, 2, -2]), x.shape[1], d_mlp)
    b = dice.of(np.array([0, 0, 1, -1]), d_mlp)
    return hidden.Hidden(w, b, np.maximum(x @ w + b, 0))


# what is left out: where, and what takes its place
WITHOUT: dict[str, list[tuple[Any, str, Any]]] = {
    "(nothing)": [],
    "totals of a row, not uniform, not saturated": [(heads, "row_fits", any_row)],
    "rows that attention and every head change": [(sums, "tells", natural_only)],
    "rows distinct": [(m, "distinct", everything) for m in (heads, hidden, norms, stack, sums)],
    "natural weights": [(m, "natural", everything) for m in (heads, hidden, mixing, sums, unembed)],
    "units alive and dead": [(stack, "find_hidden", any_hidden)],
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
    asked = values({})
    for seed in range(1, seeds + 1):
        first: list[list[str]] = []

        def note(model: str, found: Values, limits: Any, wanted: Any = (), first: Any = first) -> dict[str, Any]:
            first.append(judge(model, found, limits, wanted))
            return {}

        with left_out(name), mock.patch.object(choice, "judged", note):
            try:
                choice.choose("gpt", asked, seed, pick_words=True)
            except ByHandError:
                continue
        count += 1
        seen.update(first[0])
    share = ", ".join(f"{kind} {n / count:.0%}" for kind, n in seen.most_common()) or "none"
    return name, str(count), share


def judge(model: str, found: Values, limits: Any, wanted: Any) -> list[str]:
    """The promises that an instance breaks."""
    try:
        tape = choice.evaluated(model, found)
        figures = quality(tape)
        figures["foils"] = foiled(tape)
    except ByHandError:
        return ["exact"]
    names = problems(tape, figures, replace(limits), wanted)
    matrices = {k: np.array(m) for k, m in found.weights.items() if ".W_" in k}
    stacks = [m.reshape(1, -1, m.shape[-1]) if k.endswith("W_O") or m.ndim == 2 else m for k, m in matrices.items()]
    if not all(natural(m, 8, 60).all() for m in stacks):
        names.append("natural")
    if not is_even(tape, model, found.config):
        names.append("as long as others")
    return names


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=200)
    parser.add_argument("--only", default="")
    parser.add_argument("--without", action="store_true")
    asked = parser.parse_args()
    if not asked.without:
        head = ("configuration", "found", "median ms", "p95 ms", "max", "integer", "denominator", "ugly", "median",
                "whole")  # fmt: skip
        table(head, (measured(name, asked.seeds) for name in ROWS if asked.only in name))
    if asked.without or not asked.only:
        head = ("left out of the search for gpt", "instances", "promises that the first instance breaks")
        table(head, (broken(name, asked.seeds, judge) for name in WITHOUT))


if __name__ == "__main__":
    main()
