"""What the wheel brings is found by its hash, takes no room twice, and is not found where it is damaged."""

from __future__ import annotations

import random

import pytest

from byhand import brought
from byhand import cache as room
from byhand.cache import cached


def pdf(*streams: bytes) -> bytes:
    """Something like a PDF with these streams."""
    objects = (
        b"%d 0 obj\n<</Length %d>>\nstream\n%s\nendstream\nendobj\n" % (n, len(s), s) for n, s in enumerate(streams)
    )
    return b"%PDF-1.7\n" + b"".join(objects) + b"startxref\n"


def page(style: bytes, body: bytes) -> bytes:
    """Something like a page in the cache."""
    return b"\x92\xda<!doctype html><html><head><style>%s</style></head><body>%s<script>a</script></body>" % (
        style,
        body,
    )


FONT = random.Random(0).randbytes(5_000)
RESULTS = {
    "one": pdf(FONT, b"page of one"),
    "two": b"\x81\xa3pdf" + pdf(b"page of two", FONT, b"") + pdf(FONT),
    "text": "no stream\n at all −\nendstream".encode(),
    "none": b"",
    "page": page(b"p { margin: 0 }", b"<p>A page"),
    "without": page(b"", b"").replace(b"<script>a</script>", b""),
}


@pytest.fixture
def file(tmp_path, monkeypatch):
    monkeypatch.setattr(brought, "FILE", tmp_path / "brought.bin")
    brought._index.cache_clear()
    yield tmp_path / "brought.bin"
    brought._index.cache_clear()


def found():
    brought._index.cache_clear()
    return {digest: result for digest in RESULTS if (result := brought.result(digest)) is not None}


def test_what_is_brought_is_found_and_nothing_else(file):
    assert brought.result("one") is None
    file.write_bytes(brought.packed(RESULTS))
    assert found() == RESULTS
    assert brought.result("another") is None


@pytest.mark.parametrize("make", [pdf, page])
def test_what_many_results_have_is_there_once(make):
    one, two = ({str(n): make(FONT, b"%d" % n) for n in range(count)} for count in (1, 2))
    assert len(FONT) < len(brought.packed(one)) < len(brought.packed(two)) < len(brought.packed(one)) + 500


def test_the_same_results_are_the_same_file_in_any_order():
    assert brought.packed(dict(reversed(RESULTS.items()))) == brought.packed(RESULTS)


def test_what_is_damaged_is_not_found_and_the_rest_is(file):
    whole, seen = brought.packed(RESULTS), set()
    for at in range(0, len(whole), 7):
        file.write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
        left = found()
        assert left.items() < RESULTS.items()
        seen.add(frozenset(left))
    assert {frozenset(), frozenset(RESULTS.keys() - {"one", "two"})} <= seen  # of a damaged index; of a damaged font


@pytest.mark.parametrize("length", [0, 10, 64, 65, 300, -5000, -1])
def test_a_file_that_was_cut_off_does_no_harm(file, length):
    file.write_bytes(brought.packed(RESULTS)[:length])
    assert found().items() < RESULTS.items()


def test_what_is_brought_is_not_made_and_not_kept_again(file, tmp_path, monkeypatch):
    monkeypatch.setattr(room, "user_cache_path", lambda name: tmp_path / name)
    made = cached("kind", lambda: FONT, "a", "b")
    (kept,) = (tmp_path / "byhand" / "kind").iterdir()
    assert room.content_of(kept) == made == FONT
    file.write_bytes(brought.packed({kept.name: FONT}))
    brought._index.cache_clear()
    kept.unlink()
    assert cached("kind", lambda: pytest.fail("it is brought"), "a", "b") == FONT
    assert not kept.exists()
    file.write_bytes(b"")
    brought._index.cache_clear()
    assert cached("kind", lambda: FONT, "a", "b") == FONT
    assert kept.exists()
