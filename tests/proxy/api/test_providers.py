from __future__ import annotations

from typing import Any

import pytest

from accounts.audit.events import AuditEvent
from accounts.fields import Ciphertext
from accounts.models import Project
from proxy.configuration import rows
from proxy.health import Health, Outcome, standing
from proxy.models import Provider, Route
from proxy.simulator import Simulator
from tests.proxy.test_health import Configured

URL = "/manage/providers"
MINIMAL = {"provider_key": "x", "api_base": "http://x.example"}
ALL = {
    "provider_type": "azure",
    "allow_internal_address": True,
    "api_key_env": "AZURE_KEY",
    "model_mapping": {"gpt-4o": "deployment", "gpt-*": {"mapped_model": "other", "max_tokens": 5}},
    "endpoints": ["chat/completions"],
    "supports_streaming": False,
    "weight": 3,
    "priority": 1,
    "provider_params": {"api_version": "2024-10-21"},
    "policy": {"allowed_methods": ["POST"]},
    "is_enabled": False,
    "inject_stream_usage": False,
    "http_max_retries": 2,
    "connect_timeout_seconds": 1.5,
    "first_byte_timeout_seconds": 2,
    "idle_timeout_seconds": 3,
    "total_timeout_seconds": 4,
}


def url(provider: dict[str, Any], rest: str = "") -> str:
    return f"{URL}/{provider['id']}{rest}"


def fields(response: Any) -> list[str]:
    return list(response.json()["error"]["fields"])


def test_a_key_goes_in_and_never_comes_out(api, provider):
    assert (provider["api_key_set"], provider["api_key_preview"]) == (True, "sk-of-…")
    for answer in (api.get(url(provider)), api.get(URL), api.patch(url(provider), {"weight": 2})):
        assert "sk-of-the-provider-1" not in answer.content.decode()
    assert Provider.objects.get().api_key == "sk-of-the-provider-1"


def test_a_preset_fills_in_what_is_left_open(api, provider):
    made = api.post(URL, {"provider_key": "local", "preset": "ollama", "weight": 5}).json()
    assert (made["api_base"], made["weight"]) == ("http://127.0.0.1:11434/v1", 5)
    assert made["provider_params"] == {"authentication": "none"}
    assert fields(api.post(URL, {"preset": "nobody", **MINIMAL})) == ["preset"]
    assert fields(api.post(URL, {"provider_key": "x", "preset": "azure"})) == ["api_base"]
    assert fields(api.patch(url(provider), {"preset": "ollama"})) == ["preset"]


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"model_mapping": {"(?=x)": "y"}}, "model_mapping"),
        ({"model_mapping": {"a": {"max_tokens": -1}}}, "model_mapping"),
        ({"endpoints": ["chat completions"]}, "endpoints"),
        ({"provider_type": "nobody"}, "provider_type"),
        ({"provider_type": "os.path"}, "provider_type"),
        ({"provider_params": {"api_version": "2024-10-21"}}, "provider_params"),
        ({"api_base": "http://169.254.169.254/v1"}, "api_base"),
    ],
)
def test_what_cannot_work_is_refused_where_it_stands(api, provider, given, field):
    assert fields(api.patch(url(provider), given)) == [field]


def test_an_internal_address_can_be_allowed(api, provider):
    given = {"api_base": "http://169.254.1.2/v1", "allow_internal_address": True}
    assert api.patch(url(provider), given).status_code == 200


def test_everything_can_be_given_changed_and_cleared(api, provider):
    created = api.post(URL, {"provider_key": "all", "api_base": "https://b.example", **ALL})
    assert created.status_code == 201
    assert created.json() | ALL == created.json()
    assert api.patch(url(provider), ALL).json() | ALL == api.get(url(provider)).json()
    shown = api.put(
        url(provider),
        dict.fromkeys(
            set(ALL) - {"provider_type", "is_enabled", "supports_streaming", "allow_internal_address"}
        ),
    ).json()
    assert (shown["weight"], shown["priority"], shown["model_mapping"], shown["endpoints"]) == (1, 0, {}, [])
    assert (shown["http_max_retries"], shown["idle_timeout_seconds"], shown["policy"]) == (None, None, {})


