"""Keys as their owners meet them: a relay with two workers, its database changed from outside."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from proxy.simulator import Simulator
from tests.relay.shop import Shop, ask, ask_badly, codes, make_token, manage
from tests.running import Relay
from tests.waiting import until

WITHIN_SECONDS = 1.0


@pytest.fixture(scope="module")
def shop(simulator: Simulator) -> Iterator[Shop]:
    started = Relay(TARGET_BASE_URL=simulator.base_url, WORKERS="2")
    try:
        shop = Shop(started.start())
        yield shop
        shop.close()
    finally:
        started.remove()


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ("tokens.revoke(token, me)", "token_inactive"),
        ("projects.deactivate(token.project, me)", "project_inactive"),
        ("projects.delete(token.project, me)", "token_inactive"),
        ("WitheringToken.objects.filter(pk=token.pk).update(expires_at=timezone.now())", "token_expired"),
        ("rotation.rotate(token, me)", "token_expired"),
        ("token.delete()", "token_not_found"),
    ],
)
def test_what_takes_a_key_away_holds_in_every_worker_within_a_second(
    shop: Shop, change: str, code: str
) -> None:
    token = make_token(shop, change)
    assert codes(shop, token["secret"]) == {"ok"}
    shop.tell(f"""token = WitheringToken.objects.get(pk="{token["id"]}")\n{change}""")
    time.sleep(WITHIN_SECONDS)
    assert codes(shop, token["secret"]) == {code}


def test_a_key_expires_by_the_clock_without_any_change(shop: Shop) -> None:
    token = make_token(shop, "clock")
    found = f"""WitheringToken.objects.filter(pk="{token["id"]}")"""
    ends_at = shop.tell(
        f"""
ends_at = timezone.now() + timedelta(seconds=4)
{found}.update(expires_at=ends_at)
result = ends_at.timestamp()
""",
    )
    assert codes(shop, token["secret"]) == {"ok"}
    time.sleep(max(0.0, ends_at - time.time()) + 0.05)
    assert codes(shop, token["secret"]) == {"token_expired"}


def test_a_reactivated_token_works_again(shop: Shop) -> None:
    token = make_token(shop, "again")
    found = f"""WitheringToken.objects.get(pk="{token["id"]}")"""
    shop.tell(f"tokens.revoke({found}, me)")
    shop.tell(f"tokens.reactivate({found}, me)")
    time.sleep(WITHIN_SECONDS)
    assert codes(shop, token["secret"]) == {"ok"}


def test_a_new_key_works_at_once_in_every_worker(shop: Shop) -> None:
    assert codes(shop, make_token(shop, "new")["secret"]) == {"ok"}


def test_a_quota_is_used_up_exactly(shop: Shop, simulator: Simulator) -> None:
    token = make_token(shop, "quota", "max_requests=50")
    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(lambda n: ask(shop, token["secret"], f"quota canary {n}"), range(80)))
    refused = [answer for answer in answers if answer.status_code == 429]
    assert sum(answer.status_code == 200 for answer in answers) == 50
    assert sum(b"quota canary" in request.body for request in simulator.requests) == 50
    assert {answer.json()["error"]["code"] for answer in refused} == {"quota_exhausted"}
    assert {answer.headers["x-should-retry"] for answer in refused} == {"false"}
    assert shop.tell(f"""result = TokenQuota.objects.get(pk="{token["id"]}").used""") == 50


def test_a_use_is_given_back_when_no_provider_was_reached(shop: Shop) -> None:
    token = shop.tell(
        """
