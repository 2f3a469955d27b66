from __future__ import annotations

from typing import Any

import pytest

from accounts.audit.events import AuditEvent
from logs_app.models import LogSettings
from tests.accounts.api.conftest import API

URL = "/manage/settings/records"
DEFAULTS = {"redact_logs": False, "redacted_kinds": None, "payload_days": 7, "metadata_days": 365}


@pytest.fixture
def api(db: None, client: Any) -> API:
    return API(client)


def test_the_settings_are_there_before_anybody_made_them(api: API) -> None:
    assert api.get(URL).json().items() >= DEFAULTS.items()
    assert api.get(f"{URL}/").status_code == 200


@pytest.mark.parametrize("method", ["put", "patch"])
def test_a_change_names_only_what_it_changes(api: API, method: str) -> None:
    answer = getattr(api, method)(URL, {"redact_logs": True, "payload_days": None})
    assert answer.json().items() >= (DEFAULTS | {"redact_logs": True, "payload_days": None}).items()
    assert LogSettings.objects.get().redact_logs is True
    event = AuditEvent.objects.get(action="logsettings.update")
    assert '"redact_logs":true' in event.after


@pytest.mark.parametrize(
    "body",
    [
        {"redact_logs": "false"},
        {"redacted_kinds": ["EMAILS"]},
        {"redacted_kinds": "EMAIL"},
        {"payload_days": 0},
    ],
)
def test_what_cannot_be_is_refused(api: API, body: dict[str, Any]) -> None:
    answer = api.patch(URL, body)
    assert answer.status_code == 400
    assert answer.json()["error"]["param"] == next(iter(body))


def test_kinds_are_chosen_by_name(api: API) -> None:
    assert api.patch(URL, {"redacted_kinds": ["EMAIL", "IP"]}).json()["redacted_kinds"] == ["EMAIL", "IP"]


def test_nobody_reads_them_without_a_bearer(client: Any, db: None) -> None:
    assert API(client, "").get(URL).status_code == 401
