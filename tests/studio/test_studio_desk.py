"""A paper put together in the studio, by what its pages send, without a browser."""

from __future__ import annotations

import io
import json
import re
import time
import zipfile

import pytest
from pages import answers_of_class, sent_by
from starlette.testclient import TestClient

from byhand.classroom.again import Class, own_copies
from byhand.paper import read_paper
from byhand.secret import read_secret
from byhand.studio.app import app
from byhand.studio.desk import ELSEWHERE
from byhand.studio.settings import Settings, token_hash
from byhand.studio.state import Studio

PORT = 8765
HAND_WRITTEN = """\
# by hand
title = "Attention, by hand"
course = "Networks"
time = 45
order = "shuffled"
head = ["map"]
help = false
text = "Write *clearly*."

[[parts]]
text = "Now a layer.\\n\\nRead it first."

[[parts]]
sheet = "softmax"
steps = ["Powers and shares", 3]
points = { "Powers and shares" = 4, 3 = 2.5 }
lines = 2
level = "easy"

[[parts]]
sheet = "linear-layer"
points = 6
"""


@pytest.fixture(scope="module", autouse=True)
def _without_minutes():
    """The minutes of all sheets, which cards show, take a minute to work out."""

    async def nothing(self):
        pass

    with pytest.MonkeyPatch.context() as changed:
        changed.setattr(Studio, "work_out_minutes", nothing)
        yield


@pytest.fixture(scope="module")
def studio(tmp_path_factory):
    """A browser in a studio, and its folder."""
    settings = Settings(tmp_path_factory.mktemp("papers"), port=PORT)
    with TestClient(app(settings), base_url=f"http://127.0.0.1:{PORT}", follow_redirects=True) as client:
        assert client.get(settings.printed_address).status_code == 200
        yield client, settings.folder


@pytest.fixture
def paper(studio, request):
    """A new paper: its address and its folder."""
    client, folder = studio
    made = client.post("/", data={"title": request.node.name})
    assert made.status_code == 200
    return made.url.path, folder / made.url.path.rsplit("/", 1)[1]


def press(client, address, **changes):
    """Send a paper's form after changes; a field that is None is left out."""
    fields = sent_by(client.get(address).text) | changes
    page = client.post(address, data={name: each for name, each in fields.items() if each is not None})
    assert page.status_code == 200
    return page


def told(page):
    """The errors on a page."""
    return [
        re.sub("<.*?>", "", each) for each in re.findall(r'<p class="error"[^>]*>(.*?)</p>', page.text, re.DOTALL)
    ]


def test_a_paper_is_put_together_and_saved_as_a_file_that_the_command_takes(studio, paper):
    client, (address, folder) = studio[0], paper
    press(client, address, add="attention-head")
    press(client, address, add="softmax", at="0")
    press(client, address, **{"own-2": "A text."})
    press(client, address, move="2 0")
    page = press(client, address, title="An exam", time="30", cover="yes", **{
        "own-0": "Read *this* first.", "steps-1": ["1", "2", "4"], "points-1-1": "2,5", "points-1-2": "1", "points-1-4": "3",
        "points-2": "8", "lines-2": "1", "level-2": "easy", "seed": "7", "orientation": "columns", "large": "yes",
    })  # fmt: skip
    assert not told(page)
    made = read_paper(folder / "exam.toml")
    assert (made.title, made.time, [part.sheet for part in made.parts]) == (
        "An exam",
        30,
        ["softmax", "attention-head"],
    )
    first, second = (part.excerpt for part in made.parts)
    assert (first.steps, first.points, first.before) == (
        ("1-2", "4"),
        {"1": "2.5", "2": "1", "4": "3"},
        "Read *this* first.",
    )
    assert (second.points, second.lines, made.parts[1].level) == ({"": "8"}, 1, "easy")
    assert "byhand generate exam.toml --seed 7 --orientation columns --large --format pdf" in page.text
    press(client, address, remove="softmax")
    assert [part.sheet for part in read_paper(folder / "exam.toml").parts] == ["attention-head"]