Provider.objects.create(provider_key="nowhere", api_base="http://127.0.0.1:9/v1", api_key="sk-x")
project = Project.objects.create(name="unreached", upstream_key="sk-own", provider_key="nowhere")
token, secret = tokens.create(project, me, lifetime={}, max_requests=1)
result = {"id": token.pk, "secret": secret}
""",
    )
    assert [ask(shop, token["secret"]).json()["error"]["code"] for _ in range(3)] == [
        "upstream_unreachable"
    ] * 3
    used = f"""result = TokenQuota.objects.get(pk="{token["id"]}").used"""
    assert shop.tell(used) == 0


def test_refused_calls_use_nothing_up(shop: Shop) -> None:
    token = make_token(shop, "refused", "max_requests=1")
    assert [ask_badly(shop, token["secret"]).status_code for _ in range(3)] == [400] * 3
    assert ask(shop, token["secret"]).status_code == 200


def test_both_secrets_work_within_the_grace_and_then_the_new_one(shop: Shop) -> None:
    token = make_token(shop, "grace")
    new = manage(shop, "rotate_keys", "token", token["id"], "--grace", "6s").strip()
    rotated_at = time.monotonic()
    assert codes(shop, new) == {"ok"}
    assert codes(shop, token["secret"]) == {"ok"}
    time.sleep(max(0.0, 6.5 - (time.monotonic() - rotated_at)))
    assert codes(shop, token["secret"]) == {"token_expired"}
    assert codes(shop, new) == {"ok"}


def test_the_keys_of_a_project_are_sent_to_its_provider_only(shop: Shop, simulator: Simulator) -> None:
    token = shop.tell(
        f"""
Provider.objects.create(provider_key="mine", api_base="{simulator.base_url}", api_key="")
project = Project.objects.create(name="own key", upstream_key="sk-own-of-the-project", provider_key="mine")
token, secret = tokens.create(project, me, lifetime={{}})
result = {{"secret": secret}}
""",
    )
    answer = ask(shop, token["secret"], "own key canary")
    assert (answer.status_code, answer.headers["x-relay-provider"]) == (200, "mine")
    (received,) = [request for request in simulator.requests if b"own key canary" in request.body]
    assert received.header("authorization") == "Bearer sk-own-of-the-project"
    shop.tell("Provider.objects.filter(provider_key='mine').update(is_enabled=False)")
    time.sleep(WITHIN_SECONDS)
    refused = ask(shop, token["secret"])
    assert (refused.status_code, refused.json()["error"]["code"]) == (503, "provider_unusable")
    assert "'mine'" in refused.json()["error"]["message"]


def test_of_a_project_that_wants_it_only_metadata_is_recorded(shop: Shop) -> None:
    canary = "metadata-canary-5e1f"
    token = make_token(shop, "discreet")
    shop.tell(
        f"""Project.objects.filter(pk="{token["project"]}").update(log_policy="metadata")""",
    )
    time.sleep(WITHIN_SECONDS)
    request_id = ask(shop, token["secret"], canary).headers["x-relay-request-id"]
    look = f"""
record = LogRecord.objects.filter(pk="{request_id}").values().first()
payload = LogPayload.objects.filter(pk="{request_id}").values().first()
result = record and {{"tokens": record["total_tokens"], "text": repr((record, payload)),
                     "bodies": [payload[f"{{side}}_body"] for side in ("request", "response")]}}
"""
    until(lambda: shop.tell(look))
    found = shop.tell(look)
    assert found["tokens"] > 0
    assert found["bodies"] == [None, None]
    assert canary not in found["text"]


def test_the_use_of_a_key_is_counted(shop: Shop) -> None:
    token = make_token(shop, "counted")
    assert codes(shop, token["secret"], 5) == {"ok"}
    assert ask_badly(shop, token["secret"]).status_code == 400
    look = f"""
token = WitheringToken.objects.get(pk="{token["id"]}")
found = statistics.of_keys([token])[token.pk]
result = [found.request_count, found.cache_hit_count, found.last_used_at is not None]
"""
    until(lambda: shop.tell(look) == [5, 0, True])


def test_a_call_that_wants_it_leaves_nothing_but_counts(shop: Shop) -> None:
    canary = "counts-canary-7c2d"
    token = make_token(shop, "silent")
    reply = ask(shop, token["secret"], canary, x_relay_log="off", x_relay_user=canary, x_relay_session=canary)
    request_id = reply.headers["x-relay-request-id"]
    look = f"""
record = LogRecord.objects.filter(pk="{request_id}").values().first()
payload = LogPayload.objects.filter(pk="{request_id}").values().first()
result = record and {{"tokens": record["total_tokens"], "cost": record["cost_nanos"],
                     "relay_ms": record["relay_ms"], "level": record["log_level"],
                     "text": repr((record, payload))}}
"""
    until(lambda: shop.tell(look))
    found = shop.tell(look)
    assert (found["level"], canary in found["text"]) == ("off", False)
    assert found["tokens"] > 0 and found["cost"] > 0
    assert 0 < found["relay_ms"] < 5000
