"""What each operation does to whole matrices, in plain Python: RULES has one line for each operation.

A matrix is a list of rows. A rule is given n, the number system (exact, or of sixty digits), the matrices that the
operation reads, and its parameters as they stand in run.json. PICKS has what a model picks by numbers.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from fractions import Fraction
from functools import reduce
from itertools import accumulate
from operator import add, mul, sub
from typing import Any

from byhand.witness.numbers import NEG_INF, Numbers, quotient

Row = Sequence[Any]
Rows = Sequence[Row]
Rule = Callable[..., Rows]
Join = Callable[[Any, Any], Any]


def _columns(a: Rows) -> Rows:
    """The transpose."""
    return list(zip(*a, strict=True))


def _dot(x: Row, y: Row) -> Any:
    """The dot product of two rows."""
    return sum(map(mul, x, y))


def _product(a: Rows, b: Rows) -> Rows:
    """a bᵀ. Rows are multiplied as whole numbers over one denominator, which takes half of the time."""
    columns = [_over_one(y) for y in b]
    return [[_over(_dot(x, y), p * q) for y, q in columns] for x, p in map(_over_one, a)]


def _over_one(row: Row) -> tuple[Row, int]:
    """Fractions as whole numbers and their common denominator; any other row as it is, over 1."""
    kinds = {*map(type, row)}
    if Fraction not in kinds or not kinds <= {int, Fraction}:
        return row, 1
    over = math.lcm(*(x.denominator for x in row))
    return [x.numerator * (over // x.denominator) for x in row], over


def _over(x: Any, denominator: int) -> Any:
    return x if denominator == 1 else quotient(x, denominator)


def _each(a: Rows, change: Callable[[Any], Any]) -> Rows:
    """A function of every entry."""
    return [[change(x) for x in row] for row in a]


def _pairs(join: Join, a: Rows, b: Rows) -> Rows:
    """A function of two matrices, entry by entry."""
    return [[join(x, y) for x, y in zip(p, q, strict=True)] for p, q in zip(a, b, strict=True)]


def _by_row(join: Join, a: Rows, b: Rows) -> Rows:
    """A function of every entry and its row's number: b is a column."""
    return [[join(x, y) for x in row] for row, (y,) in zip(a, b, strict=True)]


def _by_column(join: Join, a: Rows, b: Rows) -> Rows:
    """A function of every entry and its column's number: b is a row."""
    return [[join(x, y) for x, y in zip(row, b[0], strict=True)] for row in a]


def _of_rows(a: Rows, value: Callable[[Row], Any]) -> Rows:
    """A function of each row, as a column."""
    return [[value(row)] for row in a]


def _of_columns(a: Rows, value: Callable[[Row], Any]) -> Rows:
    """A function of each column, as a row."""
    return [[value(column) for column in _columns(a)]]


def _mean(n: Numbers) -> Callable[[Row], Any]:
    return lambda x: n.over(sum(x), len(x))


def _mean_square(n: Numbers, less: int = 0) -> Callable[[Row], Any]:
    return lambda x: n.over(_dot(x, x), len(x) - less)


def _until_now(n: Numbers, a: Rows, later: Any, past: int = 0) -> Rows:
    """The lower triangle, with `later` in every place above the diagonal, which begins after the past."""
    return [[x if j <= i + past else n.num(later) for j, x in enumerate(row)] for i, row in enumerate(a)]


def _slide(x: Rows, kernel: Rows) -> Rows:
    """The cross-correlation of a kernel with the rows that it lies on, from each position on, as a column."""
    starts = range(len(x) - len(kernel) + 1)
    return [[sum(_dot(x[i + w], row) for w, row in enumerate(kernel))] for i in starts]


def _slide_along(x: Rows, kernel: Row) -> Rows:
    """The same of each row: the dot product of a kernel with each stretch of the row that is as long."""
    stops = range(len(x[0]) - len(kernel) + 1)
    return [[_dot(row[at : at + len(kernel)], kernel) for at in stops] for row in x]


