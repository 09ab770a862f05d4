"""nbgrader releases a key as an assignment and grades what comes back: students get every template and no answer, and
every right number its point.
"""

from __future__ import annotations

import csv
import os
import re
import subprocess
from pathlib import Path

import nbformat
import pytest
from every_sheet import FULL, SHEETS, made

from byhand.formats import Setup
from byhand.formats.notebook.notebook import notebook
from byhand.page.page import lower

NBGRADER = Path(os.environ.get("NBGRADER", Path(__file__).parents[2] / ".formats/nbgrader/bin/nbgrader"))
STUB = "# YOUR CODE HERE\nraise NotImplementedError()"  # what nbgrader leaves of a solution
OWN_CHECK = "\ncheck = type('', (), {'points': lambda self, *given: 99})()"
SLIP = "attention-head"  # a sheet in which one student has a slip

pytestmark = [
    pytest.mark.skipif(not FULL, reason="make test-formats grades with nbgrader"),
    pytest.mark.skipif(not NBGRADER.exists(), reason="nbgrader is not installed; make test-formats installs it"),
]


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    """A course with an assignment of all sheets, which was released."""
    folder = tmp_path_factory.mktemp("course")
    (folder / "source" / "byhand").mkdir(parents=True)
    for sheet in SHEETS:
        key = notebook(lower(*made(sheet, 1)), "key", Setup(nbgrader=True))
        (folder / "source" / "byhand" / f"{sheet}.ipynb").write_bytes(key)
    run(folder, "generate_assignment", "byhand")
    return folder


def run(folder, *command):
    local = {"HOME": str(folder), "PATH": f"{NBGRADER.parent}{os.pathsep}{os.environ['PATH']}"}
    done = subprocess.run(
        [NBGRADER, *command],
        cwd=folder, env=os.environ | local, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]


def solution(cell):
    return re.search(r"(?s)### BEGIN SOLUTION\n(.*)\n### END SOLUTION", cell["source"])


def by_name(folder, sheet):
    """The cells of a notebook with nbgrader's metadata, by their names, and the notebook."""
    found = nbformat.read(folder / f"{sheet}.ipynb", 4)
    return {cell.metadata.nbgrader.grade_id: cell for cell in found.cells if "nbgrader" in cell.metadata}, found


@pytest.mark.parametrize("sheet", SHEETS)
def test_students_get_every_template_and_no_answer(course, sheet):
    released, _ = by_name(course / "release" / "byhand", sheet)
    worksheet = nbformat.reads(notebook(lower(*made(sheet, 1)), "worksheet", Setup(nbgrader=True)).decode(), 4)
    for cell in worksheet.cells:
        about = cell.metadata.get("nbgrader")
        if about and cell.cell_type == "code":
            template = f"{cell['source']}\n{STUB}" if about.solution else cell["source"]
            assert released[about.grade_id]["source"] == template


def hand_in(course, student, sheets, change):
    """What a student hands in: released notebooks, each cell to fill in as they change it."""
    folder = course / "submitted" / student / "byhand"
    folder.mkdir(parents=True)
    for sheet in sheets:
        keys, _ = by_name(course / "source" / "byhand", sheet)
        cells, whole = by_name(course / "release" / "byhand", sheet)
        for name, key in keys.items():
            if found := solution(key):
                cells[name]["source"] = change(name, found[1], cells[name]["source"])
        nbformat.write(whole, folder / f"{sheet}.ipynb")


def worth(course, sheets):
    """The points of all checks of sheets; a person gives those of words, and of what is changed in a construction."""
    cells = (cell for sheet in sheets for cell in by_name(course / "source" / "byhand", sheet)[0].values())
    marked = (cell.metadata.nbgrader for cell in cells)
    return sum(about.points for about in marked if about.grade and not about.solution)


def test_every_right_number_has_its_point_and_nothing_else_has_one(course):
    def slip(name, right, template):
        return re.sub(r"(?s)(.* )-?\d+(?=\],)", r"\g<1>99", right) if name == "1-S" else right

    hand_in(course, "right", SHEETS, lambda name, right, template: f"{right}\n{STUB}")
    hand_in(course, "slip", [SLIP], slip)
    hand_in(course, "cheat", [SLIP], lambda name, right, template: template + OWN_CHECK)
    run(course, "autograde", "byhand")
    run(course, "export", "--to", str(course / "grades.csv"))
    with (course / "grades.csv").open(encoding="utf-8") as file:
        grades = {row["student_id"]: float(row["raw_score"]) for row in csv.DictReader(file)}
    assert grades == {"right": worth(course, SHEETS), "slip": worth(course, [SLIP]) - 1, "cheat": 0}
