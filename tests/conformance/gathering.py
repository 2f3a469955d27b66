"""A pytest plugin that keeps what tests marked `conformance` found: `-p tests.conformance.gathering`.

`@pytest.mark.conformance(table, row, column)` says which cell a test is about; the last may be left out. A
test adds with `record_property`: `verdict` where passing has degrees, `row` and `column` of a parameter, `ms`
for a time, and `figure` as often as it likes.
"""

from __future__ import annotations

from typing import Any

import pytest

from tests.conformance.findings import Finding

FOUND: list[Finding] = []


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Any:
    report = yield
    if report.when == "call" or report.skipped or report.failed:
        for mark in item.iter_markers("conformance"):
            FOUND.append(_finding(mark, report))
    return report


def _finding(mark: pytest.Mark, report: pytest.TestReport) -> Finding:
    table, row, column = (*(str(each) for each in mark.args), "", "")[:3]
    said = dict(report.user_properties)
    figures = [str(value) for name, value in report.user_properties if name == "figure"]
    return Finding(
        table,
        str(said.get("row", row)),
        str(said.get("column", column)),
        str(said.get("verdict", "pass")) if report.passed else "skipped" if report.skipped else "fail",
        "; ".join(figures) or (_reason(report) if report.skipped else ""),
        said.get("ms"),  # type: ignore[arg-type]
        report.nodeid,
    )


def _reason(report: pytest.TestReport) -> str:
    return str(report.longrepr[2]).removeprefix("Skipped: ") if isinstance(report.longrepr, tuple) else ""