def test_what_was_read_can_be_written_back(api, provider):
    shown = api.get(url(provider)).json()
    assert api.put(url(provider), shown).json() == shown


def test_several_keys_are_kept_and_counted(api, provider):
    shown = api.patch(url(provider), {"extra_api_keys": ["sk-second", "sk-third"]}).json()
    assert (shown["extra_api_keys_count"], "extra_api_keys" in shown) == (2, False)
    assert rows.provider_of(Provider.objects.get()).extra_api_keys == ("sk-second", "sk-third")
    assert api.patch(url(provider), {"extra_api_keys": None}).json()["extra_api_keys_count"] == 0


@pytest.mark.parametrize("cleared", [None, ""])
def test_a_key_can_be_taken_away(api, provider, cleared):
    assert api.patch(url(provider), {"api_key": cleared}).json()["api_key_set"] is False


def test_a_key_that_cannot_be_read_can_be_replaced(api, provider):
    unreadable = Ciphertext("gAAAAAunreadable")
    Provider.objects.update(api_key=unreadable, extra_api_keys=unreadable)
    shown = api.get(url(provider)).json()
    assert (shown["api_key_set"], shown["api_key_preview"]) == (True, "unreadable")
    assert api.patch(url(provider), {"weight": 2}).status_code == 200
    assert api.patch(url(provider), {"api_key": "sk-entered-again"}).json()["api_key_preview"] == "sk-en…"


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"provider_key": "17"}, "provider_key"),
        ({"provider_key": "a b"}, "provider_key"),
        ({"api_base": "ftp://a.example"}, "api_base"),
        ({"api_base": ""}, "api_base"),
        ({"api_key": "sk-of-…"}, "api_key"),
        ({"extra_api_keys": ["a b"]}, "extra_api_keys"),
        ({"extra_api_keys": "sk"}, "extra_api_keys"),
        ({"model_mapping": []}, "model_mapping"),
        ({"endpoints": "chat"}, "endpoints"),
        ({"weight": -1}, "weight"),
        ({"weight": True}, "weight"),
        ({"policy": {"nobody": 1}}, "policy"),
        ({"idle_timeout_seconds": 0}, "idle_timeout_seconds"),
        ({"idle_timeout_seconds": "5"}, "idle_timeout_seconds"),
        ({"is_enabled": "false"}, "is_enabled"),
    ],
)
def test_what_cannot_be_is_refused_in_words(api, provider, given, field):
    response = api.patch(url(provider), given)
    assert (response.status_code, fields(response)) == (400, [field])
    assert response.json()["error"]["message"]


def test_nothing_has_the_name_of_another(api, provider):
    response = api.post(URL, {"provider_key": "main", "api_base": "https://b.example"})
    assert (response.status_code, fields(response)) == (409, ["provider_key"])


def test_a_provider_is_found_by_id_and_name(api, provider):
    assert api.get(f"{URL}/main").json() == api.get(url(provider)).json()
    assert [api.get(f"{URL}/{pk}").status_code for pk in ("other", "99", "%00", "9" * 30)] == [404] * 4


def test_providers_are_found_by_text_type_and_state(api, provider):
    api.post(URL, {"provider_key": "claude", "provider_type": "anthropic", "api_base": "https://c.example"})
    for query, names in {
        "search=c.ex": ["claude"],
        "provider_type=openai": ["main"],
        "is_enabled=false": [],
    }.items():
        assert [row["provider_key"] for row in api.get(f"{URL}?{query}").json()["results"]] == names


def test_deleting_may_be_repeated(api, provider):
    assert [api.delete(url(provider)).status_code for _ in range(2)] == [204, 204]
    assert api.delete(f"{URL}/{provider['id'] + 1}").status_code == 404


