"""Every reader finds the same objects in a PDF that is judged: what may have two faces is refused in a line."""

import io
import re
from random import Random

import pikepdf
import pytest
from every_sheet import FULL
from hypothesis import given, settings
from hypothesis import strategies as st
from pypdf import PdfWriter
from two_faces import FACES, has_one_face, judged, parts_of, random_faces, shown, whole

from byhand.errors import UnreadableError
from byhand.formats import Setup
from byhand.formats.pdf import filled, filled_form
from byhand.options import Options
from byhand.page.page import lower
from byhand.pipeline import prepare
from byhand.press.printing import pdf
from byhand.reading.packing import check_packing
from byhand.reading.verdict import Finding
from byhand.reading.verify import report, verify
from byhand.worksheet.sheet import load_sheet

TRIES = 3_000 if FULL else 300


@pytest.fixture(scope="module")
def key():
    return filled(lower(*prepare(load_sheet("softmax"), Options())), "key", Setup())


@pytest.fixture(scope="module")
def parts():
    return parts_of(pdf("<!doctype html><html lang=en><title>x</title><p>Key<table><tr><th>a<td>1</table>"))


def fault(content):
    try:
        check_packing(content)
    except UnreadableError as error:
        return str(error)
    return ""


@pytest.mark.parametrize("name", FACES)
def test_what_may_have_two_faces_is_refused(name, parts):
    what, made = FACES[name]
    assert fault(whole(parts)) == ""
    so = "so that a viewer may show another page than is judged here; verify the PDF as byhand wrote it"
    assert re.sub(r"\b[\d,]+\b", "N", fault(made(parts))) == f"{what}, {so}"


def test_a_key_of_which_a_viewer_shows_another_page_is_not_right(key, tmp_path):
    """It has all numbers where it is judged, and is blank in a viewer."""
    content = FACES["an object stream has it twice"][1](parts_of(key))
    assert shown(judged(content)) == shown(key) != shown(content)
    (tmp_path / "key.pdf").write_bytes(content)
    (line,), finding = report(tmp_path / "key.pdf")
    assert finding is Finding.UNREADABLE
    assert line.startswith("cannot be verified: it has object ")


def test_a_viewer_shows_what_is_judged_of_any_file_that_is_not_refused(parts):
    refused = alike = 0
    for seed in range(TRIES):
        content = random_faces(parts, Random(seed))
        if fault(content):
            refused += not has_one_face(content)
        else:
            assert has_one_face(content), seed
            alike += 1
    assert alike > TRIES / 10  # of files with updates, too
    assert refused > TRIES / 10


def by_pikepdf(**options):
    def saved(content):
        with pikepdf.open(io.BytesIO(content)) as file:
            file.save(out := io.BytesIO(), **options)
        return out.getvalue()

    return saved


def by_pypdf(content):
    PdfWriter(io.BytesIO(content), incremental=True).write(out := io.BytesIO())
    return out.getvalue()


SAVED = {
    "as it is": bytes,
    **{
        f"pikepdf: {mode.name}{', linearised' * linearised}{', not packed' * (not packed)}": by_pikepdf(
            object_stream_mode=mode, linearize=linearised, compress_streams=packed
        )
        for mode in pikepdf.ObjectStreamMode.__members__.values() for linearised in (False, True) for packed in (True, False)
    },
    "pikepdf, twice": lambda content: by_pikepdf(linearize=True)(by_pikepdf()(content)),
    "pypdf, as an update": by_pypdf,
}  # fmt: skip


@pytest.mark.parametrize("name", SAVED)
def test_whoever_saved_a_page_it_is_right(name, key, tmp_path):
    path = tmp_path / "key.pdf"
    path.write_bytes(SAVED[name](key))
    assert fault(path.read_bytes()) == ""
    assert verify(path).finding is Finding.RIGHT


def test_whoever_saved_a_form_it_has_one_face():
    form = filled_form(lower(*prepare(load_sheet("softmax"), Options())), Setup())
    assert {fault(saved(form)) for saved in SAVED.values()} == {""}


@pytest.fixture(scope="module")
def saved(parts):
    return [each(whole(parts)) for each in SAVED.values()]


@settings(max_examples=3_000 if FULL else 300)
@given(st.data())
def test_whatever_is_changed_in_a_file_it_is_read_or_refused(saved, data):
    """Its tables and object streams, too, which are not packed in some."""
    content = bytearray(data.draw(st.sampled_from(saved)))
    for _ in range(data.draw(st.integers(1, 3))):
        at, length = data.draw(st.integers(0, len(content) - 1)), data.draw(st.integers(0, 9))
        content[at : at + length] = data.draw(st.sampled_from([b"", b"0", b"9", b"<<", b"]", b" ", b"\xff"]))
    fault(bytes(content))  # and nothing else is raised
