"""A page of the studio as a browser without scripts has it: its forms, and what they send."""

from __future__ import annotations

import csv
import json
from html.parser import HTMLParser
from typing import get_args

from byhand.marking.blank import BlankAnswers
from byhand.options import Options
from byhand.paper import read_paper
from byhand.worksheet.document import ReplyRole
from byhand.worksheet.sheet import load_sheet


class _Forms(HTMLParser):
    def __init__(self, form):
        super().__init__()
        self.form, self.inside, self.fields, self.buttons = form, False, [], {}
        self.area = self.select = None

    def handle_starttag(self, tag, attrs):
        has = dict(attrs)
        if tag == "form":
            self.inside = has.get("id") == self.form
        elif tag == "option" and self.select and (not self.first or "selected" in has):
            self.first = True
            self.chosen = has.get("value")
        of = has.get("form") == self.form or (self.inside and "form" not in has)
        name = has.get("name")
        if not of or not name:
            return
        if tag == "input" and has.get("type") in ("checkbox", "radio"):
            self.fields += [(name, has.get("value", "on"))] if "checked" in has else []
        elif tag == "input" and has.get("type") != "file":
            self.fields.append((name, has.get("value", "")))
        elif tag == "textarea":
            self.area, self.text = name, ""
        elif tag == "select":
            self.select, self.first, self.chosen = name, False, ""
        elif tag == "button":
            self.buttons[(name, has.get("value", ""))] = "disabled" not in has

    def handle_data(self, data):
        if self.area:
            self.text += data

    def handle_endtag(self, tag):
        if tag == "form":
            self.inside = False
        if tag == "textarea" and self.area:
            self.fields.append((self.area, self.text))
            self.area = None
        if tag == "select" and self.select:
            self.fields.append((self.select, self.chosen or ""))
            self.select = None


def sent_by(html, form="paper"):
    """The fields that a form sends, as a table of lists."""
    read, table = _Forms(form), {}
    read.feed(html)
    for name, value in read.fields:
        table.setdefault(name, []).append(value)
    return table


def answers_of_class(made, name):
    """The file of answers that the whole class hands in of a sheet, all right. made: the class's folder."""
    part = next(part for part in read_paper(made.parents[2] / "exam.toml").parts if part.sheet == name)
    ids = BlankAnswers.of_sheet(load_sheet(name), part.options(Options())).ids
    cells = [each for each in ids if each.split("/")[1] not in get_args(ReplyRole)]
    with (made / name / "index.csv").open(encoding="utf-8-sig") as table:
        students = [
            {"id": row["id"], "answers": dict(zip(cells, row["answers"].split(), strict=False))}
            for row in csv.DictReader(table)
        ]
    return json.dumps({"schema": 1, "sheet": name, "students": students})
