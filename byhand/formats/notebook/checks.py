"""What checks an answer: it computes each number by its rule, from what is given and from your own numbers."""

import base64
import hashlib
import json
import math
import zlib
from dataclasses import dataclass
from fractions import Fraction
from typing import NamedTuple

from byhand.formats.notebook.entries import NEVER, is_empty, number, numbers, power, sqrt
from byhand.page.reader import Paper, Sources


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
    return lambda x: Fraction(function(float(x)))


FUNCTIONS = {
    "F": Fraction, "NEVER": NEVER, "power": power, "sqrt": sqrt, "log": log, "div": div, "max": max, "sum": sum,
    "range": range, "e": Fraction(math.e), "pi": Fraction(math.pi), "sin": real(math.sin), "cos": real(math.cos),
    "erf": real(math.erf), "gelu": real(lambda x: x * (1 + math.erf(x / math.sqrt(2))) / 2),
    "argmax": lambda *args: Fraction(args.index(max(args))), "choose": lambda at, *args: args[int(at)],
    "__builtins__": {},
}  # fmt: skip


@dataclass(frozen=True)
class Ref:
    """What a rule reads: a cell of a step."""

    matrix: int
    index: tuple


class Cells:
    """The numbers that a rule reads, as v[step,i,j]."""

    def __init__(self, read):
        self.read = read

    def __getitem__(self, place):
        step, *index = place
        value = self.read(Ref(step, tuple(index)))
        if value is None:
            raise ArithmeticError
        return value


class Rule(NamedTuple):
    """A rule in row i and column j."""

    text: str
    i: int = 0
    j: int = 0
    places: int | None = None
    """The decimals to which its value is rounded, halves away from 0."""

    def value(self, read):
        """Its value; None where it has none. read: the number of what it reads."""
        try:
            value = eval(compiled(self.text), {**FUNCTIONS, "v": Cells(read), "i": self.i, "j": self.j})
        except (ArithmeticError, ValueError, TypeError):
            return None
        if self.places is None or value is None or value == NEVER:
            return value
        size = math.floor(abs(value) * 10**self.places + Fraction(1, 2))
        return Fraction(size, 10**self.places) * (1 if value > 0 else -1)


def compiled(rule, known={}):  # noqa: B006 - it is there to be kept
    if rule not in known:
        known[rule] = compile(rule, "rule", "eval")
    return known[rule]


class Blank(NamedTuple):
    """A cell to fill in."""

    id: str
    role: str
    place: tuple

    @property
    def cell(self):
        return self


class Answers(dict):
    """Your numbers by blank; what was not yet checked counts as what follows there, or else as the right number."""

    def __init__(self, sheet, known):
        super().__init__(known)
        self.sheet = sheet

    def __missing__(self, name):
        blank, sheet = self.sheet.blanks[name], self.sheet
        self[name] = sheet.key(*blank.place) if sheet.rule(blank) is None else sheet.paper.follows(blank)
        return self[name]


class Sheet(Sources):
    """The rules of the sheet, for one value of each letter, and your answers, as far as they were checked."""

    def __init__(self, data, letters):
        self.data, self.letters, self.known, self.answers, self._sources = data, letters, {}, {}, {}
        self.blanks, self.section_of, self.texts = {}, {}, {}
        tasks = data["tasks"].values()
        self.fronts = fronts = [{} for _ in range(1 + max((task["section"] for task in tasks), default=0))]
        for task in tasks:
            front = fronts[task["section"]]
            for *at, text in task["prints"]:
                front.setdefault(tuple(at), text)
                self.texts.setdefault(tuple(at), text)
            for cell in task["cells"]:
                blank = self.blanks[cell["id"]] = Blank(cell["id"], cell["kind"], tuple(cell["place"] or ()))
                self.section_of[blank.id] = task["section"]
                if blank.place:
                    front.setdefault(blank.place, blank)

    def check(self, answers):
        """Go on with these answers, by blank."""
        self.answers |= answers
        self.paper = Paper(self, Answers(self, self.answers), self.printed, lambda rule, read: rule.value(read))

    def rule_of(self, rules, step, i, j):
        rule = rules[str(step)]
        return Rule(rule[i][j] if isinstance(rule, list) else rule, i, j, self.data["places"])

    def worked(self, place):
        """The rule of a place; None where it is given."""
        return None if str(place[0]) in self.data["given"] else self.rule_of(self.data["rules"], *place)

    def rule(self, blank):
        """The rule of a blank; None for what has none."""
        if blank.role == "copy":
            return Rule("v[{},{},{}]".format(*blank.place))
        return self.worked(blank.place) if blank.role in ("number", "word") else None

    def key(self, step, i, j):
        """The right number of a place."""
        if (step, i, j) not in self.known:
            given = self.data["given"].get(str(step))
            if given is None:
                value = self.worked((step, i, j)).value(self.right_of)
            elif given[i][j] is None:
                rule = Rule(self.data["inverse"][f"{step},{i},{j}"])
                value = rule.value(lambda ref: self.printed(0, (ref.matrix, *ref.index)))
            else:
                value = number(given[i][j], self.letters)
            self.known[step, i, j] = value
        return self.known[step, i, j]

    def right_of(self, ref):
        return self.key(ref.matrix, *ref.index)

    def printed(self, section, place):
        """The number at a place as it is printed, or else the right one."""
        text = self.texts.get(place)
        return self.key(*place) if text is None else number(text, self.letters)

    def right(self, cell):
        """The right number of a cell."""
        return Rule(cell["rule"]).value(self.right_of) if "rule" in cell else self.key(*cell["place"])

    def follows(self, cell):
        """What follows in a cell from your own numbers; None where nothing does."""
        return self.paper.follows(self.blanks[cell["id"]])

    def mistaken(self, cell, foil):
        """What a mistake makes of a cell, from your own numbers."""
        if cell["kind"] != "number" or cell["place"][0] not in foil["tells"]:
            return None
        return self.paper.mistaken(Foil(self, foil), self.blanks[cell["id"]]).value(tuple(cell["place"]))


