"""Marking is tried out on a head in one piece, from queries to mixture: more steps follow from one slip than on the
sheet of the course.
"""

from pathlib import Path

import pytest

ALL_SHEETS = {"test_students", "test_properties"}  # which try out every sheet of the course


@pytest.fixture(autouse=True, scope="module")
def _head_in_one_piece(request):
    with pytest.MonkeyPatch.context() as patch:
        if request.module.__name__ not in ALL_SHEETS:
            patch.setenv("BYHAND_TEMPLATES", str(Path(__file__).parent / "templates"))
        yield