def test_what_a_file_says_stays_when_its_page_is_sent_back_unchanged(studio, paper):
    client, (address, folder) = studio[0], paper
    (folder / "exam.toml").write_text(HAND_WRITTEN)
    before = read_paper(folder / "exam.toml")
    assert not told(press(client, address))
    after = read_paper(folder / "exam.toml")
    assert (after.title, after.course, after.time, after.order, after.text) == (
        before.title,
        before.course,
        45,
        "shuffled",
        "Write *clearly*.",
    )
    assert [part.excerpt.head for part in after.parts] == [("map",), ("map",)]
    assert [part.excerpt.help for part in after.parts] == [False, False]
    assert after.parts[0].excerpt.steps == ("1", "3")
    assert after.parts[0].excerpt.points == {"1": "4", "3": "2.5"}
    assert after.parts[0].excerpt.before == before.parts[0].excerpt.before == "Now a layer.\n\nRead it first."
    assert after.parts[1] == before.parts[1]
    assert not told(press(client, address, help="yes"))
    assert [part.excerpt.help for part in read_paper(folder / "exam.toml").parts] == [True, True]


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        ({"add": "softmaxx"}, "no sheet 'softmaxx'"),
        ({"steps-0": None}, "tick at least one step of linear-layer"),
        ({"points-0": "0"}, "points: '0'; give a number"),
        ({"points-0": "many"}, "points: 'many'; give a number"),
        ({"points-0": "2", "time": "-5"}, "'-5' is no number; give minutes"),
        ({"lines-0": "99"}, "lines: 99"),
        ({"level-0": "silly"}, "level"),
        ({"seed": "1" * 30}, "is no number; give a seed"),
        ({"paper": "a3"}, "paper"),
        ({"title": "a\x07b"}, "title is one line"),
    ],
)
def test_what_no_paper_can_say_is_told_in_a_line_and_changes_nothing(studio, paper, changes, line):
    client, (address, folder) = studio[0], paper
    press(client, address, add="linear-layer")
    before = (folder / "exam.toml").read_text(), (folder / "studio.json").read_text()
    (error,) = told(press(client, address, **changes))
    assert line in error.replace("&#39;", "'")
    assert ((folder / "exam.toml").read_text(), (folder / "studio.json").read_text()) == before


def test_a_change_in_another_window_is_not_overwritten(studio, paper):
    client, (address, folder) = studio[0], paper
    old = sent_by(client.get(address).text)
    press(client, address, add="softmax")
    assert told(client.post(address, data=old | {"title": "Old"})) == [ELSEWHERE]
    assert [part.sheet for part in read_paper(folder / "exam.toml").parts] == ["softmax"]


def test_a_preview_says_what_the_paper_comes_to_and_draws_each_view(studio, paper):
    client, (address, _) = studio[0], paper
    assert "no sheet yet" in client.get(f"{address}/preview").text
    press(client, address, add="softmax", seed="3")
    press(client, address, **{"steps-0": ["1", "2"], "points-0": "4"})
    for view in ("worksheet", "key", "worked", "lecturer"):
        shown = client.get(f"{address}/preview", params={"view": view, "page": "1"}).text
        assert "2 steps" in shown
        assert "4 points" in shown
        drawn = client.get(re.search(r'src="(.*?)"', shown)[1])
        assert drawn.content[8:12] == b"WEBP"
        assert client.get(f"{address}/{view}.pdf").content.startswith(b"%PDF")
    assert "page 2 of 2" in client.get(f"{address}/preview", params={"page": "1", "go": "next"}).text
    press(client, address, **{"points-0": "0.5"})
    assert told(client.get(f"{address}/preview")) == ["softmax: 1/2 points for 2 steps; give at least 1"]


