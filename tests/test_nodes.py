"""Two nodes of two workers each on one PostgreSQL and one Redis, behind a load balancer.

What each part promises alone is proven beside it; here, that it holds when the other node asks.
"""

from __future__ import annotations

import asyncio
import os
import re
import secrets
import signal
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from typing import Any

import httpx
import psycopg
import pytest
from cryptography.fernet import Fernet

from proxy.simulator import Simulator
from tests import managing
from tests.load import Load, until_recorded
from tests.redisserver import redis_server
from tests.relay.test_live import LIST, call, rows, sign_in, watching
from tests.roundrobin import RoundRobin
from tests.running import ADMIN_PASSWORD, MANAGEMENT_TOKEN, PROXY_KEY, Relay
from tests.waiting import until

UNRECORDED_BYTES = 40_000  # about ten calls
EVERY_WORKER = 12  # connections: enough that both workers of a node get some


class Cluster:
    def __init__(self, a: Relay, b: Relay, providers: dict[str, Simulator]) -> None:
        self.a, self.b, self.providers = a, b, providers
        self.base_url = ""  # of the load balancer

    def manage(self, node: Relay, method: str, path: str, **body: Any) -> Any:
        headers = {"authorization": f"Bearer {MANAGEMENT_TOKEN}"}
        url = f"{node.url}/manage/{path}"
        answer = httpx.request(method, url, headers=headers, json=body or None, timeout=30)
        assert answer.is_success, answer.text
        return answer.json() if answer.content else None


