"""An index is harmless in a spreadsheet, and is read back as it was."""

import csv
import io

import pytest

from byhand.classroom.index import FIELDS, IndexWriter, read_index

HARMFUL = ['=cmd|"/c calc"!A1', "+1+2", "@SUM(A1)", "-cmd", "\t=1", "\r=1", "\n=1", "＝1", "'=1", "''-1"]
HARMLESS = ["", "Ada", "'t Hooft", "−1 2", "1=2", "x;=1+1", 'say "7", please', "'", "3.=1"]


@pytest.mark.parametrize("text", HARMFUL + HARMLESS)
def test_a_text_is_no_formula_and_is_read_back(text):
    file = io.BytesIO()
    index = IndexWriter(file)
    index.row([text] * len(FIELDS))
    content = file.getvalue()
    assert [*read_index(io.BytesIO(content))] == [dict.fromkeys(FIELDS, text)]
    _, shown = csv.reader(io.StringIO(content.decode("utf-8-sig"), newline=""))
    assert shown == [f"'{text}" if text in HARMFUL else text] * len(FIELDS)
    assert content.decode("utf-8-sig").split("\r\n")[0] == ",".join(f'"{name}"' for name in FIELDS)