def test_who_would_be_left_without_a_provider_is_named(api, provider):
    route = Route.objects.create(name="assistants", path_prefix="/assistants")
    route.providers.add(provider["id"])
    Project.objects.create(name="bank", provider_key="main", upstream_key="sk-bank")
    Project.objects.create(name="shop", provider_key="main")
    response = api.delete(url(provider))
    assert response.status_code == 409
    assert "used by route 'assistants', project 'bank'. Change" in response.json()["error"]["message"]
    assert Provider.objects.exists()


def test_changes_are_audited_without_secrets(api, provider):
    api.patch(url(provider), {"weight": 2, "api_key": "sk-another-one", "extra_api_keys": ["sk-second"]})
    api.post(url(provider, "/reset"))
    api.delete(url(provider))
    events = list(AuditEvent.objects.order_by("id"))
    assert [event.action for event in events] == [
        f"provider.{verb}" for verb in ("create", "update", "reset", "delete")
    ]
    for event in events:
        assert "sk-another-one" not in event.before + event.after and "sk-second" not in event.after


def fail(provider: dict[str, Any], outcome: Outcome = Outcome.SERVER_ERROR) -> Health:
    row = Provider.objects.get(pk=provider["id"])
    health = Health(Configured(rows.provider_of(row)), standing.table())
    for _ in range(5):
        health.report(row.pk, outcome, words="HTTP 500")
    return health


def test_the_state_is_told_and_can_be_reset(api, provider):
    well = api.get(url(provider, "/state")).json()
    assert (well["status"], well["share"], well["until"]) == ("healthy", 1, None)
    health = fail(provider)
    shown = api.get(url(provider, "/state")).json()
    assert (shown["status"], shown["share"], shown["last_error"]) == ("open", 0, "HTTP 500")
    assert shown["until"] and "left out" in shown["message"]
    assert api.post(url(provider, "/reset")).json()["status"] == "healthy"
    assert health.share(provider["id"]) == 1


def test_a_disabled_provider_says_so(api, provider):
    api.patch(url(provider), {"is_enabled": False})
    assert api.get(url(provider, "/state")).json()["status"] == "disabled"


def test_a_provider_without_weight_says_that_it_gets_no_new_calls(api, provider):
    api.patch(url(provider), {"weight": 0})
    shown = api.get(url(provider, "/state")).json()
    assert (shown["status"], shown["share"]) == ("healthy", 0)
    assert shown["message"] == "Its weight is 0: it gets no new calls."


def test_a_connection_is_tested_and_what_is_wrong_said(api, provider):
    with Simulator(api_key="sk-good") as simulator:
        api.patch(url(provider), {"api_base": simulator.base_url})
        refused = api.post(url(provider, "/test")).json()
        assert (refused["ok"], refused["fault"], refused["status"]) == (False, "key_refused", 401)
        api.patch(url(provider), {"api_key": "sk-good"})
        health = fail(provider, Outcome.AUTH)
        listed = api.post(url(provider, "/test")).json()
        assert (listed["ok"], listed["fault"], bool(listed["models"])) == (True, "", True)
        assert health.share(provider["id"]) == 1
        asked = api.post(url(provider, "/test"), {"model": "gpt-4o", "timeout_seconds": 5}).json()
        assert (asked["ok"], simulator.requests[-1].method) == (True, "POST")


@pytest.mark.parametrize("given", [{"timeout_seconds": 0}, {"timeout_seconds": 10**6}, {"model": 5}])
def test_a_test_that_cannot_be_is_refused(api, provider, given):
    assert api.post(url(provider, "/test"), given).status_code == 400


def test_staff_may_do_what_the_admin_lets_them(session, provider):
    viewer = session("view_provider")
    assert viewer.get(URL).status_code == viewer.get(url(provider, "/state")).status_code == 200
    assert viewer.post(url(provider, "/test")).status_code == 403
    assert viewer.post(url(provider, "/reset")).status_code == 403
    assert viewer.delete(url(provider)).status_code == 403


def test_nobody_else_may(anonymous, provider):
    assert anonymous.get(URL).status_code == 401
