"""With a secret, what a class's pages show makes nobody's numbers again."""

from __future__ import annotations

import json
import re
import stat
from hashlib import sha256

import pikepdf
import pytest
from msgspec.structs import replace
from pypdf import PdfReader

from byhand.arrange import arranged
from byhand.classroom.classes import make_class
from byhand.classroom.fitting import AGAIN, COPY_ATTEMPTS
from byhand.classroom.index import read_index
from byhand.classroom.plan import NumberSets, Plan
from byhand.classroom.qr import qr_codes
from byhand.classroom.roster import Student
from byhand.errors import ConfigError, OutputError
from byhand.options import Options
from byhand.press import slotted
from byhand.press.heights import heights
from byhand.press.printing import pdf
from byhand.reading.givens import original
from byhand.reading.pdf import read_pdf
from byhand.reading.verdict import Finding
from byhand.reading.verify import report
from byhand.secret import Secret, made_secret, read_secret
from byhand.worksheet.sheet import load_sheet

SHEET = "feed-forward"
CLASS = [Student("Ada Lovelace", "101"), Student("李雷", "李雷")]
SECRET, OTHER = Secret("5" * 64), Secret("7" * 64)


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    """The class without a secret, and with one."""
    out = tmp_path_factory.mktemp("class")
    return {secret: make_class(SHEET, CLASS, Options(secret=secret), out).folder for secret in (None, SECRET)}


def shown(path):
    """The words of all that a file shows: its name, its texts, its metadata, the objects that name something."""
    reader = PdfReader(path)
    texts = [path.name, *(page.extract_text() for page in reader.pages), *map(str, (reader.metadata or {}).values())]
    with pikepdf.open(path) as file:
        texts += [bytes(part).hex() for part in file.trailer.ID]
        for each in file.objects:
            entries = each.stream_dict if isinstance(each, pikepdf.Stream) else each
            if isinstance(entries, pikepdf.Dictionary):
                texts += [str(entry) for entry in entries.values() if isinstance(entry, pikepdf.String)]
    return {word for text in texts for word in re.findall(r"\w+", text) + re.split(r"[\s=]+", text)}


def keys_of(words):
    """All keys that could be made of words: of each as a seed, with each as an id, and of each as a secret."""
    seeds = {"0"} | {str(int(word, base)) for base in (10, 16) for word in words if re.fullmatch("[0-9a-f]{1,16}", word)
                     and (base == 16 or word.isdecimal())}  # fmt: skip
    whose = {student.id for student in CLASS} | {student.name for student in CLASS}
    yield from (f"class/{seed}/{who}" for seed in seeds | words for who in whose)
    for word in words:
        yield from (word, f"class/{word}", f"class/{SHEET}/{word}")
        guessed = Secret(sha256(word.encode()).hexdigest())
        yield from (Plan(load_sheet(SHEET), Options(secret=guessed), "").key(student) for student in CLASS)


def numbers_of(path, secret):
    """The numbers of a student's file."""
    page, sheet = read_pdf(path.read_bytes()).knowing(secret), load_sheet(SHEET)
    options = replace(Options(numbers="exact", secret=secret))
    made = original(sheet, options, page)
    assert made
    return made


def entries(values):
    return repr((values.weights, values.inputs))


def found(folder, secret):
    """Whether some key that the pages give away makes a student's numbers, for one who even has the class's sets, and
    knows how often the student's numbers were drawn again.
    """
    plan = Plan(load_sheet(SHEET), Options(numbers="exact", secret=secret), "")
    sets, own = NumberSets(plan), [plan.key(student) for student in CLASS]
    for path in sorted(folder.glob("worksheets/*.pdf")):
        numbers = entries(numbers_of(path, secret))
        again = next(
            AGAIN * attempt
            for attempt in range(COPY_ATTEMPTS)
            if any(entries(sets.of(key + AGAIN * attempt)) == numbers for key in own)
        )
        for key in keys_of(shown(path)):
            yield entries(sets.of(key + again)) == numbers


def test_nothing_that_a_page_shows_makes_its_numbers_again(folders):
    assert any(found(folders[None], None))  # the seed and the id do, without a secret
    assert not any(found(folders[SECRET], SECRET))


def test_the_sets_of_a_class_with_a_secret_are_nobody_elses():
    sets, others, public = (
        {entries(values) for values in NumberSets(Plan(load_sheet(SHEET), Options(secret=secret), "")).sets}
        for secret in (SECRET, OTHER, None)
    )
    assert len(sets) > 1
    assert sets.isdisjoint(others | public)


def test_the_hash_of_a_page_tells_nothing_without_the_secret(folders):
    sheet, options = load_sheet(SHEET), Options(numbers="exact")
    for path in folders[SECRET].glob("keys/*.pdf"):
        values, printed = numbers_of(path, SECRET), read_pdf(path.read_bytes()).foot.hash
        by = [arranged(sheet, values, replace(options, secret=secret), options.domain)[1].hash
              for secret in (SECRET, OTHER, None)]  # fmt: skip
        assert by[0] == printed
        assert printed not in by[1:]


