import pytest

from proxy.simulator import errors


@pytest.mark.parametrize(
    ("status", "code", "kind", "told"),
    [
        (429, None, "requests", "rate_limit_exceeded"),
        (400, "content_filter", "invalid_request_error", "content_filter"),
        (500, None, "server_error", "server_error"),
        (504, None, "server_error", None),
        (418, "odd", "invalid_request_error", "odd"),
    ],
)
def test_status_and_code_choose_type_and_wording(
    status: int, code: str | None, kind: str, told: str | None
) -> None:
    error = errors.body(errors.typical(status, code), is_messages=False)["error"]
    assert (error["type"], error["code"]) == (kind, told) and error["message"]


@pytest.mark.parametrize(
    ("status", "kind"), [(529, "overloaded_error"), (404, "not_found_error"), (502, "api_error")]
)
def test_anthropic_has_its_own_shape(status: int, kind: str) -> None:
    body = errors.body(errors.typical(status), is_messages=True)
    assert body["type"] == "error" and body["error"]["type"] == kind and body["request_id"]


def test_message_can_be_chosen() -> None:
    assert errors.typical(500, message="Ouch").message == "Ouch"
