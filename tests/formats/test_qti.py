"""qti21.zip and qti30.zip read back: what the standard allows, the same in both, what is scored, and their numbers."""

import os
from functools import lru_cache
from pathlib import Path
from xml.etree import ElementTree

import pytest
from every_sheet import CASES, made
from kinds import kinds_and_run
from qti_player import Item, opened, rows
from qti_standard import QTI_2_1, as_three, as_two, local, problems
from quiz_pages import missing_rows

from byhand.formats.qti import THREE, TWO, qti
from byhand.formats.quiz.questions import quiz_of
from byhand.formats.quiz.spelling import number
from byhand.notation.text import value_text
from byhand.page.page import lower

NUMERIC = [case for case in CASES if case[0] != "attention-in-letters"]
AT = "blocks.0.attn."


@lru_cache(maxsize=8)
def written(sheet, seed, version):
    return opened(qti(lower(*made(sheet, seed)), version))


@lru_cache(maxsize=8)
def trees(sheet, seed, version):
    """The test and the items of a package by name, without namespaces."""
    files = written(sheet, seed, version)
    found = {name: ElementTree.fromstring(files[name]) for name in files if name.endswith(".xml")}
    return {name: local(tree, version.items) for name, tree in found.items() if name != "imsmanifest.xml"}


def of_sections(sheet, seed=3):
    """Each section that asks for numbers or texts, with its item and the names of its blanks."""
    asking = [section for section in made(sheet, seed)[0].sections if asked(section)]
    items = [Item(tree) for tree in trees(sheet, seed, TWO).values()]
    found = [item for item in items if item.root.find(".//textEntryInteraction") is not None]
    assert len(asking) == len(found)
    for section, item in zip(asking, found, strict=True):
        yield section, item, {blank.id: f"R{n}" for n, blank in enumerate(asked(section), 1)}


def asked(section):
    return [blank for blank in section.blanks if blank.role not in ("copy", "change")]


def same(one, other):
    """Whether two trees say the same, attributes in any order."""
    return ElementTree.canonicalize(ElementTree.tostring(one)) == ElementTree.canonicalize(
        ElementTree.tostring(other)
    )


@pytest.mark.parametrize(("sheet", "seed"), NUMERIC)
def test_items_are_what_the_standard_allows_and_one_in_both_versions(sheet, seed):
    two, three = (trees(sheet, seed, version) for version in (TWO, THREE))
    assert two.keys() == three.keys()
    for name, item in two.items():
        assert problems(item, QTI_2_1) == [], name
        assert same(as_two(three[name]), item), name
        assert same(as_two(as_three(item)), item), name
        human = [each for each in three[name].iter() if each.attrib.pop("external-scored", "") == "human"]
        assert len(human) == (item.find(".//extendedTextInteraction") is not None)
        assert same(as_three(item), three[name]), name


@pytest.mark.parametrize("options", [{"orientation": "columns"}, {"numbers": "decimal", "base": "e"}], ids=str)
def test_items_are_what_the_standard_allows_in_columns_and_in_decimals(options):
    files = opened(qti(lower(*made("attention-head", 3, **options)), TWO))
    for name in (name for name in files if name.endswith(".xml") and name != "imsmanifest.xml"):
        item = local(ElementTree.fromstring(files[name]), TWO.items)
        assert problems(item, QTI_2_1) == [], name
        if Item(item).key():
            assert Item(item).played(Item(item).key())[0] == pytest.approx(Item(item).worth)


