"""The KV cache: its steps, written down twice, its numbers, its mistake and its picture."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from msgspec.structs import replace

from byhand.mistakes.registry import mistake, mistaken
from byhand.model.builder import Builder
from byhand.model.layers import OF_LAST_ROW, head, last_row, linear, read_last, turned
from byhand.model.names import ATTN, RESID_PRE
from byhand.model.registry import Results, model
from byhand.notation.text import listed
from byhand.numbers.attention import HEADS
from byhand.numbers.promises import are_told_apart, has_one_largest, sheet_promise
from byhand.numbers.registry import search
from byhand.numbers.search import find_head
from byhand.ops.shapes import gather_rows, vstack
from byhand.pictures.canvas import CAPTION, GREY, GUIDE, HAIR, PALE, TOKEN, Canvas, Layer
from byhand.pictures.registry import Rows, UndrawableError, picture
from byhand.pictures.shapes import Point
from byhand.tape import Step, Tape
from byhand.witness.wiring import STREAM, Wiring, wiring

# ---- the model ----


@model("kv-cache", part="heads", one_head=True, only=OF_LAST_ROW)
def _steps(build: Builder) -> Results:
    """One head over all tokens; then the last token alone, with keys and values of the other tokens from a cache."""
    c, at, x = build.config, ATTN, build.stream(RESID_PRE)
    whole, n = head(x, at, 0, c), x.rows
    old, fresh = tuple(range(n - 1)), last_row(x, "new")  # (1, d_model)
    seen = {}
    for letter in "qkv":
        weight, turns = build.tape[f"{at}.W_{letter.upper()}[0]"], letter != "v" and c.turned_width > 0
        row = linear(fresh, weight, f"{at}.b_{letter.upper()}[0]", f"new.{letter}")  # (1, d_head)
        row = turned(row, f"new.rot_{letter}", c, start=n - 1) if turns else row
        before = build.tape[f"{at}.hook_{'rot_' if turns else ''}{letter}[0]"]
        past = gather_rows(before, name=f"cache.{letter}", sizes={"i": (n - 1, "past")}, rows=old)
        if letter == "q":
            query = row  # the cache's queries are computed only when requested: a mistake keeps them
        else:
            seen[letter] = vstack(past, row, name=f"all.{letter}", sizes={"i": (n, "pos")})
    return whole, read_last(query, seen["k"], seen["v"], "new", c, at, 0)


# ---- the same, written down a second time ----


@wiring("kv-cache")
def _second(w: Wiring) -> None:
    """A head; and its last row, with the keys and values of the words before it from a cache."""
    at, last, rows = "blocks.0.attn", w.shapes[STREAM][0] - 1, dict[str, str]()
    w.head(STREAM, at, 0)
    new = w("new", "gather_rows", STREAM, rows=[last])
    for x in "qkv":
        row = w.linear(f"new.{x}", new, f"{at}.W_{x.upper()}[0]", f"{at}.b_{x.upper()}[0]")
        before = f"{at}.hook_{x}[0]"
        if x != "v" and w.config["positional_embedding_type"] == "rotary":
            row, before = w.turned(row, f"new.rot_{x}", start=last), f"{at}.hook_rot_{x}[0]"
        cache = w(f"cache.{x}", "gather_rows", before, rows=[*range(last)])
        rows[x] = row if x == "q" else w(f"all.{x}", "vstack", cache, row)
    w.read_last(rows["q"], rows["k"], rows["v"], "new", at, 0)


# ---- its numbers ----

search("kv-cache", like_sheet=True, requires=HEADS)(find_head)


@sheet_promise
def new_token_looks_most_at_one(tape: Tape) -> bool:
    """The token that is added looks at one token more than at every other, and not at all these alike; the query of
    the token before it would make another mixture.
    """
    shares, wrong = tape.values("new.pattern")[0], mistaken(tape, "query-from-cache")[0]
    several = len({*shares}) > min(2, len(shares) - 1)
    return has_one_largest(shares) and several and wrong.values("new.z") != tape.values("new.z")


@sheet_promise
def cached_tokens_are_told_apart(tape: Tape) -> bool:
    """In the cache, no two keys are equal or differ in a single number, no two values are equal, no key is one number
    again and again, and no dimension of keys or values. No two words receive the same mixture.
    """
    mixtures = tape.values("blocks.0.attn.hook_z[0]")
    apart = all(are_told_apart(tape.values(name)[:-1]) for name in ("all.k", "all.v"))
    return apart and len({*mixtures}) == len(mixtures)


# ---- its mistakes ----


@mistake(
    told="The query of the token before, as if queries were cached, too.",
    mend="Make a new query for the new token: only keys and values come from the cache.",
    after="heads-share-weights",
)
def query_from_cache(step: Step, tape: Tape) -> Iterable[Step]:
    """The new token's query is the row of the token before it."""
    if step.name != "new.q" or "cache.q" not in tape.steps:
        return [step]
    queries = tape["blocks.0.attn.hook_q[0]"]
    return [replace(step, op=gather_rows, inputs=(queries.name,), params={"rows": (queries.rows - 2,)})]


