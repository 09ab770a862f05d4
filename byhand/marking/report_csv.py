"""All that is known of a class as one CSV file, for a spreadsheet: each row says which table it belongs to."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from fractions import Fraction
from typing import Any

from byhand.classroom.index import IndexWriter
from byhand.marking.causes import FOIL, UNEXPLAINED
from byhand.marking.marks import Counts
from byhand.marking.notes import escaped_line, written
from byhand.marking.record import points_text
from byhand.marking.report import Report
from byhand.marking.tally import Reason

COLUMNS = (
    "table", "id", "what", "key", "why", "count", "share", "right", "own", "not right", "empty", "slips", "points",
    "of", "tells apart", "students", *Counts._fields,
)  # fmt: skip
Entry = dict[str, Any]


def report_csv(report: Report) -> bytes:
    """The tables of a report as CSV: class, rule, step, cell, choice, answer, unreadable, idea, slip, habit, words,
    student, absent, not marked. A cell that most miss and go on from says "doubtful"; a student says why points were
    lost.
    """
    rows = IndexWriter(file := io.BytesIO(), COLUMNS)
    for entry in _entries(report):
        rows.row(_text(report, entry.get(column, "")) for column in COLUMNS)
    return file.getvalue()


def _text(report: Report, entry: Any) -> str:
    """An entry as text: numbers as in other files, and no marks of slots."""
    if isinstance(entry, float):
        return f"{entry:.3f}".replace("-", "−")
    return report.filled(points_text(entry) if isinstance(entry, Fraction) else str(entry))


def _entries(report: Report) -> Iterator[Entry]:
    yield from _class(report)
    yield from _steps(report)
    yield from _cells(report)
    yield from _reasons(report)
    yield from _texts(report)
    yield from _students(report)


def _class(report: Report) -> Iterator[Entry]:
    tally = report.tally
    yield {"table": "class", "what": "students", "count": tally.students}
    yield {"table": "class", "what": "mean", "points": tally.mean, "of": tally.worth}
    for k, name in ((1, "first quartile"), (2, "median"), (3, "third quartile")):
        yield {"table": "class", "what": name, "points": float(tally.quantile(Fraction(k, 4))), "of": tally.worth}
    if tally.reliability is not None:
        yield {"table": "class", "what": "Cronbach's α", "share": tally.reliability}
    yield {"table": "rule", "what": report.policy}


def _steps(report: Report) -> Iterator[Entry]:
    n = report.tally.students or 1
    for bar in report.bars:
        section, counts = report.tally.sections.get(bar.number), bar.counts
        yield {
            "table": "step", "id": bar.number, "what": bar.title, "share": bar.share, "right": counts["right"],
            "own": counts["own"], "not right": counts["not"], "empty": counts["empty"],
            "points": float(section.points / n) if section else "", "of": float(section.worth / n) if section else "",
        }  # fmt: skip


def _cells(report: Report) -> Iterator[Entry]:
    tally, doubtful = report.tally, {*report.tally.doubtful()}
    for name, cell in tally.cells.items():
        apart = tally.tells_apart(name)
        yield {
            "table": "cell", "id": name, "what": report.plain(name), "key": cell.key or "",
            "why": "doubtful" if name in doubtful else "", "share": cell.stands / (cell.students or 1),
            "right": cell.right, "own": cell.followed, "not right": cell.wrong + cell.unreadable, "empty": cell.empty,
            "slips": cell.slips, "tells apart": "" if apart is None else apart,
        }  # fmt: skip
    for name, cell in tally.choices.items():
        yield {
            "table": "choice", "id": name, "what": report.title(name), "key": cell.key or "", "right": cell.right,
            "not right": cell.wrong + cell.unreadable, "empty": cell.empty,
        }  # fmt: skip
    for name, cell in tally.blanks.items():
        for (answer, why), count in sorted(cell.answers.items(), key=lambda each: (-each[1], each[0])):
            yield {
                "table": "answer", "id": name, "what": written(answer), "key": cell.key or "",
                "why": _why(why), "count": count,
            }  # fmt: skip
        for text, count in sorted(cell.texts.items(), key=lambda each: (-each[1], each[0])):
            yield {"table": "unreadable", "id": name, "what": written(text), "count": count}


def _why(reason: Reason) -> str:
    kind, foil = reason
    return foil or kind


def _reasons(report: Report) -> Iterator[Entry]:
    for reason, rows in report.tally.reasons().items():
        table = "idea" if reason[0] == FOIL else "slip"
        example = report.tally.examples.get(reason)
        yield {
            "table": table, "id": _why(reason), "what": report.told(reason), "why": report.mend(reason),
            "count": len(rows), "share": len(rows) / report.tally.students,
            "students": _names(report, [row.student for row in rows]),
            "key": f"{example.blank}: {written(example.answer)}" if example else "",
        }  # fmt: skip
    for (kind, step), count in sorted(report.tally.habits.items(), key=lambda each: (-each[1], each[0])):
        yield {"table": "habit", "id": kind, "what": step, "count": count}


def _texts(report: Report) -> Iterator[Entry]:
    for question, texts in report.tally.said.items():
        for said in sorted(texts.values(), key=lambda each: (-each.count, each.text)):
            yield {
                "table": "words", "id": question, "what": escaped_line(said.text), "count": said.count,
                "key": escaped_line(report.tally.keys.get(question, "")), "students": _names(report, said.students),
            }  # fmt: skip


def _students(report: Report) -> Iterator[Entry]:
    for n, row in enumerate(report.tally.rows, 1):
        why = [_why(reason) for reason in row.reasons if reason[0] != UNEXPLAINED]
        why += [f"too easy in step {number}" for number in row.guarded]
        why += [f"one number in step {number}" for number in row.constant]
        if row.taken:
            whose = row.taken.student if report.names else report.name_of.get(row.taken.student, "another")
            why.append(f"{row.taken.same} of {row.taken.of} answers of the numbers of {whose}")
        why += [f"{row.loose} that do not follow"] * (row.loose >= 3)
        name = escaped_line(row.name) if report.names else report.name_of[row.student]
        yield {
            "table": "student", "id": escaped_line(row.student) if report.names else n, "what": name,
            "why": "; ".join(why), "points": row.points, "of": Fraction(row.of, 2), "share": row.share,
            "right": row.right, "own": row.stands - row.right, "empty": row.empty,
            **(row.work._asdict() if row.work else {}),
        }  # fmt: skip
    for name in report.absent if report.names else ():
        yield {"table": "absent", "what": escaped_line(name)}
    for line in report.unmarked if report.names else ():
        yield {"table": "not marked", "what": escaped_line(line)}


def _names(report: Report, students: Sequence[str]) -> str:
    return "; ".join(report.name_of.get(student, student) for student in students)
