"""The functions that a sheet can call in its expressions. They return blocks for the page, or values of the run.

A function is registered by `@call` under its own name. Its first argument is the Context; the sheet gives the others.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from functools import partial, reduce
from itertools import accumulate, chain, pairwise, product
from numbers import Rational
from typing import Any, TypeVar

from jinja2.sandbox import safe_range
from msgspec.structs import replace

from byhand.arithmetic.copies import categories, each, same
from byhand.arithmetic.decimals import Decimals
from byhand.arithmetic.exact import RATIONALS
from byhand.arithmetic.expr import NEG_INF, Expr, Mul, Num, Ref, Sum
from byhand.errors import SheetError, UnchangedError, ValuesError
from byhand.model.config import Config
from byhand.model.names import steps_of
from byhand.notation.marks import first_text, texts_of, word_in_slot, written, written_of
from byhand.notation.text import value_text
from byhand.numbers.conditions import condition
from byhand.numbers.readings import readings
from byhand.ops.linear import matmul
from byhand.ops.positions import bucket_of
from byhand.pictures import UndrawableError, picture_named
from byhand.pictures.contrast import columns
from byhand.tape import Shape, Tape, shape_text
from byhand.worksheet.construction import Change, Construction, check_places, holds, trial, witness
from byhand.worksheet.context import PRODUCTS, Context, changes_order
from byhand.worksheet.cost import LENGTHS, costs
from byhand.worksheet.document import (
    Answer,
    Block,
    Cell,
    Check,
    Checkpoint,
    Choice,
    Claim,
    Figure,
    FirstCell,
    Gap,
    Guess,
    Hint,
    Panel,
    Picture,
    Prose,
    Role,
    Sentence,
    Strip,
    Table,
    TextBlock,
    WordBoxes,
)
from byhand.worksheet.inverse import leave_out
from byhand.worksheet.markdown import as_token, inline, paragraphs
from byhand.worksheet.sheet import named

F = TypeVar("F", bound=Callable[..., Any])
Blocks = tuple[Block, ...]
CALLS: dict[str, Callable[..., Any]] = {}

MOST_COLUMNS = 50  # of a table: more than a page is wide


def call(function: F) -> F:
    """Register a function that sheets can call by its name.

    Its first argument is the Context. If it returns a block, or a tuple of blocks, these are put on the page; any
    other result is the value of the sheet's expression.
    """
    CALLS[function.__name__] = function
    return function


class AsIs(str):
    """A formula, or the placeholder of a block. Unlike all else that an expression prints, it is not escaped."""


def sheet_globals(context: Context, blocks: list[Block]) -> dict[str, Any]:
    """The globals of a sheet's template: all names that its expressions can use, with their values.

    blocks: the list to which calls append their blocks. The marker that a call prints holds the place in it.
    """

    def bound(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        def called(*args: Any, **named: Any) -> Any:
            result = function(context, *args, **named)
            if not isinstance(result, Block | tuple):
                return result
            new = result if isinstance(result, tuple) else (result,)
            if other := next((block for block in new if not isinstance(block, TextBlock | Figure)), None):
                raise TypeError(f"{name}() made {other!r}, which is neither a TextBlock nor a Figure")
            blocks.extend(new)
            return AsIs("".join(f"\ue000{at}\ue001" for at in range(len(blocks) - len(new), len(blocks))))

        return called

    return {**_values(context), **{name: bound(name, function) for name, function in CALLS.items()}}


def _values(context: Context) -> Mapping[str, Any]:
    """The names that are no calls: the run's tokens and config, options, the page's words for rows and columns, and
    how many texts the model may read, where a seed draws one of them.
    """
    say, transposed, numbers = context.messages.say, context.transposed, context.tape.domain.name
    return {
        "tokens": context.tokens, "source": context.source, "vocabulary": context.vocabulary,
        "config": context.config, "base": context.config.softmax_base,
        "numbers": numbers, "about": say("words.about") if numbers == "decimal" else "",
        "level": context.level, "names": context.sheet.names, "sittings": context.sheet.sittings,
        "range": safe_range, "transposed": transposed, "readings": len(readings(context.sheet.name)),
        **context.messages.lines(transposed),
    }  # fmt: skip


@call
def sheet(context: Context, name: str) -> str:
    """Another sheet, as prose names it: by its number in the course and its title."""
    (other,) = named([name], context.messages.language)
    return context.messages.say("course.sheet" if other.number else "course.other", n=other.number, title=other.title)


@call
def minutes(context: Context, sitting: int) -> Cell:
    """How long a sitting takes, for a table: its minutes, counted from what its steps ask for."""
    if not 1 <= sitting <= (count := len(context.sheet.sittings)):
        raise SheetError(f"minutes({sitting}): the front matter has {count} sittings")
    return Cell(sitting, shows="minutes")


# figures, on the right of the page


@call
def ask(
    context: Context, name: str, layout: str = "", first: bool = False, note: str = "", copy: Any = (),
    caption: str = "", grown: Any = (), compute: Any = (), lost: str = "", given: int = 0, last: bool = False,
) -> Blocks:  # fmt: skip
    """A step to be computed.

    layout: "falk", the default for a product, or "strip", the default for any other step. first: whether the first
    cell of a product is printed and worked as an example, save at the stretch level. copy: the inputs of a product
    that the student copies; grown: those whose last row the student appends; compute: those that the student computes
    where they stand. lost: at the stretch level, the input of a product of which one number is a blank, too; it is
    found from one number of the result, which is printed in return. given: the number of first rows that are printed.
    last: whether only the last row is asked for, beside that of a product's left factor.
    """
    op = context.tape[name].step.op
    if layout not in ("", "falk", "strip"):
        raise SheetError(f"no layout {layout!r}; there are: falk, strip")
    if layout == "strip" or (not layout and not (op and op.name in PRODUCTS)):
        return strip(context, blank(context, name, note=note, caption=caption, given=given, last=last))
    copies, appended, computed = (
        [inputs] if isinstance(inputs, str) else list(inputs) for inputs in (copy, grown, compute)
    )
    product = partial(
        context.falk, name, copies, note=note, grown=appended, computed=computed, given=given, last=last
    )
    if lost and context.level == "stretch":
        return product(unknown=[lost], asked=True), _lost(context, context.symbol(lost), context.symbol(name))
    first = first and context.level != "stretch"
    figure = product(first=first)
    if not first:
        return (figure,)
    cell = figure.result.cells[0][0]
    assert cell.rule is not None
    return figure, FirstCell(cell.rule, cell.value)


@call
def inverse(context: Context, name: str, unknown: Any, note: str = "", copy: str = "") -> Block:
    """A printed result whose operands have unknown entries, to be found from it.

    unknown: names of operands, or (name, row, column) for an entry. copy: the operand of a product that the student
    copies.
    """
    single = isinstance(unknown, str) or (len(unknown) == 3 and isinstance(unknown[1], int))
    missing = [unknown] if single else list(unknown)
    op = context.tape[name].step.op
    if op and op.name in PRODUCTS:
        return context.falk(name, [copy] if copy else [], note=note, unknown=missing)
    return context.equation(name, missing)


@call
def given(context: Context, *names: str) -> Block:
    """Given matrices, printed side by side."""
    return Strip(tuple(_panel(context, n, None) for n in names), ("",) * (len(names) - 1))


@call
def picture(context: Context, name: str, *steps: str, **options: Any) -> Blocks:
    """A picture of an idea, drawn from the numbers of steps; nothing where these cannot be drawn, such as letters.

    options: what the picture's function takes, such as words or the index of a row.
    """
    drawn = picture_named(name)
    try:
        sketch = drawn.sketch(context.messages.say, [context.tape[step].values for step in steps], options)
    except UndrawableError:
        return ()
    return (Picture(drawn, sketch, steps, options),)


@call
def blank(
    context: Context, name: str, caption: str = "", note: str = "", last: bool = False, given: int = 0,
    whole: bool = False,
) -> Panel:  # fmt: skip
    """A step to be computed, or its last row, for a strip.

    given: the number of first rows that are printed. whole: whether all rows are asked for at the easy level, too.
    """
    return _panel(context, name, "ask", caption, note, last, given, whole)


@call
def copy(context: Context, name: str, caption: str = "", note: str = "", last: bool = False) -> Panel:
    """A step that the student copies from above, or its last row, for a strip."""
    return _panel(context, name, "copy", caption, note, last)


@call
def show(context: Context, name: str, caption: str = "", note: str = "", last: bool = False) -> Panel:
    """A step that is printed, or its last row, for a strip."""
    return _panel(context, name, None, caption, note, last)


def _panel(
    context: Context, name: str, role: Role | None, caption: str = "", note: str = "", last: bool = False,
    given: int = 0, whole: bool = False,
) -> Panel:  # fmt: skip
    """A step as a matrix, or its last row; for `next_token`, words in place of numbers."""
    panel = context.panel(name, role, caption=caption, note=note, last=last, given=given, whole=whole)
    words = context.vocabulary
    if name != "next_token" or not words:
        return panel
    cells = tuple(
        tuple(_as_word(c, written(lambda number: words[int(number)], c.value)) for c in row) for row in panel.cells
    )
    return replace(panel, cells=cells)


def _as_word(cell: Cell, word: str) -> Cell:
    """A cell that shows the word at its number in the vocabulary: the reader looks it up and computes nothing."""
    return replace(cell, value=word, rule=None, shows="word", seconds=0.0)


@call
def strip(
    context: Context, *items: Panel | str, dots: bool = False, above: Sequence[Panel] = (), lost: str = ""
) -> Blocks:
    """Matrices side by side: panels, and signs between them ("→", "+", "=", or "" for a gap).

    Where tokens are columns, two factors beside each other change places if their product is there, too.

    lost: at the stretch level, the step of which one number is a blank, too, as in `ask`; the last matrix is the
    result.
    """
    panels: list[Panel] = []
    joints: list[str] = []
    for item in items:
        if isinstance(item, Panel):
            if len(panels) > len(joints):
                joints.append("")
            panels.append(item)
        else:
            joints.append(str(item))
    if len(joints) != len(panels) - 1:
        raise SheetError("a strip is matrices with one sign between two of them")
    if context.transposed:
        steps = [context.tape[panel.step].step for panel in panels]
        factors = [step.inputs[:2] for step in steps if changes_order(step)]
        for at, (left, right) in enumerate(pairwise(steps)):
            if (left.name, right.name) in factors:
                panels[at : at + 2] = panels[at + 1], panels[at]
    over_dots, said = (context.messages.say(f"captions.{name}") if dots else "" for name in ("dots", "dots_said"))
    if not lost or context.level != "stretch":
        return (Strip(tuple(panels), tuple(joints), over_dots, said, tuple(above)),)
    result = panels[-1].step
    panels = context.with_lost(panels, result, lost)
    names = {p.step: p.caption if p.caption and p.symbol.startswith(r"\text") else p.symbol for p in panels}
    said_of = _lost(context, names[lost], names[result])
    return Strip(tuple(panels), tuple(joints), over_dots, said, tuple(above)), said_of


def _lost(context: Context, lost: str, result: str) -> Prose:
    """What is said where a number is lost, and one of the result is printed in return. Their names are LaTeX."""
    names = {"lost": lost, "result": result}
    symbols = {at: f"“${name}$”" if name.startswith(r"\text") else f"${name}$" for at, name in names.items()}
    return Prose(paragraphs(context.messages.say("questions.lost", **symbols)))


@call
def softmax(context: Context, name: str, dots: bool = True, last: bool = False, of: str = "s") -> Blocks:
    """A softmax as a strip: powers, row sums and shares.

    dots: whether the shares are to be drawn as dots, too. last: whether only the last row is asked for.
    of: what each score is called, as the exponent of its power.
    """
    say, powers = context.messages.say, steps_of(name, "exp")
    shares = blank(context, name, last=last)
    caption = "captions.pattern" if "hook_pattern" in name else "captions.share"
    how = "_how" if shares.shape[1] > 2 else ""  # the longer caption needs the room of three columns
    return strip(
        context,
        blank(
            context, powers, say("captions.powers", base=context.tape[powers].step.params["base"], of=of), last=last
        ),
        blank(context, steps_of(name, "sum"), say("captions.sum"), last=last),
        replace(shares, caption=say(caption + how)),
        dots=dots,
    )


@call
def norm(
    context: Context, at: str, of: str, result: str = "", shown: bool = True, given: int = 0, last: bool = False
) -> Blocks:
    """LayerNorm or RMSNorm as two strips, from the mean to the result.

    of: the step that is normalised. shown: whether it is printed; what the student has just computed needs no copy.
    given: the number of first rows that are printed. last: whether only the last row is on the page.
    """

    def part(name: str, caption: str) -> Panel:
        return blank(context, f"{at}.{name}", caption, given=given, last=last)

    tape, result = context.tape, result or f"{at}.hook_normalized"
    if f"{at}.mean" in tape.steps:
        centre = [part("mean", r"\mu"), part("centered", r"x - \mu")]
        spread, root, quotient = part("variance", r"\sigma^2"), r"\sigma", r"(x - \mu) \div \sigma"
    else:
        centre, spread, root, quotient = [], part("mean_square", "r^2"), "r", r"x \div r"
    top = strip(
        context, *([show(context, of, last=last)] if shown else []), *centre, spread, part("hook_scale", root)
    )
    if f"{at}.standardized" not in tape.steps:
        return *top, *strip(context, blank(context, result, quotient, given=given, last=last))
    above = [show(context, f"{at}.{parameter}") for parameter in "wb"]
    w, b, named = (context.symbol(step) for step in (f"{at}.w", f"{at}.b", result))
    scaled = blank(context, result, rf"{named}:\ \times\, {w}, + {b}", given=given, last=last)
    return *top, *strip(context, part("standardized", quotient), "→", scaled, above=above)


@call
def words(context: Context, name: str = "next_token") -> Block:
    """A row of boxes for the words that a step's numbers stand for."""
    return WordBoxes(context.tokens, _panel(context, name, "ask").flat)


