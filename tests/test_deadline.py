"""A limit of processor time stops code that looks at no clock, and leaves nothing behind."""

import subprocess
import sys
import time

import pytest

from byhand.deadline import deadline
from byhand.errors import LimitError


@deadline(0.1, "too long")
def endless(swallowing):
    for _ in range(swallowing):
        try:
            while True:
                pass
        except BaseException:
            time.sleep(0)
    while True:
        pass


@pytest.mark.parametrize("swallowing", [0, 2])
def test_code_that_does_not_end_is_stopped_also_where_it_swallows_a_stop(swallowing):
    with pytest.raises(LimitError, match=r"^too long$"):
        endless(swallowing)


def test_a_profiler_can_follow_what_comes_after():
    """In CPython 3.11 it would wait for ever if the interpreter still thought of an exception that is to be raised."""
    code = (
        "import cProfile\n"
        "from byhand.deadline import deadline\n"
        "with deadline(10, ''): pass\n"
        "cProfile.run('[str(n) for n in range(9)]')"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60, stdout=subprocess.DEVNULL)
