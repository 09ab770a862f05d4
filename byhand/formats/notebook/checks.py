"""What checks an answer: it computes each number by its rule, from what is given and from your own numbers."""

import base64
import hashlib
import json
import math
import zlib
from fractions import Fraction

from byhand.formats.notebook.entries import NEVER, number, power, sqrt


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


class Cells:
    """The numbers that a rule reads, as v[step,i,j]."""

    def __init__(self, read):
        self.read = read

    def __getitem__(self, place):
        value = self.read(*place)
        if value is None:
            raise ArithmeticError
        return value


class Sheet:
    """The rules of the sheet, for one value of each letter, and your answers, as far as they were checked."""

    def __init__(self, data, letters):
        self.data, self.letters, self.known, self.answers = data, letters, {}, {}

    def computed(self, rule, i, j, read):
        """The value of a rule in row i and column j; None where it has none. read: the number at a place."""
        try:
            return eval(_compiled(rule), {**FUNCTIONS, "v": Cells(read), "i": i, "j": j})
        except (ArithmeticError, ValueError, TypeError):
            return None

    def settled(self, step, i, j, read, changed=None):
        """The value of a place by its rule, as a sheet that rounds writes it: halves away from 0.

        changed: the rules of a mistake.
        """
        rule = (changed or {}).get(str(step), self.data["rules"].get(str(step)))
        value, places = self.computed(rule[i][j] if isinstance(rule, list) else rule, i, j, read), self.data["places"]
        if places is None or value is None or value == NEVER:
            return value
        return Fraction(math.floor(abs(value) * 10**places + Fraction(1, 2)), 10**places) * (1 if value > 0 else -1)

    def key(self, step, i, j):
        """The right number of a place."""
        if (step, i, j) not in self.known:
            given = self.data["given"].get(str(step))
            if given is None:
                value = self.settled(step, i, j, self.key)
            elif given[i][j] is None:
                value = self.computed(self.data["inverse"][f"{step},{i},{j}"], i, j, self.printed)
            else:
                value = number(given[i][j], self.letters)
            self.known[step, i, j] = value
        return self.known[step, i, j]

    def printed(self, step, i, j):
        """The number at a place as it is printed, or else the right one."""
        texts = (text for task in self.data["tasks"].values() for *at, text in task["prints"] if at == [step, i, j])
        text = next(texts, None)
        return self.key(step, i, j) if text is None else number(text, self.letters)

    def front(self, name, before=False):
        """What you have in front of you in a task: printed numbers, and your own; before: none of the task itself."""
        found = {}
        for task, about in self.data["tasks"].items():
            found.update({tuple(at): number(text, self.letters) for *at, text in about["prints"]})
            found.update({} if before and task == name else self.answers.get(task, {}))
            if task == name:
                break
        return found

    def own(self, front, changed=None, away=()):
        """The number at a place that you go by. changed, away: the rules of a mistake, and the steps that it has."""

        def read(step, i, j):
            if (step, i, j) in front and step not in away:
                return front[step, i, j]
            if str(step) in self.data["given"] and step not in away:
                return self.key(step, i, j)
            return self.settled(step, i, j, read, changed)

        return read

    def right(self, cell):
        """The right number of a cell."""
        rule = cell.get("rule")
        return self.key(*cell["place"]) if rule is None else self.computed(rule, 0, 0, self.key)

    def follows(self, name, cell):
        """What follows in a cell from your own numbers; None where nothing does."""
        if cell["kind"] == "copy":
            return self.own(self.front(name, before=True))(*cell["place"])
        if cell["kind"] not in ("number", "word"):
            return None
        step, i, j = cell["place"]
        return self.settled(step, i, j, self.own(self.front(name)))

    def mistaken(self, name, cell, foil):
        """What a mistake makes of a cell, from your own numbers."""
        if cell["kind"] != "number" or cell["place"][0] not in foil["tells"]:
            return None
        step, i, j = cell["place"]
        read = self.own(self.front(name), foil["rules"], foil["away"])
        return self.settled(step, i, j, read, foil["rules"])


