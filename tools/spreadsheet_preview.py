"""Fills in a worksheet.xlsx as a student does, and prints it as LibreOffice shows it.

python tools/spreadsheet_preview.py worksheet.xlsx preview.pdf
"""

import io
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from fractions import Fraction
from pathlib import Path

import openpyxl


def filled_in(content: bytes, answers: Mapping[str, str]) -> bytes:
    """A worksheet with answers, which are texts by the ids of blanks, in its cells."""
    book = openpyxl.load_workbook(io.BytesIO(content), rich_text=True)
    for _, name, place, *_ in book["byhand"].iter_rows(values_only=True):
        if answers.get(name):
            text = answers[name].replace("−", "-")
            book["worksheet"][place] = text if "∞" in text else float(Fraction(text))
    book.save(out := io.BytesIO())
    return out.getvalue()


def printed(content: bytes) -> bytes:
    """The PDF that LibreOffice makes of a spreadsheet. It computes formulas anew that another program has saved."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "worksheet.xlsx")
        file.write_bytes(content)
        profile = f"-env:UserInstallation={Path(folder, 'profile').as_uri()}"
        command = ["soffice", profile, "--headless", "--convert-to", "pdf", "--outdir", folder, str(file)]
        subprocess.run(command, check=True, capture_output=True)
        return file.with_suffix(".pdf").read_bytes()


if __name__ == "__main__":
    Path(sys.argv[2]).write_bytes(printed(Path(sys.argv[1]).read_bytes()))
