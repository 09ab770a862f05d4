"""Time the slow parts: medians over runs in fresh processes, as Markdown tables. `make bench`, or:

bench.py [--runs N] [--only PART] [--quick] [--write]

Nothing is asserted. Ratios are taken between neighbours in time (A B A B …), because machines are noisy. What takes
seconds is run half as often.
"""

from __future__ import annotations

import argparse
import os
import platform
import resource
import tempfile
from collections.abc import Callable
from importlib.metadata import version

import choosing
from figures import figures
from measuring import HERE, LIBRARIES, SHEETS, Runs, Table, Use, inside, median, process, spread

GENERATE = ("-c", "from byhand.cli import main; main()", "generate", "--no-cache")
WARM = GENERATE[:-1]


def processes(runs: Runs) -> Table:
    """Time and memory of `generate`, with the floor that Python and the libraries are."""
    cases: list[tuple[str, int, tuple[str, ...]]] = [
        ("`python -c pass`", runs.fast, ("-c", "pass")),
        (f"`python -c '{LIBRARIES}'`", runs.fast, ("-c", LIBRARIES)),
    ]
    for formats, count in (("html", runs.fast), ("pdf", runs.slow), ("html,pdf,json", runs.slow)):
        for sheet in SHEETS:
            name = f"`generate {sheet} --format {formats}`"
            cases.append((name, count, (*GENERATE, sheet, "--format", formats, "--out")))
    for sheet in SHEETS:
        cases.append((f"`generate {sheet}` again", runs.fast, (*WARM, sheet, "--out")))
    found: dict[str, list[Use]] = {name: [] for name, _, _ in cases}
    with tempfile.TemporaryDirectory() as out:
        for sheet in SHEETS:
            process(*WARM, sheet, "--out", out)  # fonts, bytecode and the cache are made before
        for turn in range(runs.fast):
            for name, count, command in cases:
                if turn < count:
                    found[name].append(process(*command, *([out] if command[-1] == "--out" else [])))
    own = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024  # a child's peak is never below it on Linux
    rows = []
    for name, _, _ in cases:
        seconds, memory = [use.seconds for use in found[name]], median([use.memory for use in found[name]])
        rows.append((name, spread(seconds, 3), f"{'≤ ' if memory < own + 1 else ''}{memory:.0f}", str(len(seconds))))
    return Table(
        "Time and peak memory",
        "Each run is a fresh process; worksheet and key. Again: with the pages in the cache.",
        ("command", "s: median (least–most)", "MB", "runs"),
        rows,
    )


def shares(runs: Runs) -> Table:
    """Where the time goes."""
    cases = [(s, f) for f in ("html", "pdf") for s in SHEETS]
    found: dict[tuple[str, str], list[dict[str, float]]] = {case: [] for case in cases}
    for turn in range(runs.fast):
        for case in cases:
            if case[1] == "html" or turn < runs.slow:
                found[case].append(inside("shares", *case))
    parts = list(found[cases[-1]][0])
    rows = []
    for (sheet, kind), runs_of in found.items():
        medians = [median([run.get(part, 0.0) for run in runs_of]) for part in parts]
        total = sum(medians)
        cells = [f"{1000 * m:.0f} ({100 * m / total:.0f} %)" if m else "–" for m in medians]
        rows.append((f"{sheet}, {kind}", *cells, f"{1000 * total:.0f}"))
    return Table(
        "Shares, in ms",
        "Medians inside fresh processes, without the start of Python; numbers: those of the sheet; run and document: "
        "the model, exactly, and sheet to blocks; witness: the run again; grids: figures and the map laid out; "
        "template: all that to HTML; pdf: HTML to PDF.",
        ("sheet", *parts, "sum"),
        rows,
    )