@call
def table(context: Context, head: Sequence[Any], *rows: Sequence[Any]) -> Table:
    """A table of texts in Markdown, numbers and entries; the first cell of a row is its name.

    Raises: SheetError for a row that is longer or shorter than the head, or for more columns than a page is wide.
    """

    def entry_of(item: Any) -> Prose | Cell:
        if isinstance(item, Cell):
            return replace(item)  # each place on the page is a cell of its own
        return Prose(inline(item)) if isinstance(item, str) else Cell(item)

    if len(head) > MOST_COLUMNS:
        raise SheetError(f"a table of {len(head):,} columns is wider than any page; {MOST_COLUMNS} are the most")
    for row in rows:
        if len(row) != len(head):
            raise SheetError(f"the table's head has {len(head)} entries; a row has {len(row)}")
    heads = (entry_of(item) for item in head)
    return Table(
        tuple(entry for entry in heads if isinstance(entry, Prose)), tuple(tuple(map(entry_of, row)) for row in rows)
    )


@call
def contrast(
    context: Context, words: Sequence[str], known: Sequence[Sequence[Any]], new: Sequence[Sequence[Any]] = (),
    row: int = -1, first: bool = True,
) -> Blocks:  # fmt: skip
    """A table in which words are columns and operations are rows: what one knows is printed, and what is new stands
    below it, to be computed. Under it, the last row of both is drawn as dots.

    known, new: rows, each of them what it is called, a step or several whose rows go on, and if it has one, the step
    of their sum. A step may stand with its row, as in ["attn.pattern", 1]; else it is `row`, by default the last one.
    A row of fewer words stands under those that it names, the first or the last ones. first: whether the first new
    cell is printed, save at the stretch level.
    """
    say, texts = context.messages.say, [""] * len(words)
    given = int(first and context.level != "stretch")

    def line(called: str, steps: Any, total: Any = "", *, blank: bool = True, printed: int = 0) -> list[Any]:
        several = [steps] if isinstance(steps, str) or isinstance(steps[1], int) else steps
        cells = [cell for step in several for cell in _of_row(context, step, row, blank)]
        cells[:printed] = [replace(cell, blank=False, rule=None, seconds=0.0) for cell in cells[:printed]]
        left = _start(context, words, several[0], len(cells))
        right = len(words) - len(cells) - left
        sums = _of_row(context, total, row, blank) if total else [""]
        return [called, *texts[:left], *cells, *texts[:right], "", *sums]

    rows = [line(*each, blank=False) for each in known]
    rows += [[f"**{say('contrast.new')}**", *texts, "", ""]] if new else []
    rows += [line(*each, printed=given * (not n)) for n, each in enumerate(new)]
    figure = table(context, [f"**{say('contrast.known')}**", *words, "", say("contrast.sum")], *rows)
    aligned = replace(figure, columns=columns(len(words)))
    if not new:
        return (aligned,)
    last = [_with_row(each[-1][1], row) for each in (known, new)]
    starts = [str(_start(context, words, name, context.tape[name].step.shape[1])) for name, _ in last]
    rows_at, names = [str(at) for _, at in last], [name for name, _ in last]
    return aligned, *picture(context, "before_and_now", *names, tokens=words, rows=rows_at, starts=starts)