# ---- its picture ----

CELL, ROW, OLD_ROW, GRID_TOP = 6.0, 6.0, 4.2, 4.0  # mm: the old rows are only read
COLUMN, OLD_COLUMN, LOW = 6.6, 5.2, 4.0  # mm: the same of columns, and how high their numbers are
FRAMES_AT = (9.0, 44.0, 79.0)  # mm: the left edges of the matrices


@picture(width=104, height=36.4, minutes=2, target=CELL)
def growing_cache(on: Canvas, keys: Rows, *, words: Sequence[str], transposed: bool = False) -> None:
    """The keys of a text as its words come: the old rows stay, and each word adds one.

    transposed: whether keys are columns.
    """
    if len(keys) != 4 or len(keys[0]) != 4 or len(words) != 4:
        raise UndrawableError("four words with keys of four numbers have room")
    foot = GRID_TOP + 3 * OLD_ROW + ROW
    old, new, pitch = (OLD_COLUMN, COLUMN, LOW) if transposed else (OLD_ROW, ROW, CELL)
    for frame, left in enumerate(FRAMES_AT):
        count, name = frame + 2, "pictures.growing_cache.word"
        on.text(left + 2 * CELL, 2.4, on.say(name, n=count, word=words[count - 1]), bold=True)

        def at(along: float, across: float, left: float = left) -> Point:
            return (left + along, GRID_TOP + across) if transposed else (left + across, GRID_TOP + along)

        for i in range(count):
            is_new, start = i == count - 1, old * i
            middle = start + (new if is_new else old) / 2
            pen: Layer = on.pen if is_new and count == 4 else on
            if is_new:
                for j in range(1, 4):
                    on.line(at(start, pitch * j), at(start + new, pitch * j), width=GUIDE)
                on.box(*at(start, 0), *((new, 4 * pitch) if transposed else (4 * pitch, new)), width=0.7)
            for j, number in enumerate(keys[i]):
                pen.number(*at(middle, pitch * (j + 0.5)), number, 3.0, colour="" if is_new else GREY)
            if not frame and transposed:
                on.text(left + middle, GRID_TOP + 4 * pitch + 2.7, words[i], CAPTION)
            elif not frame:
                on.text(left - 0.9, GRID_TOP + middle + 0.9, words[i], CAPTION, anchor="end")
        if transposed:
            top, bottom = GRID_TOP - 0.3, GRID_TOP + 4 * pitch + 0.3
            on.line((left + 1, top), (left, top), (left, bottom), (left + 1, bottom), width=0.35)
        else:
            bottom = GRID_TOP + old * (count - 1)
            for x, turn in ((left, 1.0), (left + 4 * CELL, -1.0)):
                on.line((x + turn, GRID_TOP - 0.3), (x, GRID_TOP - 0.3), (x, bottom), width=0.35)
        if frame < 2:
            right = left + (old * (count - 1) + new if transposed else 4 * CELL)
            y = GRID_TOP + (2 * pitch if transposed else 1.5 * OLD_ROW)
            on.arrow((right + 1.4, y), (FRAMES_AT[frame + 1] - 1.6, y))
    on.line((0.0, foot + 1.2), (103.0, foot + 1.2), width=HAIR, colour=PALE)
    for row, (name, first) in enumerate((("with", 1), ("without", 2))):
        y = foot + 5.4 + 6.8 * row
        on.text(0.0, y, on.say(f"pictures.growing_cache.{name}"), CAPTION, anchor="start")
        for frame, left in enumerate(FRAMES_AT):
            x, count = left + 2.9 * CELL, first if row == 0 else first + frame
            if frame:
                on.line((x - 4, y + 1.2), (x + 4, y + 1.2), width=GUIDE, colour=PALE)
            (on.pen if frame else on).number(x, y - 1.0, count, TOKEN)
    kind = "columns" if transposed else "rows"
    told = {"words": listed(words), "word": words[3], "key": listed(keys[3])}
    on.said(*(on.say(f"pictures.growing_cache.{part}_{kind}", **told) for part in ("said", "to_do", "key")))
