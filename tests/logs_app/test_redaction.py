"""How well redaction finds what is marked in a set of texts, English and Chinese, with hard negatives."""

from __future__ import annotations

from pathlib import Path

from tests.logs_app import labelled

DOCUMENTATION = (Path(__file__).parent.parent.parent / "docs" / "redaction.md").read_text()


def test_precision_and_recall_are_as_promised() -> None:
    score = labelled.score()
    print(
        f"\n{score.table()}\nprecision {score.precision:.3f}, recall {score.recall:.3f}",
        *score.mistakes,
        sep="\n",
    )
    assert score.precision >= 0.98
    assert score.recall >= 0.97


def test_the_documentation_has_the_figures_of_today() -> None:
    score = labelled.score()
    assert score.table() in DOCUMENTATION
    assert f"precision {score.precision:.3f}, recall {score.recall:.3f}" in DOCUMENTATION


def test_the_set_is_large_and_in_both_languages() -> None:
    lines = labelled.lines()
    unmarked = [line for line in lines if not labelled.MARK.search(line)]
    chinese = [line for line in lines if any("一" <= character <= "鿿" for character in line)]
    assert len(lines) > 450 and len(unmarked) > 200 and len(chinese) > 100