@call
def cost(context: Context, words: int = 0, *, own: bool | Sequence[Cell] = True, what: str = "") -> Table:
    """What the front matter counts under `cost`: for the sheet's own words, for a thousand, and for a million.

    words: how many the sheet's own are, if they are not those of the text. own: whether it counts for these, too; or
    a blank for each row, such as `count` makes. what: what is counted, as the head of the table.
    """
    say, few = context.messages.say, words or len(context.tokens) or context.config.n_ctx
    sizes = {name: getattr(context.config, name) for name in Config.__struct_fields__}
    sizes |= {"key_value_heads": context.config.key_value_heads}
    blanks = [[cell] for cell in own] if isinstance(own, Sequence) else [[]] * len(context.sheet.cost)
    lengths = (few, *LENGTHS) if own is True else LENGTHS
    head = [
        what or say("cost.what"),
        *[say("cost.own", n=few)] * bool(own),
        *(say("cost.words", n=f"{n:,}") for n in LENGTHS),
    ]
    rows = [
        [
            context.messages.turned(counted, context.transposed),
            *blank,
            *(_grouped(costs(formula, {**sizes, "n": n})) for n in lengths),
        ]
        for blank, (counted, formula) in zip(blanks, context.sheet.cost.items(), strict=True)
    ]
    return table(context, head, *rows)