def test_a_preview_goes_to_the_page_on_which_a_sheet_begins(studio, paper):
    client, (address, _) = studio[0], paper
    for name in ("softmax", "scores"):
        press(client, address, add=name)
    pages = {
        name: client.get(f"{address}/preview", params={"go": name, "page": "1"}).text
        for name in ("softmax", "scores")
    }
    assert "page 2 of" in pages["softmax"]  # behind the cover
    (first,) = re.findall(r"page (\d+) of", pages["scores"])
    assert int(first) > 2
    assert f"page {first} of" in client.get(f"{address}/preview", params={"page": "scores"}).text  # as after “Add”
    press(client, address, cover=None)
    assert "page 1 of" in client.get(f"{address}/preview", params={"go": "softmax"}).text


def test_a_picture_is_kept_by_browsers_as_that_of_its_own_state_of_the_paper_only(studio, paper):
    client, (address, _) = studio[0], paper
    press(client, address, add="softmax")
    first = re.search(r'src="(.*?)"', client.get(f"{address}/preview").text)[1]
    assert "max-age" in client.get(first).headers["cache-control"]
    press(client, address, seed="3")
    assert client.get(first).headers["cache-control"] == "no-store"


def test_a_sheet_that_is_added_twice_is_there_once(studio, paper):
    client, (address, folder) = studio[0], paper
    press(client, address, add="softmax")
    assert not told(press(client, address, add="softmax"))
    assert [part.sheet for part in read_paper(folder / "exam.toml").parts] == ["softmax"]


def test_a_roster_is_taken_or_refused_with_each_wrong_line_and_then_the_old_one_stays(studio, paper):
    client, (address, folder) = studio[0], paper
    page = client.post(f"{address}/roster", data={"typed": "Amara Diallo\nAnton Weiss"})
    assert "<strong>2 students</strong>, in roster.csv" in page.text
    rows = b"name;id;Studiengang\nAnn;1;x\nBen;1;x\nCem;1;x\n"
    page = client.post(f"{address}/roster", files={"file": ("class.csv", rows)})
    first, second, kept = told(page)
    assert first.startswith("class.csv line 3: &#39;Ben&#39; has the id &#39;1&#39; of &#39;Ann&#39; in line 2")
    assert second.startswith("class.csv line 4")
    assert kept == "the names that were there are kept: roster.csv"
    page = client.post(f"{address}/roster", data={"typed": "name,id\nAnn,1\nBen,1"})
    assert told(page)[0].startswith("typed.csv line 3")
    assert ">name,id\nAnn,1\nBen,1</textarea>" in page.text.replace("\r", "")
    assert "is no roster" in told(client.post(f"{address}/roster", files={"file": ("r.exe", b"MZ")}))[0]
    assert (folder / "roster.csv").read_text() == "name\nAmara Diallo\nAnton Weiss"
    rows = "name;id;Großdruck;Studiengang\nAnn;1;ja;x\nBen;2;;x\n".encode()
    page = client.post(f"{address}/roster", files={"file": ("class.csv", rows)})
    assert "<strong>2 students</strong>, 1 in large print, in roster.csv" in page.text
    assert "columns that are not used: &#39;Studiengang&#39;" in page.text


