"""A class set is whole, is the same again, and gives each student numbers that nobody else changes."""

from __future__ import annotations

import gc
import io
import multiprocessing
import os
import re
import shutil
import signal
import subprocess
import sys
from itertools import pairwise

import pikepdf
import pytest
from every_sheet import FULL, a_share
from msgspec import structs
from msgspec.structs import replace
from page_pdf import different, laid_out_alone, same_text
from pypdf import PdfReader, PdfWriter

from byhand.classroom import students as room
from byhand.classroom.again import Class
from byhand.classroom.classes import make_class
from byhand.classroom.fitting import AGAIN, breaking_promises, hiding_mistakes
from byhand.classroom.index import read_index
from byhand.classroom.plan import MANY_SETS, SETS, NumberSets, Plan
from byhand.classroom.roster import Student, anonymous, parse_roster
from byhand.classroom.students import class_pages, student_copies
from byhand.errors import ConfigError, OutputError, RosterError, SheetError, WorkerError
from byhand.formats.html.page import Pages
from byhand.notation.marks import MarkedCopies
from byhand.notation.text import value_text
from byhand.options import Options
from byhand.page.page import lower
from byhand.page.printed import PrintPage
from byhand.press.fill import fill
from byhand.press.printing import pdf
from byhand.press.slotted import LETTERS
from byhand.reading.page import squeezed
from byhand.reading.pdf import read_pdf
from byhand.reading.verdict import Finding
from byhand.reading.verify import report
from byhand.worksheet.excerpt import Excerpt
from byhand.worksheet.sheet import load_sheet

SHEET = "layer-norm"
ROSTER = [
    Student("Ada Lovelace", "101", "A"),
    Student("Müller, Jürgen", "102"),
    Student("<b>O'Brien</b>", "x/../y", "B"),
]


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    out = tmp_path_factory.mktemp("class")
    return make_class(SHEET, ROSTER, out=out)