def test_page_code_index_and_metadata_say_class_in_place_of_a_seed(folders, monkeypatch, tmp_path):
    asked = []
    monkeypatch.setattr("byhand.classroom.students.qr_codes", lambda texts: asked.extend(texts) or qr_codes(texts))
    folder = make_class(SHEET, CLASS, Options(secret=SECRET), tmp_path).folder
    assert folder.name == f"{SHEET}-class"
    assert asked
    assert all(re.fullmatch(rf"BYHAND {SHEET.upper()} CLASS [\w.]+ [0-9A-F]{{7}}", text) for text in asked)
    assert [row["seed"] for row in read_index((folder / "index.csv").open("rb"))] == ["class"] * 2
    for path in folder.glob("*/*.pdf"):
        page = read_pdf(path.read_bytes())
        assert page.asked["seed"] == "class"
        assert all("·seedclass·" in margin for margin in page.margins)
    whole = {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*.*")}
    assert whole == {path.relative_to(folders[SECRET]): path.read_bytes() for path in folders[SECRET].rglob("*.*")}
    assert not any(SECRET.digits.encode() in content for content in whole.values())
    with pytest.raises(OutputError, match="holds a class of other numbers or options"):
        make_class(SHEET, CLASS, Options(secret=OTHER), tmp_path)


def test_nothing_of_a_secret_is_kept_in_the_cache(tmp_path, monkeypatch):
    """Not even of a copy that is laid out by itself, as that with a name in other letters is."""
    pdf("")  # builds the fonts
    heights.cache_clear()  # other tests may have made the same page
    slotted._slotted.cache_clear()
    slotted._filled_one.cache_clear()
    monkeypatch.setattr("byhand.cache.user_cache_path", lambda name: tmp_path / "cache")
    make_class(SHEET, CLASS, Options(secret=SECRET), tmp_path / "out", formats=("html",))
    kept = {"sets", "classes", "laid-out", "pages"}
    assert kept.isdisjoint(path.name for path in (tmp_path / "cache").glob("*"))
    make_class(SHEET, CLASS, Options(), tmp_path / "out", formats=("html",))
    assert kept <= {path.name for path in (tmp_path / "cache").glob("*")}


def test_a_copy_is_verified_with_its_secret_and_without_it_as_far_as_it_prints(folders, monkeypatch):
    for path in sorted(folders[SECRET].glob("*/ada*.pdf")):
        (line,), _ = report(path, secret=SECRET)
        assert line.endswith("cells with numbers: right")
        (line,), _ = report(path)
        assert line.endswith(
            "; it is of a class with a secret, which is not given, so its numbers alone are judged: numbers only"
        )
    monkeypatch.setattr("byhand.reading.back.Again.hidden", lambda again: ["W_E"])
    monkeypatch.setattr("byhand.reading.back.Again.problems", lambda again: iter(["a fault"]))
    lines, finding = report(path)
    assert lines == [
        "cannot be verified: its numbers come from W_E, which it does not print; verify it with the secret of its class"
    ]
    assert finding is Finding.UNREADABLE


def test_a_run_of_a_class_is_verified_with_its_secret_and_without_it_but_for_its_hash(tmp_path):
    folder = make_class(SHEET, CLASS[:1], Options(secret=SECRET), tmp_path, formats=("json",)).folder
    (path,) = folder.glob("json/*.json")
    assert json.loads(path.read_text(encoding="utf-8"))["seed"] is None
    about = report(path, secret=SECRET)[0][0].removesuffix(": right")
    assert report(path, secret=SECRET) == ([f"{about}: right"], Finding.RIGHT)
    told = "it is of a class with a secret, which is not given, so its numbers alone are judged"
    assert report(path) == ([f"{about}; {told}: numbers only"], Finding.NUMBERS_ONLY)
    lines, _ = report(path, secret=OTHER)
    assert re.fullmatch(r"its hash is '\w{7}'; that of its numbers is \w{7}, by this secret", lines[1])
    path.write_text(path.read_text(encoding="utf-8").replace('"values": [["', '"values": [["1', 1), encoding="utf-8")
    assert not {report(path, secret=each)[0][0][-5:] for each in (SECRET, None)} - {"WRONG"}


def test_with_another_secret_the_hash_is_wrong(folders):
    path = next(folders[SECRET].glob("worksheets/ada*.pdf"))
    lines, _ = report(path, secret=OTHER)
    assert lines[0].endswith("WRONG")
    assert re.fullmatch(
        r"the page says numbers \w{7}; those of the page's givens are \w{7}, by this secret", lines[1]
    )


def test_a_secret_is_made_once_in_a_file_of_its_owner(tmp_path):
    made = made_secret(tmp_path / "secret")
    assert stat.S_IMODE((tmp_path / "secret").stat().st_mode) == 0o600
    assert made_secret(tmp_path / "secret") is None
    assert read_secret(tmp_path / "secret") == made != made_secret(tmp_path / "other")
    assert made.digits not in repr(made)
    with pytest.raises(
        OutputError, match=r"cannot write the secret .*: No such file or directory; name another file"
    ):
        made_secret(tmp_path / "none" / "secret")


@pytest.mark.parametrize("content", [b"", b"hello", b"5" * 63, b"5" * 65, b"\xff" * 64, b"X" * 64])
def test_a_file_without_a_secret_is_refused(content, tmp_path):
    (tmp_path / "secret").write_bytes(content)
    with pytest.raises(ConfigError, match="holds no secret, which is 64 hexadecimal digits; name a file"):
        read_secret(tmp_path / "secret")
    with pytest.raises(ConfigError, match=r"the secret .* cannot be read: No such file or directory"):
        read_secret(tmp_path / "none")