def _grouped(number: Fraction) -> str:
    """A number with commas between its thousands, rounded to a whole one: 500,500."""
    return f"{round(number):,}"


@call
def lost(context: Context, before: str, now: str, i: int = -1, j: int = -1) -> str:
    """The word whose share falls most from one pattern to another, and both of its shares, as a sentence.

    i, j: the rows of the patterns; by default the last ones.
    """
    words = replace(context, orientation="rows").panel(before).cols
    one, other = context.tape.values(before)[i], context.tape.values(now)[j]
    start = _start(context, replace(context, orientation="rows").panel(now).cols, before, len(words))
    count = len(words)
    numbers = *one, *other[start : start + count]

    def fallen(*shares: Any) -> int:
        falls = [a - b for a, b in zip(shares[:count], shares[count:], strict=True)]
        return falls.index(max(falls))

    places = {
        "word": written(lambda *shares: words[fallen(*shares)], *numbers),
        "before": written(lambda *shares: value_text(shares[fallen(*shares)]), *numbers),
        "now": written(lambda *shares: value_text(shares[count + fallen(*shares)]), *numbers),
    }
    return context.messages.say("cost.lost", **places)


def _start(context: Context, words: Sequence[str], step: Any, count: int) -> int:
    """Under which of the words a row of so many cells begins: the first, if it names the first ones."""
    named = replace(context, orientation="rows").panel(_with_row(step, 0)[0]).cols
    return 0 if [*named[:count]] == [*words[:count]] else len(words) - count


def _with_row(step: Any, row: int) -> tuple[str, int]:
    """A step and the row of it that is shown."""
    return (step, row) if isinstance(step, str) else (step[0], step[1])


def _of_row(context: Context, step: Any, row: int, blank: bool) -> list[Cell]:
    """A row of a step, as cells of a table."""
    name, at = _with_row(step, row)
    return [_entry(context, name, at, j, blank) for j in range(context.tape[name].step.shape[1])]


@call
def entry(context: Context, name: str, i: int = 0, j: int = 0, word: bool = False, places: int | None = None) -> Cell:
    """A number of a step, or the word that it stands for, as a blank in a table.

    places: the decimal places to which the number is rounded.
    """
    cell = _entry(context, name, i, j, blank=True)
    if word or name == "next_token":
        return _as_word(cell, _word(context, name, i, j))
    return cell if places is None else _rounded(cell, places)


@call
def entries(
    context: Context, name: str, i: int = 0, shown: bool = False, column: int | None = None, word: bool = False
) -> list[Cell]:
    """A row of a step as blanks in a table, or a column. shown: printed, and not as blanks. word: as words."""
    call, (rows, cols) = printed if shown else entry, context.tape[name].step.shape
    places = [(i, j) for j in range(cols)] if column is None else [(i, column) for i in range(rows)]
    return [call(context, name, *place, word) for place in places]


@call
def printed(
    context: Context, name: str, i: int = 0, j: int = 0, word: bool = False, places: int | None = None
) -> Cell:
    """A number as a printed cell of a table, or the word that it stands for. A given is read from it by `verify`.

    places: decimal places that show the whole number; a number that needs more is printed as it is.
    """
    cell = _entry(context, name, i, j, blank=False)
    if word:
        return _as_word(cell, _word(context, name, i, j))
    fits = places is not None and all(x * 10**places % 1 == 0 for x in categories(cell.value))
    return _rounded(cell, places or 0) if fits else cell


def _rounded(cell: Cell, places: int) -> Cell:
    """A cell whose number is rounded to so many decimal places, if it is a real number."""
    if not all(isinstance(x, Rational | Decimal) for x in categories(cell.value)):
        return cell  # sympy registers its rationals as Rational
    decimals = Decimals(places)
    value = each(lambda x: decimals.settle(Num(Fraction(x)), lambda ref: None), cell.value)
    return replace(cell, value=value, places=places)


def _entry(context: Context, name: str, i: int, j: int, blank: bool) -> Cell:
    tape = context.tape
    rows, cols = tape[name].shape
    if not (-rows <= i < rows and -cols <= j < cols):
        raise SheetError(f"{name} is {shape_text((rows, cols))}; it has no entry {i}, {j} (counted from 0)")
    at = i % rows, j % cols
    cell = Cell(tape.values(name)[i][j], None, blank, name, at)
    return context.worked_out(cell, tape.cell(name, *at)) if blank and tape[name].step.op else cell


@call
def count(context: Context, names: str | Sequence[str], axis: int | None = None) -> Cell:
    """How many numbers matrices hold, as a blank; with an axis, how many rows (0) or columns (1) of X W."""
    names = [names] if isinstance(names, str) else names
    terms = tuple(_size(context.tape[name].shape, axis) for name in names)
    value = RATIONALS.settle(Sum(terms), lambda ref: None)
    cell = Cell(value, None, blank=True, step=names[0], shows="size")
    return context.worked_out(cell, Sum(terms)) if len(terms) > 1 or isinstance(terms[0], Mul) else cell


def _size(shape: Shape, axis: int | None) -> Expr:
    """The number of entries of a shape; with an axis, its rows or columns."""
    if axis is not None:
        return Num(shape[axis])
    return Num(shape[1]) if shape[0] == 1 else Mul(Num(shape[0]), Num(shape[1]))