@pytest.mark.parametrize("version", [TWO, THREE], ids=["2.1", "3.0"])
@pytest.mark.parametrize(("sheet", "seed"), NUMERIC)
def test_a_manifest_names_every_file_and_no_other(sheet, seed, version):
    files = written(sheet, seed, version)
    manifest = local(ElementTree.fromstring(files["imsmanifest.xml"]), version.package)
    resources = {each.get("identifier"): each for each in manifest.iter("resource")}
    assert {file.get("href") for file in manifest.iter("file")} == {*files} - {"imsmanifest.xml"}
    for resource in resources.values():
        assert resource.get("href") in [file.get("href") for file in resource.iter("file")]
        assert all(each.get("identifierref") in resources for each in resource.iter("dependency"))
    two = trees(sheet, seed, TWO)
    refs = {ref.get("href"): ref.get("identifier") for ref in two["test.xml"].iter("assessmentItemRef")}
    assert refs == {name: item.get("identifier") for name, item in two.items() if name != "test.xml"}
    for name, item in two.items():
        sources = {image.get("src") for image in item.iter("img")} | {
            each.get("href") for each in item.iter("stylesheet")
        }
        assert sources <= {*files}, name


@pytest.mark.parametrize(("sheet", "seed"), NUMERIC)
def test_names_within_an_item_are_declared(sheet, seed):
    for item in trees(sheet, seed, TWO).values():
        declared = {each.get("identifier") for each in item.iter() if each.tag.endswith("Declaration")}
        used = {each.get("responseIdentifier") or each.get("outcomeIdentifier") for each in item.iter()} - {None}
        used |= {
            each.get("identifier")
            for each in item.iter()
            if each.tag in ("variable", "correct", "mapResponse", "setOutcomeValue")
        }
        assert used <= declared
        shown = [each.get("identifier") for each in item.iter("modalFeedback")]
        noted = {each.text for each in item.iter("baseValue") if each.get("baseType") == "identifier"}
        assert noted <= {*shown}
        assert len({*shown}) == len(shown)


@pytest.mark.parametrize(("sheet", "seed"), NUMERIC)
def test_the_key_earns_all_and_its_numbers_are_the_runs(sheet, seed):
    _, run = made(sheet, seed)
    for section, item, names in of_sections(sheet, seed):
        for blank in asked(section):
            cell, key = blank.cell, item.key()[names[blank.id]]
            if blank.role in ("word", "text"):
                assert key == value_text(cell.value)
                continue
            is_run = cell.at and cell.places is None
            assert number(key) == number(run.texts[cell.step][cell.at[0]][cell.at[1]] if is_run else cell.value)
    for tree in trees(sheet, seed, TWO).values():
        item = Item(tree)
        if item.declared and item.key():
            assert item.played(item.key())[0] == pytest.approx(item.worth)
            assert item.played({})[0] == 0
            assert item.played(dict.fromkeys(item.key(), "77/78"))[0] == 0


@pytest.mark.parametrize(("sheet", "seed"), NUMERIC)
def test_every_number_of_the_figures_is_printed_where_it_stands_on_the_page(sheet, seed):
    for section, item, names in of_sections(sheet, seed):
        body = item.root.find("itemBody")
        for field in body.iter("textEntryInteraction"):
            field.text = f"[{field.get('responseIdentifier')}]"  # of a copy that is read here only
        fields = {id(blank.cell): f"[{names[blank.id]}]" for blank in asked(section)}
        shown = rows(body)
        for field in body.iter("textEntryInteraction"):
            field.text = None
        assert missing_rows(section, fields, shown) == []


@pytest.mark.parametrize(("sheet", "seed"), NUMERIC)
def test_what_a_mistake_gives_earns_a_part_and_is_named(sheet, seed):
    document, run = made(sheet, seed)
    meant = [question for question in quiz_of(lower(document, run)).questions if question.entries]
    tried = 0
    for question, (_, item, names) in zip(meant, of_sections(sheet, seed), strict=True):
        for entry in question.entries:
            for wrong in entry.wrong:
                texts = wrong.texts if not entry.value else [wrong.value]
                for text in texts:
                    score, shown = item.played({names[entry.blank.id]: text})
                    assert score == wrong.credit / 100
                    for name in wrong.mistakes:
                        told = document.messages.mistake(name, "told", document.orientation == "columns")
                        assert any(each.startswith(told) for each in shown)
                    tried += 1
    assert tried == sum(
        len(wrong.texts) if not entry.value else 1 for q in meant for entry in q.entries for wrong in entry.wrong
    )
    assert tried > 50 or sheet != "attention-head"


