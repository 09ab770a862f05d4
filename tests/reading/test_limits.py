"""What is far larger than a page of ours, or made to keep a reader busy, is refused by the limit that it is over."""

from io import BytesIO

import pikepdf
import pytest

from byhand.errors import UnreadableError
from byhand.notation.number import shown
from byhand.press.printing import pdf
from byhand.reading.page import LARGEST_HTML, MOST_TAGS, MOST_TEXT, cut, differences, read_html
from byhand.reading.pdf import MOST_DRAWN, MOST_PAGES, MOST_REFERENCES, MOST_SHOWN, MOST_UNPACKED, read_pdf
from byhand.reading.verify import verify

SAYS = (
    "<meta name=byhand content='view=key language=en level=standard orientation=rows numbers=exact base=2 version=0.1.0 "
    "sheet=x seed=0 hash=1234567 minutes=9'>"
)
HTML = [
    ("<p>" + "x" * LARGEST_HTML, "it has over 4,000,000 characters; no page of ours has as many"),
    ("<p>" * (MOST_TAGS + 1), "it has over 200,000 tags; no page of ours has as many"),
    ("<p>" + "x" * (MOST_TEXT + 1), "it has over 200,000 characters of text; no page of ours has as many"),
    *((part * 20_000, f"its HTML has {shown((part * 20)[:25])}, which neither byhand nor a browser writes so") for part in (
        "<!--", "<?", "</", "<a ", "<a b='", "<a b=c ", "<a <", "<![x", "<title>", "<a b='c' ",
    )),
]  # fmt: skip


@pytest.mark.parametrize(("html", "message"), HTML)
def test_html_that_is_too_large_or_does_not_end_is_refused(html, message):
    with pytest.raises(UnreadableError) as error:
        read_html(SAYS + html)
    assert str(error.value) == message


@pytest.fixture(scope="module")
def tiny():
    return pdf(f"<!doctype html><html lang=en>{SAYS}<title>x</title><p>Key<table><tr><th>a<td>1</table>")


def changed(content, change):
    saved = BytesIO()
    with pikepdf.open(BytesIO(content)) as file:
        change(file)
        file.save(saved, stream_decode_level=pikepdf.StreamDecodeLevel.none)
    return saved.getvalue()


def drawing(instructions):
    return lambda file: file.pages[0].contents_add(instructions)


def another_packing(file):
    file.pages[0].contents_coalesce()
    file.pages[0].Contents.write(b"q Q\n", filter=pikepdf.Name.RunLengthDecode)


def many_texts(file):
    (font, *_) = file.pages[0].Resources.Font.keys()
    file.pages[0].contents_add(f"{font} 1 Tf ".encode() + b"()Tj " * (MOST_SHOWN + 1))


def many_references(file):
    file.Root.Much = pikepdf.Array([file.pages[0].obj] * (MOST_REFERENCES + 1))


def many_pages(file):
    for _ in range(MOST_PAGES):
        file.pages.append(file.pages[0])


PDF = [
    (drawing(b"q Q\n" * (MOST_DRAWN // 4 + 1)), "it draws with over 3,000,000 characters; no page of ours has as many"),
    (drawing(bytes(MOST_UNPACKED)), "it unpacks to over 20 MB; no page of ours is as long"),
    (drawing(b"[" * 20_000), "it draws with instructions that byhand does not write"),
    (drawing(b"[ (1) Tj"), "it draws with instructions that byhand does not write"),
    (drawing(b"1 ) 2 w"), "it draws with instructions that byhand does not write"),
    (drawing(b"BI /W 1 /H 1 ID \x00 EI"), "it draws with instructions that byhand does not write"),
    (drawing(b"(" * 100_000), "it draws with instructions that byhand does not write"),
    (many_texts, "it shows over 200,000 texts; no page of ours has as many"),
    (many_pages, "it has over 200 pages; no sheet of ours has as many"),
    (many_references, "it has over 200,000 references; no page of ours has as many"),
    (another_packing, "it is packed in a way in which our pages are not"),
]  # fmt: skip


@pytest.mark.parametrize(("change", "message"), PDF)
def test_a_pdf_that_is_too_large_is_refused(change, message, tiny):
    assert read_pdf(tiny).view == "key"
    with pytest.raises(UnreadableError) as error:
        read_pdf(changed(tiny, change))
    assert str(error.value) == message


@pytest.mark.parametrize("entries", [
    b"/Filter [/FlateDecode /FlateDecode]/Length 5", b"/Filter/Fl#61teDecode/Length 5", b"/Filter/LZWDecode/Length 5",
    b"/Filter/FlateDecode/Length 7 0 R", b"/Filter/FlateDecode/Length 999999999",
])  # fmt: skip
def test_what_is_packed_so_that_its_size_is_not_known_is_refused(entries, tiny):
    with pytest.raises(UnreadableError, match=r"^it is packed in a way in which our pages are not$"):
        read_pdf(tiny + b"9 0 obj\n<<%s>>\nstream\n12345\nendstream\nendobj\n" % entries)


def test_a_pdf_of_many_bytes_is_refused(tmp_path):
    path = tmp_path / "page.pdf"
    path.write_bytes(b"%PDF-1.7\n" + bytes(10_000_000))
    with pytest.raises(UnreadableError, match=r"^it has over 10 MB; no PDF of a page of ours is as long$"):
        verify(path)


def test_long_texts_are_compared_in_one_piece_and_quoted_in_short():
    """Character by character, it would take hours."""
    found, expected = "ab" * 90_000, "ba" * 90_000
    ((wrong, right),) = differences(f"so {found} it is", f"so {expected} it is")
    assert (len(wrong), wrong[:6], len(right)) == (80, "so aba", 80)
    assert list(differences("1" * 90_000, "1" * 80_000)) == [("1" * 20 + "1" * 59 + "…", "1" * 20)]
    assert list(differences("the 3 cats", "the 2 cats")) == [("the 3 cats", "the 2 cats")]
    assert len(list(differences("3 cats and 4 dogs", "2 cats and 5 dogs"))) == 2
    assert cut("short") == "short"