@call
def shapes(
    context: Context, *pairs: Sequence[Any], named: bool = False, given: int = 0, exist: bool = False,
    meet: Sequence[tuple[str, str]] = (),
) -> Block:  # fmt: skip
    """A table that asks for each pair of matrices whether their product exists, and for its shape.

    A matrix is a name of the run, with .T for its transpose, or a shape. Where tokens are columns, the product A B is
    printed as Bᵀ Aᵀ, as on the whole page. named: whether names stand without shapes, which the student has found.
    given: the number of first pairs that are answered. exist: whether all products do, and only shapes are asked for.
    meet: for each pair, whose columns of the left meet whose rows of the right, which is asked for, too.
    """
    rows, transposed, say = [], context.transposed, context.messages.say
    for number, (left, right) in enumerate(pairs):
        operands = [_shaped(context, matrix) for matrix in ((right, left) if transposed else (left, right))]
        sizes = [size[::-1] if transposed else size for _, size in operands]
        result = product_shape(*sizes)
        shapes_said = [
            "" if named and sign else shape_text(size) for (sign, _), size in zip(operands, sizes, strict=True)
        ]
        texts = [f"{sign} {said}".strip() for (sign, _), said in zip(operands, shapes_said, strict=True)]
        answers = (say("shapes.no"), "—") if result is None else (say("shapes.yes"), shape_text(result))
        inside = meet[number][:: -1 if transposed else 1] if meet else ()
        rows.append((*texts, *(Cell(answer, blank=number >= given) for answer in (*answers[exist:], *inside))))
    asked = (*(() if exist else ("exists",)), "shape", *(("left_brings", "right_brings") if meet else ()))
    heads = [say(f"shapes.{head}") for head in ("left", "right", *asked)]
    return table(context, heads, *rows)


def product_shape(left: Shape, right: Shape) -> Shape | None:
    """The shape of a matrix product; None where it does not exist."""
    tape = Tape(RATIONALS, {})
    try:
        return matmul(tape.given("left", left), tape.given("right", right), name="product").shape
    except ValuesError:
        return None


def _shaped(context: Context, matrix: Any) -> tuple[str, Shape]:
    """The symbol and the shape of a matrix, with tokens as rows."""
    if isinstance(matrix, str):
        name = matrix.removesuffix(".T")
        rows, cols = context.tape[name].shape
        if name == matrix:
            return f"${context.symbol(name)}$", (rows, cols)
        return rf"${context.symbol(name)}^{{\mathrm{{T}}}}$", (cols, rows)
    if not (isinstance(matrix, Sequence) and len(matrix) == 2 and all(isinstance(n, int) and n > 0 for n in matrix)):
        raise SheetError(f"{matrix!r} is neither a matrix of the run nor a shape such as [3, 4]")
    return "", (matrix[0], matrix[1])


# text and questions, on the left of the page


@call
def hint(context: Context, text: str) -> Blocks:
    """A hint; left out at the stretch level."""
    return (Hint(inline(text)),) if context.level != "stretch" else ()


@call
def check(context: Context, text: str, sums: str = "") -> Block:
    """A fact by which students can check their own results without the key.

    sums: the step whose rows it adds up; a page that answers shows what the student's own numbers add up to.
    """
    if sums:
        context.tape.values(sums)  # or there is no such step
    return Check(inline(text), sums)


@call
def checkpoint(context: Context, text: str, opens: bool = False) -> Block:
    """A note that earlier results are printed here, so that a mistake in them does no more harm.

    Its section begins a page if the page before asks for what it prints by place, or in any case if it `opens` one.
    """
    return Checkpoint(inline(text), opens)


@call
def lines(context: Context, count: int, answer: str) -> Block:
    """Ruled lines to write on; the key shows the answer."""
    return Answer(count, inline(answer))


@call
def guess(context: Context, text: str, words: Sequence[str] = (), cells: Sequence[str] = ()) -> Block:
    """A box for a guess in pencil, which nobody marks.

    words: each with a box to cross. cells: what each of some small boxes for numbers is called.
    """
    return Guess(inline(text), tuple(words), tuple(cells))


@call
def question(context: Context, text: str, answer: str) -> Block:
    """A question in the middle of a step, with one line beside it; the key shows the answer."""
    return Answer(1, inline(answer), inline(text))


@call
def sentence(context: Context, text: str, *gaps: Any) -> Block:
    """A sentence with a gap for each "___" in it.

    gaps: for each, what is right there; or with the words among which that is, as in (most(pattern, 1), tokens), so
    that it is judged at once, and not by a person.

    Raises: SheetError where there are more gaps than answers, or fewer.
    """
    parts = text.split("___")
    if len(parts) != len(gaps) + 1 or not gaps:
        raise SheetError(f"the sentence has {len(parts) - 1} gaps (___), and {len(gaps)} answers for them")
    pieces: list[Prose | Gap] = [Prose(_piece(parts[0]))]
    for gap, part in zip(gaps, parts[1:], strict=True):
        pieces += (Gap(gap) if isinstance(gap, str) else _gap_of_words(*gap), Prose(_piece(part)))
    return Sentence(tuple(pieces))


def _piece(text: str) -> Sequence[Any]:
    """The tokens of a piece of a sentence, with the blanks at its ends."""
    blank, words = [as_token(" ")], text.strip(" ")
    return [*blank * text.startswith(" "), *inline(words), *blank * (bool(words) and text.endswith(" "))]


def _gap_of_words(answer: str, words: Sequence[str]) -> Gap:
    """A gap for one of several words; for any words where the answer is none of them, such as two that tie."""
    known = {text for word in words for text in texts_of(word)}
    if not known.issuperset(texts_of(answer)) or any(map(str.isdecimal, known)):  # those are numbers of options
        return Gap(answer)
    return Gap(answer, tuple(words), written_of(_number_among, answer, *words))


def _number_among(answer: str, *words: str) -> str:
    """The number of an answer among words, from 1; "" where it is none of them."""
    return str(1 + words.index(answer)) if answer in words else ""