def contents(folder):
    return {str(p.relative_to(folder)): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


def index(folder):
    return {row["id"]: row for row in read_index((folder / "index.csv").open("rb"))}


def test_a_class_set_has_all_that_was_asked_for(made):
    assert made.students == 3
    assert (made.laid_out_alone, made.alike) == (0, 0)
    assert sorted(contents(made.folder)) == sorted(
        ["class.json", "class.pdf", "index.csv", "keys.pdf"]
        + [f"{folder}/{s.stem}.pdf" for folder in ("worksheets", "keys") for s in ROSTER]
    )
    rows = index(made.folder)
    assert [row["student"] for row in rows.values()] == [s.name for s in ROSTER]
    assert len({row["hash"] for row in rows.values()}) == 3
    assert all(re.fullmatch(r"[0-9a-f]{7}", row["hash"]) for row in rows.values())
    assert all(len(row["answers"].split()) > 10 for row in rows.values())


@pytest.mark.parametrize(("book", "folder"), [("class.pdf", "worksheets"), ("keys.pdf", "keys")])
def test_the_class_pdf_is_the_students_pages_in_order_each_on_a_right_hand_page(made, book, folder):
    with pikepdf.open(made.folder / book) as file:
        assert file.check_pdf_syntax() == []
        length = len(file.pages) // len(ROSTER)
        assert length % 2 == 0
        for k, student in enumerate(ROSTER):
            alone = pikepdf.new()
            alone.pages.extend(file.pages[length * k : length * (k + 1)])
            own = pikepdf.open(made.folder / folder / f"{student.stem}.pdf")
            blank = [page for page in alone.pages[len(own.pages) :] if "/Contents" not in page]
            assert len(blank) == length - len(own.pages)
            del alone.pages[len(own.pages) :]
            alone.save(one := io.BytesIO())
            whole = (made.folder / folder / f"{student.stem}.pdf").read_bytes()
            assert same_text(one.getvalue(), whole)
            assert different(one.getvalue(), whole) == 0


def test_a_students_pdf_is_tagged_and_valid(made):
    for student in ROSTER:
        with pikepdf.open(made.folder / "keys" / f"{student.stem}.pdf") as file:
            assert file.check_pdf_syntax() == []
            assert file.Root.MarkInfo.Marked


def test_a_students_files_are_verified_like_any_others(made):
    for folder in ("worksheets", "keys"):
        for student in ROSTER:
            lines, _ = report(made.folder / folder / f"{student.stem}.pdf")
            assert len(lines) == 1
            assert lines[0].endswith("numbers: right")


@pytest.mark.parametrize("folder", ["worksheets", "keys"])
def test_every_copy_says_whose_it_is_and_which_numbers_it_has(made, folder):
    rows = index(made.folder)
    for student in ROSTER:
        path = made.folder / folder / f"{student.stem}.pdf"
        page = read_pdf(path.read_bytes())
        assert page.student == Student(student.name, student.id)
        assert (page.foot.sheet, page.foot.seed, page.foot.hash) == (SHEET, "0", rows[student.id]["hash"])
        assert all(squeezed(student.whose) in margin and page.foot.hash in margin for margin in page.margins)


def test_a_copy_without_a_name_says_at_its_foot_that_it_is_one(tmp_path):
    made = make_class("dot-product", anonymous(2), out=tmp_path)
    assert made.laid_out_alone == 0
    feet = [read_pdf(path.read_bytes()).margins[0] for path in sorted((made.folder / "keys").iterdir())]
    assert sorted(re.findall(r"copy\d", " ".join(feet))) == ["copy1", "copy2"]


def test_the_only_copy_of_a_class_is_filled_into_its_page(tmp_path):
    """Fewer numbers differ among few copies, but the page has marks where those of many do."""
    assert make_class("dot-product", anonymous(1), out=tmp_path).laid_out_alone == 0


def test_sets_of_numbers_are_kept_whatever_the_paper_and_the_files():
    def key(**options):
        return Plan(load_sheet(SHEET), Options(numbers="exact", **options), LETTERS).cache_key(paper="a4")

    assert key() == key(seed=0, paper="letter", views=("key",), formats=("json",))
    assert len({key(), key(seed=1), key(level="easy"), key(orientation="columns"), key(language="xx")}) == 5
    assert key(cache=False) is None


def test_a_copy_for_a_name_in_any_script_is_right(tmp_path):
    names = ["דוד (2)", "Zoe\u0301 x\u0301", *(["李雷", "Ада"] if FULL else [])]
    students = [Student(name, str(k)) for k, name in enumerate(names)]
    made = make_class(SHEET, students, out=tmp_path)
    for student in students:
        assert report(made.folder / "keys" / f"{student.stem}.pdf")[0][1:] == []


def test_a_copy_that_says_that_it_is_somebody_elses_is_wrong(made, tmp_path):
    writer = PdfWriter(clone_from=PdfReader(made.folder / "keys" / f"{ROSTER[0].stem}.pdf"))
    words = writer.metadata["/byhand"]
    for own, other, found in (
        ("101", "102", "in the margins of page 1: "),
        ("Ada", "Ida", "in the margins of page 1: "),
    ):
        assert words.count(own) == 1
        writer.add_metadata({"/byhand": words.replace(own, other)})
        writer.write(tmp_path / "key.pdf")
        (_, *faults), _ = report(tmp_path / "key.pdf")
        assert any(fault.startswith(found) for fault in faults)


@pytest.mark.parametrize("book", ["class.pdf", "keys.pdf"])
def test_all_copies_in_one_file_are_refused_in_one_line(made, book):
    assert report(made.folder / book) == (
        ["cannot be verified: it has every copy of a class; verify them one by one, in the folders worksheets and keys beside it"],
        Finding.UNREADABLE,
    )  # fmt: skip


def test_a_page_that_lacks_some_of_its_numbers_is_verified_by_its_students_id(tmp_path):
    made = make_class("shapes", [Student("Ada Lovelace", "101"), Student("Grace", "Grace")], out=tmp_path)
    for path in made.folder.glob("*/*.pdf"):
        assert report(path)[0][0].endswith("numbers: right")
    assert len(list(made.folder.glob("*/*.pdf"))) == 4


def test_copies_with_the_same_answers_are_counted(tmp_path, monkeypatch):
    monkeypatch.setattr("byhand.classroom.plan.MANY_SETS", 4)
    options = Options(cache=False, excerpt=Excerpt(("1-4",)))
    alike = make_class("attention-head", anonymous(12), options, tmp_path)
    answers = [row["answers"] for row in index(alike.folder).values()]
    assert alike.alike == sum(answers.count(each) > 1 for each in answers) > alike.students - len(set(answers))
    assert alike.unchanged == ("S", "M", "P", "s", "A")


def test_copies_are_made_from_more_sets_where_a_set_has_few():
    """But not for shapes, whose answers are the same with any numbers."""
    for name in ("softmax", "shapes"):
        numbers = NumberSets(Plan(load_sheet(name), Options(numbers="exact"), ""))
        run = numbers.run([])
        answers = set(run.filled(" ".join(value_text(blank.cell.value) for blank in run.document.blanks())))
        if name == "shapes":
            assert (len(numbers.sets), len(answers)) == (SETS, 1)
        else:
            assert SETS < len(numbers.sets) == len(answers) <= MANY_SETS


def test_another_student_changes_nobody_elses_numbers(made, tmp_path):
    wider = make_class(SHEET, [Student("Zoe", "7"), *ROSTER], out=tmp_path)
    before, after = index(made.folder), index(wider.folder)
    assert all(before[key] == after[key] for key in before)


def test_what_was_stopped_is_finished_by_running_again_whatever_the_jobs(made, tmp_path):
    def stop(count):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        make_class(SHEET, ROSTER, out=tmp_path, done=stop)
    folder, complete = tmp_path / made.folder.name, contents(made.folder)
    left = contents(folder)
    assert sorted(left) == sorted(["class.json", *(f"{f}/{ROSTER[0].stem}.pdf" for f in ("worksheets", "keys"))])
    assert all(complete[name] == content for name, content in left.items())
    make_class(SHEET, ROSTER, out=tmp_path, jobs=2)
    assert contents(folder) == complete


def test_namesakes_have_each_a_copy_with_numbers_of_its_own(tmp_path):
    made = make_class("dot-product", parse_roster("r.csv", b"name\nAnna\nBen\nAnna\n"), out=tmp_path)
    rows = index(made.folder)
    assert [*rows] == ["Anna", "Ben", "Anna (2)"]
    assert len({row["hash"] for row in rows.values()}) == made.students == 3
    for folder in ("worksheets", "keys"):
        assert len(list((made.folder / folder).iterdir())) == 3


@pytest.mark.parametrize(
    ("students", "message"),
    [
        ((Student("Ada", "1"), Student("Grace", "1")), "'1 · Ada' and '1 · Grace' have one id: '1'"),
        ((Student("王", "1"), Student("王", "1")), "have one id: '1'"),
        ((Student("", "王"), Student("", "李")), "'王' and '李' have one name of a file: ''"),
    ],
)
def test_students_who_would_share_numbers_or_files_are_refused(students, message, tmp_path, monkeypatch):
    monkeypatch.setattr("byhand.classroom.roster.MARK_DIGITS", 0)
    with pytest.raises(RosterError, match=f"{re.escape(message)}.*; give them other ids"):
        make_class(SHEET, students, out=tmp_path)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("damage", [lambda whole: b"", lambda whole: whole[:-1], lambda whole: bytes(len(whole))])
def test_a_file_that_is_not_whole_is_made_again(damage, made, tmp_path):
    shutil.copytree(made.folder, tmp_path / made.folder.name)
    complete, broken = contents(made.folder), tmp_path / made.folder.name / "keys" / f"{ROSTER[1].stem}.pdf"
    broken.write_bytes(damage(broken.read_bytes()))
    assert make_class(SHEET, ROSTER, out=tmp_path).mended == 1
    assert contents(tmp_path / made.folder.name) == complete
    assert make_class(SHEET, ROSTER, out=tmp_path).mended == 0


def test_two_at_once_in_one_folder_do_each_other_no_harm(tmp_path):
    command = [sys.executable, "-m", "byhand.cli", "class", SHEET, "--anonymous", "12", "--out"]
    both = [subprocess.Popen([*command, tmp_path / "both"]) for _ in range(2)]
    assert [each.wait() for each in both] == [0, 0]
    subprocess.run([*command, tmp_path / "alone"], check=True)
    assert contents(tmp_path / "both") == contents(tmp_path / "alone")


def test_a_killed_process_is_said_in_a_line_and_what_is_written_stands(tmp_path, monkeypatch):
    monkeypatch.setattr("byhand.classroom.classes.CHUNK", 10)

    def killed(count):
        for worker in multiprocessing.active_children():
            worker.kill()

    message = (
        "^one of 2 processes was killed, .*; what is written is whole, and the same command makes the rest; fewer"
    )
    with pytest.raises(WorkerError, match=message):
        make_class(SHEET, anonymous(40), out=tmp_path, jobs=2, done=killed)
    folder = tmp_path / f"{SHEET}-class0"
    assert {path.name for path in folder.iterdir()} == {"class.json", "worksheets", "keys"}
    written = contents(folder)
    assert len(written) > 2
    make_class(SHEET, anonymous(40), out=tmp_path)
    assert written.items() <= contents(folder).items()


def test_a_lost_scheduler_is_said_in_a_line(tmp_path, monkeypatch, caplog):
    from distributed import LocalCluster

    monkeypatch.setattr("byhand.classroom.classes.CHUNK", 20)
    with LocalCluster(n_workers=1, threads_per_worker=1, processes=False, dashboard_address=None) as cluster:

        def lost(count):
            cluster.close()

        with pytest.raises(
            WorkerError, match=r"^lost the cluster of the Dask scheduler .*: .*; what is written is whole"
        ):
            make_class(SHEET, anonymous(200), out=tmp_path, dask=cluster.scheduler_address, done=lost)
    assert not [record for record in caplog.records if record.name == "distributed.client"]


def test_a_cluster_without_workers_is_said_in_a_line_and_the_same_command_goes_on(tmp_path, monkeypatch):
    from distributed import LocalCluster

    monkeypatch.setattr("byhand.classroom.classes.CHUNK", 20)
    monkeypatch.setattr("byhand.classroom.workers.PATIENCE", 1)
    with LocalCluster(n_workers=1, threads_per_worker=1, processes=False, dashboard_address=None) as cluster:

        def lost(count):
            cluster.scale(0)

        with pytest.raises(WorkerError, match=r"^lost the cluster .*: it has no workers; what is written is whole, "):
            make_class(SHEET, anonymous(40), out=tmp_path, dask=cluster.scheduler_address, done=lost)
        written = contents(tmp_path / f"{SHEET}-class0")
        cluster.scale(1)
        cluster.wait_for_workers(1)
        make_class(SHEET, anonymous(40), out=tmp_path, dask=cluster.scheduler_address)
    assert len(written) > 2
    assert written.items() <= contents(tmp_path / f"{SHEET}-class0").items()


def test_of_the_copies_that_were_made_before_nothing_is_kept(tmp_path, monkeypatch):
    """So that memory does not grow with the class."""
    monkeypatch.setattr("byhand.classroom.classes.CHUNK", 20)
    number, kept = 0, []

    def living(kind):
        return [each for each in gc.get_objects() if isinstance(each, kind)]

    def done(count):
        nonlocal number
        number += count
        if number % 20 == 1:
            gc.collect()
            kept.append([len(living(kind)) - len(others[kind]) for kind in others])

    gc.collect()
    others = {kind: living(kind) for kind in (MarkedCopies, room.Copy)}  # of other tests
    make_class(SHEET, anonymous(60), out=tmp_path, done=done)
    assert kept == [[0, 20]] * 3


STOPPED = """
import sys, time
from byhand.classroom import classes
from byhand.cli import main

def wait(self, path, content, put=classes.StudentFiles.put):
    put(self, path, content)
    print("written", flush=True)
    time.sleep(0.1)

classes.StudentFiles.put = wait
main()
"""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_what_a_stopped_class_was_writing_is_gone_after_the_next_one(number, tmp_path):
    asked = ["class", SHEET, "--anonymous", "100", "--out", str(tmp_path)]
    with subprocess.Popen(
        [sys.executable, "-c", STOPPED, *asked], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as made:
        made.stdout.readline()
        made.send_signal(number)
        said = made.stderr.read().decode()
    folder = tmp_path / f"{SHEET}-class0"
    left = {path.name for path in folder.iterdir()} - {"class.json", "worksheets", "keys"}
    if number == signal.SIGTERM:
        assert (made.returncode, left) == (143, set())
        assert said == "\nbyhand: stopped; what is written is whole, and the same command makes the rest\n"
    else:
        (staging,) = left
        assert list((folder / staging).iterdir())
        make_class(SHEET, ROSTER, Options(seed=0), out=tmp_path)
        assert not (folder / staging).exists()


ORPHANED = """
import sys
from itertools import pairwise
from byhand.classroom.workers import processes

if __name__ == "__main__":
    with processes(2) as pool:
        for begun in pool.map(abs, range(2)):
            print(begun, flush=True)
        sys.stdin.read()
"""


def test_the_processes_of_one_that_is_killed_end_with_it(tmp_path):
    script = tmp_path / "orphaned.py"
    script.write_text(ORPHANED)
    with subprocess.Popen([sys.executable, script], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as made:
        begun = [made.stdout.readline() for _ in range(2)]
        made.kill()
        rest, _ = made.communicate(timeout=60)  # which ends when no process has the pipe any longer
    assert (begun, rest) == ([b"0\n", b"1\n"], b"")


LOADING = """
import enum, os, signal, sys
from importlib.machinery import ExtensionFileLoader as Loader
from byhand.cli import main

number = int(sys.argv.pop(1))
signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's job in the background ignores it

def watched(self, module, load=Loader.exec_module):
    if module.__name__ == "pikepdf._core":
        sys.setprofile(stop)
    load(self, module)

def stop(frame, event, _):
    if frame.f_code.co_filename == enum.__file__:  # Python that the extension calls
        sys.setprofile(None)
        os.kill(os.getpid(), number)

Loader.exec_module = watched
main()
"""


@pytest.mark.parametrize("number", a_share([signal.SIGTERM, signal.SIGINT]))
def test_a_class_that_is_stopped_while_an_extension_is_loaded_ends_in_order(number, tmp_path):
    """What loads pikepdf aborts the program on an exception."""
    asked = [str(int(number)), "class", SHEET, "--anonymous", "40", "--out", str(tmp_path)]
    nothing_kept = os.environ | {"XDG_CACHE_HOME": str(tmp_path / "cache")}  # what another test kept needs no pikepdf
    made = subprocess.run([sys.executable, "-c", LOADING, *asked], capture_output=True, text=True, env=nothing_kept)
    assert (made.returncode, made.stdout) == (128 + number, "")
    assert made.stderr == "\nbyhand: stopped; what is written is whole, and the same command makes the rest\n"
    assert not (tmp_path / f"{SHEET}-class0").exists()  # its pages are laid out before anything is written


def test_an_address_without_a_scheduler_is_said_and_leaves_no_client(tmp_path):
    from distributed import Client

    def clients():
        return [each for each in gc.get_objects() if type(each) is Client]

    before = clients()  # of other tests
    with pytest.raises(ConfigError, match=r"no Dask scheduler at '1\.2\.3': missing port number .*; use one such as"):
        make_class(SHEET, ROSTER, out=tmp_path, dask="1.2.3")
    assert {*map(id, clients())} <= {*map(id, before)}


def test_a_dask_cluster_makes_the_same_bytes(made, tmp_path):
    from distributed import LocalCluster

    with LocalCluster(n_workers=1, threads_per_worker=1, processes=False, dashboard_address=None) as cluster:
        spread = make_class(SHEET, ROSTER, out=tmp_path, dask=cluster.scheduler_address)
    assert contents(spread.folder) == contents(made.folder)


def test_a_folder_holds_one_class(made):
    with pytest.raises(
        OutputError, match="holds a class of other numbers or options; remove it, or use another --out"
    ):
        make_class(SHEET, ROSTER, Options(paper="letter"), out=made.folder.parent)


def test_where_nothing_can_be_written_is_said(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match=r"cannot write to .*file.layer-norm-class0: Not a directory"):
        make_class(SHEET, ROSTER, out=tmp_path / "file")


def test_a_copy_with_name_and_code_is_filled_as_it_is_laid_out():
    import zlib

    from byhand.press.layout import lay_out
    from byhand.press.template import copy_pdf, template

    plan = Plan(load_sheet(SHEET), Options(numbers="exact", paper="letter"), LETTERS)
    run = room._stamped(NumberSets(plan).run(["k"]), [Student("Ada Lovelace", "101")])
    page = room._printed(plan, Pages(lower(run.document, run.run)))
    laid = lay_out(page, lambda mark: run.text_of(mark, 0), plan.letters)
    contents = [zlib.compress(page[-1]) for page in fill(laid, run.domain.texts, "key")]
    filled = copy_pdf(template(laid, "key"), contents, "")
    full = laid_out_alone(page, lambda mark: run.text_of(mark, -1), "key")
    assert same_text(filled, full)
    assert different(filled, full) <= 0.0003  # of words that lie a fraction of a pixel elsewhere


def test_a_name_in_other_letters_is_laid_out_by_itself():
    names = ["Ada", "李雷", "Анна Ґонґ", "Nguyễn Ánh"]
    plan = Plan(load_sheet("dot-product"), Options(numbers="exact"), LETTERS + "".join(names))
    plain, other, *others = student_copies(
        plan, class_pages(plan), [Student(name, str(k)) for k, name in enumerate(names)]
    )
    assert not any(copy.laid_out_alone for copy in (plain, *others))
    assert sorted(other.laid_out_alone) == ["key", "worksheet"]


@pytest.mark.skipif(not FULL, reason="make test-every")
def test_a_page_is_the_classs_in_whatever_order_its_figures_were_laid_out():
    """Figures that are laid out before the page is written have their marks first."""
    plan = Plan(load_sheet("low-rank-attention"), Options(numbers="exact", seed=9), LETTERS)
    made = student_copies(plan, class_pages(plan), [Student(f"S{n}", f"{n}") for n in range(4)])
    assert sum(bool(copy.laid_out_alone) for copy in made) <= 1


def test_a_copy_of_another_page_is_laid_out_by_itself():
    plan = Plan(load_sheet("dot-product"), Options(numbers="exact"), LETTERS)
    base = class_pages(plan)
    class_ = [Student("Ada", "1"), Student("Grace", "2")]
    alone = student_copies(plan, replace(base, page=PrintPage("another")), class_)
    assert [sorted(copy.laid_out_alone) for copy in alone] == [["key", "worksheet"]] * 2
    filled = student_copies(plan, base, class_)
    assert [(copy.hash, copy.answers) for copy in alone] == [(copy.hash, copy.answers) for copy in filled]


def test_a_copy_whose_numbers_fit_but_give_no_page_gets_others_that_keep_the_promises(monkeypatch):
    """Here, the numbers that fit are refused, and the next ones break a promise."""
    plan = Plan(load_sheet(SHEET), Options(numbers="exact"), LETTERS)
    numbers, judged_page, refused = NumberSets(plan), room.judged_page, list[SheetError]()

    def breaks(key):
        return breaking_promises(numbers.run_plain([numbers.of(key)]))

    student = next(each for each in anonymous(50) if breaks(plan.key(each) + AGAIN))

    def refusing(plan, values, *rest, **large):
        if not refused:
            refused.append(SheetError("no page"))
            raise refused[0]
        return judged_page(plan, values, *rest, **large)

    monkeypatch.setattr(room, "judged_page", refusing)
    copy, _ = room._laid_out_alone(plan, room.ClassPages(numbers=numbers), student, plan.key(student))
    assert copy.key.startswith(plan.key(student) + AGAIN * 2)
    assert not breaks(copy.key)


def laid_out(plan):
    """A class's pages, without the sets of numbers, of which some may have been searched for meanwhile."""
    return {name: part for name, part in structs.asdict(class_pages(plan)).items() if name != "numbers"}


def test_a_classes_pages_are_made_once(tmp_path, monkeypatch):
    pdf("")  # builds the fonts
    monkeypatch.setattr("byhand.cache.user_cache_path", lambda name: tmp_path)
    laid, layouts = [], room.layouts

    def counted(html, *rest):
        laid.append(html)
        return layouts(html, *rest)

    monkeypatch.setattr(room, "layouts", counted)
    plan = Plan(load_sheet(SHEET), Options(numbers="exact"), LETTERS)
    first, (file,) = laid_out(plan), (tmp_path / "classes").iterdir()
    assert (laid_out(plan), len(laid)) == (first, 2)
    assert laid_out(replace(plan, letters=LETTERS + "ë")) != first
    assert len(laid) == 4
    file.write_bytes(b"damaged")
    assert (laid_out(plan), len(laid)) == (first, 6)
    assert (laid_out(plan), len(laid)) == (first, 6)
    monkeypatch.setenv("BYHAND_TEMPLATES", str(tmp_path))
    assert (laid_out(plan), len(laid)) == (first, 8)


def test_a_line_that_begins_with_a_word_is_filled_in(tmp_path):
    """Of a guess, which breaks just before the word, with no room for it but for the space before it."""
    assert make_class("adaptive-span", anonymous(2), out=tmp_path).laid_out_alone == 0


@pytest.mark.parametrize(("name", "sets"), [("dot-product", 10), ("layer-norm", SETS), ("gpt", SETS)])
def test_a_class_has_several_sets_of_numbers_and_one_page(name, sets):
    numbers = NumberSets(Plan(load_sheet(name), Options(numbers="exact"), ""))
    assert len(numbers.sets) == sets
    run = numbers.run(["a", "b"])
    assert len(set(run.filled(run.document.stamp["hash"]))) == sets + 2


def test_what_cannot_be_renamed_is_drawn_from_all_that_may_be_chosen():
    numbers = NumberSets(Plan(load_sheet("sizing"), Options(numbers="exact"), ""))
    run = numbers.run([str(k) for k in range(12)])
    assert len(set(run.filled(run.document.stamp["hash"]))) == 13
    assert hiding_mistakes(run) == []


def test_a_sheet_whose_numbers_neither_are_renamed_nor_listed_has_no_class():
    sheet = load_sheet("softmax")
    sheet = structs.replace(sheet, in_place=("scores",), values={**sheet.values, "inputs": {"scores": [[0, 1, 2]]}})
    with pytest.raises(ConfigError, match="softmax has one set of numbers only, so a class has none of its own"):
        NumberSets(Plan(sheet, Options(numbers="exact"), "")).of("a")


def test_every_set_says_what_the_first_one_says():
    numbers = NumberSets(Plan(load_sheet("gpt"), Options(seed=2, numbers="exact"), ""))
    words = numbers.run([]).tape.values("next_token")
    assert [numbers.first_set.vocabulary[int(word)] for (word,) in words] == ["door", "stood", "open"]
    assert [values.tokens for values in numbers.sets] == [("the", "door", "stood")] * SETS


def test_copies_without_names_have_numbers():
    assert [(s.name, s.whose, s.id) for s in anonymous(1)] == [("", "1", "1")]


def test_nobody_has_all_the_answers_of_another_where_a_sheet_has_enough_sets(tmp_path):
    options = Options(seed=3, excerpt=Excerpt(("1",)))
    made = make_class("softmax", anonymous(12), options, tmp_path)
    assert len({row["answers"] for row in read_index((made.folder / "index.csv").open("rb"))}) == 12
    assert made.alike == 0
    moved = [copy.student for copy in Class.in_folder(made.folder).copies if copy.student.moved]
    assert moved  # without which some would have
    for student in moved:
        for folder in ("worksheets", "keys"):
            lines, finding = report(made.folder / folder / f"{student.stem}.pdf")
            assert finding is Finding.RIGHT, lines


def test_neighbours_have_other_answers_where_few_sets_have_others(tmp_path, monkeypatch):
    """The scores of attention-head differ in no copy of a set, and between few sets."""
    monkeypatch.setattr("byhand.classroom.plan.MANY_SETS", 12)
    made = make_class("attention-head", anonymous(6), Options(seed=5, excerpt=Excerpt(("1-3",))), tmp_path)
    answers = [row["answers"] for row in read_index((made.folder / "index.csv").open("rb"))]
    assert all(one != other for one, other in pairwise(answers))
    assert len(set(answers)) < len(answers)
