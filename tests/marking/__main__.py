"""The command: python tests/marking [PROPERTY …] [--sheets NAME …] [--seeds N] [--from N].

Each property is tried on every sheet, with so many students; a table says how often it held, and how often it has to.
"""

from __future__ import annotations

import argparse
import sys
from concurrent.futures import ProcessPoolExecutor
from contextlib import nullcontext
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
from properties import FIGURES, PROPERTIES, SHEETS, Count, count, merge

SHOWN = 5  # of the examples where a figure did not hold


def tried(job: tuple[str, str, range]) -> dict[str, Count]:
    name, sheet, seeds = job
    return count(each for seed in seeds for each in PROPERTIES[name](sheet, seed))


def main() -> int:
    parser = argparse.ArgumentParser(prog="marking", description="Mark simulated students, and count what held.")
    parser.add_argument(
        "names", nargs="*", metavar="PROPERTY", help=f"of {', '.join(PROPERTIES)}; all, if there is none"
    )
    parser.add_argument("--sheets", nargs="*", default=SHEETS, metavar="NAME", help="of these sheets only")
    parser.add_argument("--seeds", type=int, default=20, help="students on each sheet")
    parser.add_argument(
        "--from", type=int, default=100, dest="first", help="the first seed: those of the tests begin at 0"
    )
    parser.add_argument("--jobs", type=int, default=2, help="processes")
    parser.add_argument("--shown", type=int, default=SHOWN, help="examples of each figure")
    asked = parser.parse_args()
    if unknown := set(asked.names) - PROPERTIES.keys():
        parser.error(f"no property {', '.join(sorted(unknown))}; there are {', '.join(PROPERTIES)}")
    seeds = range(asked.first, asked.first + asked.seeds)
    jobs = [(name, sheet, seeds) for name in asked.names or PROPERTIES for sheet in asked.sheets]
    found: dict[str, Count] = {}
    with ProcessPoolExecutor(asked.jobs) if asked.jobs > 1 else nullcontext() as pool:
        for counts in (pool.map if pool else map)(tried, jobs):
            merge(found, counts)
    failed = False
    print(f"{'':55} {'tried':>7} {'held':>8} {'least':>7}")
    for name, least in FIGURES.items():
        if name in found:
            one = found[name]
            bad = least is not None and one.share < least
            failed |= bad
            needed = "" if least is None else f"{least:.1%}"
            print(f"{name:55} {one.tried:7,} {one.share:8.2%} {needed:>7}{'  too few' if bad else ''}")
            for line in sorted(filter(None, one.examples), key=len)[: asked.shown if bad or asked.names else 0]:
                print(f"    {line}")
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
