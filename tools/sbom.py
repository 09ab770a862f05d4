"""Write byhand.cdx.json, which goes into the wheel: what byhand needs to run, with licences (make sbom).

Reads what cyclonedx-py says of an environment from standard input; web addresses are left out, which nobody needs to
know what is installed.
"""

import json
import sys
from pathlib import Path

TARGET = Path(__file__).resolve().parents[1] / "byhand.cdx.json"


def without_addresses(entry):
    if isinstance(entry, dict):
        return {key: without_addresses(value) for key, value in entry.items() if key != "externalReferences"}
    return [without_addresses(each) for each in entry] if isinstance(entry, list) else entry


if __name__ == "__main__":
    TARGET.write_text(json.dumps(without_addresses(json.load(sys.stdin)), indent=1) + "\n", encoding="utf-8")