def pages(runs: Runs) -> Table:
    """What a page and a table cell cost in a PDF."""
    rows = []
    for sheet in SHEETS:
        for view, seen in inside("pages", sheet, str(runs.slow)).items():
            count, boxes = seen["pages"], seen["boxes"]
            whole = [1000 * t / count for t in seen["whole"]]
            cells = [1000 * (a - b) / boxes for a, b in zip(seen["whole"], seen["without"], strict=True)]
            to_plain = [a / b for a, b in zip(seen["whole"], seen["plain"], strict=True)]
            cost = (spread(whole, 0), spread(cells, 2), spread(to_plain, 2))
            rows.append((f"{sheet}, {view}", str(count), str(boxes), *cost))
    return Table(
        "Per page and per cell",
        "Layout and writing of a PDF in one warm process; a box is a td or th; its cost is the page's less the same "
        "page's without tables. The pen draws the boxes of figures; the ratio is to WeasyPrint laying them out, too.",
        ("sheet", "pages", "boxes", "ms a page", "ms a box", "× WeasyPrint"),
        rows,
    )


def weasyprint(runs: Runs) -> Table:
    """`generate` against WeasyPrint on the same two strings."""
    rows = []
    for sheet in SHEETS:
        with tempfile.TemporaryDirectory() as folder:
            inside("save", sheet, folder)
            ours, plain, tuned = [], [], []
            for _ in range(runs.slow):
                ours.append(process(*GENERATE, sheet, "--format", "pdf", "--out", folder).seconds)
                plain.append(process(str(HERE / "inside.py"), "plain", folder).seconds)
                tuned.append(process(str(HERE / "inside.py"), "plain", folder, "nogc").seconds)
        to_plain = [a / b for a, b in zip(ours, plain, strict=True)]
        to_tuned = [a / b for a, b in zip(ours, tuned, strict=True)]
        rows.append((sheet, *(spread(x, 2) for x in (ours, plain, to_plain, tuned, to_tuned))))
    return Table(
        "PDF against WeasyPrint itself",
        "`generate --format pdf` against a fresh process that imports nothing but WeasyPrint and lays out and writes "
        "the same two HTML strings with the same fonts as PDF/UA-1; then against the same without garbage "
        "collection, as byhand renders. Target: 1.3 at most.",
        ("sheet", "byhand, s", "WeasyPrint, s", "ratio", "without gc, s", "ratio"),
        rows,
    )


def markup(runs: Runs) -> Table:
    """What a figure costs in different markup."""
    seen = inside("markup", str(runs.slow))
    rows = []
    for name, times in seen["times"].items():
        count, boxes, first = seen["counts"][name]
        less = [1000 * (t - e) for t, e in zip(times, seen["empty"], strict=True)]
        against = [a / (b - e) for a, b, e in zip(less, seen["times"][first], seen["empty"], strict=True)]
        ratio = "1" if name == first else f"{median(against) / 1000:.2f}"
        rows.append((name, spread([x / count for x in less], 1), f"{median(less) / boxes:.2f}", ratio))
    return Table(
        "What markup costs",
        "24 figures of gpt's key with 12 to 52 boxes: only the table is replaced; the drawing behind it and the "
        "names beside it stay. Then 24 tables of 40 cells each. Times are less an empty page's, in one process, turn "
        "by turn.",
        ("markup", "ms a figure", "ms a box", "× the first"),
        rows,
    )


def formats(runs: Runs) -> Table:
    """How long each format takes, and how large its files are."""
    found = {sheet: inside("formats", sheet, str(runs.fast)) for sheet in SHEETS}
    rows = []
    for name in found[SHEETS[0]]:
        cells = (found[sheet][name] for sheet in SHEETS)
        rows.append(
            (name, *(cell for one in cells for cell in (spread(one["seconds"], 3), f"{one['bytes'] / 1000:.0f}")))
        )
    return Table(
        "Formats",
        "Processor time of all files of a sheet in one format, with other numbers each time, without their choice. "
        "The first time is left out: it imports what a format needs, and lays out the page of a PDF, which later "
        "ones fill.",
        ("format", *(head for sheet in SHEETS for head in (f"{sheet}, s", "kB"))),
        rows,
    )


def imports(runs: Runs) -> Table:
    """Which of the large packages a command imports."""
    cases = (
        ("--format", "html"),
        ("--format", "html,json"),
        ("--format", "html", "--numbers", "decimal"),
        ("--format", "html", "--numbers", "decimal", "--softmax", "e"),
        ("--format", "html", "--numbers", "symbolic"),
        ("--format", "pdf"),
    )
    rows, heavy = [], ("weasyprint", "fontTools", "sympy", "mpmath", "numpy", "ziamath", "latex2mathml")
    for case in cases:
        modules = inside("modules", *case)
        held = {name.partition(".")[0] for name in modules}
        rows.append((f"`{' '.join(case)}`", *("yes" if name in held else "–" for name in heavy), str(len(modules))))
    return Table("What is imported", "`generate gpt …`", ("command", *heavy, "modules"), rows)


