"""Rosters as people have them."""

from __future__ import annotations

import re

import pytest

from byhand.classroom import roster
from byhand.classroom.roster import Student, anonymous, parse_roster, read_roster
from byhand.errors import RosterError

ADA, GRACE = Student("Ada Lovelace", "101", "A"), Student("Grace Hopper", "102", "B")


@pytest.mark.parametrize(
    "content",
    [
        b"name,id,group\nAda Lovelace,101,A\nGrace Hopper,102,B\n",
        b"\xef\xbb\xbfGroup;Student ID;Full name\r\nA;101;Ada Lovelace\r\nB;102;Grace Hopper\r\n",
        b"Vorname\tNachname\tMatrikelnummer\tKlasse\nAda\tLovelace\t101\tA\nGrace\tHopper\t102\tB",
        "Prénom;Nom;Numéro d’étudiant;Groupe\nAda;Lovelace;101;A\n;;;\nGrace;Hopper;102;B\n".encode(),
        "Apellidos,Nombre,Matrícula,Grupo\n Lovelace , Ada ,101,A\nHopper,Grace,102,B\n".encode(),
        "name,id,group\nAda Lovelace,101,A\nGrace Hopper,102,B\n".encode("utf-16"),
        b'\n"First name","Last name",ID,Section,Mark\nAda,Lovelace,101,A,7\nGrace,Hopper,102,B\nAda,Lovelace,101,A,7\n',
    ],
)
def test_headings_stand_in_any_order_and_language(content):
    assert parse_roster("class.csv", content) == [ADA, GRACE]


def test_a_name_is_an_id_where_there_is_none():
    assert parse_roster("class.csv", "nom\nZoë  Ünal\n".encode()) == [Student("Zoë Ünal", "Zoë Ünal")]
    assert parse_roster("class.csv", b"id\n7\n") == [Student("7", "7")]
    assert anonymous(2) == [Student("", "1"), Student("", "2")]


def test_namesakes_without_ids_are_each_a_student_and_that_is_said():
    rows = b"name,group\nAnna,A\nBen,A\nAnna,A\nAnna,B\nAnna (3),A\n"
    told = []
    found = parse_roster("class.csv", rows, told.append)
    assert [(s.name, s.id, s.group) for s in found] == [
        ("Anna", "Anna", "A"), ("Ben", "Ben", "A"), ("Anna (2)", "Anna (2)", "A"), ("Anna (4)", "Anna (4)", "B"),
        ("Anna (3)", "Anna (3)", "A"),
    ]  # fmt: skip
    assert told == [
        f"class.csv line {line}: another 'Anna', as in line 2, without an id; this copy is called '{called}' and has "
        "its own numbers, in the roster's order; ids would tell them apart"
        for line, called in ((4, "Anna (2)"), (5, "Anna (4)"))
    ]
    assert parse_roster("class.csv", rows + b"Anna,A\n")[:5] == found


def test_namesakes_with_ids_are_each_a_student_and_that_is_said():
    told = []
    found = parse_roster("class.csv", b"name,id\nAnna,a1\nBen,b2\nAnna,a3\n", told.append)
    assert [(s.name, s.id) for s in found] == [("Anna", "a1"), ("Ben", "b2"), ("Anna", "a3")]
    assert told == ["class.csv line 4: another 'Anna', as in line 2, with an id of their own: a copy for each"]


def test_a_row_that_is_there_twice_is_one_student_and_that_is_said():
    told = []
    rows = b"name,id\nAda,1\n" + b"Ada,1\n" * 12
    assert parse_roster("class.csv", rows, told.append) == [Student("Ada", "1")]
    assert told[0] == "class.csv line 3 is line 2 again, the same id included: one copy"
    assert told[10:] == ["class.csv: 2 more such lines"]


def test_an_id_is_what_its_page_shows():
    rows = "name,id\nAda,e\u0301  1\n".encode()
    assert parse_roster("class.csv", rows) == [Student("Ada", "\u00e9 1")]


