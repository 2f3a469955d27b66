"""A replay through a running relay: in its console by the API, in a process of its own by the command."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from proxy.simulator import Simulator
from tests import managing
from tests.running import Relay


@pytest.fixture(scope="module")
def manage(relay_server: Relay) -> Iterator[httpx.Client]:
    headers = {"authorization": f"Bearer {relay_server.management_token}"}
    with httpx.Client(base_url=relay_server.url, headers=headers, timeout=20) as client:
        yield client


@pytest.fixture(scope="module")
def original(relay_server: Relay, manage: httpx.Client) -> str:
    return chat(relay_server, manage, "A replay, please")


def chat(relay: Relay, manage: httpx.Client, text: str, **given: Any) -> str:
    body = {"model": "gpt-4o", "messages": [{"role": "user", "content": text}], **given}
    headers = {"authorization": f"Bearer {relay.key}"}
    answer = httpx.post(f"{relay.base_url}/chat/completions", json=body, headers=headers)
    assert answer.status_code == 200
    return recorded(manage, answer.headers["x-relay-request-id"])["id"]


def recorded(manage: httpx.Client, id: str) -> dict[str, Any]:
    ends_at = time.monotonic() + 20
    while (answer := manage.get(f"/manage/logs/{id}")).status_code == 404:
        assert time.monotonic() < ends_at, f"{id} was never recorded"
        time.sleep(0.05)
    assert answer.status_code == 200, answer.text
    return answer.json()


def command(relay: Relay, *arguments: str) -> managing.Done:
    return managing.run(["replay", *arguments], relay.environ)


def test_the_api_asks_again_and_shows_the_difference(manage, original):
    answer = manage.post(f"/manage/logs/{original}/replay", json={"model": "gpt-4o-mini"})
    assert answer.status_code == 200, answer.text
    shown = answer.json()
    assert (shown["parent"], shown["lineage"]) == (original, "replay")
    assert (shown["before"]["model_sent"], shown["after"]["model_sent"]) == ("gpt-4o", "gpt-4o-mini")
    assert shown["numbers"]["prompt_tokens"]["before"] > 0
    assert "/model" in [change["path"] for change in shown["json"]]


def test_a_replay_is_recorded_with_its_lineage(manage, original):
    id = manage.post(f"/manage/logs/{original}/replay/", json={"system": "Be brief."}).json()["id"]
    record = recorded(manage, id)
    assert (record["parent"], record["lineage"]) == (original, "replay")
    assert record["request_body"]["messages"][0] == {"role": "system", "content": "Be brief."}
    assert record["key_name"] == recorded(manage, original)["key_name"]


@pytest.mark.parametrize("id", ["01999999-9999-7999-8999-999999999999", "nonsense"])
def test_what_is_not_there_cannot_be_replayed(manage, id):
    assert manage.post(f"/manage/logs/{id}/replay", json={}).status_code == 404


@pytest.mark.parametrize(
    ("given", "status", "param"),
    [
        ({"key": "nobody"}, 404, "key"),
        ({"provider": "elsewhere"}, 404, "provider"),
        ({"set": 5}, 400, "set"),
        ({"modle": "gpt-4o"}, 400, "modle"),
    ],
)
def test_what_makes_no_sense_is_refused_in_words(manage, original, given, status, param):
    answer = manage.post(f"/manage/logs/{original}/replay", json=given)
    assert (answer.status_code, answer.json()["error"]["param"]) == (status, param)


def test_without_a_token_nothing_is_replayed(relay_server, original):
    assert httpx.post(f"{relay_server.url}/manage/logs/{original}/replay", json={}).status_code == 401


def test_a_record_whose_key_is_gone_offers_another(relay_server, manage):
    made = manage.post("/manage/credentials", json={"name": "for a moment"}).json()
    headers = {"authorization": f"Bearer {made['key']}"}
    body = {"model": "gpt-4o", "messages": [{"role": "user", "content": "gone"}]}
    answer = httpx.post(f"{relay_server.base_url}/chat/completions", json=body, headers=headers)
    id = recorded(manage, answer.headers["x-relay-request-id"])["id"]
    manage.delete(f"/manage/credentials/{made['id']}")
    ends_at = time.monotonic() + 10
    while (refused := manage.post(f"/manage/logs/{id}/replay", json={})).status_code != 409:
        assert time.monotonic() < ends_at
        time.sleep(0.1)
    assert (refused.json()["error"]["code"], refused.json()["error"]["param"]) == ("missing", "key")
    again = manage.post(f"/manage/logs/{id}/replay", json={"key": "default"})
    assert again.status_code == 200, again.text


def test_the_command_does_the_same(relay_server, manage, original, simulator: Simulator):
    done = command(relay_server, original, "--set", "temperature=0", "--drop", "n", "--json")
    assert done.returncode == 0, done.stderr
    shown = json.loads(done.stdout)
    assert shown["before"]["id"] == original
    record = recorded(manage, shown["id"])
    assert record["request_body"]["temperature"] == 0
    assert record["lineage"] == "replay"


def test_each_way_can_ask_the_cache(relay_server, manage, browser):
    headers = {"authorization": f"Bearer {relay_server.key}", "x-relay-cache": "60"}
    body = {"model": "gpt-4o", "messages": [{"role": "user", "content": "again and again"}]}
    first = httpx.post(f"{relay_server.base_url}/chat/completions", json=body, headers=headers)
    id = recorded(manage, first.headers["x-relay-request-id"])["id"]
    api, page = f"/manage/logs/{id}/replay", f"/admin/logs_app/logrecord/{id}/replay/"
    # The console keeps what the first of its replays brings.
    made = [manage.post(api, json={"cache": wanted}).json()["id"] for wanted in (True, True, False)]
    assert [recorded(manage, each)["is_cached"] for each in made] == [False, True, False]
    shown = submit(browser, page, {"cache": "on"}).text
    last = re.search(r"logrecord/([0-9a-f-]{36})/change/\">The record of the new call", shown)
    assert last and recorded(manage, last[1])["is_cached"]
    done = command(relay_server, id, "--cache", "--json")
    assert done.returncode == 0 and "that of the workers is not seen" in done.stderr


def test_the_command_shows_both_sides(relay_server, original):
    done = command(relay_server, original, "--model", "gpt-4o-mini")
    assert done.returncode == 0, done.stderr
    assert "model_sent" in done.stdout and "gpt-4o-mini" in done.stdout
    assert "The texts are the same." in done.stdout or "\n+ " in done.stdout


def test_the_command_refuses_in_words(relay_server, original):
    done = command(relay_server, original, "--key", "nobody")
    assert done.returncode == 1
    assert "There is no key with the name or id 'nobody'." in done.stderr
    assert "There is no record nonsense." in command(relay_server, "nonsense").stderr


@pytest.fixture(scope="module")
def browser(relay_server: Relay) -> Iterator[httpx.Client]:
    """Signed in as staff."""
    with httpx.Client(base_url=relay_server.url, timeout=20, follow_redirects=True) as client:
        client.get("/admin/login/")
        given = {"username": "admin", "password": relay_server.admin_password, "next": "/admin/"}
        assert submit(client, "/admin/login/", given).status_code == 200
        yield client


def submit(client: httpx.Client, path: str, given: dict[str, str]) -> httpx.Response:
    return client.post(path, data={**given, "csrfmiddlewaretoken": client.cookies["relay_csrf"]})


def test_the_admin_shows_both_answers(browser, original):
    path = f"/admin/logs_app/logrecord/{original}/replay/"
    asked = browser.get(path).text
    assert 'name="cache"' in asked and "checked" not in asked
    assert "Ask again" in asked and "null" not in asked
    shown = submit(browser, path, {"model": "gpt-4o-mini", "set": '{"temperature": 0}'})
    assert shown.status_code == 200
    assert "Both answers" in shown.text and "gpt-4o-mini" in shown.text
    assert "First token" in shown.text and "Completed</td>" in shown.text
    assert "The record of the new call" in shown.text
    assert "nobody is not one of the available choices" in submit(browser, path, {"key": "nobody"}).text
    assert "This is no JSON object." in submit(browser, path, {"set": "[1]"}).text


def test_the_page_begins_with_the_prompt_of_the_original(relay_server, manage, browser):
    prompt = "Be brief.\nBe kind."
    said = [{"role": "system", "content": prompt}, {"role": "user", "content": "Who?"}]
    id = chat(relay_server, manage, "", messages=said)
    path = f"/admin/logs_app/logrecord/{id}/replay/"
    assert prompt in browser.get(path).text
    for given, asked in ((prompt, prompt), ("", ""), ("Be long.\nVery.", "Be long.\nVery.")):
        shown = submit(browser, path, {"system": given.replace("\n", "\r\n")}).text
        again = re.search(r"logrecord/([0-9a-f-]{36})/change/\">The record of the new call", shown)
        assert again and recorded(manage, again[1])["request_body"]["messages"][0]["content"] == asked
        assert ("0 differences in the request" in shown) == (asked == prompt)


def test_the_page_offers_providers_and_keys(manage, browser, original):
    made = manage.post("/manage/credentials", json={"name": "of a replay"}).json()
    path, key = f"/admin/logs_app/logrecord/{original}/replay/", f"credential:{made['id']}"
    asked = browser.get(path).text
    assert '<option value="default">' in asked and f'<option value="{key}">of a replay' in asked
    shown = submit(browser, path, {"provider": "default", "key": key}).text
    again = re.search(r"logrecord/([0-9a-f-]{36})/change/\">The record of the new call", shown)
    assert again and recorded(manage, again[1])["key_name"] == "of a replay"


def test_the_page_is_for_staff(relay_server, original):
    answer = httpx.get(f"{relay_server.url}/admin/logs_app/logrecord/{original}/replay/")
    assert (answer.status_code, answer.headers["location"].partition("?")[0]) == (302, "/admin/login/")


def test_a_relay_that_stops_has_recorded_its_replays(start_relay, simulator: Simulator):
    relay = start_relay(TARGET_BASE_URL=simulator.base_url)
    headers = {"authorization": f"Bearer {relay.management_token}"}
    with httpx.Client(base_url=relay.url, headers=headers, timeout=20) as client:
        id = chat(relay, client, "before the end")
        again = client.post(f"/manage/logs/{id}/replay", json={}).json()["id"]
    assert relay.stop() == 0
    exported = managing.run(["export_logs"], relay.environ)
    assert exported.stderr.endswith("2 records exported.\n")
    assert [json.loads(line)["id"] for line in exported.stdout.splitlines()] == [id, again]