def test_a_class_is_made_and_downloaded_and_its_answers_are_marked(studio, paper):
    client, (address, folder) = studio[0], paper
    assert told(client.post(f"{address}/jobs", data={"what": "class"})) == [
        "it names no sheet; begin one with [[parts]] and sheet = &#34;softmax&#34;"
    ]
    press(client, address, add="linear-layer")
    press(client, address, **{"steps-0": ["2"], "points-0": "4", "seed": "3"})
    client.post(f"{address}/roster", data={"typed": "Amara\nBea"})
    client.post(f"{address}/jobs", data={"what": "class", "format": "json"})
    page = _ended(client, f"{address}/jobs")
    assert "byhand class exam.toml --roster roster.csv --seed 3 --format json" in page
    packed = zipfile.ZipFile(io.BytesIO(client.get(re.search(r'href="(.*?all\.zip)"', page)[1]).content))
    assert packed.testzip() is None
    names = packed.namelist()
    assert {"exam-class3/class.pdf", "exam-class3/keys.pdf"} <= {*names}
    assert sum(name.startswith("exam-class3/worksheets/") for name in names) == 2
    assert client.get(re.search(r'href="(.*?/class\.pdf)"', page)[1]).headers["content-type"] == "application/pdf"
    for wrong in ("../../exam.toml", "..%2f..%2fexam.toml", "nothing.pdf"):
        assert client.get(f"{address}/jobs/1/files/{wrong}").status_code == 404

    answers = answers_of_class(folder / "made/1/exam-class3", "linear-layer")
    files = [("files", ("C:\\all.json", answers))]
    assert "choose the files first" in client.post(f"{address}/mark").text
    assert "<strong>1 file</strong> handed in" in client.post(f"{address}/mark", files=files).text
    assert [path.name for path in (folder / "answers").iterdir()] == ["all.json"]
    client.post(f"{address}/mark", data={"what": "mark"})
    page = _ended(client, f"{address}/jobs?what=mark")
    assert "byhand mark answers --class made/1/exam-class3" in page
    assert "2 marked on linear-layer" in page
    report = client.get(f"{address}/report").text
    assert "<h2>A linear layer</h2>" in report
    shown = client.get(re.search(r'iframe src="(.*?)"', report)[1])
    assert shown.headers["content-security-policy"].startswith(
        "sandbox allow-scripts allow-popups; default-src 'none'"
    )
    assert "Amara" in shown.text
    assert "Amara" in client.get(re.search(r'href="(.*?exam-marks/marks\.csv)"', report)[1]).text
    typed_in = folder / "answers" / "typed-linear-layer.json"
    typed_in.write_text("{}")
    client.post(f"{address}/mark", data={"what": "empty"})
    assert [*(folder / "answers").iterdir()] == [typed_in]
    assert "Take these files away" not in client.get(f"{address}/mark").text


def _ended(client, address):
    """The jobs of a paper when all have ended."""
    end = time.monotonic() + 300
    while time.monotonic() < end:
        page = client.get(address).text
        if "job waiting" not in page and "job running" not in page:
            return page
        time.sleep(0.1)
    raise AssertionError(page)


def test_papers_are_listed_put_aside_and_never_found_outside_their_folder(studio, paper):
    client, (address, folder) = studio[0], paper
    assert client.get("/").text.count(f'href="{address}"') == 1
    assert client.get("/papers/..%2f..").status_code == 404
    assert client.get("/papers/.removed").status_code == 404
    client.post(f"{address}/remove")
    assert f'href="{address}"' not in client.get("/").text
    assert not folder.exists()
    assert len([*(folder.parent / ".removed").iterdir()]) == 1


def test_two_users_have_papers_of_their_own(tmp_path):
    users = {name: token_hash(name) for name in ("ada", "noor")}
    settings = Settings(tmp_path, port=PORT, names=("byhand.example",), users=users, most_papers=1)
    with TestClient(app(settings), base_url="https://byhand.example", follow_redirects=False) as client:
        pages = {}
        for name in users:
            client.cookies.clear()
            client.post("/login", data={"token": name})
            assert client.post("/", data={"title": "Secret"}).headers["location"] == "/papers/secret"
            pages[name] = client.get("/").text
            assert "there are 1 papers" in client.post("/", data={"title": "More"}).text
        assert sorted(path.parent.name for path in tmp_path.glob("*/secret")) == ["ada", "noor"]


