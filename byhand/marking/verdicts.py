"""The verdict on each blank: right, right from the student's own numbers, wrong, missing or unreadable.

These are certain: no verdict depends on a guess at what a student thought.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from fractions import Fraction
from functools import cached_property, partial
from typing import Any

from msgspec import Struct, field
from msgspec.structs import replace

from byhand.arithmetic.decimals import Decimals
from byhand.arithmetic.domain import is_neg_inf
from byhand.arithmetic.expr import Fn, Num, Ref, refs
from byhand.marking.marks import Verdict
from byhand.marking.reckoning import Exact, Reckoning, Rounded, reckoning, shown
from byhand.marking.rules import Rules
from byhand.marking.spans import Span, behind, span_of
from byhand.notation.typed import MISSING, SIGNIFICANT, UNREADABLE, Form, Reading
from byhand.page.reader import ALL, Detour, Paper, place_of
from byhand.tape import Place
from byhand.worksheet.document import Blank

LEAST_PRECISE = 10 ** (SIGNIFICANT - 1)  # units of its last place in a decimal of so many significant digits
NOT_FOLLOWING = "does not follow from what stands before"
_YES, _NO = frozenset({"yes", "y", "true", "ja"}), frozenset({"no", "n", "false", "nein"})
_NONE = frozenset({"—", "-", "–", "none", "/"})
_SHAPE = re.compile(r"(\d{1,4}) ?[x×*·] ?(\d{1,4})")


class Judgement(Struct, frozen=True):
    """The verdict on a blank, and why."""

    blank: Blank
    answer: str
    reading: Reading
    """What the answer says."""
    verdict: Verdict
    value: Any
    """The number from which others are computed: the student's, or the key's where there is none."""
    form: Form = ""
    """As in a BlankMark, and so are note and source."""
    note: str = ""
    source: str = ""
    followed: Any = None
    """What follows from the student's own numbers; None where the rule has no value."""

    @property
    def stands(self) -> bool:
        """Whether the answer is right, or right from the student's own numbers."""
        return self.verdict in ("right", "followed")


class Numbers(dict[str, Any]):
    """By blank, the number that counts as the student's, which is found when it is asked for."""

    def __init__(self, judged: Judged) -> None:
        self.judged = judged

    def __missing__(self, name: str) -> Any:
        self[name] = self.judged.counts(name)
        return self[name]


