from __future__ import annotations

from datetime import UTC, datetime

import pytest
from django.template import Context, Template

from accounts.admin import drawing


def test_words_of_a_badge_are_escaped() -> None:
    assert drawing.badge("ok", "<b>") == '<span class="badge badge-ok">&lt;b&gt;</span>'


def test_a_moment_can_be_read_without_scripts() -> None:
    shown = drawing.moment(datetime(2026, 3, 4, 5, 6, tzinfo=UTC))
    assert 'datetime="2026-03-04T05:06:00+00:00" data-relative' in shown and "March 4, 2026" in shown
    assert drawing.moment(None) == "–"


@pytest.mark.parametrize(
    ("value", "most", "kind", "share"),
    [
        (0, 10, "ok", "0.0000"),
        (8, 10, "warn", "0.8000"),
        (9, 10, "error", "0.9000"),
        (30, 10, "error", "1.0000"),
        (0, 0, "error", "1.0000"),
    ],
)
def test_a_bar_warns_as_it_fills(value: int, most: int, kind: str, share: str) -> None:
    shown = drawing.bar(value, most, "words")
    assert f'class="bar bar-{kind}" value="{share}" max="1" aria-label="words"' in shown


def test_a_bar_of_a_given_kind_stays_it() -> None:
    assert "bar-info" in drawing.bar(9, 10, "words", "info")


def test_templates_draw_the_same() -> None:
    template = Template('{% load console %}{% icon "key-round" %}{% badge "ok" "fine" %}{{ at|moment }}')
    shown = template.render(Context({"at": None}))
    assert shown == drawing.icon("key-round") + drawing.badge("ok", "fine") + "–"
