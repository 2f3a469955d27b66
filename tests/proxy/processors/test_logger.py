from __future__ import annotations

import logging

import pytest

from proxy.processors.logger import FIELDS
from tests.proxy.processors.steps import chat, take


def test_a_line_says_where_a_request_went_and_nothing_of_what_it_says(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO)
    document = chat("user: the secret word")
    assert take("logger", "", {}, document) is document
    (line,) = caplog.messages
    assert 'route="team"' in line and 'key="app"' in line and "project=null" in line
    assert "secret" not in line


def test_fields_and_level_are_chosen(caplog: pytest.LogCaptureFixture) -> None:
    take("logger", "warning", {"fields": ["model", "content"]}, chat("user: a\nforged=1"))
    (record,) = caplog.records
    assert (record.name, record.levelname) == ("relay.processors", "WARNING")
    assert record.message.startswith('model="gpt-4o" content={"model"') and "\n" not in record.message


def test_every_field_is_there(caplog: pytest.LogCaptureFixture) -> None:
    take("logger", "error", {"fields": list(FIELDS)}, {})
    assert caplog.messages[0].count("=") == len(FIELDS)