class Judged(Struct, frozen=True, eq=False, dict=True):
    """One student's answers, judged."""

    rules: Rules
    reckoning: Reckoning
    answers: Mapping[str, str]
    """The texts by the ids of blanks; those that are left out are missing."""
    _judgements: dict[str, Judgement] = field(default_factory=dict)
    _readings: dict[str, Reading] = field(default_factory=dict)
    _keys: dict[str, bool] = field(default_factory=dict)

    @classmethod
    def of(cls, rules: Rules, answers: Mapping[str, str]) -> Judged:
        """A student's answers, judged by the rules of a sheet."""
        return cls(rules, reckoning(rules.run.domain, rules.letters), answers)

    @cached_property
    def all(self) -> Mapping[str, Judgement]:
        """The judgements, by blank, in the order of the page."""
        return {name: self.judgement(name) for name in self.rules.blanks}

    def judgement(self, name: str) -> Judgement:
        """The judgement on a blank."""
        if name not in self._judgements:
            self._judgements[name] = self._judged(self.rules.blanks[name])
        return self._judgements[name]

    # the student's numbers

    @cached_property
    def paper(self) -> Paper:
        """The student's numbers, from which others are computed."""
        return Paper(self.rules, Numbers(self), self._printed, self.reckoning.compute)

    def reading(self, blank: Blank) -> Reading:
        """What the answer in a blank says."""
        if blank.id not in self._readings:
            self._readings[blank.id] = self._read(blank, self.answers.get(blank.id, ""))
        return self._readings[blank.id]

    def _read(self, blank: Blank, text: str) -> Reading:
        if blank.role == "word":
            return self._word(text)
        if blank.role in ("text", "change"):
            return Reading("number", (text.strip(),)) if text.strip() else MISSING
        return self._nearest_first(blank, self.reckoning.read(self._without_factor(blank, text)))

    def _without_factor(self, blank: Blank, text: str) -> str:
        """What is written before a factor that the page prints beside the numbers: 3 in 3 · ln 2."""
        step = self.rules.run.steps.get(blank.cell.step)
        if step is None or not step.times.startswith("ln "):
            return text
        base = step.times.removeprefix("ln ")
        before = re.sub(rf"\s*(?:[*·×]|\\cdot)?\s*\\?ln\s*\(?\s*{base}\s*\)?\s*$", "", text)
        return f"{before}1" if before != text and before.strip() in ("", "-", "−") else before

    def _nearest_first(self, blank: Blank, reading: Reading) -> Reading:
        """Of the numbers that a text with a comma may say, the one nearest to the key comes first."""
        key = self.reckoning.real(self.key(blank)) if len(reading.values) > 1 else None
        if not isinstance(key, int | Fraction | Decimal):
            return reading
        return replace(reading, values=tuple(sorted(reading.values, key=lambda x: abs(x - Fraction(key)))))

    def _word(self, text: str) -> Reading:
        """The number of a word of the vocabulary, from the word or from its number, counted from 1. Its capitals
        matter only where another word differs in nothing else.
        """
        words, plain = self.rules.run.vocabulary, " ".join(text.split())
        if not plain or plain in ("?", "…", "..."):
            return MISSING
        for written, asked in ((words, plain), ([word.casefold() for word in words], plain.casefold())):
            if asked in written:
                return Reading("number", (Fraction(written.index(asked)),))
        if plain.isascii() and plain.isdecimal() and 0 < int(plain[:9]) <= len(words):
            return Reading("number", (Fraction(int(plain) - 1),))
        return UNREADABLE

    def key(self, blank: Blank) -> Any:
        """The exact number that the key has in a blank, a word's number, or a text."""
        if blank.role == "change":
            return self._solution(blank)
        if blank.cell.at is None:
            return blank.cell.value
        name, i, j = blank.cell.place
        return self.rules.run.values(name)[i][j]

    def key_text(self, blank: Blank) -> str:
        """What the page of the key shows in a blank."""
        if blank.role == "word":
            return self.word(self.key(blank))
        return shown(self.key(blank) if blank.cell.places is None else self._entry(blank))

    def _entry(self, blank: Blank) -> Any:
        """The number of an entry, rounded as the page prints it."""
        return Decimals(blank.cell.places or 0).settle(Num(Fraction(self.key(blank))), lambda ref: None)

    def _of_key(self, blank: Blank) -> Any:
        """The key's number as others are computed from it."""
        return self.reckoning.printed(self.key(blank))

    def _counted(self, blank: Blank) -> Any:
        """The student's number, or the key's where there is none that can be used."""
        reading = self.reading(blank)
        if reading.kind == "number" and reading.values[0] != math.inf:
            return self.reckoning.answer(reading.values[0])
        return self._of_key(blank)

    def _printed(self, section: int, at: Place) -> Any:
        """A printed number. A rounded one may also stand for the student's own, if that is the same to one unit."""
        name, i, j = at
        number = self.reckoning.printed(self.rules.run.values(name)[i][j])
        blank = self.rules.own_blank(section, at) if isinstance(self.reckoning, Rounded) else None
        if blank is None or not self.judgement(blank.id).stands:
            return number
        theirs: Span = self.judgement(blank.id).value
        near = abs(theirs.low - number.low) <= 1.001 * 10.0**-self.reckoning.places  # type: ignore[operator]
        return number.joined(self.paper.written[blank.id]) if near else number

    def counts(self, name: str) -> Any:
        """The number from which others are computed. A rounded one is the span of all that it may stand for."""
        judgement = self.judgement(name)
        value, blank = judgement.value, judgement.blank
        if isinstance(self.reckoning, Exact) and judgement.reading.form == "decimal":
            return self._stands_for(judgement)
        if not isinstance(value, Span) or judgement.verdict == "unreadable":
            return value
        span = None if judgement.verdict == "wrong" else self.paper.follows(blank)
        return behind(value, span, half_unit(self.reckoning.places))

    def _stands_for(self, judgement: Judgement) -> Any:
        """On a sheet of fractions: the number that a decimal is, or the span of all that it may be rounded from."""
        is_key = judgement.verdict == "right" and judgement.form != "rounded otherwise"
        exact = self.key(judgement.blank) if is_key else judgement.followed
        if judgement.verdict == "wrong" and is_precise(judgement.reading):
            exact = None
        elif not judgement.stands or exact is None or exact == judgement.value:
            return judgement.value
        span = None if exact is None else span_of(exact)
        return behind(span_of(judgement.value), span, half_unit(judgement.reading.places))

    def is_key(self, name: str) -> bool:
        """Whether the number that counts as the student's in a blank is the key's."""
        if name not in self._keys:
            verdict, form = self.judgement(name).verdict, self.judgement(name).form
            rounded = form in ("rounded", "rounded otherwise")
            self._keys[name] = verdict in ("missing", "unreadable") or (verdict == "right" and not rounded)
        return self._keys[name]

    # verdicts

    def _judged(self, blank: Blank) -> Judgement:
        reading, answer = self.reading(blank), self.answers.get(blank.id, "").strip()
        if blank.role == "text":
            return self._text(Judgement(blank, answer, reading, "wrong", answer))
        if blank.role == "change":
            return self._change(Judgement(blank, answer, reading, "wrong", answer))
        if reading.kind == "number" and blank.role not in ("word", "inverse"):
            return self._number(blank, answer, reading)
        judgement = Judgement(blank, answer, reading, "wrong", self._counted(blank))
        if reading.kind != "number":
            followed = self._word_that_follows(blank) if blank.role == "word" else self._followed(blank)
            return replace(judgement, verdict=reading.kind, followed=followed)
        return self._word_chosen(judgement) if blank.role == "word" else self._inverse(judgement)

    def _number(self, blank: Blank, answer: str, reading: Reading) -> Judgement:
        judgement = partial(Judgement, blank, answer, reading)
        key, followed = self.key(blank), self._followed(blank)
        if (meant := self._meant(blank, reading, key)) is not None:
            value = self._of_key(blank) if blank.cell.places is not None else self.reckoning.answer(meant)
            other = followed is not None and self._meant(blank, reading, followed) is None
            note = NOT_FOLLOWING if other else ""
            return judgement("right", value, form=reading.form, note=note, followed=followed)
        if (meant := self._rounded(reading, key)) is not None:
            form: Form = "rounded otherwise" if self._is_as_good(blank, reading, followed) else "rounded"
            return judgement("right", self.reckoning.answer(meant), form=form, followed=followed)
        for detour, value in self._what_follows(blank, followed):
            exactly = self._meant(blank, reading, value)
            meant = self._rounded(reading, value) if exactly is None else exactly
            if meant is None:
                continue
            number = self.reckoning.answer(meant)
            if not detour and isinstance(value, Span) and self._is_rounded_otherwise(blank):
                return judgement("right", number, form="rounded otherwise", followed=value)
            form = "rounded" if exactly is None and not is_precise(reading) else reading.form
            return judgement("followed", number, form=form, source="own" if detour else "", followed=value)
        return judgement("wrong", self._counted(blank), followed=followed)

    def _followed(self, blank: Blank) -> Any:
        """What follows from the student's own numbers; the key where these are the key's, and for an inverse."""
        is_key = blank.role == "inverse" or self.has_key_before(blank)
        return self._of_key(blank) if is_key else self.paper.follows(blank)

    def has_key_before(self, blank: Blank) -> bool:
        """Whether all numbers that a blank is computed from are the key's, exactly."""
        return self.reckoning.places is None and all(map(self.is_key, self.rules.reads(blank)))

    def _what_follows(self, blank: Blank, followed: Any) -> Iterator[tuple[Detour, Any]]:
        """What follows in a blank from what stands in front of the student; then, from their own numbers in place of
        all that is printed, and in place of each printed matrix alone.
        """
        yield "", followed
        for detour in self.detours(blank):
            yield detour, self.paper.follows(blank, detour)

    def detours(self, blank: Blank) -> Iterator[Detour]:
        """Whose printed numbers a student may have replaced by others of their own: ALL, or the name of a step."""
        rule, front = self.rules.rule(blank), set(self.rules.reads(blank))
        names = dict.fromkeys(place_of(ref)[0] for ref in refs(rule)) if rule is not None else ()
        for detour in (ALL, *names) if len(names) > 1 else (ALL,):
            others = set(self.rules.reads(blank, detour)) - front
            if not all(map(self.is_key, others)):
                yield detour

    def _is_as_good(self, blank: Blank, reading: Reading, followed: Any) -> bool:
        """Whether a rounded answer follows from numbers of the student's that leave no other way to write it."""
        is_rational = followed is None or isinstance(followed, int | Fraction)
        return not is_rational and is_precise(reading) and self._says(blank, reading, followed)

    def _is_rounded_otherwise(self, blank: Blank) -> bool:
        """Whether an answer that follows, and is not the key, can only differ from it by rounding on the way."""
        reads = (self.judgement(name).verdict for name in self.rules.reads(blank))
        return all(verdict in ("right", "missing", "unreadable") for verdict in reads)

    def says(self, judgement: Judgement, value: Any) -> bool:
        """Whether an answer is a value, or that value rounded."""
        return self._says(judgement.blank, judgement.reading, value)

    def _says(self, blank: Blank, reading: Reading, value: Any) -> bool:
        return self._meant(blank, reading, value) is not None or self._rounded(reading, value) is not None

    def _meant(self, blank: Blank, reading: Reading, value: Any) -> Any:
        """The number of an answer that is a value; None if none is."""
        if value is None:
            return None
        return next((x for x in reading.values if self._is(blank, x, value)), None)

    def _is(self, blank: Blank, x: Any, value: Any) -> bool:
        """Whether a number is a value, to half a unit of the places to which the page rounds an entry."""
        places = blank.cell.places
        ends = value if isinstance(value, Span) else (value, value)
        if places is None or isinstance(x, float) or any(map(is_neg_inf, ends)):
            return self.reckoning.equal(x, value)
        low, high = map(Fraction, ends)
        if value is self.key(blank):  # or what the page prints of it, from which a reader may go on
            printed = Fraction(self._entry(blank))
            low, high = min(low, printed), max(high, printed)
        half = Fraction(1, 2 * 10**places)
        return bool(low - half <= x <= high + half)

    def _rounded(self, reading: Reading, value: Any) -> Any:
        """The decimal that a text says, if it is a value rounded to two places or to three digits; else None."""
        places = reading.places or 0
        is_long = places > 1 or is_precise(reading)
        if self.reckoning.places is not None or reading.form != "decimal" or not is_long or not reading.values[0]:
            return None
        value = self.reckoning.real(value)
        low, high = value if isinstance(value, Span) else (value, value)
        if not isinstance(low, int | Fraction | float) or any(map(_is_endless, (low, high))):
            return None
        x, unit = Fraction(self.reckoning.real(reading.values[0])), Fraction(1, 10**places)
        needs_more = isinstance(low, float) or (low / unit).denominator != 1
        is_rounded = needs_more and Fraction(low) - unit / 2 <= x <= Fraction(high) + unit / 2
        return reading.values[0] if is_rounded else None

    # other kinds of blanks

    def _inverse(self, judgement: Judgement) -> Judgement:
        blank = judgement.blank
        meant = self._meant(blank, judgement.reading, self.key(blank))
        if meant is not None:
            return replace(
                judgement, verdict="right", value=self.reckoning.answer(meant), form=judgement.reading.form
            )
        if self._makes_what_is_printed(blank):
            return replace(judgement, verdict="right", form="another solution")
        return replace(judgement, followed=self._of_key(blank))

    def _makes_what_is_printed(self, blank: Blank) -> bool:
        """Whether the entries that the student found make every printed result that reads the blank's."""
        section, run = self.rules.document.sections[self.rules.section_of[blank.id]], self.rules.run
        entries = {other.cell.place: self._counted(other) for other in section.blanks if other.result == blank.result}

        def number(ref: Ref) -> Any:
            return entries.get(place_of(ref), self.reckoning.printed(run.value(ref)))

        results = [(i, j) for i, row in enumerate(run.values(blank.result)) for j, _ in enumerate(row)]
        rules = {at: run.rule(blank.result, *at) for at in results}
        return all(
            self._is_printed(run.values(blank.result)[i][j], self.reckoning.compute(rule, number))
            for (i, j), rule in rules.items()
            if blank.cell.place in map(place_of, refs(rule))
        )

    def _is_printed(self, printed: Any, value: Any) -> bool:
        """Whether a computed value is a printed number."""
        if isinstance(self.reckoning, Rounded) and isinstance(value, Span):
            return self.reckoning.equal(self.reckoning.printed(printed).low, value)
        return value is not None and self.reckoning.equal(value, printed)

    def _word_chosen(self, judgement: Judgement) -> Judgement:
        blank, (word,) = judgement.blank, judgement.reading.values
        if word in self._words(blank, lambda ref: self.reckoning.printed(self.rules.run.value(ref))):
            return replace(judgement, verdict="right", value=word)
        for detour in ("", *self.detours(blank)):
            if word in self._words(blank, self._numbers_for(blank, detour)):
                source = "own" if detour else ""
                return replace(judgement, verdict="followed", value=word, source=source, followed=word)
        return replace(judgement, value=word, followed=self._word_that_follows(blank))

    def _word_that_follows(self, blank: Blank) -> Fraction | None:
        """The number of the word, or of the first of those, that follow from the student's own numbers."""
        return next(iter(self._words(blank, self._numbers_for(blank))), None)

    def _numbers_for(self, blank: Blank, detour: Detour = "") -> Callable[[Ref], Any]:
        return lambda ref: self.paper.number(blank, place_of(ref), detour)

    def _words(self, blank: Blank, number: Callable[[Ref], Any]) -> list[Fraction]:
        """The numbers of the words that a rule may choose: of words with equal logits, all."""
        rule = self.rules.rule(blank)
        if not (isinstance(rule, Fn) and rule.name == "argmax"):
            chosen = None if rule is None else self.reckoning.compute(rule, number)
            return [] if chosen is None else [Fraction(int(chosen.low if isinstance(chosen, Span) else chosen))]
        values = [self.reckoning.compute(arg, number) for arg in rule.args]
        if any(value is None for value in values):
            return []
        if any(isinstance(value, Span) for value in values):
            spans = [span_of(value) for value in values]
            least = max(span.low for span in spans)
            return [Fraction(k) for k, span in enumerate(spans) if span.high >= least]
        largest = self.reckoning.compute(rule, number)
        return [] if largest is None else [
            Fraction(k) for k, x in enumerate(values) if self.reckoning.equal(x, values[int(largest)])
        ]  # fmt: skip

    def word(self, number: Any) -> str:
        """The word that a number stands for."""
        return self.rules.run.vocabulary[int(number)]

    def _change(self, judgement: Judgement) -> Judgement:
        """A box of a changed number is right if all of its boxes together bring the condition about."""
        construction, boxes = self.rules.constructions[judgement.blank.id]
        texts = [self.answers.get(name, "") for name in boxes]
        verdict, note = construction.judged(texts, self.rules.run.value, self.rules.document.messages)
        return replace(judgement, verdict=verdict, note=note, followed=self._solution(judgement.blank))

    def _solution(self, blank: Blank) -> str:
        """What the key writes into a box of a changed number."""
        construction, boxes = self.rules.constructions[blank.id]
        return construction.solution(self.rules.run)[boxes.index(blank.id)]

    def _text(self, judgement: Judgement) -> Judgement:
        key = str(judgement.blank.cell.value)
        if judgement.reading.kind != "number":
            return replace(judgement, verdict="missing", followed=key)
        said, follows = _canonical(judgement.answer), self._after_exists(judgement.blank)
        if said == _canonical(key):
            return replace(judgement, verdict="right", followed=key)
        verdict: Verdict = "followed" if said == follows else "wrong"
        return replace(judgement, verdict=verdict, followed=follows or key)

    def _after_exists(self, blank: Blank) -> str:
        """In a table of products: the shape that follows from a wrong answer to whether the product exists; else
        "".
        """
        exists, shape = self.rules.product(blank) or (None, "")
        if exists is None or self.judgement(exists.id).verdict != "wrong":
            return ""
        no = self.rules.document.messages.say("shapes.no")
        if _canonical(self.answers[exists.id]) in ("no", _canonical(no)):
            return "—"
        return shape


def is_precise(reading: Reading) -> bool:
    """Whether a decimal has three significant digits or more, so that it is as good as what it is rounded from."""
    return reading.form == "decimal" and abs(reading.values[0]) * 10 ** (reading.places or 0) >= LEAST_PRECISE


def _is_endless(x: Any) -> bool:
    return isinstance(x, float) and not math.isfinite(x)


def half_unit(places: int | None) -> float:
    """Half a unit of the last of so many places."""
    return 10.0 ** -(places or 0) / 2


def _canonical(text: str) -> str:
    """A word or a shape as it is compared: yes, no, 3×4, — for none."""
    plain = " ".join(text.casefold().split())
    if shape := _SHAPE.fullmatch(plain):
        return f"{int(shape[1])}×{int(shape[2])}"
    return "yes" if plain in _YES else "no" if plain in _NO else "—" if plain in _NONE else plain
