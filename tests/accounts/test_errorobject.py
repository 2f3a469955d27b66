from __future__ import annotations

import pytest

from accounts.errorobject import error_object


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, "invalid_request_error"),
        (401, "invalid_request_error"),  # as OpenAI says of a wrong key
        (403, "permission_error"),
        (404, "invalid_request_error"),
        (409, "conflict_error"),
        (415, "invalid_request_error"),
        (429, "rate_limit_error"),
        (500, "server_error"),
        (503, "server_error"),
    ],
)
def test_the_type_follows_the_status(status: int, kind: str) -> None:
    assert error_object(status, "c", "m")["type"] == kind


def test_it_has_all_members_that_sdks_read() -> None:
    expected = {"message": "m", "type": "invalid_request_error", "param": "model", "code": "c"}
    assert error_object(400, "c", "m", "model") == expected