def test_answers_from_paper_are_typed_in_and_marked(studio, paper):
    client, (address, folder) = studio[0], paper
    assert client.get(f"{address}/typed").url.path == f"{address}/mark"  # before there is a class
    assert client.get(f"{address}/empty.csv").text.startswith("make a class first")
    press(client, address, add="softmax")
    press(client, address, add="embedding")
    press(client, address, **{"steps-0": ["1", "2", "5"], "steps-1": ["1"], "order": "shuffled", "secret": "yes"})
    client.post(f"{address}/roster", data={"typed": "name,id\nAmara,a1\nBea & Co,b/2\nCem,c3"})
    client.post(f"{address}/jobs", data={"what": "class"})
    assert "could not be made" not in _ended(client, f"{address}/jobs")
    (made,) = folder.glob("made/*/exam-*")
    number = int(made.parent.name)  # jobs of all papers are counted together
    secret = read_secret(folder / "class.secret")
    right = {name: right_answers(made / name, secret) for name in ("softmax", "embedding")}

    page = client.get(f"{address}/mark").text
    command = f"byhand mark --blank --class made/{number}/{made.name} --secret class.secret --format csv --out empty"
    assert f'<code id="empty-command">{command}</code>' in page
    packed = zipfile.ZipFile(io.BytesIO(client.get(f"{address}/empty.csv").content))
    assert sorted(packed.namelist()) == ["embedding.csv", "softmax.csv"]
    assert "Bea & Co" in packed.read("softmax.csv").decode()
    assert client.get(f"{address}/empty.xlsx").status_code == 404

    in_words = "softmax/2/line/1"
    assert told(client.get(f"{address}/typed", params={"student": "nobody"}))[0].startswith("no student of the class")
    for student, after in (("a1", "b/2"), ("b/2", "c3")):
        page = client.get(f"{address}/typed", params={"student": student})
        fields = sent_by(page.text, "typed")
        names = {f"{sheet}/{name}" for sheet, of in right.items() for name in of[student]}
        assert names <= fields.keys()
        fields |= {f"{sheet}/{name}": text for sheet, of in right.items() for name, text in of[student].items()}
        fields[in_words] = SAID[student]
        page = client.post(f"{address}/typed", data=fields | {"do": "next"})
        assert page.url.params["student"] == after
    fields = sent_by(client.get(f"{address}/typed", params={"student": "b/2"}).text, "typed")
    wrong = next(name for name in fields if name.startswith("embedding/1/ask/"))
    assert fields[wrong] == [right["embedding"]["b/2"][wrong.partition("/")[2]]]  # what was typed stands there again
    page = client.post(f"{address}/typed", data=fields | {wrong: "99", "do": "save"})
    assert page.url.params["student"] == "b/2"
    assert "2 of 3 typed in" in page.text
    error = told(client.post(f"{address}/typed", data=fields | {wrong: "9" * 6000, "do": "save"}))[0]
    assert error == f"Embedding, {wrong.partition('/')[2]}: an answer has up to 5,000 characters"
    client.post(f"{address}/typed", data={"student": "c3", "do": "save"})
    assert "c3" in (folder / "answers/typed-softmax.json").read_text()
    client.post(f"{address}/typed", data={"student": "c3", "do": "remove"})
    assert sorted(path.name for path in (folder / "answers").iterdir()) == [
        "typed-embedding.json",
        "typed-softmax.json",
    ]

    client.post(f"{address}/mark", data={"what": "mark"})
    assert "2 marked on softmax, embedding" in _ended(client, f"{address}/jobs?what=mark")
    verdicts = {
        (each["student"], f"{path.parent.name.removesuffix('-marks')}/{blank['id']}"): blank["verdict"]
        for path in folder.glob(f"made/{number + 1}/*/*/marks.json")
        for each in json.loads(path.read_text())
        for blank in (*each["blanks"], *each["choices"])
    }
    assert {student for student, _ in verdicts} == {"a1", "b/2"}
    assert verdicts.pop(("b/2", wrong)) == "wrong"
    assert {*verdicts.values()} == {"right"}

    report = client.get(f"{address}/report").text
    assert report.index("<h2>Softmax</h2>") < report.index("<h2>Embedding</h2>")  # as in the paper
    assert "1 different answer in words is not yet marked, and no totals count it" in report
    press(client, address, move="softmax 1")
    report = client.get(f"{address}/report").text
    assert report.index("<h2>Embedding</h2>") < report.index("<h2>Softmax</h2>")

    page = client.get(f"{address}/mark").text
    assert '<strong role="status">1 not yet marked.</strong>' in page
    assert "<td>It stays the same.</td><td>2</td>" in page  # and the reason that nobody gave has no row
    (points,) = (name for name in sent_by(page, "in-words") if name.startswith("words/softmax/2/line/1/"))
    before = points_of(folder / f"made/{number + 1}")
    for wrong, line in (("99", "99 points for it, which is worth 1"), ("many", "'many' is not a number")):
        page = client.post(f"{address}/mark", data={"what": "words", points: wrong})
        assert line in told(page)[0].replace("&#39;", "'")
        assert sent_by(page.text, "in-words")[points] == [wrong]
    client.post(f"{address}/mark", data={"what": "words", points: "0,5"})
    page = _ended(client, f"{address}/jobs?what=mark")
    assert page.count(f"--secret class.secret --groups made/{number}/words.csv") == 2
    assert points_of(
        folder / f"made/{number + 2}"
    ) == {  # the answer is worth 1, and so is the reason that nobody gave
        student: (points + 0.5, of + 2) for student, (points, of) in before.items()
    }
    assert sent_by(client.get(f"{address}/mark").text, "in-words")[points] == ["1/2"]
    assert "not yet marked, and no totals" not in client.get(f"{address}/report").text