def _normal(n: Numbers, x: Any) -> Any:
    """x Φ(x), Φ being the normal distribution function."""
    return x and n.num(Fraction(1, 2)) * x * n.complementary_error_function(n.over(-x, n.root(2)))


def _normal_slope(n: Numbers, x: Any) -> Any:
    """Φ(x) + x φ(x), φ being the density of the normal distribution; Φ by erf, as PyTorch computes it in floats."""
    below = 1 + n.error_function(n.over(x, n.root(2)))
    density = n.over(n.power("e", n.over(-x * x, 2)), n.root(2 * n.half_turn()))
    return n.over(below, 2) + x * density


def _waves(
    n: Numbers, shape: Sequence[int], width: int, base: int = 10000, periods: Sequence[Any] = (), places: int = 0
) -> Rows:
    """Sines in even dimensions and cosines in odd ones: of t / period turns, rounded to places unless these are 0, or
    of the angle t / base^(2k/width).
    """

    def at(t: int, k: int, shifted: int) -> Any:
        if periods:
            turned = Fraction(t) / Fraction(periods[k]) + Fraction(shifted, 4)
            if places and 4 * turned % 1:
                return n.num(Fraction(f"{math.sin(2 * math.pi * turned):.{places}f}"))
            return n.sine_of_turns(turned)
        angle = n.over(t, n.power(base, Fraction(2 * k, width))) if t else t
        return n.cosine(angle) if shifted else n.sine(angle)

    return [[at(t, *divmod(j, 2)) for j in range(shape[1])] for t in range(shape[0])]


def _turned_pairs(
    n: Numbers, a: Rows, width: int, base: Any = 10000, periods: Sequence[Any] = (), adjacent: bool = False,
    start: int = 0, back: bool = False,
) -> Rows:  # fmt: skip
    """Each row t with its pairs (x, y) as complex numbers x + iy, times e^(iωt), or with back times e^(−iωt); what is
    beyond the width stays.

    start: t of the first row.
    """
    half = width // 2
    pairs = [(2 * k, 2 * k + 1) if adjacent else (k, k + half) for k in range(half)]
    rows = [list(row) for row in a]
    for t, row in enumerate(rows, start):
        for k, (p, q) in enumerate(pairs):
            if periods:
                share = Fraction(t) / Fraction(periods[k])
                real, imaginary = n.sine_of_turns(share + Fraction(1, 4)), n.sine_of_turns(share)
            else:
                angle = n.over(t, n.power(Fraction(base), Fraction(2 * k, width))) if t else t
                real, imaginary = n.cosine(angle), n.sine(angle)
            imaginary = -imaginary if back else imaginary
            row[p], row[q] = row[p] * real - row[q] * imaginary, row[q] * real + row[p] * imaginary
    return rows


def _bucket(distance: int, buckets: int, furthest: int) -> int:
    """The bucket of a distance of 0 or more: one for each in the first half; then as many as the borders reached,
    which grow by a factor up to the furthest distance.
    """
    alone = buckets // 2
    if distance < alone:
        return distance
    factor = (furthest / alone) ** (1 / (buckets - alone))
    borders = [alone * factor**k for k in range(1, buckets - alone)]
    return alone + len([border for border in borders if border <= distance * (1 + 1e-9)])


def _biases(
    n: Numbers, table: Rows, shape: Sequence[int], buckets: int, furthest: int, both_ways: bool = False
) -> Rows:
    """The biases of T5 for every pair of positions; with both_ways, later ones have the second half of the table."""
    if not both_ways:
        return [
            [table[0][_bucket(max(i - j, 0), buckets, furthest)] for j in range(shape[1])] for i in range(shape[0])
        ]
    half = buckets // 2
    return [
        [table[0][_bucket(abs(i - j), half, furthest) + half * (j > i)] for j in range(shape[1])]
        for i in range(shape[0])
    ]