def test_ten_thousand_rows_are_read():
    rows = "\n".join(f"Student {n};{n}" for n in range(10_000))
    assert len(parse_roster("class.csv", f"name;id\n{rows}".encode())) == 10_000


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"name,id\nAda,1\nGrace,1\n", "class.csv line 3: 'Grace' has the id '1' of 'Ada' in line 2; give each student their own"),
        (b"name,id\nAda,\nGrace,Ada\n", "class.csv line 3: 'Grace' has the id 'Ada' of 'Ada' in line 2; give each student their own"),
        (b"name,id\n,\nAda,1\n , ,x\n", "class.csv line 4 has neither a name nor an id"),
        (b"a,b\n1,2\n", "class.csv has no column for names or ids; its headings are 'a', 'b'; use name, id and group"),
        (b"", "class.csv is empty; its first line has headings: name, id and group"),
        (b"name,id\n", "class.csv names no students; put one on each line below the headings"),
        (b"name,full name\nA,B\n", "class.csv has two columns for the name: 'name' and 'full name'"),
        (b"name\nJ\xfcrgen\n", "class.csv is not UTF-8 (byte 6); save it as “CSV UTF-8”, or give the spreadsheet itself"),
        (b"name\na\0b\n", "class.csv is no CSV file"),
        (b"name,id\nA,1\nB," + b"2" * 60_000, "class.csv line 3: an id of 60,000 characters; 64 are the most"),
        (b'name,id\n"Ada,1\nBob,2\n', "class.csv line 3: unexpected end of data; see to its quotation marks"),
        (b'name,id\n"Ada,1\n"Bob",2\n', "class.csv line 3: ',' expected after '\"'; see to its quotation marks"),
        (
            b'name,id\n"Ada,1\nBob",2\n',
            "class.csv line 3 ends a name that goes over several lines; close its quotation mark",
        ),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_in_a_line(content, message):
    with pytest.raises(RosterError, match="^" + re.escape(message) + "$"):
        parse_roster("class.csv", content)


def test_all_lines_that_are_wrong_are_told_at_once():
    rows = b"name;id;large\n;;\nAda;1;\nBen;1;\nCem;2;perhaps\nDee;3;yes\n;;yes\n"
    with pytest.raises(RosterError) as error:
        parse_roster("class.csv", rows)
    told = str(error.value).split("; class.csv line ")
    assert [line.split(":")[0].split(" has")[0] for line in told] == ["class.csv line 5", "7", "4"]


def test_a_roster_that_is_not_there_is_said(tmp_path):
    with pytest.raises(RosterError, match=r"none\.csv: No such file or directory"):
        read_roster(tmp_path / "none.csv")


def test_a_roster_of_more_students_than_a_class_has_is_refused(monkeypatch):
    monkeypatch.setattr(roster, "MOST_STUDENTS", 3)
    assert len(parse_roster("class.csv", b"name\n" + b"Ann\n" * 3)) == 3
    with pytest.raises(RosterError, match=r"^class\.csv names over 3 students; split it$"):
        parse_roster("class.csv", b"name\n" + b"Ann\n" * 4)
    with pytest.raises(RosterError, match=r"^class\.csv has over 6 lines; split it$"):
        parse_roster("class.csv", b"name\nAda\n" + b"\n" * 5)


@pytest.mark.parametrize("line", [b"," * 100_000, b"name\n" + b"x" * 100_000])
def test_a_line_that_is_longer_than_a_row_is_refused(line):
    with pytest.raises(RosterError, match=r"^class\.csv line [12] has over 100,000 characters; a row has fewer$"):
        parse_roster("class.csv", line + b"\n")


def test_files_are_named_safely_and_apart():
    stems = [
        Student(name, name).stem
        for name in ("../../etc/passwd", "CON", "con", "李雷", "李磊", "a" * 500, "Zoë", "Zoe")
    ]
    assert all(re.fullmatch(r"[a-z0-9][a-z0-9-]{0,80}", stem) for stem in stems)
    assert len(set(stems)) == len(stems)
    assert Student("Ada", "7").stem.startswith("ada-7-")


def test_ten_thousand_names_without_latin_letters_have_as_many_files():
    first, second = Student("王平涛", "王平涛").stem, Student("李国丽", "李国丽").stem
    assert first[:6] == second[:6]
    assert first != second
    names = {chr(0x4E00 + n // 100) + chr(0x5E00 + n % 100) for n in range(10_000)}
    assert len({Student(name, name).stem for name in names}) == 10_000


@pytest.mark.parametrize("bad", ["\x07", "\x1b", "\u202e", "\u2066", "\u2069", "\ue000", "\U000f0000"])
@pytest.mark.parametrize("field", ["name", "id", "group"])
def test_a_character_that_cannot_be_printed_is_said_with_its_line_and_student(field, bad):
    row = {"name": "Ada", "id": "7", "group": "A"}
    row[field] += bad
    roster = f"name,id,group\nBen,1,A\n{','.join(row.values())}\n".encode()
    message = f"class.csv line 3: the {field} of {row['name']!r} holds {ascii(bad)[1:-1]}, which cannot be printed"
    with pytest.raises(RosterError, match="^" + re.escape(message) + "; take it out$"):
        parse_roster("class.csv", roster)


def test_files_are_called_after_names_with_latin_letters_of_any_language():
    names = {"Jörg Großmann": "jorg-grossmann", "Łukasz Øre": "lukasz-ore", "Ægir Þór": "aegir-thor"}
    assert {name: Student(name, "").stem.rpartition("-")[0] for name in names} == names