@pytest.fixture(scope="module")
def cluster(postgresql_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    with ExitStack() as stack:
        providers = {name: stack.enter_context(Simulator(name=name)) for name in ("default", "spare")}
        redis = stack.enter_context(redis_server(tmp_path_factory.mktemp("redis")))
        shared = {
            "SECRET_KEY": secrets.token_urlsafe(32),
            "FIELD_ENCRYPTION_KEYS": Fernet.generate_key().decode(),
            "REDIS_URL": redis.url,
            "TARGET_BASE_URL": providers["default"].base_url,
            "WORKERS": "2",
        }
        a = Relay(NODE_ID="node-a", **shared)
        stack.callback(a.remove)
        b = Relay(NODE_ID="node-b", **shared | {"DATABASE_URL": a.environ["DATABASE_URL"]})
        stack.callback(b.remove)
        a.start(), b.start()
        found = Cluster(a, b, providers)
        spare = {"provider_key": "spare", "api_base": providers["spare"].base_url, "api_key": "sk-spare"}
        found.manage(a, "POST", "providers", **spare, allow_internal_address=True)
        balancer = stack.enter_context(RoundRobin([a.port, b.port]))
        found.base_url = f"http://127.0.0.1:{balancer.port}/v1"
        yield found


def ask(base_url: str, key: str = PROXY_KEY, text: str = "Hello", **headers: str) -> httpx.Response:
    """On a connection of its own, so that any worker may get it."""
    body = {"model": "gpt-4o", "messages": [{"role": "user", "content": text}]}
    headers = {"authorization": f"Bearer {key}"} | headers
    return httpx.post(f"{base_url}/chat/completions", headers=headers, json=body, timeout=30)


def ask_often(base_url: str, times: int, *arguments: str) -> list[httpx.Response]:
    with ThreadPoolExecutor(8) as pool:
        return list(pool.map(lambda _: ask(base_url, *arguments), range(times)))


def statuses(base_url: str, times: int, key: str) -> Counter[int]:
    return Counter(answer.status_code for answer in ask_often(base_url, times, key))


def test_a_change_at_one_node_holds_at_the_other(cluster: Cluster) -> None:
    def served() -> set[str]:
        answers = ask_often(cluster.b.base_url, EVERY_WORKER)
        return {answer.headers["x-relay-provider"] for answer in answers}

    until(lambda: served() == {"default", "spare"})
    cluster.manage(cluster.a, "PATCH", "providers/default", is_enabled=False)
    until(lambda: served() == {"spare"})
    cluster.manage(cluster.b, "PATCH", "providers/default", is_enabled=True)
    until(lambda: served() == {"default", "spare"})


def test_a_limit_counts_the_calls_at_both(cluster: Cluster) -> None:
    limited = cluster.manage(cluster.a, "POST", "credentials", name="limited", rate_limit_per_minute=20)

    assert statuses(cluster.base_url, 60, limited["key"]) == {200: 20, 429: 40}


def test_a_token_is_used_up_by_the_calls_at_both(cluster: Cluster) -> None:
    project = cluster.manage(cluster.a, "POST", "projects", name="few calls")
    token = cluster.manage(cluster.b, "POST", "tokens", project_id=project["id"], max_requests=15)

    assert statuses(cluster.base_url, 40, token["token"]) == {200: 15, 429: 25}


def test_what_is_revoked_at_one_node_is_refused_at_the_other(cluster: Cluster) -> None:
    project = cluster.manage(cluster.a, "POST", "projects", name="ends")
    token = cluster.manage(cluster.a, "POST", "tokens", project_id=project["id"])
    key = cluster.manage(cluster.a, "POST", "credentials", name="ends")
    secrets = [token["token"], key["key"]]
    for secret in secrets:
        assert statuses(cluster.b.base_url, EVERY_WORKER, secret) == {200: EVERY_WORKER}
    cluster.manage(cluster.a, "DELETE", f"tokens/{token['id']}")
    cluster.manage(cluster.a, "PATCH", f"credentials/{key['id']}", is_enabled=False)
    for secret in secrets:
        until(lambda secret=secret: statuses(cluster.b.base_url, EVERY_WORKER, secret) == {401: EVERY_WORKER})


def test_what_a_provider_keeps_is_found_through_the_other_node(cluster: Cluster) -> None:
    """Made where it is not at home, because the home was ill: only what A remembers leads B there."""

    def send(node: Relay, method: str, path: str, **given: Any) -> httpx.Response:
        headers = {"authorization": f"Bearer {PROXY_KEY}"}
        answer = httpx.request(method, f"{node.base_url}/{path}", headers=headers, timeout=30, **given)
        assert answer.is_success, answer.text
        return answer

    def made(path: str, **given: Any) -> str:
        answer = send(cluster.a, "POST", path, **given)
        assert answer.headers["x-relay-provider"] == away
        return answer.json()["id"]

    question = {"model": "gpt-4o", "input": "hi"}
    home = send(cluster.a, "POST", "responses", json=question).headers["x-relay-provider"]
    (away,) = cluster.providers.keys() - {home}
    cluster.providers[home].script = "status=503"
    try:
        response = made("responses", json=question)
        file = made("files", files={"file": ("a.jsonl", b"{}")}, data={"purpose": "batch"})
        order = {"input_file_id": file, "endpoint": "/v1/responses", "completion_window": "24h"}
        batch = made("batches", json=order)
    finally:
        cluster.providers[home].script = ""
    for path in (f"responses/{response}", f"files/{file}", f"files/{file}/content", f"batches/{batch}"):
        found = [send(cluster.b, "GET", path) for _ in range(4)]
        assert {answer.headers["x-relay-provider"] for answer in found} == {away}
    followed = send(cluster.b, "POST", "responses", json=question | {"previous_response_id": response})
    assert followed.headers["x-relay-provider"] == away


def test_a_purge_at_one_node_empties_the_cache_of_the_other(cluster: Cluster) -> None:
    """The answers lie in the memory of each worker."""
    wish = {"x-relay-cache": "600"}

    def answers() -> list[httpx.Response]:
        return [ask(cluster.b.base_url, text="kept", **wish) for _ in range(EVERY_WORKER)]

    until(lambda: all(answer.headers["x-proxy-cache"] == "hit" for answer in answers()))
    old = {answer.json()["id"] for answer in answers()}
    cluster.manage(cluster.a, "POST", "cache/purge", all=True)
    until(lambda: not old & {answer.json()["id"] for answer in answers()})


async def test_the_list_of_one_node_shows_the_calls_of_the_other_as_they_are_recorded(
    cluster: Cluster,
) -> None:
    cookies = await asyncio.to_thread(sign_in, cluster.a, "admin", ADMIN_PASSWORD)
    async with watching(cluster.b, cookies, f"{LIST}?model=both-nodes") as browser:
        await browser.news()  # from now on it tells of what is recorded
        seen: list[str] = []
        for node in (cluster.a, cluster.b):
            await call(node, "both-nodes", f"by {node.environ['NODE_ID']}")
        while len(seen) < 2:
            seen += rows(await browser.until(rows))
    assert sorted("node-a" if "by node-a" in row else "node-b" for row in seen) == ["node-a", "node-b"]


@pytest.mark.timeout(300)
async def test_a_node_may_die_under_load_and_come_back_or_not(cluster: Cluster) -> None:
    """Killed twice: its journal is recorded by its next start, and by another node that adopts it."""
    load = Load(cluster.base_url, PROXY_KEY, clients=8, keeps_connections=False)
    if not cluster.b.pids("recorder"):  # as a try before this one left it
        await asyncio.to_thread(cluster.b.start)
    async with load.running():
        await more(load)
        await kill_with_unrecorded_calls(cluster.b)
        await more(load)
        await asyncio.to_thread(cluster.b.start)
        await more(load)
        await kill_with_unrecorded_calls(cluster.b)
        await more(load)
    adopted = await asyncio.to_thread(adopt, cluster)
    assert re.search(r"\b[1-9]\d* exchanges recorded", adopted), adopted
    assert not list((cluster.b.data_dir / "journal").glob("*.seg"))
    outcomes = await until_recorded(cluster.a, load.whole | load.broken)
    assert {outcomes[each.replace("-", "")] for each in load.whole} == {"completed"}
    cut = {outcomes[each.replace("-", "")] for each in load.broken}
    assert cut <= {"interrupted", "client_disconnected", "completed"}
    assert numbers_are_unique(cluster.a)


async def more(load: Load, calls: int = 60) -> None:
    enough = len(load.whole) + calls
    while len(load.whole) < enough:  # noqa: ASYNC110
        await asyncio.sleep(0.05)


async def kill_with_unrecorded_calls(node: Relay) -> None:
    os.kill(node.pids("recorder")[0], signal.SIGSTOP)
    enough = journal_bytes(node) + UNRECORDED_BYTES
    while journal_bytes(node) < enough:  # noqa: ASYNC110
        await asyncio.sleep(0.05)
    node.kill()


def journal_bytes(node: Relay) -> int:
    return sum(path.stat().st_size for path in (node.data_dir / "journal").glob("*.seg"))


def adopt(cluster: Cluster) -> str:
    """`manage.py record --journal` at A, of the journal that B left."""
    done = managing.run(["record", "--journal", str(cluster.b.data_dir / "journal")], cluster.a.environ)
    assert done.returncode == 0, done.stderr
    return done.stderr


def numbers_are_unique(relay: Relay) -> bool:
    """Of each node; its feed has to be told of every record."""
    with psycopg.connect(relay.environ["DATABASE_URL"]) as connection:
        found = connection.execute(
            "SELECT count(*), count(DISTINCT (node, seq)), count(DISTINCT node) FROM logs_app_logrecord"
        ).fetchone()
    assert found is not None
    count, numbers, nodes = found
    return count == numbers and nodes == 2
