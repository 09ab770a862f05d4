"""What checks an answer: it computes each number by its rule, from what is given and from your own numbers.

It knows the sheet as byhand/page.schema.json describes it.
"""

import base64
import hashlib
import json
import math
import operator
import zlib
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, NamedTuple

from byhand.arithmetic.domain import half_away
from byhand.formats.notebook.arrays import NEVER, is_empty, number, numbers, power, replace, sqrt
from byhand.page.reader import Paper, Rewritten, Sources, place_of


class StopError(Exception):
    """A line for you, in place of a traceback."""

    def _render_traceback_(self):
        return [str(self)]


def div(a, b):
    return a if a == NEVER else Fraction(a) / Fraction(b)


def log(base, x):
    """The logarithm of x, exactly if it is a whole number."""
    whole = Fraction(round(math.log(x, base)))
    return whole if power(base, whole) == x else Fraction(math.log(x) / math.log(base))


def real(function):
    return lambda *args: Fraction(function(*map(float, args)))


FUNCTIONS = {
    "sum": lambda *args: sum(args), "sub": operator.sub, "mul": operator.mul, "div": div, "pow": power, "sqrt": sqrt,
    "log": log, "e": real(lambda: math.e), "pi": real(lambda: math.pi), "sin": real(math.sin), "cos": real(math.cos),
    "sinpi": real(lambda x: math.sin(math.pi * x)), "cospi": real(lambda x: math.cos(math.pi * x)),
    "erf": real(math.erf), "gelu": real(lambda x: x * (1 + math.erf(x / math.sqrt(2))) / 2),
    "max": lambda *args: max(args), "argmax": lambda *args: Fraction(args.index(max(args))),
    "choose": lambda at, *args: args[int(at)],
}  # fmt: skip


@dataclass(frozen=True)
class Ref:
    """What a rule reads: a cell of a step."""

    matrix: int
    index: tuple


def evaluated(tree, read, at):
    """The value of a tree. read: the number of what it reads. at: what its letters stand for."""
    match tree:
        case ["num", text]:
            return NEVER if text == "-inf" else Fraction(text)
        case ["ref", step, i, j]:
            value = read(Ref(step, (at.get(i, i), at.get(j, j))))
            if value is None:
                raise ArithmeticError
            return value
        case ["bigsum", letter, count, body]:
            return sum(evaluated(body, read, {**at, letter: k}) for k in range(count))
        case ["fn", name, *args] | [name, *args]:
            return FUNCTIONS[name](*[evaluated(arg, read, at) for arg in args])


class Rule(NamedTuple):
    """A rule in row i and column j."""

    tree: list
    i: int = 0
    j: int = 0
    places: int | None = None
    """The decimals to which its value is rounded."""

    def value(self, read):
        """Its value; None where it has none. read: the number of what it reads."""
        try:
            return rounded(evaluated(self.tree, read, {"i": self.i, "j": self.j}), self.places)
        except (ArithmeticError, ValueError, TypeError):
            return None


def rounded(value, places):
    """A number to some decimals."""
    if places is None or value is None or value == NEVER:
        return value
    return Fraction(half_away(Fraction(value) * 10**places), 10**places)


class Step:
    """A step. op: its rule, or one for each cell; None for a given."""

    def __init__(self, name, data):
        self.name, self.data, self.shape = name, data, tuple(data["shape"])
        self.inputs, self.op = data.get("inputs", ()), data.get("rule", data.get("rules"))


@dataclass(frozen=True)
class Run:
    """The steps of the sheet."""

    steps: dict
    places: int | None
    """The decimals to which their numbers are rounded."""

    def __getitem__(self, step):
        return self.steps[step]

    def rule(self, step, i, j):
        op = self.steps[step].op
        return Rule(op if "rule" in self.steps[step].data else op[i][j], i, j, self.places)


class Blank(NamedTuple):
    """A cell to fill in."""

    id: str
    role: str
    place: tuple | None
    places: int | None
    rule: list | None
    """The rule that is its own; None where it has that of its place."""

    @property
    def cell(self):
        return self


def places_of(step, stretches):
    """The cells of stretches; None for what has no place."""
    for i, j, count in zip(*[iter(stretches)] * 3, strict=True):
        yield from ((step, i, j + n) if count > 0 else (step, i + n, j) for n in range(abs(count)))
    if not stretches:
        yield None


class Answers(dict):
    """Your numbers by blank; what was not yet checked counts as what follows there, or else as the right number."""

    def __init__(self, sheet, known):
        super().__init__(known)
        self.sheet = sheet

    def __missing__(self, name):
        blank, sheet = self.sheet.blanks[name], self.sheet
        self[name] = sheet.right(blank) if sheet.rule(blank) is None else sheet.paper.follows(blank)
        return self[name]