class Foil:
    """A mistake: the rules of who makes it. It leaves each step its shape."""

    def __init__(self, sheet, foil):
        self.sheet, self.rules, self.away = sheet, foil["rules"], foil["away"]

    def at(self, step, i, j):
        return i, j

    def rule(self, step, i, j):
        return self.sheet.rule_of(self.sheet.data["rules"] | self.rules, step, i, j)


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

    def __init__(self, packed):
        self.data = json.loads(zlib.decompress(base64.b85decode(packed)))
        points = ({letter: Fraction(*value) for letter, value in point.items()} for point in self.data["letters"])
        self.sheets = [Sheet(self.data, letters) for letters in points]

    def __call__(self, name, entries):
        """Say what is right, what follows from your own numbers, and what is neither; True where nothing is wrong.

        Where something is empty, or is no number, it stops with a line that says so.
        """
        task = self.data["tasks"][name]
        cells = [(cell, self.written(task, cell, entries)) for cell in task["cells"]]
        empty = [cell["called"] for cell, entry in cells if is_empty(entry)]
        if empty:
            raise StopError(self.say("empty", task, n=len(empty), of=len(cells), cells=empty[0]))
        for sheet in self.sheets:
            sheet.check({cell["id"]: self.number(task, cell, entry, sheet) for cell, entry in cells if cell["place"]})
        verdicts: dict[str, list[dict]] = {"right": [], "followed": [], "wrong": []}
        for cell, entry in cells:
            verdicts[self.verdict(task, cell, entry)].append(cell)
        if len(verdicts["right"]) == len(cells):
            print(self.say("right", task))
        for verdict in ("followed", "wrong"):
            if judged := verdicts[verdict]:
                some = "; ".join(cell["called"] for cell in judged[:4]) + "; …" * (len(judged) > 4)
                print(self.say(verdict, task, n=len(judged), of=len(cells), cells=some))
        for foil in self.mistakes(task) if verdicts["wrong"] else ():
            print(self.say("mistake", task, told=foil["told"], mend=foil["mend"]))
        return not verdicts["wrong"]

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
        words = [word.casefold() for word in self.data["words"]]
        if cell["kind"] == "word" and str(entry).casefold() in words:
            return Fraction(words.index(str(entry).casefold()))
        try:
            values = numbers(entry, sheet.letters)
        except ValueError:
            if cell["kind"] == "word":
                return Fraction(-1)
            raise StopError(self.say("unreadable", task, cells=cell["called"], entry=entry)) from None
        return min(values, key=lambda x: abs(x - sheet.right(cell))) if len(values) > 1 else values[0]

    def verdict(self, task, cell, entry):
        if "seal" in cell:
            return "right" if sealed(cell["id"], entry) == cell["seal"] else "wrong"
        pairs = [(sheet, self.number(task, cell, entry, sheet)) for sheet in self.sheets]
        if all(near(value, sheet.right(cell), cell["places"]) for sheet, value in pairs):
            return "right"
        follows = all(near(value, sheet.follows(cell), cell["places"]) for sheet, value in pairs)
        return "followed" if follows else "wrong"

    def mistakes(self, task):
        """The classic mistakes that give what is wrong: those with the most hits, and no more misses than hits."""
        scored = []
        for foil in self.data["foils"]:
            told = [self.hit(cell, foil) for cell in task["cells"]]
            hits, misses = told.count(True), told.count(False)
            if hits >= max(misses, 1) and hits >= min(2, hits + misses):
                scored.append((hits, -misses, foil))
        best = max((pair[:2] for pair in scored), default=None)
        return [foil for *score, foil in scored if tuple(score) == best][:2]

    def hit(self, cell, foil):
        """Whether a cell has a mistake's number; None where that is what follows anyway."""
        made = [(sheet, sheet.mistaken(cell, foil)) for sheet in self.sheets]
        if any(value is None for _, value in made):
            return None
        if all(near(value, sheet.follows(cell), cell["places"]) for sheet, value in made):
            return None
        return all(near(sheet.answers[cell["id"]], value, cell["places"]) for sheet, value in made)
