"""QR codes made from one code and the modules that each bit flips."""

import re

import pytest
import segno

from byhand.classroom.qr import qr_codes


@pytest.mark.parametrize(
    "texts",
    [
        ["BYHAND GPT 0 0.1.0 0123456", "BYHAND GPT 0 0.1.0 FEDCBA9", "BYHAND GPT 0 0.1.0 0000000"],
        [
            "BYHAND LAYER-NORM-OR-BATCH-NORM 12345 0.1.0 00000F1",
            "BYHAND LAYER-NORM-OR-BATCH-NORM 12345 0.1.0 ABCDEF9",
        ],
        ["BYHAND SCORES 7 0.1.0 0123456"],
        ["A$%*+-./: Z", "Z0123456789"],
        ["BYHAND GRÖSSE 0 0.1.0 0123456", "BYHAND GRÖSSE 0 0.1.0 FEDCBA9"],
        ["A" * 300 + "1", "A" * 300 + "2"],
        ["A", "Z"],
        ["BYHAND CROSS-ATTENTION 0 0.1.0 0123456", "BYHAND CROSS-ATTENTION 0 0.1.0 FEDCBA9"],  # full
        *([f"{'BYHAND ' * 5:.{n}}{end}" for end in "7Z"] for n in range(20, 35)),
    ],
)
def test_codes_made_at_once_are_those_made_one_by_one(texts):
    paths, size = qr_codes(texts)
    for text, path in zip(texts, paths, strict=True):
        code = segno.make_qr(text, error="m", boost_error=False, mask=2).matrix
        assert drawn(path, size) == [[module & 1 for module in row] for row in code]


def drawn(path, size):
    modules = [[0] * size for _ in range(size)]
    for x, y, width, again in re.findall(r"M(\d+) (\d+)h(\d+)v1h-(\d+)z", path):
        assert width == again
        for column in range(int(x), int(x) + int(width)):
            modules[int(y)][column] = 1
    return modules


def test_bars_are_as_long_as_they_can_be():
    (path,), _ = qr_codes(["BYHAND GPT 0 0.1.0 0123456"])
    assert path.startswith("M0 0h7v1h-7z")