@call
def find_the_error(
    context: Context, name: str, steps: str | Sequence[str], lines: int, answer: str = "", caption: str = "",
    row: int | None = None, changed_only: bool = False,
) -> Blocks:  # fmt: skip
    """Steps with a mistake in them. The student says what is wrong and, of several steps, ticks the first wrong one.

    answer: the key's answer; by default the text that the mistake has. For a matrix that the student is to find on
    the same leaf, row: of each step, only one token's numbers are printed, those of this row or of the first one
    after it that the mistake changes; changed_only: only the rows that the mistake changes are printed, which are the
    same ones for any numbers.
    """
    wrong, tape = context.mistaken(name), context.tape
    shown = [steps] if isinstance(steps, str) else steps
    changed = [step for step in shown if not same(wrong.tape.values(step), tape.values(step))]
    panels = [wrong.panel(step, "given", caption=caption).of_a_mistake() for step in shown]
    picks, ticks = row is not None or changed_only, not isinstance(steps, str)
    if not changed and (changed_only or ((picks or ticks) and not context.is_read)):
        raise UnchangedError(name, shown)
    if picks:
        rows = _changed_rows(wrong.tape, tape, changed[0]) if changed else []
        at = rows if row is None else [min(rows, key=lambda at: (at < row, at), default=row)]
        panels = [panel.only(at, context.transposed) for panel in panels]
    if ticks:
        panels = [replace(panel, right=panel.step == changed[0]) for panel in panels]
    told = answer or context.messages.mistake(name, "told", context.transposed)
    what_is_wrong = Answer(lines, inline(told))
    return Strip(tuple(panels), ("→",) * (len(panels) - 1)), what_is_wrong


def _changed_rows(wrong: Tape, right: Tape, step: str) -> list[int]:
    """The rows of a step that a mistake changes."""
    rows, others = wrong.values(step), right.values(step)
    return [at for at, _ in enumerate(rows) if at >= len(others) or not same(rows[at : at + 1], others[at : at + 1])]


@call
def claim(context: Context, text: str, holds: bool, reason: str, otherwise: str = "", lines: int = 1) -> Block:
    """A statement to be judged true or false, and the reason; `otherwise` is the reason if it is false."""
    return Claim(inline(text), bool(holds), inline(reason if holds else otherwise or reason), lines)


@call
def construct(
    context: Context, text: str, name: str, brings_about: str, near: str = "", rows: Sequence[int] | None = None,
    columns: Sequence[int] | None = None, beside: Sequence[Any] = (), shown: bool = True, place: str = "",
    others: str = "",
) -> Blocks:  # fmt: skip
    """One number of a given is to be changed so that a condition holds, which does not hold before.

    It is left out where numbers are letters, and where they need keep no promise and leave nothing to do.

    brings_about: the condition, as a promise is written. near: what the key says of a change that is not enough.
    rows, columns: those of which numbers may be changed, from 0; without them, all. beside: further matrices to look
    at, or rows of them: (name, row). shown: whether the given is printed; what stands above needs no copy.
    place: what the one row or column is called on the page, such as "word", or the one number, such as "C’s bias".
    others: what the key says of other answers, if it is more than that there may be some.

    Raises: SheetError where the condition holds already, or nobody can bring it about.
    """
    tape = context.tape
    if tape.domain.name == "symbolic" or (name, ()) in context.left_out:
        return ()
    by_rows = replace(context, orientation="rows").panel(name)
    axes = [range(size) if few is None else few for size, few in zip(by_rows.shape, (rows, columns), strict=True)]
    free = tuple((i, j) for i in axes[0] for j in axes[1])
    check_places(name, free, by_rows.shape)
    test = condition(brings_about, tape.steps, name)
    refs = tuple(dict.fromkeys((*test.refs, *(Ref(name, place) for place in free))))
    of_copies = [(context.behind or tape).value(ref) for ref in refs]
    found = partial(witness, test, name, free, refs)
    if context.is_read:
        why = ""
    elif each(lambda *numbers: holds(test, refs, numbers), *of_copies) == True:  # noqa: E712 - of copies, each answers
        why = "holds before a number is changed"
    elif each(lambda *numbers: found(numbers) is None, *of_copies) == True:  # noqa: E712
        why = "holds for no other number of two digits"
    else:
        why = ""
    if why and not context.is_promised:
        leave_out(context.left_out, name, ())
        return ()
    if why:
        raise SheetError(f"{brings_about} {why}; a promise in the front matter keeps it from that")
    say, numbers = context.messages.say, [tape.value(ref) for ref in refs]
    labels = tuple(map(first_text, by_rows.rows)), tuple(map(first_text, by_rows.cols))
    told = inline(f"{others or say('construction.many')} {near}".strip())
    asked = Construction(inline(text), (), (), told, name, test, free, labels, context.transposed)

    def part(at: int) -> Callable[..., str]:
        def text_of(*numbers: Any) -> str:
            change = found(numbers)
            return "" if change is None else asked.written(change)[at]

        return text_of

    ways = ["row" if (axis == 0) != context.transposed else "column" for axis in asked.axes]
    heads = [place] if place and len(ways) == 1 else [say(f"construction.{way}") for way in ways]
    if heads:
        heads.append(say("construction.becomes"))
    else:
        heads.append(say("construction.named", what=place) if place else say("construction.alone"))
    cells = (Cell(written(part(at), *numbers), blank=True, shows="change") for at in range(len(heads)))
    panels = [context.panel(name)] if shown else []
    for other in beside:
        if isinstance(other, str):
            panels.append(context.panel(other))
        else:
            panels.append(context.panel(other[0]).only(other[1:], context.transposed))
    boxes = replace(asked, cells=tuple(cells), heads=tuple(heads))
    return (Strip(tuple(panels), ("",) * (len(panels) - 1)), boxes) if panels else (boxes,)


@call
def at_most(context: Context, name: str, i: int, j: int, brings_about: str) -> str:
    """The largest whole number of one digit that brings a condition about in the place of a step's number, as the key
    of a construction says it; "" where there is none.
    """
    tape = context.tape
    test, place = condition(brings_about, tape.steps, name), Ref(name, (i, j))
    refs = tuple(dict.fromkeys((*test.refs, place)))

    def text_of(*numbers: Any) -> str:
        tried = trial(test, name, dict(zip(refs, numbers, strict=True)).__getitem__)
        return next((value_text(n) for n in range(9, -10, -1) if tried(Change(i, j, Fraction(n)))), "")

    return written(text_of, *map(tape.value, refs))