def test_every_kind_of_question_is_allowed_and_can_be_answered():
    files = opened(qti(lower(*kinds_and_run()), TWO))
    items = [Item(local(ElementTree.fromstring(files[f"q{n:02}.xml"]), TWO.items)) for n in range(1, 9)]
    assert [problem for item in items for problem in problems(item.root, QTI_2_1)] == []
    assert [item.worth for item in items] == [2, 1, 8, 3, 10, 3, 1, 3]
    assert [item.played(item.key())[0] for item in items[:7]] == [2, 1, 8, 3, 10, 3, 1]


def test_answers_are_numbers_or_short_texts():
    for _, item, names in of_sections("attention-head"):
        kinds = {each.get("baseType") for name, each in item.declared.items() if name in names.values()}
        assert kinds <= {"float", "string"}
        assert len(kinds) == 1
    (_, scores, names), *_ = of_sections("attention-head")
    cell = names[f"1/ask/{AT}scores_raw[0]/1,2"]
    assert [scores.played({cell: text})[0] for text in ("2", "2.0", "+2", "4", "3", "two")] == [1, 1, 1, 0.25, 0, 0]


def test_who_marks_words_is_told_what_the_key_says():
    words = [
        Item(tree) for tree in trees("attention-head", 3, TWO).values() if tree.find(".//rubricBlock") is not None
    ]
    assert [item.root.find(".//rubricBlock").get("view") for item in words] == ["scorer"] * 2
    assert "it finds" in "".join(words[0].root.find(".//rubricBlock").itertext())
    assert [item.worth for item in words] == [3, 3]


def test_the_same_sheet_is_the_same_bytes():
    for version in (TWO, THREE):
        assert qti(lower(*made("shapes", 3)), version) == qti(lower(*made("shapes", 3)), version)


SCHEMAS = os.environ.get("BYHAND_QTI_SCHEMAS")


@pytest.mark.skipif(not SCHEMAS, reason="BYHAND_QTI_SCHEMAS names no folder of DTDs and XSDs")
@pytest.mark.parametrize(("version", "name"), [(TWO, "imsqti_v2p1.xsd"), (THREE, "imsqti_asiv3p0_v1p0.xsd")])
@pytest.mark.parametrize(("sheet", "seed"), NUMERIC)
def test_items_are_valid_by_the_xsd(sheet, seed, version, name):
    etree = pytest.importorskip("lxml.etree")
    found = next(iter(Path(SCHEMAS).rglob(name)), None)
    if found is None:
        pytest.skip(f"there is no {name} in {SCHEMAS}")
    schema = etree.XMLSchema(etree.parse(str(found)))
    for file, content in written(sheet, seed, version).items():
        if file.endswith(".xml") and file != "imsmanifest.xml":
            assert schema.validate(etree.fromstring(content)), (file, schema.error_log)


def test_another_converter_comes_to_the_same():
    """Where citolab-qti-convert is installed: it turns each item of 2.1 into ours of 3.0, and back."""
    convert = pytest.importorskip("qti_convert")
    two, three = (written("attention-head", 3, version) for version in (TWO, THREE))
    for name in (name for name in two if name.endswith(".xml") and name != "imsmanifest.xml"):
        up = local(ElementTree.fromstring(convert.upgrade_qti2_to_qti3(two[name].decode())), THREE.items)
        assert _plain(up) == _plain(local(ElementTree.fromstring(three[name]), THREE.items)), name


def _plain(tree):
    own = ("external-scored", "min-choices")  # which either may add, and 2.1 has not
    known = {name: value for name, value in tree.attrib.items() if "schemaLocation" not in name and name not in own}
    return tree.tag, known, (tree.text or "").strip(), (tree.tail or "").strip(), [_plain(child) for child in tree]
