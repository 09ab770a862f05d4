"""The report of a class, drawn from the numbers by rules: what matters to who teaches it, and then the rest."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from fractions import Fraction
from functools import cached_property
from statistics import median_high
from typing import Any

from markupsafe import Markup, escape
from msgspec import Struct

from byhand.formats.html.page import rendered
from byhand.marking import charts, strokes
from byhand.marking.causes import FOIL, UNEXPLAINED
from byhand.marking.heat import matrices, meanings, size_of, tone
from byhand.marking.marked_page import MARKS
from byhand.marking.marks import Counts, section_of
from byhand.marking.notes import STATES, State, capital, escaped_line, printed, written
from byhand.marking.places import Places
from byhand.marking.tally import FEWEST, OTHER, BlankTally, Reason, Row, Tally
from byhand.notation.marks import MARK, mark_number
from byhand.worksheet.document import Document, in_halves
from byhand.worksheet.messages import Messages
from byhand.worksheet.views import Medium, Paper

TextOf = Callable[[int], str]  # from the number of a slot to the text that stands there
HAS_IT = Fraction(85, 100)  # the share of the points from which the median says that the class has it
MOST_THOUGHTS, HARDEST, LOOKED_AT = 6, 6, 4  # the most that is listed of a kind
NAMED, MOST_NAMES = 8, 5  # students named over the points, and in a list
OFTEN_MISSED, MOST_ANSWERS, MOST_TEXTS = 10, 4, 12  # that the rest lists
FEW_POINTS, MANY_EMPTY = 0.6, 10
LONGEST_NAME = 22  # letters of a name in a list
BAR_WIDTH, BAR_HEIGHT = 40.0, 2.9  # mm
LONGEST_SAID = 160  # letters of an answer in words


class StepBar(Struct, frozen=True):
    """A step of the sheet."""

    number: int
    title: str
    counts: Mapping[State, int]
    """How many answers are in each state."""
    share: float
    """The share of the answers that stand."""
    drawn: Markup
    """The same as a bar in four textures."""

    @property
    def percent(self) -> str:
        """The share as a page says it."""
        return f"{round(100 * self.share)} %"


class Thought(Struct, frozen=True):
    """A mistake or a slip that students made."""

    count: int
    """How many made it."""
    dots: Markup
    """The same in dots."""
    told: str
    mend: str
    names: Markup


def states_bar(counts: Mapping[State, int], messages: Messages) -> Markup:
    """A bar of how many answers are in each state, and the same in words."""
    said = ", ".join(f"{counts[state]} {messages.say(f'report.states.{state}')}" for state in STATES)
    return Markup(strokes.bar(counts, BAR_WIDTH, BAR_HEIGHT, said))


class Report(Struct, frozen=True, eq=False, dict=True):
    """The report of a class."""

    document: Document
    tally: Tally
    absent: Sequence[str] = ()
    """Who handed nothing in."""
    unmarked: Sequence[str] = ()
    """A line on each file or student that could not be marked."""
    size: int = 0
    """How many students the class has, if not only those who are marked or absent."""
    names: bool = True
    """Whether students are named; else they are numbers."""
    texts: TextOf | None = None
    """Of a document with slots, what stands there."""
    about: str = ""
    """The class, for the foot of the page."""

    @cached_property
    def places(self) -> Places:
        """Where the blanks are."""
        return Places(self.document)

    def html(self, medium: Medium = "screen", paper: Paper = "a4") -> str:
        """The report as HTML, for the screen or as the input of the printing."""
        page = rendered(
            "report.html", medium, paper, self.document.messages, d=self.document, view="worksheet", asked=MARKS,
            lead=self.lead, points=self.points(medium), bars=self.bars, heat=self.heat(),
            thought=[(kind, thoughts[:MOST_THOUGHTS]) for kind, thoughts in self.thought.items() if thoughts],
            hardest=self.hardest,
            watched=self.watched, watched_count=self.document.messages.counted(len(self.watched)),
            flawless=self.flawless, alpha=self.alpha, note=self.note, more=self.more, foot=self.foot, states=STATES,
            textures=strokes.TEXTURES, where=self.plain,
            students=self.tally.students, few=self.tally.students < FEWEST,
        )  # fmt: skip
        return self.filled(page, escape)

    def pdf(self, paper: Paper = "a4") -> bytes:
        """The report as PDF."""
        from byhand.press import printed

        return printed(self.html("print", paper), cache=False)

    def say(self, name: str, /, **places: Any) -> Markup:
        """A text of the messages as HTML."""
        return Markup(self.document.messages.say(f"report.{name}", escape, **places))

    # names

    @cached_property
    def name_of(self) -> Mapping[str, str]:
        """What each student is called: by the first name, if that is enough to tell them apart; or by a number."""
        rows = self.tally.rows
        if not self.names:
            return {row.student: str(self.say("number", n=n)) for n, row in enumerate(rows, 1)}
        full = {row.student: escaped_line(row.name or row.student) for row in rows}
        first = {student: name.split(" ")[0] for student, name in full.items()}
        count = Counter(first.values())
        short = {
            student: first[student] if count[first[student]] == 1 and "," not in name else name
            for student, name in full.items()
        }
        return {student: _cut(name or student, LONGEST_NAME) for student, name in short.items()}

    def filled(self, text: str, write: Callable[[str], str] = str) -> str:
        """A text with what stands in its slots. write: what is made of each text there."""
        if self.texts is None:
            return text
        texts = self.texts
        return MARK.sub(lambda mark: write(texts(mark_number(mark[0]))), text)

    def named(self, students: Iterable[str], most: int = MOST_NAMES) -> Markup:
        """Some students by name, and a sign that there are more."""
        students = list(students)
        names = Markup(", ").join(escape(self.name_of.get(each, each)) for each in students[:most])
        return names + Markup(" …") if len(students) > most else names

    # what matters

    @cached_property
    def lead(self) -> tuple[Markup, ...]:
        """The lead: how far half of the class comes, the idea that most share, and the slips that are left."""
        tally = self.tally
        if tally.students == 1:
            (row,) = tally.rows
            return (
                self.say("lead.one", name=self.name_of[row.student], points=in_halves(row.points), of=self.worth),
            )
        median = tally.quantile(Fraction(1, 2))
        has_it = "lead.has_it" if tally.worth and median >= HAS_IT * tally.worth else "lead.half"
        sentences = [self.say(has_it, median=in_halves(median), of=self.worth)]
        reasons = tally.reasons()
        ideas = [reason for reason in reasons if reason[0] == FOIL and len(reasons[reason]) >= self.shared]
        if ideas:
            idea = max(ideas, key=lambda reason: len(reasons[reason]))
            count = len(reasons[idea])
            told = Markup("<b>{}</b>").format(self.told(idea))
            sentences.append(self.say("lead.idea", n=count, of=f"{tally.students:,}", told=told))
        slips = [reason for reason in reasons if reason[0] != FOIL and len(reasons[reason]) >= self.shared][:2]
        if slips:
            two = self.say("lead.two", one=self.slip(slips[0]), other=self.slip(slips[-1]))
            name = "lead.rest" if ideas else "lead.slips"
            sentences.append(self.say(name, slips=two if len(slips) == 2 else self.slip(slips[0])))
        return tuple(sentences)

    @property
    def shared(self) -> int:
        """The number of students from which a reason is said of a class."""
        return max(2, -(-self.tally.students // 10))

    @property
    def worth(self) -> str:
        """The most points that there are."""
        return in_halves(self.tally.worth)

    def told(self, reason: Reason) -> str:
        """What a mistake is, or the name of a slip, as a sentence of its own."""
        kind, foil = reason
        if kind == FOIL:
            return self.document.messages.mistake(foil, "told", self.document.transposed)
        return f"{capital(self.slip(reason))}."

    def slip(self, reason: Reason) -> str:
        """The name of a slip, within a sentence."""
        if reason[0] in (FOIL, UNEXPLAINED):
            return self.told(reason) if reason[0] == FOIL else str(self.say("unexplained"))
        return self.document.messages.slip(reason[0], "name", self.document.transposed)

    def mend(self, reason: Reason) -> str:
        """How to mend a mistake or a slip."""
        return self.document.messages.why(*reason, "mend", self.document.transposed)

    def points(self, medium: Medium) -> Mapping[str, Any]:
        """The distribution of the points."""
        tally = self.tally
        quarters = [2 * tally.quantile(Fraction(k, 4)) for k in (1, 2, 3)]
        few = sorted((row for row in tally.rows if row.share < FEW_POINTS), key=lambda row: row.halves)[:NAMED]
        counts = Counter(row.halves for row in tally.rows)
        points = charts.Points(
            counts, int(2 * tally.worth), quarters, [(row.halves, self.name_of[row.student]) for row in few]
        )
        rows = [(in_halves(Fraction(at, 2)), count) for at, count in sorted(counts.items())]
        first, median, third = (in_halves(quarter / 2) for quarter in quarters)
        said = str(self.say("points.said", n=tally.students, first=first, median=median, third=third, of=self.worth))
        plot = charts.points_plot(
            points,
            str(self.say("points.middle")),
            self._alternative(said, rows, medium),
            _table("points", medium),
        )
        return {"plot": Markup(plot), "rows": rows, "dot": self.say("points.dot", n=points.students_of_a_dot)}

    def _alternative(self, said: str, rows: Iterable[Sequence[object]], medium: Medium) -> str:
        """The alternative text of a chart: on paper with its numbers; a screen has them in a table."""
        if medium == "screen":
            return said
        return f"{said} {'; '.join(': '.join(map(str, row)) for row in rows)}."

    @cached_property
    def bars(self) -> list[StepBar]:
        """How many answers of each step are in each state."""
        bars = []
        for section in self.document.sections:
            cells = [cell for name, cell in self.tally.cells.items() if name.partition("/")[0] == str(section.number)]
            if cells:
                counts = states_of(cells)
                share = (counts["right"] + counts["own"]) / (sum(counts.values()) or 1)
                picture = states_bar(counts, self.document.messages)
                bars.append(StepBar(section.number, self.filled(section.title), counts, share, picture))
        return bars

    def heat(self) -> Mapping[str, Any]:
        """Where the class slipped."""
        shown, students, say = matrices(self.document), self.tally.students, self.say
        slips = {name: cell.slips for name, cell in self.tally.cells.items() if cell.slips}
        tones = [say("heat.nobody"), *meanings(
            students, lambda n: say("heat.more", n=f"{n:,}"),
            lambda n, most: say("heat.between", n=f"{n:,}", most=f"{most:,}"),
        )]  # fmt: skip
        return {
            "matrices": shown, "size": size_of(shown), "slips": {name: f"{n:,}" for name, n in slips.items()},
            "tones": {name: tone(n, students) for name, n in slips.items()}, "meanings": tones,
        }  # fmt: skip

    def plain(self, name: str) -> str:
        """Where a blank stands, without markup."""
        return f"{name.partition('/')[0]} · {self.places.where(name, matrix=True).striptags()}"

    @cached_property
    def thought(self) -> Mapping[str, Sequence[Thought]]:
        """What the class thought: ideas, which are classic mistakes, and slips, with the students of each."""
        reasons = self.tally.reasons()
        largest = max(map(len, reasons.values()), default=0)
        by_kind: dict[str, list[Thought]] = {"ideas": [], "slips": []}
        for reason, rows in reasons.items():
            names, picture = self.named(row.student for row in rows), Markup(charts.dots(len(rows), largest))
            group = by_kind["ideas" if reason[0] == FOIL else "slips"]
            group.append(Thought(len(rows), picture, self.told(reason), self.mend(reason), names))
        return by_kind

    @property
    def note(self) -> Markup:
        """What the words of the tables mean."""
        return self.say("few" if self.tally.students < FEWEST else "note")

    @cached_property
    def hardest(self) -> Sequence[Mapping[str, Any]]:
        """The cells in which fewest answers stand."""
        return [self._cell(name) for name in self.tally.hardest(HARDEST)]

    def _cell(self, name: str) -> Mapping[str, Any]:
        cell, apart = self.tally.blanks[name], self.tally.tells_apart(name)
        return {
            "where": self.places.where(name, matrix=True), "key": printed(cell.key) if cell.key else "",
            "stands": f"{round(100 * cell.stands / (cell.students or 1))} %", "slips": cell.slips,
            "followed": cell.followed, "empty": cell.empty,
            "apart": "–" if apart is None else f"{apart:.2f}".replace("-", "−"),
        }  # fmt: skip

    @cached_property
    def watched(self) -> Sequence[Mapping[str, Any]]:
        """Whom to look at: few points, many empty cells, or an idea that nobody else has; the fewest points first."""
        reasons = self.tally.reasons()
        alone = {
            rows[0].student: reason
            for reason, rows in reasons.items()
            if reason[0] == FOIL and len(rows) == 1 and self.tally.students > 1
        }
        watched = [
            row
            for row in sorted(self.tally.rows, key=lambda row: row.halves)
            if row.share < FEW_POINTS or row.empty >= MANY_EMPTY or row.student in alone
        ]
        return [
            {"name": self.name_of[row.student], "points": in_halves(row.points), "why": self._why(row)}
            for row in watched[:LOOKED_AT]
        ]

    def _why(self, row: Row) -> Markup:
        ideas = [self.told(reason).rstrip(".") for reason in row.reasons if reason[0] == FOIL][:2]
        slips = [self.slip(reason) for reason in row.reasons if reason[0] != FOIL][: 3 - len(ideas)]
        parts = [*ideas, *slips]
        if row.empty:
            parts.append(str(self.say("look.empty", n=row.empty)))
        return Markup(capital("; ".join(map(str, map(escape, parts))) or str(self.say("look.little"))))

    @cached_property
    def flawless(self) -> Markup:
        """The students with nothing to mark."""
        cells = len(self.tally.cells)
        students = [row.student for row in self.tally.rows if row.right == cells]
        return self.say("flawless", names=self.named(students, 2 * MOST_NAMES)) if students else Markup()

    @cached_property
    def alpha(self) -> Markup:
        """How far the cells measure the same, if the class is large enough to say."""
        alpha = self.tally.reliability
        return Markup() if alpha is None else self.say("alpha", alpha=f"{alpha:.2f}".replace("-", "−"))

    @cached_property
    def foot(self) -> Markup:
        """The line at the foot of the page."""
        whole = max(self.size, self.tally.students + len(self.absent))
        here = whole - len(self.absent)
        handed = self.say("handed_in", n=f"{here:,}", of=f"{whole:,}") if self.absent else Markup()
        about = escape(_cut(escaped_line(self.about), 60))
        return Markup(" · ").join(filter(None, (escape(self.document.name), about, handed)))

    # the rest

    @cached_property
    def more(self) -> Mapping[str, Any]:
        """All else."""
        tally, quarters = self.tally, [self.tally.quantile(Fraction(k, 4)) for k in (1, 2, 3)]
        first, median, third = map(in_halves, quarters)
        reasons = tally.reasons()
        return {
            "figures": self.say(
                "figures", n=f"{tally.students:,}", mean=f"{tally.mean:.1f}", first=first, median=median, third=third,
                of=self.worth,
            ),
            "steps": [self._step(bar) for bar in self.bars],
            "choices": [
                {"title": self.title(name), "n": name.rpartition("/")[2], "right": f"{choice.right:,}"}
                for name, choice in tally.choices.items()
            ],
            "ideas": [
                {"told": self.told(reason), "count": len(rows), "example": self._example(reason)}
                for reason, rows in reasons.items()
                if reason[0] == FOIL
            ],
            "habits": [
                {"slip": capital(self.slip((kind, ""))), "step": self.title(step), "count": count}
                for (kind, step), count in sorted(tally.habits.items(), key=lambda each: (-each[1], each[0]))
            ][:MOST_TEXTS],
            "missed": [self._missed(name) for name in self.often_missed],
            "doubtful": [self.places.where(name, matrix=True) for name in tally.doubtful()],
            "unreadable": self._unreadable(),
            "said": [self._said(name, texts.values()) for name, texts in tally.said.items()],
            "lost": self._listed("lost", (row for row in tally.rows if row.guarded)),
            "constant": self._listed("constant", (row for row in tally.rows if row.constant)),
            "taken": self._taken(),
            "work": self._work(),
            "loose": self._listed("loose", (row for row in tally.rows if row.loose >= 3)),
            "absent": self.say("absent", names=self._absent()) if self.absent else "",
            "unmarked": self.say("unmarked", n=len(self.unmarked)) if self.unmarked else "",
            "policy": self.policy,
        }  # fmt: skip

    def _absent(self) -> Markup:
        if not self.names:
            return self.say("students", n=len(self.absent))
        return Markup(", ").join(escape(_cut(escaped_line(name), LONGEST_NAME)) for name in self.absent)

    @property
    def often_missed(self) -> list[str]:
        """The cells that are most often not right."""
        cells = self.tally.cells
        missed = sorted((name for name in cells if cells[name].wrong), key=lambda name: -cells[name].wrong)
        return missed[:OFTEN_MISSED]

    def _step(self, bar: StepBar) -> Mapping[str, Any]:
        section = self.tally.sections.get(bar.number)
        n = self.tally.students or 1
        points = [f"{float(each / n):.1f}" for each in (section.points, section.worth)] if section else ["", ""]
        return {
            "number": bar.number, "title": bar.title, "counts": [bar.counts[state] for state in STATES],
            "points": points[0], "of": points[1],
        }  # fmt: skip

    def _example(self, reason: Reason) -> Markup:
        example = self.tally.examples.get(reason)
        if example is None:
            return Markup()
        return self.say(
            "example", where=self.places.where(example.blank, matrix=True), answer=_cut(written(example.answer), 30),
            key=printed(example.key), name=self.name_of.get(example.student, ""),
        )  # fmt: skip

    def title(self, name: str) -> str:
        """The number and the title of the section that a blank or a step belongs to."""
        number = section_of(name)
        title = next((section.title for section in self.document.sections if section.number == number), "")
        return f"{number} {title}"

    def _missed(self, name: str) -> Mapping[str, Any]:
        """A cell with its commonest answers that are not right, those that nothing explains first."""
        cell = self.tally.blanks[name]
        answers = sorted(cell.answers.items(), key=lambda each: (each[0][1][0] != UNEXPLAINED, -each[1], each[0]))
        return {
            "where": self.places.where(name, matrix=True), "key": printed(cell.key) if cell.key else "",
            "count": cell.wrong,
            "answers": [
                {"count": count, "answer": _cut(written(answer), 30), "why": why[1] or self.slip(why)}
                for (answer, why), count in answers[:MOST_ANSWERS]
            ],
        }  # fmt: skip

    def _unreadable(self) -> Sequence[Mapping[str, Any]]:
        cells = self.tally.blanks.items()
        unreadable = [(count, name, text) for name, cell in cells for text, count in cell.texts.items()]
        unreadable.sort(key=lambda each: -each[0])
        return [
            {"where": self.places.where(name, matrix=True), "text": _cut(written(text), 40), "count": count}
            for count, name, text in unreadable[:MOST_TEXTS]
        ]

    def _said(self, name: str, texts: Iterable[Any]) -> Mapping[str, Any]:
        """The answers to a question in words: equal ones together, and empty ones apart."""
        ordered = sorted(texts, key=lambda each: (-each.count, each.text))
        return {
            "title": self.title(name), "key": _cut(escaped_line(self.tally.keys.get(name, "")), LONGEST_SAID),
            "empty": sum(each.count for each in ordered if not each.text),
            "answers": [
                {
                    "text": _cut(escaped_line(each.text), LONGEST_SAID), "count": each.count,
                    "names": self.named(each.students) if each.text != OTHER else "",
                }
                for each in ordered
                if each.text
            ][:MOST_TEXTS],
        }  # fmt: skip

    def _taken(self) -> Markup:
        """Who has the answers of another student's numbers."""
        others = [(row.student, row.taken) for row in self.tally.rows if row.taken]
        named = [
            self.say("taken.one", name=self.name_of[name], other=self.name_of.get(each.student, each.student),
                     n=each.same, of=each.of)
            for name, each in others
        ]  # fmt: skip
        return self.say("taken.all", names=Markup("; ").join(named)) if named else Markup()

    def _work(self) -> Markup:
        """How much help, how many checks and how much time half of those took who worked on a screen."""
        rows = [row.work for row in self.tally.rows if row.work]
        middle = dict(zip(Counts._fields, map(median_high, zip(*rows, strict=True)), strict=True)) if rows else {}
        return self.say("work", n=len(rows), **middle) if rows else Markup()

    def _listed(self, name: str, rows: Iterable[Row]) -> Markup:
        students = [row.student for row in rows]
        return self.say(name, names=self.named(students, 4 * MOST_NAMES)) if students else Markup()

    @property
    def policy(self) -> Markup:
        """How verdicts became points, in words."""
        policy = self.tally.policy
        parts = [self.say(f"policy.follow.{policy.follow}"), self.say(f"policy.rounded.{policy.rounded}")]
        return Markup(" ").join([*parts, self.say("policy.guard", guard=f"{policy.guard:g}")])


def _table(chart: str, medium: Medium) -> str:
    """The id of the table that says what a chart says; paper has none."""
    return f"{chart}-table" if medium == "screen" else ""


def states_of(cells: Iterable[BlankTally]) -> dict[State, int]:
    """How many answers in some cells are in each state."""
    counts = dict.fromkeys(STATES, 0)
    for cell in cells:
        counts["right"] += cell.right
        counts["own"] += cell.followed
        counts["not"] += cell.wrong + cell.unreadable
        counts["empty"] += cell.empty
    return counts


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 1].rstrip() + "…"