@call
def choose(context: Context, name: str, i: int = -1) -> Block:
    """The vocabulary, from which to choose the word that row i of a step stands for; by default, the last row."""
    if not context.vocabulary:
        raise SheetError("there is no vocabulary to choose a word from")
    return Choice(name, context.vocabulary, int(context.tape.values(name)[i][0]))


# values for the text


@call
def totals(context: Context, name: str, mistake: str = "") -> str:
    """The sum of each row of a step, on one line: "7, 3, 1". mistake: the mistake in the run that is summed."""
    return ", ".join(map(_in_words, sums(_wrong(context, mistake), name))).replace(" ", "\u00a0")


class _Sums(list[Any]):
    """Numbers that are compared all at once: of copies of a page, only the answer has to be the same."""

    def __eq__(self, other: object) -> bool:
        return isinstance(other, list) and same((self,), (other,))


@call
def sums(context: Context, name: str) -> list[Any]:
    """The sum of each row of a step, of the numbers as printed."""
    return _Sums(_sum(context, row) for row in context.tape.values(name))


@call
def total(context: Context, name: str, row: int | None = None) -> str:
    """The sum of all numbers of a step, or of one of its rows, as printed."""
    rows = context.tape.values(name)
    return _in_words(_sum(context, chain(*rows) if row is None else rows[row]))


def _in_words(value: Any) -> str:
    """A value as a part of a sentence: with letters, it is a formula."""
    text = value_text(value)
    return f"${text}$" if re.search("[a-z]", text) else text


def _sum(context: Context, numbers: Iterable[Any]) -> Any:
    domain = context.tape.domain
    return domain.settle(Sum(tuple(Num(domain.as_given(x)) for x in numbers)), lambda ref: None)


@call
def alike(context: Context, name: str, i: int, k: int) -> str:
    """How alike two rows of a step are: their numbers multiplied pair by pair, and added."""
    rows, domain = context.tape.values(name), context.tape.domain
    pairs = zip(rows[i], rows[k], strict=True)
    products = (Mul(Num(domain.as_given(x)), Num(domain.as_given(y))) for x, y in pairs)
    return value_text(domain.settle(Sum(tuple(products)), lambda ref: None))


@call
def value(context: Context, name: str, i: int, j: int, mistake: str = "") -> str:
    """One number of a step as text, i and j from 0. mistake: the mistake in the run that it is read from."""
    return value_text(number(context, name, i, j, mistake))


@call
def text(context: Context, computed: Any) -> str:
    """A number that the sheet has computed, as text: in a class, that of each copy."""
    return value_text(computed)


@call
def rows_added(context: Context, name: str, i: int, other: str, j: int) -> str:
    """The sum of row i of a step and row j of another one, as text: 1, −2."""
    numbers = zip(context.tape.values(name)[i], context.tape.values(other)[j], strict=True)
    return ", ".join(value_text(one + more) for one, more in numbers)


@call
def formula(context: Context, name: str, dot: bool = False) -> AsIs:
    """What a step is computed as, for prose, in LaTeX: X W_Q, or W_Q X where tokens are columns; or X · W_Q."""
    return AsIs(context.formula(name, dot))


@call
def slot(context: Context, text: str) -> str:
    """A text that other runs of the sheet have otherwise, in as many words. It has no formula."""
    return word_in_slot(context.tape.domain, text)


@call
def number(context: Context, name: str, i: int, j: int, mistake: str = "") -> Any:
    """One number of a step, to compute with or to compare. mistake: the mistake in the run that it is read from."""
    return _wrong(context, mistake).tape.values(name)[i][j]


@call
def smallest(context: Context, name: str, mistake: str = "") -> Any:
    """The smallest number of a step, to compare. mistake: the mistake in the run that it is read from."""
    return reduce(lambda one, other: each(min, one, other), chain(*_wrong(context, mistake).tape.values(name)))


@call
def largest(context: Context, name: str, row: int | None = None) -> Any:
    """The largest number of a step, or of one of its rows, to compare or to compute with."""
    rows = context.tape.values(name)
    return reduce(lambda one, other: each(max, one, other), chain(*rows) if row is None else rows[row])


@call
def ranked(context: Context, name: str, i: int, k: int) -> Any:
    """The number of a row of a step that comes after k others, the smallest first."""
    return each(lambda *row: sorted(row)[k], *context.tape.values(name)[i])


def _wrong(context: Context, mistake: str) -> Context:
    """The context of the run with a mistake; without one, the same context."""
    return context.mistaken(mistake) if mistake else context


@call
def word(context: Context, name: str, i: int = -1, j: int = 0) -> str:
    """The word of the vocabulary that a number of a step stands for."""
    return _word(context, name, i, j)


def _word(context: Context, name: str, i: int, j: int) -> str:
    words = context.vocabulary
    return written(lambda number: words[int(number)], context.tape.values(name)[i][j])


@call
def most(context: Context, name: str, i: int = -1, in_size: bool = False) -> str:
    """The word at the largest number of a row of a step, such as the one that a token looks at most; by default, of
    the last row. in_size: at the number that is furthest from 0.

    It stands between quotation marks. If several are as large, each of their words does: the “and” closes one pair
    and opens another.
    """
    words = replace(context, orientation="rows").panel(name).cols

    def text_of(*row: Any) -> str:
        sizes = [*map(abs, row)] if in_size else row
        largest = (word for word, x in zip(words, sizes, strict=True) if x == max(sizes))
        return reduce(lambda one, other: context.messages.say("words.and_quoted", one=one, other=other), largest)

    return written(text_of, *context.tape.values(name)[i])


@call
def second(context: Context, name: str, i: int = -1) -> str:
    """The word at the second largest number of a row of a step, by default of the last row; of several, the first."""
    words = replace(context, orientation="rows").panel(name).cols

    def text_of(*row: Any) -> str:
        return words[sorted(range(len(row)), key=lambda place: row[place], reverse=True)[1]]

    return written(text_of, *context.tape.values(name)[i])


