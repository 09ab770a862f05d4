"""What a studio is made of: the process that draws, the queue, the papers' folders, and the commands."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from contextlib import suppress

import pytest

from byhand.cli import _options, main
from byhand.errors import ConfigError, LimitError, RosterError, WorkerError
from byhand.options import Options
from byhand.paper import PaperFile, PaperPart, as_source, said_by
from byhand.studio import commands
from byhand.studio.form import ranges
from byhand.studio.jobs import Queue
from byhand.studio.papers import Chosen, PaperFolder, Papers
from byhand.studio.worker import Worker
from byhand.worksheet.looks import words_of

OPTIONS = [
    Options(seed=7, numbers="decimal", places=3, rounding="once", base="e", orientation="columns"),
    Options(
        seed=0,
        level="easy",
        paper="letter",
        large=True,
        base=3,
        tokens=("a", "b"),
        answer="CAT",
        look=words_of("dyslexia"),
    ),
    Options(),
]


# the process that draws


def process_id():
    return os.getpid()


def refuses():
    raise ConfigError("no such thing")


def fails():
    raise ZeroDivisionError("oh")


def ends_itself():
    os.kill(os.getpid(), signal.SIGKILL)


@pytest.fixture
def worker():
    made = Worker()
    yield made
    made.close()


def test_one_process_answers_all_questions_and_a_killed_one_is_begun_again(worker):
    first = worker.ask(process_id)
    assert first == worker.ask(process_id) == worker.process_id != os.getpid()
    os.kill(first, signal.SIGKILL)
    assert worker.ask(process_id) not in (first, os.getpid())


def test_errors_come_back_and_the_process_goes_on(worker):
    first = worker.ask(process_id)
    with pytest.raises(ConfigError, match="no such thing"):
        worker.ask(refuses)
    with pytest.raises(WorkerError, match="ZeroDivisionError"):
        worker.ask(fails)
    assert worker.ask(process_id) == first


def test_who_has_no_answer_is_told_so_and_the_next_question_has_one(worker):
    with pytest.raises(WorkerError, match="was killed"):
        worker.ask(ends_itself)
    worker.ask(process_id)
    worker.patience = 0.3
    with pytest.raises(WorkerError, match="it takes over 0 seconds"):
        worker.ask(time.sleep, 60)
    worker.patience = 60
    assert worker.ask(process_id)


def test_a_closed_worker_begins_no_process(worker):
    worker.close()
    with pytest.raises(WorkerError, match="ended"):
        worker.ask(process_id)


# the queue


@pytest.fixture
def paper(tmp_path):
    made = Papers(tmp_path, 10).begin("A queue")
    made.write(PaperFile("A queue", [PaperPart(sheet="dot-product")]), Options(seed=1), secret=False)
    return made


def queue_of(paper, most=3, longest=60.0):
    folder = paper.path.parent
    return Queue(folder / ".jobs.sqlite3", lambda user, name: Papers(folder, 9).named(name), most, longest)


async def until(queue, paper, *states):
    """Run the queue until its first job is in one of these states."""
    running = asyncio.create_task(queue.run())
    try:
        for _ in range(1_200):
            job = queue.job("", paper.name, 1)
            if job and job.state in states:
                return job
            await asyncio.sleep(0.05)
        raise AssertionError(job)
    finally:
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running


def test_a_job_runs_says_what_the_command_says_and_no_path(paper):
    queue = queue_of(paper)
    queue.add("", paper.name, "generate", ["generate", "exam.toml", "--format", "md"])
    job = asyncio.run(until(queue, paper, "done", "failed"))
    assert job.state == "done"
    assert (job.folder(paper) / "exam-seed0" / "dot-product-worksheet.md").is_file()
    queue.add("", paper.name, "generate", ["generate", "nothing.toml"])

    async def second():
        running = asyncio.create_task(queue.run())
        while not (job := queue.job("", paper.name, 2)).ends:
            await asyncio.sleep(0.05)
        running.cancel()
        return job

    job = asyncio.run(second())
    assert job.state == "failed"
    assert "nothing.toml" in job.said
    assert str(paper.path) not in job.said


def test_what_ran_when_the_studio_ended_runs_again_when_it_begins(paper):
    queue = queue_of(paper)
    queue.add("", paper.name, "generate", ["generate", "exam.toml", "--format", "md"])
    assert asyncio.run(until(queue, paper, "running")).state == "running"
    assert queue.job("", paper.name, 1).state == "waiting"  # and its process has ended
    again = queue_of(paper)
    with again._table() as table:
        table.execute("update jobs set state = 'running'")  # as it is after a power failure
    assert asyncio.run(until(queue_of(paper), paper, "done", "failed")).state == "done"


def test_a_job_that_takes_too_long_or_is_stopped_ends(paper):
    queue = queue_of(paper, longest=0.1)
    queue.add("", paper.name, "generate", ["generate", "exam.toml"])
    job = asyncio.run(until(queue, paper, "done", "failed"))
    assert (job.state, job.said) == ("failed", "it took over 0 minutes, and was stopped")
    queue.add("", paper.name, "generate", ["generate", "exam.toml"])
    asyncio.run(queue.stop(queue.job("", paper.name, 2)))
    assert queue.job("", paper.name, 2).state == "stopped"


def test_a_user_may_have_so_many_jobs_and_those_of_others_are_not_found(paper):
    queue = queue_of(paper, most=2)
    for _ in range(2):
        queue.add("ada", paper.name, "generate", ["generate", "exam.toml"])
    with pytest.raises(LimitError, match="2 jobs of yours wait or run already"):
        queue.add("ada", paper.name, "generate", ["generate", "exam.toml"])
    assert queue.add("noor", paper.name, "generate", ["generate", "exam.toml"]) == 3
    assert queue.job("noor", paper.name, 1) is None
    assert [job.number for job in queue.of("noor", paper.name)] == [3]
    assert queue.before(queue.job("noor", paper.name, 3)) == 2


# papers


def test_names_of_folders_are_plain_free_and_no_others(tmp_path):
    papers = Papers(tmp_path, 4)
    names = [papers.begin(title).name for title in ("Prüfung: Softmax!", "Prüfung, Softmax", "→", "CON")]
    assert names == ["prufung-softmax", "prufung-softmax-2", "paper", "paper-con"]
    with pytest.raises(LimitError, match="there are 4 papers"):
        papers.begin("one more")
    for name in ("..", ".removed", "a/b", "", "nothing", "PAPER"):
        assert papers.named(name) is None


def test_a_roster_takes_the_place_of_another_of_any_kind(paper):
    paper.take_roster("Names.TXT", b"name\nAda\n")
    assert paper.roster.name == "roster.txt"
    paper.take_roster("names.csv", b"name\nAnn\n")
    assert [path.name for path in paper.path.glob("roster.*")] == ["roster.csv"]
    for file, content in (("names.exe", b"name\nBen\n"), ("names.xlsx", b"PK"), ("names.csv", b"name;id\n;\n")):
        with pytest.raises(RosterError):
            paper.take_roster(file, content)
    assert [student.name for student in paper.students([])] == ["Ann"]


def test_settings_that_were_damaged_are_as_by_default(paper):
    for damaged in (b"{", b'{"options": {"seed": -1}}', b'{"other": 1}'):
        (paper.path / "studio.json").write_bytes(damaged)
        assert paper.chosen == Chosen()


@pytest.mark.parametrize("options", OPTIONS)
def test_options_are_kept_as_they_were_chosen(paper, options):
    paper.write(paper.said, options, secret=True)
    assert PaperFolder(paper.path).options == options
    assert paper.chosen.secret


# files and commands


def test_a_file_that_is_written_says_what_was_written():
    said = PaperFile(
        'A "title"', [PaperPart(text="one\n\ntwo \\ three"), PaperPart(sheet="softmax", steps="1-2", points={"1": 2.5, "2": 1}, lines=2)],
        course="C", date="1 May", time=30, order="shuffled", cover=False, head=["map"], text="*x*",
    )  # fmt: skip
    assert said_by(as_source(said)) == said
    assert as_source(said).count("[[parts]]") == 2


@pytest.mark.parametrize("options", OPTIONS)
def test_a_command_asks_for_what_was_chosen(options):
    generate = main.commands["generate"]
    typed = commands.generate(options, ("pdf", "docx"), "key")[1:]
    asked = generate.make_context("generate", typed).params
    assert asked["sheets"] == ("exam.toml",)
    assert (asked["formats"], asked["view"]) == (("pdf", "docx"), "key")
    left_out = {"sheets", "every", "threaded", "view", "formats", "book", "out"}
    made = _options(**{name: value for name, value in asked.items() if name not in left_out})
    assert made == options


def test_a_secret_takes_the_place_of_the_seed(paper):
    paper.take_roster("a.csv", b"name\nAnn\n")
    assert commands.class_(OPTIONS[2], paper.roster, secret=True)[2:] == [
        "--roster",
        "roster.csv",
        "--secret",
        "class.secret",
    ]
    typed = commands.class_(Options(seed=7, paper="letter"), paper.roster, secret=True, formats=("moodle",))
    assert typed == [
        "class",
        "exam.toml",
        "--roster",
        "roster.csv",
        "--paper",
        "letter",
        "--secret",
        "class.secret",
        "--format",
        "moodle",
    ]


def test_steps_are_written_as_ranges():
    assert [ranges(numbers) for numbers in ([1, 2, 3, 5], [2], [1, 3], [])] == ["1-3, 5", "2", "1, 3", ""]
