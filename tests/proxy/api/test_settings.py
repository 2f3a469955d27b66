from __future__ import annotations

from typing import Any

import pytest

from accounts.audit.events import AuditEvent
from proxy.models import RelaySettings

URL = "/manage/settings"


def fields(response: Any) -> list[str]:
    return list(response.json()["error"]["fields"])


def test_everything_of_the_model_is_shown_and_nothing_is_written_by_reading(api):
    shown = api.get(URL).json()
    assert set(shown) == {field.name for field in RelaySettings._meta.concrete_fields} - {"id"}
    assert (shown["max_failovers"], shown["breaker_enabled"]) == (2, True)
    assert not RelaySettings.objects.exists()


@pytest.mark.parametrize("method", ["put", "patch"])
def test_a_change_names_only_what_it_changes_and_null_is_the_default_again(api, method):
    change = getattr(api, method)
    given = {
        "default_model": "gpt-5",
        "max_failovers": 0,
        "total_timeout_seconds": 9,
        "policy": {"allowed_methods": ["GET"]},
    }
    before = api.get(URL).json()
    shown = change(URL, given).json()
    assert shown == before | given | {"updated_at": shown["updated_at"]}
    nothing = change(URL, dict.fromkeys(given)).json()
    assert nothing == before | {"updated_at": nothing["updated_at"]}


def test_what_was_read_can_be_written_back(api):
    api.patch(URL, {"default_model": "gpt-5"})
    shown = api.get(URL).json()
    assert api.put(URL, shown).json() == shown


@pytest.mark.parametrize(
    "given",
    [
        {"max_failovers": -1},
        {"max_failovers": 1.5},
        {"adaptive_min_multiplier": 1.1},
        {"adaptive_429_threshold": 0},
        {"idle_timeout_seconds": 0},
        {"provider_choice": "fastest"},
        {"breaker_enabled": "no"},
        {"default_model": 5},
        {"policy": {"nobody": 1}},
    ],
)
def test_what_cannot_be_is_refused(api, given):
    response = api.patch(URL, given)
    assert (response.status_code, fields(response)) == (400, list(given))


def test_a_change_is_audited(api):
    api.patch(URL, {"max_failovers": 5})
    event = AuditEvent.objects.get()
    assert (event.action, event.before, event.after) == (
        "settings.update",
        '{"max_failovers":2}',
        '{"max_failovers":5}',
    )


def test_only_who_may(session, anonymous):
    assert anonymous.get(URL).status_code == 401
    viewer = session("view_relaysettings")
    assert (viewer.get(URL).status_code, viewer.patch(URL, {}).status_code) == (200, 403)