def _at_distances(n: Numbers, a: Rows, start: int, cols: int, clipped: bool = True) -> Rows:
    """The sums of a row's numbers that belong to one distance; with clipped, ends have what is beyond them, too."""
    sums = [[n.num(0)] * cols for _ in a]
    for i, row in enumerate(a):
        for j, x in enumerate(row):
            place = start + j - i
            if clipped or 0 <= place < cols:
                at = sorted((0, place, cols - 1))[1]
                sums[i][at] = sums[i][at] + x
    return sums


def _in_buckets(n: Numbers, a: Rows, buckets: int, furthest: int, both_ways: bool = False) -> Rows:
    """The sums of all numbers whose two positions share a bucket of T5."""
    numbers = [[n.num(k) for k in range(buckets)]]
    of = _biases(n, numbers, (len(a), len(a[0])), buckets, furthest, both_ways)
    pairs = [(x, bucket) for row, places in zip(a, of, strict=True) for x, bucket in zip(row, places, strict=True)]
    return [[sum((x for x, bucket in pairs if bucket == k), n.num(0)) for k in numbers[0]]]


def _pairs_of(pattern: str, width: int, rows: int, cols: int) -> set[tuple[int, int]]:
    """The pairs of a token that asks and one that it sees by a pattern."""
    pairs = {(i, j) for i in range(rows) for j in range(cols)}
    band = {(i, j) for i, j in pairs if i - width < j < i + width}
    comb = {(i, j) for i, j in pairs if (i - j) % width == 0}
    edges = {(i, j) for i, j in pairs if i == 0 or j == 0}
    return {"all": pairs, "window": band, "strided": band | comb, "dilated": comb, "global": band | edges}[pattern]


def _seen(n: Numbers, a: Rows, pattern: str, width: int, first: int = 0) -> Rows:
    """The scores with −∞ in every place but those of a pattern; the rows are those of the tokens from `first` on."""
    seen = _pairs_of(pattern, width, first + len(a), len(a[0]))
    return [[x if (i, j) in seen else n.num(NEG_INF) for j, x in enumerate(row)] for i, row in enumerate(a, first)]


def _within_span(n: Numbers, back: Rows, span: Rows, ramp: Rows) -> Rows:
    """The soft mask of Sukhbaatar et al. 2019, equation 8: (R + z − d) ÷ R, cut off at 0 and at 1, where its slope is
    0.
    """
    ((z,),), ((r,),) = span, ramp
    return _each(back, lambda d: min(n.num(1), max(n.num(0), n.over(r + z - d, r))))


def _met(
    n: Numbers, a: Rows, asks: Rows, answers: Rows, causal: bool = False, itself: bool = False, first: int = 0
) -> Rows:
    """The scores with −∞ where buckets differ; and on the diagonal, if there is another one to see and tokens do not
    always see themselves, too.
    """
    kept = [
        [x if mine == other else n.num(NEG_INF) for x, (other,) in zip(row, answers, strict=True)]
        for row, (mine,) in zip(a, asks, strict=True)
    ]
    for place, (row, (mine,)) in enumerate(zip(kept, asks, strict=True), first):
        seen = [bucket for k, (bucket,) in enumerate(answers) if k < place or (k > place and not causal)]
        row[place] = n.num(NEG_INF) if mine in seen and not itself else a[place - first][place]
    return kept


def _largest(n: Numbers, row: Row, count: Any) -> Row:
    """A row with 0 in place of all but its largest entries, of equal ones the first."""
    kept = [j for rank, j in enumerate(_from_largest(row)) if rank < count]
    return [x if j in kept else n.num(0) for j, x in enumerate(row)]


def _likeliest(n: Numbers, row: Row, share: Any) -> Row:
    """A row with 0 in place of all but its largest entries, as few as have this sum or a larger one."""
    kept, total = set(), n.num(0)
    for j in _from_largest(row):
        if not total < share:
            break
        kept.add(j)
        total = total + row[j]
    return [x if j in kept else n.num(0) for j, x in enumerate(row)]