@call
def times(context: Context, name: str, other: str) -> str:
    """How many numbers in the first column of a step are the place, from 0, of the largest number in the first row of
    another step: how often the likeliest word was drawn.
    """
    row = context.tape.values(other)[0]

    def text_of(*numbers: Any) -> str:
        favourite = max(range(len(row)), key=lambda place: numbers[place])
        return str(sum(bool(x == favourite) for x in numbers[len(row) :]))

    return written(text_of, *row, *(x for x, *_ in context.tape.values(name)))


@call
def places(context: Context, name: str, i: int = -1) -> list[int]:
    """The places in a row of a step, from 0: of the numbers that are not 0, then of the others. By default, the last
    row.
    """
    row = context.tape.values(name)[i]
    return sorted(range(len(row)), key=lambda place: bool(row[place] == 0))


@call
def furthest(context: Context, name: str) -> list[Any]:
    """Where the number of a step that is furthest from 0 stands, by the labels of its row and its column, and that
    number, to compute with.
    """
    panel = replace(context, orientation="rows").panel(name)
    labels = [*product(panel.rows, panel.cols)]

    def place(row: Sequence[Any]) -> int:
        return max(range(len(row)), key=lambda k: abs(row[k]))

    values = [*chain(*context.tape.values(name))]
    row, column = (written(lambda *x, side=side: labels[place(x)][side], *values) for side in (0, 1))
    return [row, column, each(lambda *x: x[place(x)], *values)]


@call
def sought(context: Context, name: str, i: int) -> str:
    """The labels of the positive numbers in a row of a step, joined by "and": what a query asks for."""
    labels = replace(context, orientation="rows").panel(name).cols

    def text_of(*row: Any) -> str:
        positive = [label for label, x in zip(labels, row, strict=True) if x > 0] or ["—"]
        return reduce(lambda one, other: context.messages.say("words.and", one=one, other=other), positive)

    return written(text_of, *context.tape.values(name)[i])


@call
def positive(context: Context, name: str, i: int, also: int | None = None) -> str:
    """How many numbers in a row of a step are positive: how many neurons answer a token. also: a row that is positive
    in these places, too.
    """
    rows = context.tape.values(name)
    row, other = rows[i], rows[i if also is None else also]

    def text_of(*x: Any) -> str:
        return str(sum(bool(min(both) > 0) for both in zip(x[: len(row)], x[len(row) :], strict=True)))

    return written(text_of, *row, *other)


@call
def equal(context: Context, name: str, other: str) -> bool:
    """Whether two steps have the same numbers."""
    return same(context.tape.values(name), context.tape.values(other))


@call
def changed(context: Context, mistake: str, name: str) -> bool:
    """Whether a mistake changes a step."""
    return not same(context.mistaken(mistake).tape.values(name), context.tape.values(name))


@call
def reaching(context: Context, name: str, limit: str) -> Any:
    """How many entries of a step's first row, the largest first, it takes to reach the number of another step."""

    def needed(limit: Any, *entries: Any) -> int:
        reached = accumulate(sorted(entries, reverse=True))
        return 1 + sum(bool(x < limit) for x in reached)

    values = context.tape.values
    return each(needed, values(limit)[0][0], *values(name)[0])


@call
def last_bucket(context: Context, name: str) -> int:
    """The distance from which all share the last of T5's position biases. name: the step that holds these."""
    buckets, furthest = len(context.tape.values(name)[0]), context.config.relative_attention_max_distance
    return next(steps for steps in range(furthest + 1) if bucket_of(steps, buckets, furthest) == buckets - 1)


@call
def masked(context: Context, name: str) -> int:
    """How many cells of a step hold −∞."""
    return sum(x == NEG_INF for row in context.tape.values(name) for x in row)


@call
def letters(context: Context, name: str, row: int | None = None) -> list[str]:
    """The letters of a step, or of one of its rows."""
    rows = context.tape.values(name) if row is None else context.tape.values(name)[row : row + 1]
    return sorted({str(letter) for x in chain(*rows) for letter in getattr(x, "free_symbols", ())})


@call
def letter(context: Context, name: str) -> str:
    """The only letter of a step.

    Raises: SheetError where it has none, or several.
    """
    held = letters(context, name)
    if len(held) != 1:
        raise SheetError(f"{name} holds {_listed(held)}; this sheet needs one letter there, or numbers alone")
    return held[0]


@call
def tie(context: Context, name: str, i: int, j: int, k: int) -> str:
    """The value of the letter for which two entries of a row are equal: "a = 3/2".

    Raises: SheetError where the entries hold several letters, or several values make them equal.
    """
    symbol, _, value = _tied(context, name, i, j, k)
    return f"${symbol} = {value_text(value)}$"


@call
def tie_at(context: Context, name: str, i: int, j: int, k: int) -> int | None:
    """The whole number c where entry j of a row less entry k is a letter less c; None where it is anything else.

    Raises: as `tie`.
    """
    _, rate, value = _tied(context, name, i, j, k)
    return int(value) if rate == 1 and value.is_integer else None


def _tied(context: Context, name: str, i: int, j: int, k: int) -> tuple[Any, Any, Any]:
    """The only letter in the difference of two entries of a row, its factor, and the value that makes them equal.

    Raises: as `tie`.
    """
    import sympy

    row = context.tape.values(name)[i]
    difference = sympy.sympify(row[j] - row[k])
    letters = sorted(difference.free_symbols, key=str)
    where = f"{name}, row {i + 1}: whether entries {j + 1} and {k + 1} are equal"
    if len(letters) != 1:
        raise SheetError(f"{where} depends on {_listed(map(str, letters))}; this sheet needs one letter there")
    line = sympy.Poly(difference, letters[0]) if difference.is_polynomial(letters[0]) else None
    if line is None or line.degree() != 1:
        raise SheetError(f"{where} is no linear equation for {letters[0]}; give other numbers or letters")
    rate, rest = line.all_coeffs()
    return letters[0], rate, -rest / rate


def _listed(letters: Iterable[str]) -> str:
    return ", ".join(letters) or "no letter"
