from __future__ import annotations

import logging

import pytest

from accounts.audit import masking

ID = "0190a1b2-0000-7000-8000-000000000001"


@pytest.mark.parametrize(
    ("path", "shown"),
    [
        ("/manage/tokens/sk-abc", "/manage/tokens/…"),
        ("/manage/tokens/chosen-by-somebody/rotate", "/manage/tokens/…/rotate"),
        ("/manage/credentials/sk-abc/", "/manage/credentials/…/"),
        (f"/manage/tokens/{ID}x", "/manage/tokens/…"),
        ("/manage/credentials/chosen-by-somebody", "/manage/credentials/…"),
        ("/manage/credentials/17x/rotate", "/manage/credentials/…/rotate"),
    ],
)
def test_what_may_be_a_token_is_masked(path: str, shown: str) -> None:
    assert masking.path(path) == shown


@pytest.mark.parametrize(
    "path",
    [
        f"/manage/tokens/{ID}",
        f"/manage/tokens/{ID}/rotate",
        f"/manage/projects/{ID}/tokens/revoke",
        "/manage/tokens/",
        "/manage/credentials/17",
        "/manage/credentials/17/rotate",
    ],
)
def test_ids_stay_readable(path: str) -> None:
    assert masking.path(path) == path


def test_a_line_of_the_log_is_masked_too() -> None:
    record = logging.LogRecord(
        "django.request", 30, "f", 1, "%s: %s", ("Not Found", "/manage/tokens/sk-a"), None
    )
    assert masking.WithoutTokens().filter(record)
    assert record.getMessage() == "Not Found: /manage/tokens/…"