def search(runs: Runs) -> Table:
    """How fast numbers are found, and how large they are."""
    seeds = 200 if runs.slow > 1 else 20
    return Table(
        "The search for numbers",
        f"{seeds} seeds of each configuration, on one core; where there is a figure to reach, it stands behind the "
        "median and the 95th percentile. Then the largest integer, denominator and count of ugly values in any "
        "instance, the median of that count, and the share of whole numbers.",
        choosing.HEAD,
        [choosing.measured(name, seeds) for name in choosing.ROWS],
    )


def configurations(runs: Runs) -> Table:
    """The search for whatever a sheet may ask."""
    seeds = 5 if runs.slow > 1 else 1
    return Table(
        "The search, whatever is asked",
        f"{seeds} seeds of each configuration: 4 and 8 dimensions, and where the model has them LayerNorm and "
        "RMSNorm, before and after, with and without mask, one block and two. A decoder has a word less than it "
        "reads; of one with four words and two heads, RMSNorm before its layers and 4 dimensions is refused.",
        choosing.RANGE_HEAD,
        list(choosing.whole_range(seeds)),
    )


def promises(runs: Runs) -> Table:
    """What a constraint of the search is worth."""
    seeds = 100 if runs.slow > 1 else 20
    return Table(
        "Promises without the constraints that keep them",
        f"How often the first instance of {seeds} seeds breaks one, when a constraint is left out of gpt's search.",
        ("left out", "instances", "promises that are broken"),
        [choosing.broken(name, seeds, choosing.judge) for name in choosing.WITHOUT],
    )


def paces(runs: Runs) -> Table:
    """What the search expects of the time that an instance takes."""
    seeds = 3 if runs.slow > 1 else 1
    return Table(
        "The time that instances take",
        f"Seconds for each number that a kind of step reads, and factors of the whole time, as byhand/numbers says "
        f"them and as measured on {seeds} seeds of each configuration.",
        choosing.PACES_HEAD,
        list(choosing.paces(seeds)),
    )


def constants(runs: Runs) -> Table:
    """What the constants of the search are worth."""
    seeds = 4 if runs.slow > 1 else 1
    return Table(
        "The constants of the search",
        "How many instances are found, and the time for it in proportion, if one constant has half or twice its "
        f"value: {seeds} seeds of each of {len(choosing.MEASURED_ROWS + choosing.MEASURED_SHEETS)} cases.",
        choosing.CONSTANTS_HEAD,
        list(choosing.constants(seeds)),
    )


PARTS: dict[str, Callable[[Runs], Table]] = {
    f.__name__: f
    for f in (
        figures,
        processes,
        shares,
        pages,
        weasyprint,
        markup,
        formats,
        imports,
        search,
        configurations,
        promises,
        paces,
        constants,
    )
}


def main() -> None:
    """Measure, print, and write RESULTS.md where asked."""
    parser = argparse.ArgumentParser(description="Time the slow parts.")
    parser.add_argument("--runs", type=int, default=7, help="how often; what takes seconds is run half as often")
    parser.add_argument("--only", choices=PARTS, metavar="PART", help=f"one of {', '.join(PARTS)}")
    parser.add_argument("--quick", action="store_true", help="once or twice only")
    parser.add_argument("--write", action="store_true", help="also write bench/RESULTS.md")
    asked = parser.parse_args()
    if asked.runs < 1:
        parser.error("--runs is at least 1")
    runs = Runs(2, 1) if asked.quick else Runs(asked.runs, max(asked.runs // 2, 1))
    packages = f"Python {platform.python_version()}, WeasyPrint {version('weasyprint')}"
    text = f"# Benchmarks\n\n{packages}, {platform.system()} {platform.machine()}, {os.cpu_count()} processors.\n"
    print(text, flush=True)
    for part in [asked.only] if asked.only else PARTS:
        table = str(PARTS[part](runs))
        print(table, flush=True)
        text += "\n" + table
    if asked.write:
        (HERE / "RESULTS.md").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