class Sheet(Sources):
    """The sheet, for one value of each letter, and your answers, as far as they were checked."""

    def __init__(self, page, letters):
        self.letters, self.places, self.answers, self._sources = letters, page.get("places"), {}, {}
        self.known = {tuple(place): number(text, letters) for *place, text in page.get("printed", ())}
        steps = {at: Step(at, step) for at, step in enumerate(page["steps"])}
        self.run = Run(steps, self.places if page.get("rounding") == "carry" else None)
        fronts, blanks = [{} for _ in page["sections"]], []
        for at, section in enumerate(page["sections"]):
            for role, step, stretches, *beside in section["seen"]:
                for place in places_of(step, stretches):
                    each: Any = self.blank(section["number"], role, place, *beside) if role else "printed"
                    fronts[at].setdefault(place, each)
                    blanks += [(at, each)] if role else []
        self.fronts, self.blanks = fronts, {blank.id: blank for _, blank in blanks}
        self.section_of = {blank.id: at for at, blank in blanks}
        asked = {blank.place[0] for blank in self.blanks.values() if blank.role in ("ask", "entry")}
        self.unknown = {blank.place: Rule(blank.rule) for blank in self.blanks.values() if blank.role == "inverse"}
        self.mistakes = {mistake["name"]: self.rewritten(asked, **mistake) for mistake in page["mistakes"]}

    def blank(self, number, role, place, beside=None):
        """A blank of the section of a number. beside: what is known of it beside its role and place."""
        known = {"places": self.places, "rule": None, **(beside or {})}
        if "id" not in known:
            step, i, j = place
            known["id"] = f"{number}/{role}/{self.run[step].data['name']}/{i + 1},{j + 1}"
        return Blank(known["id"], role, place, known["places"], known["rule"])

    def rewritten(self, asked, name, made, steps):
        """A mistake. asked: the steps that are; it is told in those that it leaves their shape."""
        new = [Step(*each) for each in steps]
        mistake = Rewritten(self.run, dict.fromkeys(made, new))
        return replace(mistake, written=set(filter(mistake.fits, asked)))

    def check(self, answers):
        """Go on with these answers, by blank."""
        self.answers |= answers
        self.paper = Paper(self, Answers(self, self.answers), self.printed, lambda rule, read: rule.value(read))

    def worked(self, place):
        """The rule of a place; None where it is given."""
        return None if self.run[place[0]].op is None else self.run.rule(*place)

    def rule(self, blank):
        """The rule of a blank; None for what has none."""
        if blank.role == "copy":
            return Rule(["ref", *blank.place])
        return self.worked(blank.place) if blank.role in ("ask", "entry", "word") else None

    def key(self, place):
        """The right number of a place."""
        if place not in self.known:
            (step, i, j), rule = place, self.unknown.get(place) or self.worked(place)
            given = None if rule else self.run[step].data["values"][i][j]
            self.known[place] = rule.value(self.right_of) if rule else number(given, self.letters)
        return self.known[place]

    def right_of(self, ref):
        return self.key(place_of(ref))

    def printed(self, section, place):
        """The number at a place as it is printed, or would be."""
        return self.key(place) if self.worked(place) is None else rounded(self.key(place), self.places)

    def right(self, blank):
        """The right number of a blank."""
        return self.key(blank.place) if blank.place else Rule(blank.rule).value(self.right_of)

    def mistaken(self, blank, name):
        """What a mistake makes of a blank, from your own numbers; None where it tells nothing."""
        mistake = self.mistakes[name]
        if blank.role not in ("ask", "entry") or blank.place[0] not in filter(mistake.tells, mistake.written):
            return None
        return self.paper.mistaken(mistake, blank).value(blank.place)


def near(a, b, places):
    """Whether two numbers are the same: to a unit of the last place, where a sheet rounds."""
    if a is None or b is None or a == NEVER or b == NEVER:
        return a is not None and a == b
    return abs(a - b) <= (Fraction(1, 10**places) if places is not None else Fraction(1, 10**9) * max(1, abs(b)))


def sealed(name: str, text: object) -> str:
    """What a text is compared by: nobody can read it."""
    plain = str(text).casefold().replace(" ", "").replace("×", "x").replace("*", "x").replace("—", "-")
    return hashlib.sha256(f"{name}\n{plain}".encode()).hexdigest()[:16]


