from __future__ import annotations

from typing import Any

import pytest

from proxy.simulator import Simulator

CHECK, ONE = "/admin/v1/health/check", "/admin/v1/health/providers"


@pytest.fixture
def simulator() -> Any:
    with Simulator() as running:
        yield running


@pytest.fixture
def both(api, simulator: Simulator) -> list[int]:
    """A provider that is well, and one that is not there."""
    made = [
        api.post("/manage/providers", {"provider_key": name, "api_base": base, "api_key": "sk-1234567890"})
        for name, base in (("well", simulator.base_url), ("gone", "http://127.0.0.1:1"))
    ]
    return [response.json()["id"] for response in made]


def test_all_enabled_providers_are_asked(api, both, simulator):
    shown = api.post(CHECK).json()
    assert [row["status"] for row in shown["providers"]] == ["healthy", "unhealthy"]
    counts = ("total_providers", "healthy_providers", "unhealthy_providers")
    assert [shown[name] for name in counts] == [2, 1, 1]
    assert "Nothing listens" in shown["providers"][1]["error"]
    assert [received.method for received in simulator.requests] == ["GET"]


def test_some_are_asked_for_models_of_theirs(api, both, simulator):
    given = {
        "provider_ids": both[:1],
        "models": ["gpt-4o", "missing-model"],
        "timeout_secs": 5,
        "max_concurrent": 2,
    }
    (shown,) = api.post(CHECK, given).json()["providers"]
    assert [(row["model"], row["status"]) for row in shown["models"]] == [
        ("gpt-4o", "healthy"),
        ("missing-model", "unhealthy"),
    ]
    assert (shown["status"], "missing-model" in shown["error"]) == ("unhealthy", True)
    assert isinstance(shown["avg_response_time_ms"], int)


def test_one_is_asked_by_id_and_name(api, both, simulator):
    assert api.get(f"{ONE}/{both[0]}").json()["status"] == "healthy"
    shown = api.get(f"{ONE}/well?models=gpt-4o,o3&timeout_secs=5").json()
    assert [row["model"] for row in shown["models"]] == ["gpt-4o", "o3"]


def test_a_disabled_one_says_so(api, both):
    api.patch(f"/manage/providers/{both[0]}", {"is_enabled": False})
    assert api.get(f"{ONE}/well").json()["status"] == "disabled"


@pytest.mark.parametrize(
    ("given", "status"),
    [
        ({"provider_ids": [999]}, 404),
        ({"provider_ids": ["x"]}, 400),
        ({"timeout_secs": 0}, 400),
        ({"max_concurrent": 1000}, 400),
        ({"models": ["m"] * 51}, 400),
        ({"models": [5]}, 400),
    ],
)
def test_a_question_that_cannot_be_is_refused(api, both, given, status):
    assert api.post(CHECK, given).status_code == status


def test_an_unknown_provider_and_bad_seconds(api, both):
    assert api.get(f"{ONE}/nobody").status_code == 404
    assert api.get(f"{ONE}/well?timeout_secs=soon").status_code == 400


def test_who_may_only_look_may_not_ask(session, both):
    assert session("view_provider").get(f"{ONE}/well").status_code == 403
