"""The command: python tests/attack [NAME …] [--seed N] [--full]."""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from pathlib import Path
from random import Random
from time import monotonic

sys.path.insert(0, str(Path(__file__).parents[1]))
import attack
from attack import copies, disk, given, pages, records  # noqa: F401 - which register their attacks

SHOWN = 5  # of the tries that went wrong


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="attack", description="Attack byhand, and count what was tried and what held."
    )
    parser.add_argument(
        "names", nargs="*", metavar="NAME", help=f"of {', '.join(attack.ATTACKS)}; all, if there is none"
    )
    parser.add_argument("--seed", type=int, default=0, help="another seed, other tries")
    parser.add_argument("--full", action="store_true", help="every number of every sheet once, and more of the rest")
    asked = parser.parse_args()
    if unknown := set(asked.names) - attack.ATTACKS.keys():
        parser.error(f"no attack {', '.join(sorted(unknown))}; there are {', '.join(attack.ATTACKS)}")
    failed = 0
    print(f"{'attack':14} {'tried':>9} {'right':>9} {'wrong':>6} {'s':>5}")
    for name in asked.names or attack.ATTACKS:
        kind, start, tried, wrong = attack.ATTACKS[name], monotonic(), 0, list[str]()
        with tempfile.TemporaryDirectory(prefix="byhand-attack-") as folder:
            os.environ.setdefault("XDG_CACHE_HOME", folder)
            count = kind.full if asked.full else kind.bounded
            for outcome in kind.attack(Random(f"{asked.seed} {name}"), Path(folder), count):
                tried += 1
                wrong += [outcome] if outcome else []
        print(f"{name:14} {tried:9,} {tried - len(wrong):9,} {len(wrong):6,} {monotonic() - start:5.0f}", flush=True)
        for line in list(dict.fromkeys(wrong))[:SHOWN]:
            print(f"  {line}")
        failed += len(wrong)
    return int(failed > 0)


if __name__ == "__main__":
    sys.exit(main())