class Checker:
    """Checks the answers of a task: check("1.S", S)."""

    def __init__(self, packed, before=None):
        """before: a checker that this one goes on from, with what was checked so far."""
        self.data = json.loads(zlib.decompress(base64.b85decode(packed)))
        points = ({letter: Fraction(*value) for letter, value in point.items()} for point in self.data["letters"])
        self.sheets = [Sheet(self.data["page"], letters) for letters in points]
        for sheet, earlier in zip(self.sheets, getattr(before, "sheets", ()), strict=False):
            sheet.check(earlier.answers)

    def __call__(self, name, entries):
        """Say what is right, what follows from your own numbers, and what is neither; True where nothing is wrong.

        Where something is empty, or is no number, it stops with a line that says so.
        """
        cells, lines = self.read(name, entries)
        if lines:
            raise StopError(lines[0])
        return not self.judged(name, cells)["wrong"]

    def points(self, name, entries):
        """Say the same, also of what is empty or no number, and return how many are right, or follow."""
        cells, lines = self.read(name, entries)
        print(*lines, sep="\n", end="\n" * bool(lines))
        verdicts = self.judged(name, cells)
        return len(verdicts["right"]) + len(verdicts["followed"])

    def read(self, name, entries):
        """The cells of a task with what was written there, and lines about those that are empty or no number."""
        task, cells, empty, lines = self.data["tasks"][name], [], [], {}
        for cell in task["cells"]:
            try:
                entry = self.written(task, cell, entries)
                if is_empty(entry):
                    empty.append(cell["called"])
                    continue
                if "seal" not in cell:
                    _ = [self.number(task, cell, entry, sheet) for sheet in self.sheets]
                cells.append((cell, entry))
            except StopError as line:
                lines[str(line)] = None
        left = [self.say("empty", task, n=len(empty), of=len(task["cells"]), cells=empty[0])] if empty else []
        return cells, [*left, *lines]

    def judged(self, name, cells):
        """Say what is right of these cells with what was written there, and return them by their verdict."""
        task = self.data["tasks"][name]
        for sheet in self.sheets:
            sheet.check({
                cell["id"]: self.number(task, cell, entry, sheet) for cell, entry in cells if "seal" not in cell
            })  # fmt: skip
        verdicts: dict[str, list[dict]] = {"right": [], "followed": [], "wrong": []}
        for cell, entry in cells:
            verdicts[self.verdict(task, cell, entry)].append(cell)
        if len(verdicts["right"]) == len(task["cells"]):
            print(self.say("right", task))
        for verdict in ("followed", "wrong"):
            if judged := verdicts[verdict]:
                some = "; ".join(cell["called"] for cell in judged[:4]) + "; …" * (len(judged) > 4)
                print(self.say(verdict, task, n=len(judged), of=len(task["cells"]), cells=some))
        for mistake in self.mistakes(cells) if verdicts["wrong"] else ():
            told, mend = self.data["told"][mistake]
            print(self.say("mistake", task, told=told, mend=mend))
        return verdicts

    def say(self, what, task, **places):
        return self.data["says"][what].format(name=task["called"], shape=task["shape"], **places)

    def written(self, task, cell, entries):
        """What was written into a cell: of a matrix, of a dictionary, or by itself."""
        at = cell["at"]
        try:
            return entries if at is None else entries[at] if isinstance(at, str) else entries[at[0]][at[1]]
        except (IndexError, KeyError, TypeError):
            if is_empty(entries):
                return None
            raise StopError(self.say("shape", task)) from None

    def number(self, task, cell, entry, sheet):
        """The number that an entry is, of two the one nearest to the right one; of a word, its place among all."""
        blank, words, word = sheet.blanks[cell["id"]], self.data["page"]["vocabulary"], str(entry)
        for known, said in ((words, word), ([word.casefold() for word in words], word.casefold())):
            if blank.role == "word" and said in known:  # “a” and “A” may be two words
                return Fraction(known.index(said))
        try:
            values = numbers(entry, sheet.letters)
        except ValueError:
            if blank.role == "word":
                return Fraction(-1)
            raise StopError(self.say("unreadable", task, cells=cell["called"], entry=entry)) from None
        return min(values, key=lambda x: abs(x - sheet.right(blank))) if len(values) > 1 else values[0]

    def verdict(self, task, cell, entry):
        if "seal" in cell:
            return "right" if sealed(cell["id"], entry) == cell["seal"] else "wrong"
        judged = [(sheet, sheet.blanks[cell["id"]], self.number(task, cell, entry, sheet)) for sheet in self.sheets]
        if all(near(value, sheet.right(blank), blank.places) for sheet, blank, value in judged):
            return "right"
        follows = all(near(value, sheet.paper.follows(blank), blank.places) for sheet, blank, value in judged)
        return "followed" if follows else "wrong"

    def mistakes(self, cells):
        """The classic mistakes that give what is wrong: those with the most hits, and no more misses than hits."""
        scored = []
        for name in self.data["told"]:
            told = [self.hit(cell["id"], name) for cell, _ in cells if "seal" not in cell]
            hits, misses = told.count(True), told.count(False)
            if hits >= max(misses, 1) and hits >= min(2, hits + misses):
                scored.append((hits, -misses, name))
        best = max((pair[:2] for pair in scored), default=None)
        return [name for *score, name in scored if tuple(score) == best][:2]

    def hit(self, cell, name):
        """Whether a cell has a mistake's number; None where that is what follows anyway."""
        made = [(sheet, sheet.blanks[cell], sheet.mistaken(sheet.blanks[cell], name)) for sheet in self.sheets]
        if any(value is None for *_, value in made):
            return None
        if all(near(value, sheet.paper.follows(blank), blank.places) for sheet, blank, value in made):
            return None
        return all(near(sheet.answers[cell], value, blank.places) for sheet, blank, value in made)