def _compiled(rule, known={}):  # noqa: B006 - it is there to be kept
    if rule not in known:
        known[rule] = compile(rule, "rule", "eval")
    return known[rule]


def near(a, b, places):
    """Whether two numbers are the same: to a unit of the last place, where a sheet rounds."""
    if a is None or b is None or a == NEVER or b == NEVER:
        return a is not None and a == b
    return abs(a - b) <= (Fraction(1, 10**places) if places is not None else Fraction(1, 10**9) * max(1, abs(b)))


def sealed(name: str, text: object) -> str:
    """What a text is compared by: nobody can read it."""
    plain = str(text).casefold().replace(" ", "").replace("×", "x").replace("*", "x").replace("—", "-")
    return hashlib.sha256(f"{name}\n{plain}".encode()).hexdigest()[:16]


def is_empty(entry):
    return entry is None or entry is Ellipsis or (isinstance(entry, str) and entry.strip(" .?_") == "")


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
            numbers = ((cell, self.number(task, cell, entry, sheet)) for cell, entry in cells if cell["place"])
            sheet.answers[name] = {tuple(cell["place"]): value for cell, value in numbers}
        verdicts: dict[str, list[dict]] = {"right": [], "followed": [], "wrong": []}
        for cell, entry in cells:
            verdicts[self.verdict(name, task, cell, entry)].append(cell)
        if len(verdicts["right"]) == len(cells):
            print(self.say("right", task))
        for verdict in ("followed", "wrong"):
            if found := verdicts[verdict]:
                some = "; ".join(cell["called"] for cell in found[:4]) + "; …" * (len(found) > 4)
                print(self.say(verdict, task, n=len(found), of=len(cells), cells=some))
        for foil in self.mistakes(name, task) if verdicts["wrong"] else ():
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
        """The number that an entry is; of a word, its place in the vocabulary."""
        words = [word.casefold() for word in self.data["words"]]
        if cell["kind"] == "word" and str(entry).casefold() in words:
            return Fraction(words.index(str(entry).casefold()))
        try:
            return number(entry, sheet.letters)
        except ValueError:
            if cell["kind"] == "word":
                return Fraction(-1)
            raise StopError(self.say("unreadable", task, cells=cell["called"], entry=entry)) from None

    def verdict(self, name, task, cell, entry):
        if "seal" in cell:
            return "right" if sealed(cell["id"], entry) == cell["seal"] else "wrong"
        pairs = [(sheet, self.number(task, cell, entry, sheet)) for sheet in self.sheets]
        if all(near(value, sheet.right(cell), cell["places"]) for sheet, value in pairs):
            return "right"
        follows = all(near(value, sheet.follows(name, cell), cell["places"]) for sheet, value in pairs)
        return "followed" if follows else "wrong"

    def mistakes(self, name, task):
        """The classic mistakes that give what is wrong: those with the most hits, and no more misses than hits."""
        found = []
        for foil in self.data["foils"]:
            told = [self.hit(name, cell, foil) for cell in task["cells"]]
            hits, misses = told.count(True), told.count(False)
            if hits >= max(misses, 1) and hits >= min(2, hits + misses):
                found.append((hits, -misses, foil))
        best = max((pair[:2] for pair in found), default=None)
        return [foil for *score, foil in found if tuple(score) == best][:2]

    def hit(self, name, cell, foil):
        """Whether a cell has a mistake's number; None where that is what follows anyway."""
        made = [(sheet, sheet.mistaken(name, cell, foil)) for sheet in self.sheets]
        if any(value is None for _, value in made):
            return None
        if all(near(value, sheet.follows(name, cell), cell["places"]) for sheet, value in made):
            return None
        place = tuple(cell["place"])
        return all(near(sheet.answers[name][place], value, cell["places"]) for sheet, value in made)