def _from_largest(row: Row) -> list[int]:
    """The places of a row's entries, from the largest to the smallest, of equal ones the first."""
    return sorted(range(len(row)), key=lambda j: row[j], reverse=True)  # a stable order


def _places_of_top(a: Rows, count: int, after: int = 0) -> list[tuple[int, int]]:
    """The rows and columns of the largest entries of a whole matrix, from the largest on, of equal ones the first.

    after: how many larger ones are passed over.
    """
    flat = _from_largest([x for row in a for x in row])
    return [divmod(k, len(a[0])) for k in flat[after : after + count]]


def _until_full(n: Numbers, row: Row) -> Row:
    """Portions poured into a measure that holds 1: each as it is, but no more than fits; the last fills it up."""
    poured, room = [], n.num(1)
    for x in row[:-1]:
        poured.append(x if room > x else room)
        room = room - poured[-1]
    return [*poured, room]


def _pondered(n: Numbers, row: Row) -> Any:
    """How many passes have a weight, and the weight of the last of them."""
    passes = [x for x in row if x > 0]
    return len(passes) + passes[-1] if passes else n.num(0)


RULES: dict[str, Rule] = {
    # products
    "matmul": lambda n, a, b: _product(a, _columns(b)),
    "dot_rows": lambda n, a, b: _product(a, b),
    "dot_columns": lambda n, a, b: _product(_columns(a), _columns(b)),
    "affine": lambda n, a, b, bias: _by_column(add, _product(a, _columns(b)), bias),
    "affine_rows": lambda n, a, b, bias: _by_column(add, _product(a, b), bias),
    "squared_distances": lambda n, a, b: [[sum(d * d for d in map(sub, x, y)) for y in b] for x in a],
    "row_dots": lambda n, a, b: [[_dot(x, y)] for x, y in zip(a, b, strict=True)],
    "slide": lambda n, x, kernel: _slide(x, kernel),
    "slide_along": lambda n, x, kernel: _slide_along(x, kernel[0]),
    # sums and differences
    "add": lambda n, a, b: _pairs(add, a, b),
    "add_all": lambda n, *matrices: reduce(lambda a, b: _pairs(add, a, b), matrices),
    "subtract": lambda n, a, b: _pairs(sub, a, b),
    "shift": lambda n, a, bias: _by_column(add, a, bias),
    "plus_number": lambda n, a, by: _each(a, lambda x: x + by),
    "row_sum": lambda n, a: _of_rows(a, sum),
    "column_sum": lambda n, a: _of_columns(a, sum),
    "center": lambda n, a, means: _by_row(sub, a, means),
    "center_all": lambda n, a, mean: _each(a, lambda x: x - mean[0][0]),
    "center_columns": lambda n, a, means: _by_column(sub, a, means),
    # factors and quotients
    "multiply": lambda n, *matrices, times=1: _each(
        reduce(lambda a, b: _pairs(mul, a, b), matrices), lambda x: x * times
    ),
    "times_number": lambda n, a, by: _each(a, lambda x: x * n.num(Fraction(by))),
    "scale_rows": lambda n, a, factors: _by_row(mul, a, factors),
    "quotient": lambda n, a, b: _pairs(n.over, a, b),
    "percent": lambda n, a, b: _pairs(lambda x, y: n.over(100 * x, y), a, b),
    "divide_by": lambda n, a, of: _each(a, lambda x: n.over(x, of)),
    "divide_by_root": lambda n, a, of: _each(a, lambda x: n.over(x, n.root(Fraction(of)))),
    "divided_by_each": lambda n, a, divisors: [[n.over(x, y) for x in a[0]] for (y,) in divisors],
    "normalize_rows": lambda n, a, sums: _by_row(n.over, a, sums),
    "normalize_columns": lambda n, a, sums: _by_column(n.over, a, sums),
    "standardize": lambda n, a, scale: _by_row(n.over, a, scale),
    "standardize_all": lambda n, a, scale: _each(a, lambda x: n.over(x, scale[0][0])),
    "scale_and_shift": lambda n, a, w, b: _by_column(add, _by_column(mul, a, w), b),
    "blend": lambda n, a, b, keep, take: _pairs(
        lambda x, y: x * n.num(Fraction(keep)) + y * n.num(Fraction(take)), a, b
    ),
    "unit_rows": lambda n, a: [[n.over(x, n.root(_dot(row, row))) for x in row] for row in a],
    # means
    "row_mean": lambda n, a: _of_rows(a, _mean(n)),
    "column_mean": lambda n, a: _of_columns(a, _mean(n)),
    "mean_square": lambda n, a: _of_rows(a, _mean_square(n)),
    "column_mean_square": lambda n, a: _of_columns(a, _mean_square(n)),
    "sample_variance": lambda n, a: _of_rows(a, _mean_square(n, less=1)),
    # what moves numbers
    "copy": lambda n, a: a,
    "hstack": lambda n, *matrices: [[x for row in rows for x in row] for rows in zip(*matrices, strict=True)],
    "vstack": lambda n, *matrices: [row for rows in matrices for row in rows],
    "gather_rows": lambda n, table, rows: [table[i] for i in rows],
    "gather_entries": lambda n, a, cols: [[row[j]] for row, j in zip(a, cols, strict=True)],
    "keep_entries": lambda n, a, kept: [
        [x if stays else n.num(0) for x, stays in zip(*rows, strict=True)] for rows in zip(a, kept, strict=True)
    ],
    "keep_largest": lambda n, a, count: [_largest(n, row, count) for row in a],
    "share_rows": lambda n, a, shares, which: [
        [x * share[which] for x in row] for row, share in zip(a, shares, strict=True)
    ],
    "column_as_row": lambda n, a, which: [_columns(a)[which]],
    "mask_future": lambda n, a, past=0: _until_now(n, a, NEG_INF, past),
    "mask_pattern": _seen,
    "may_see": lambda n, shape, pattern, width: [
        [n.num(int(j <= i and (i, j) in _pairs_of(pattern, width, *shape))) for j in range(shape[1])]
        for i in range(shape[0])
    ],
    "heard_of": lambda n, a, b: [[max(map(mul, row, col)) for col in _columns(b)] for row in a],
    "soft_span": _within_span,
    "mask_buckets": _met,
    "zero_future": lambda n, a, past=0: _until_now(n, a, 0, past),
    "one_hot": lambda n, shape, rows: [[n.num(int(j == one)) for j in range(shape[1])] for one in rows],
    "running_sum": lambda n, a: [list(accumulate(row)) for row in a],
    "stretch_of": lambda n, ends, throws: [
        [next(k for k, end in enumerate(ends[0]) if not end < min(throw, max(ends[0])))] for (throw,) in throws
    ],
    "row_argmax": lambda n, a: _of_rows(a, lambda row: list(row).index(max(row))),
    "row_max": lambda n, a: _of_rows(a, max),
    "max_so_far": lambda n, a, before: [[max(*row, *x)] for row, x in zip(a, before, strict=True)],
    "largest_entry": lambda n, a: [[max(max(row) for row in a)]],
    # gradients
    "descend": lambda n, a, g, rate: _pairs(lambda x, y: x - rate[0][0] * y, a, g),
    "sign": lambda n, a: _each(a, lambda x: n.num((x > 0) - (x < 0))),
    "gate": lambda n, g, a: _pairs(lambda x, y: x if y > 0 else n.num(0), g, a),
    "gelu_slope": lambda n, a: _each(a, lambda x: _normal_slope(n, x)),
    "softmax_backward": lambda n, shares, g, dots: _pairs(mul, shares, _by_row(sub, g, dots)),
    "norm_backward": lambda n, g, means, normal, along, scale: _by_row(
        n.over, _pairs(sub, _by_row(sub, g, means), _by_row(mul, normal, along)), scale
    ),
    "rms_backward": lambda n, g, normal, along, scale: _by_row(
        n.over, _pairs(sub, g, _by_row(mul, normal, along)), scale
    ),
    "mean_product": lambda n, a, b, less=0: [[n.over(_dot(x, y), len(x) - less)] for x, y in zip(a, b, strict=True)],
    "scale_columns": lambda n, a, factors: _by_column(mul, a, factors),
    "column_dots": lambda n, a, b: [[_dot(x, y) for x, y in zip(_columns(a), _columns(b), strict=True)]],
    "part": lambda n, a, first, shape: [row[first : first + shape[1]] for row in a],
    "add_rows": lambda n, a, rows, shape: [
        [
            sum(column)
            for column in zip([n.num(0)] * shape[1], *(a[k] for k, r in enumerate(rows) if r == i), strict=True)
        ]
        for i in range(shape[0])
    ],
    "to_largest": lambda n, a, g: [
        [x if j == list(row).index(max(row)) else n.num(0) for j in range(len(row))]
        for row, (x,) in zip(a, g, strict=True)
    ],
    "keep_where_largest": lambda n, g, a, count: [
        [x if j in _from_largest(row)[:count] else n.num(0) for j, x in enumerate(xs)]
        for xs, row in zip(g, a, strict=True)
    ],
    "add_by_distance": _at_distances,
    "add_by_bucket": _in_buckets,
    # functions
    "power_of": lambda n, a, base=2: _each(a, lambda x: n.power(base, x)),
    "surprisal": lambda n, a, base=2: _each(a, lambda x: -n.logarithm(x, base)),
    "root": lambda n, a, eps=0: _each(a, lambda x: n.root(x + n.num(Fraction(eps)))),
    "relu": lambda n, a: _each(a, lambda x: x if x > 0 else n.num(0)),
    "gelu": lambda n, a: _each(a, lambda x: _normal(n, x)),
    "swish": lambda n, a, base="e": _each(a, lambda x: n.over(x, 1 + n.power(base, -x))),
    "sigmoid": lambda n, a, base="e": _each(a, lambda x: n.over(1, 1 + n.power(base, -x))),
    "halting_weights": lambda n, a: [_until_full(n, row) for row in a],
    "ponder_cost": lambda n, a: _of_rows(a, lambda row: _pondered(n, row)),
    "elu_plus_one": lambda n, a, base="e": _each(a, lambda x: x + 1 if x > 0 else n.power(base, x)),
    "sinusoid": _waves,
    "rotate": _turned_pairs,
    "falling": lambda n, shape, slope: [
        [n.num(min(i - j, j - i) * Fraction(slope)) for j in range(shape[1])] for i in range(shape[0])
    ],
    "pick_by_distance": lambda n, a, shape, start: [
        [row[sorted((0, start - i + j, len(row) - 1))[1]] for j in range(shape[1])] for i, row in enumerate(a)
    ],
    "bucket_biases": _biases,
    "turns": lambda n, shape, periods: [
        [n.num(Fraction(t) / Fraction(period)) for period in periods] for t in range(shape[0])
    ],
}

# What a model picks by numbers of the run, and records as the parameters of an operation
PICKS: dict[str, Rule] = {
    "keep_k": lambda n, a, limit: [_largest(n, row, limit[0][0]) for row in a],
    "keep_p": lambda n, a, limit: [_likeliest(n, row, limit[0][0]) for row in a],
    "keep_top": lambda n, a, count: [
        [x if (i, j) in _places_of_top(a, count) else n.num(0) for j, x in enumerate(row)] for i, row in enumerate(a)
    ],
    "top": lambda n, a, count, after=0: [[a[i][j]] for i, j in _places_of_top(a, count, after)],
    "rows_of_top": lambda n, table, a, count, after=0, axis=0: [
        table[place[axis]] for place in _places_of_top(a, count, after)
    ],
}