SAID = {"a1": "It stays the same.", "b/2": "it stays  the same"}


def points_of(folder):
    """The points of each student on softmax, and what there are."""
    (path,) = folder.glob("*/softmax-marks/marks.json")
    return {each["student"]: (float(each["points"]), float(each["of"])) for each in json.loads(path.read_text())}


def right_answers(folder, secret):
    """Each student's right answers to a sheet of a class, but for those in words, by their ids."""
    made = Class.in_folder(folder, secret)
    return {
        copy.copy.student.id: {
            **dict(zip((blank.id for blank in copy.document.blanks()), copy.copy.answers.split(), strict=True)),
            **{reply.id: reply.right for reply in copy.replies if reply.options},
        }
        for copy in own_copies(made.plan, made.copies)
    }


def test_answers_are_marked_by_the_class_that_is_chosen(studio, paper):
    client, (address, folder) = studio[0], paper
    press(client, address, add="softmax")
    press(client, address, **{"steps-0": ["1"]})
    for seed, names in (("1", "name,id\nAmara,a1"), ("2", "name,id\nAmara,a1\nBea,b2")):
        press(client, address, seed=seed)
        client.post(f"{address}/roster", data={"typed": names})
        client.post(f"{address}/jobs", data={"what": "class"})
        assert re.search(r"<strong>Class</strong> <span class=\"note\">\d+ \w+, \d\d:\d\d<", _ended(client, address))
    first, second = sorted(path.relative_to(folder).as_posix() for path in folder.glob("made/*/exam-*"))
    page = client.get(f"{address}/mark").text
    assert re.search(rf'<option value="{second}" selected>\d+ \w+, \d\d:\d\d: 2 students, {second}<', page)
    assert re.search(rf'<option value="{first}">\d+ \w+, \d\d:\d\d: 1 student, {first}<', page)
    assert f"--class {second} " in page
    assert "Bea" in client.get(f"{address}/typed").text

    client.post(f"{address}/mark", data={"what": "class", "made": first})
    page = client.get(f"{address}/mark").text
    assert f'<option value="{first}" selected>' in page
    assert f"--class {first} " in page
    assert "Bea" not in client.get(f"{address}/typed").text
    error = told(client.post(f"{address}/mark", data={"what": "class", "made": "../other"}))[0]
    assert error == f"no class of the paper &#39;../other&#39;; there are: {first}, {second}"
    press(client, address, seed="3")  # what is changed of the paper leaves the choice as it is
    assert f"--class {first} " in client.get(f"{address}/mark").text
    client.post(f"{address}/jobs", data={"what": "class"})  # and a class that is made is the one to mark by
    _ended(client, f"{address}/jobs")
    assert "--class made/" in (page := client.get(f"{address}/mark").text)
    assert f"--class {first} " not in page
