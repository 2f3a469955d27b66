"""The page says what was found, by tests that are there, and a cell that got worse is noticed."""

from __future__ import annotations

import ast
import os
from dataclasses import replace

import pytest

from tests.conformance import findings, page
from tests.conformance.findings import Finding
from tests.running import ROOT

FOUND = findings.read()
CELL = Finding("sdk", "files", "openai 3.0 whole", "pass")


def test_the_page_is_what_was_found() -> None:
    assert page.PAGE.read_text() == page.render(FOUND, findings.machine()), "run make conformance"


def test_nothing_on_it_failed() -> None:
    assert [each for each in FOUND if each.verdict == "fail"] == []


def test_each_check_and_guarantee_was_looked_at() -> None:
    assert {each.row for each in FOUND if each.table == "check"} == page.CHECKS.keys()
    assert {each.row for each in FOUND if each.table == "guarantee"} == page.guarantees().keys()
    assert len({each.row for each in FOUND if each.table == "fault"}) == 16


@pytest.mark.parametrize("file", sorted({each.test.split("::")[0] for each in FOUND if each.test}))
def test_the_tests_behind_its_cells_are_still_there(file: str) -> None:
    wanted = {name_of(each) for each in FOUND if each.test.startswith(f"{file}::")}
    tree = ast.parse((ROOT / file).read_text())
    there = {node.name for node in tree.body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}
    assert wanted <= there, "run make conformance"


def name_of(found: Finding) -> str:
    return found.test.split("::")[1].split("[")[0]


def test_a_cell_that_got_worse_is_told() -> None:
    assert page.worse([CELL], [CELL]) == []
    assert page.worse([CELL], [replace(CELL, verdict="fail")]) == []
    failed = replace(CELL, verdict="fail", figure="404")
    assert page.worse([failed], [CELL]) == ["sdk / files / openai 3.0 whole: fail, was pass (404)"]


def test_a_finding_is_read_as_it_was_written(tmp_path: os.PathLike[str]) -> None:
    path = ROOT / os.fspath(tmp_path) / "found.json"
    findings.write([CELL, replace(CELL, row="ü", ms=1.5)], {"Python": "3"}, path)
    assert findings.read(path) == [CELL, replace(CELL, row="ü", ms=1.5)]
    assert findings.machine(path) == {"Python": "3"}
