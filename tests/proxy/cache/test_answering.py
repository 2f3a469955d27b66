from __future__ import annotations

from dataclasses import replace

import pytest

from accounts.secrets import keys
from proxy.cache.policy import CachePolicy
from proxy.configuration.configuration import Project
from proxy.simulator import Simulator
from tests.proxy import lanes
from tests.proxy.lanes import Lane, Reply

OPT_IN = [(b"cache-control", b"public, max-age=60")]


def calls(sim: Simulator) -> int:
    return len(sim.requests)


def said(reply: Reply) -> str | None:
    return reply.header("x-proxy-cache")


async def test_who_asks_for_it_is_given_the_stored_answer(lane: Lane, sim: Simulator) -> None:
    first = await lane.chat("hello", headers=OPT_IN)
    again = await lane.chat("hello", headers=OPT_IN)
    assert (first.status, again.status) == (200, 200)
    assert first.body == again.body
    assert calls(sim) == 1
    assert (said(first), said(again)) == ("stored", "hit")
    assert (first.header("cache-status") or "").startswith("llm-relay; fwd=uri-miss; stored; ttl=")
    assert (again.header("cache-status") or "").startswith("llm-relay; hit; ttl=")
    assert again.header("age") == "0"


async def test_nobody_else_is_asked_anything(lane: Lane, sim: Simulator) -> None:
    await lane.chat("hello", headers=OPT_IN)
    plain = await lane.chat("hello")
    assert calls(sim) == 2
    assert said(plain) is None and plain.header("cache-status") is None


async def test_a_hit_has_its_own_ids_and_none_of_the_first_calls_headers(lane: Lane) -> None:
    first = await lane.chat("hello", headers=OPT_IN)
    again = await lane.chat("hello", headers=OPT_IN)
    assert first.header("x-ratelimit-limit-requests") and not again.header("x-ratelimit-limit-requests")
    assert first.header("x-request-id") != again.header("x-request-id")
    assert again.header("x-request-id") == again.header("x-relay-request-id")
    for name in ("set-cookie", "openai-processing-ms", "date"):
        assert again.header(name) is None
    assert again.header("content-type") == first.header("content-type")
    assert again.header("content-length") == str(len(again.body))


async def test_a_hit_is_recorded_as_one(lane: Lane) -> None:
    await lane.chat("hello", headers=OPT_IN)
    await lane.chat("hello", headers=OPT_IN)
    stored, hit = lane.records()
    assert stored.answered and "cached" not in stored.answered
    assert hit.answered and hit.answered["cached"] is True
    assert hit.closed and hit.closed["attempts"] == [] and hit.outcome == "completed"
    assert b"".join(hit.parts) == b"".join(stored.parts)
    (edit,) = hit.closed["edits"]
    assert edit["kind"] == "cache" and len(edit["key"]) == 40 and edit["source"]


async def test_what_is_asked_differently_is_another_question(lane: Lane, sim: Simulator) -> None:
    await lane.chat("hello", headers=OPT_IN)
    await lane.chat("hello", headers=OPT_IN, temperature=0.5)
    await lane.chat("hello", headers=[*OPT_IN, (b"openai-beta", b"x=1")])
    await lane.chat("hello", headers=OPT_IN, user="somebody")
    assert calls(sim) == 4
    await lane.chat("hello", headers=[*OPT_IN, (b"x-stainless-retry-count", b"1"), (b"traceparent", b"00-1")])
    assert calls(sim) == 4


async def test_spelling_makes_no_difference(lane: Lane, sim: Simulator) -> None:
    one = b'{"model":"gpt-4o","messages":[{"role":"user","content":"caf\\u00e9"}],"n":1}'
    other = '{ "n": 1, "messages": [ {"content": "café", "role": "user"} ], "model": "gpt-4o" }'.encode()
    await lane.call("POST", "/v1/chat/completions", one, OPT_IN)
    again = await lane.call("POST", "/v1/chat/completions", other, OPT_IN)
    assert said(again) == "hit" and calls(sim) == 1


async def test_a_policy_ignores_what_it_calls_volatile(lane: Lane, sim: Simulator) -> None:
    use(lane, CachePolicy(mode="always", ttl=60, ignore=("metadata", "user"), ignore_headers=("x-team",)))
    await lane.chat("hello", user="a")
    again = await lane.chat("hello", user="b", metadata={"x": "y"}, headers=[(b"x-team", b"blue")])
    assert said(again) == "hit" and calls(sim) == 1


async def test_a_project_that_keeps_it_off_has_none(lane: Lane, sim: Simulator) -> None:
    use(lane, CachePolicy(mode="off"))
    await lane.chat("hello", headers=OPT_IN)
    again = await lane.chat("hello", headers=OPT_IN)
    assert said(again) == "bypass" and calls(sim) == 2


async def test_tenants_never_meet(lane: Lane, sim: Simulator) -> None:
    a, b = project("a"), project("b")
    know(lane, "sk-a", a)
    know(lane, "sk-b", b)
    know(lane, "sk-a2", a)
    await lane.chat("hello", headers=OPT_IN, secret="sk-a")
    assert said(await lane.chat("hello", headers=OPT_IN, secret="sk-b")) == "stored"
    assert said(await lane.chat("hello", headers=OPT_IN, secret=lanes.SECRET)) == "stored"
    assert said(await lane.chat("hello", headers=OPT_IN, secret="sk-a2")) == "hit"
    assert calls(sim) == 3


async def test_projects_share_only_when_both_say_so(lane: Lane, sim: Simulator) -> None:
    sharing = CachePolicy(scope="shared")
    know(lane, "sk-a", project("a", cache_policy=sharing))
    know(lane, "sk-b", project("b", cache_policy=sharing))
    know(lane, "sk-c", project("c"))
    know(lane, "sk-d", project("d", cache_policy=CachePolicy(scope="key")))
    know(lane, "sk-d2", project("d", cache_policy=CachePolicy(scope="key")))
    seen = [
        said(await lane.chat("hello", headers=OPT_IN, secret=secret))
        for secret in ("sk-a", "sk-b", "sk-c", "sk-d", "sk-d2")
    ]
    assert seen == ["stored", "hit", "stored", "stored", "stored"]


async def test_a_refused_key_gets_no_stored_answer(lane: Lane) -> None:
    await lane.chat("hello", headers=OPT_IN)
    known = lane.configuration.current.keys
    (digest,) = known
    lane.configuration.current = replace(
        lane.configuration.current, keys={digest: replace(known[digest], is_active=False)}
    )
    assert (await lane.chat("hello", headers=OPT_IN)).status == 401


async def test_a_model_that_the_key_may_not_use_is_refused_before(lane: Lane) -> None:
    same = project("a")
    know(lane, "sk-a", same)
    know(lane, "sk-b", same, allowed_models=("other",))
    await lane.chat("hello", headers=OPT_IN, secret="sk-a")
    assert (await lane.chat("hello", headers=OPT_IN, secret="sk-b")).status == 403


@pytest.mark.parametrize(
    ("path", "payload"),
    [
        ("/v1/chat/completions", {"store": True}),
        ("/v1/responses", {}),
        ("/v1/responses", {"store": False, "background": True}),
        ("/v1/responses", {"store": False, "previous_response_id": "resp_1"}),
        ("/v1/chat/completions", {"x": {"file_id": "file-1"}}),
        ("/v1/images/generations", {}),
    ],
    ids=["store", "responses", "background", "stateful", "file", "images"],
)
async def test_what_is_never_kept(lane: Lane, sim: Simulator, path: str, payload: dict[str, object]) -> None:
    asked = {"model": "gpt-4o", "input": "a", "prompt": "a", "messages": [{"role": "user", "content": "a"}]}
    for _ in range(2):
        reply = await lane.call("POST", path, asked | payload, OPT_IN)
        assert said(reply) == "bypass"
    assert calls(sim) == 2


@pytest.mark.parametrize(
    "script",
    ["status=500", "status=429", "cut=2", "error_event=2", "eof=2", "malformed=2"],
    ids=["error", "limited", "cut", "in_band_error", "ends_early", "malformed"],
)
@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
async def test_nothing_broken_is_kept(lane: Lane, sim: Simulator, script: str, stream: bool) -> None:
    for number in (1, 2):
        reply = await lane.chat(f"hello [[sim chunks=8 {script}]]", headers=OPT_IN, stream=stream)
        assert said(reply) != "hit", number
    assert lane.runtime.cache and lane.runtime.cache.counters.entries == 0


async def test_a_stream_comes_again_byte_for_byte(lane: Lane, sim: Simulator) -> None:
    first = await lane.chat("hello [[sim chunks=20]]", headers=OPT_IN, stream=True)
    again = await lane.chat("hello [[sim chunks=20]]", headers=OPT_IN, stream=True)
    assert first.body == again.body and again.body.endswith(b"data: [DONE]\n\n")
    assert said(again) == "hit" and calls(sim) == 1
    assert again.header("content-type") == first.header("content-type")
    assert b'"usage":{' not in again.body.replace(b" ", b"")
    asked = await lane.chat(
        "hello [[sim chunks=20]]", headers=OPT_IN, stream=True, stream_options={"include_usage": True}
    )
    assert said(asked) == "hit" and b'"usage":{' in asked.body.replace(b" ", b"")


async def test_a_stream_without_usage_does_not_serve_who_asks_for_it(lane: Lane, sim: Simulator) -> None:
    no, yes = {"include_usage": False}, {"include_usage": True}
    await lane.chat("hello", headers=OPT_IN, stream=True, stream_options=no)
    asked = await lane.chat("hello", headers=OPT_IN, stream=True, stream_options=yes)
    assert said(asked) == "stored" and calls(sim) == 2


async def test_a_stream_answers_in_one_piece_where_nothing_is_lost(lane: Lane, sim: Simulator) -> None:
    await lane.chat("hello", headers=OPT_IN, stream=True)
    whole = await lane.chat("hello", headers=OPT_IN)
    assert said(whole) == "hit" and calls(sim) == 1
    direct = await lane.chat("hello")
    volatile = ("id", "created")
    seen, wanted = ({k: v for k, v in r.json.items() if k not in volatile} for r in (whole, direct))
    assert seen["choices"][0]["message"]["content"] == wanted["choices"][0]["message"]["content"]
    assert seen["usage"] == wanted["usage"] and seen["object"] == "chat.completion"
    assert whole.header("content-type") == "application/json"
    # And a stream is never made of an answer in one piece.
    await lane.chat("other", headers=OPT_IN)
    assert said(await lane.chat("other", headers=OPT_IN, stream=True)) == "stored"


async def test_a_client_that_leaves_leaves_nothing_behind(lane: Lane, sim: Simulator) -> None:
    caller = lanes.Caller()
    caller.on_part = lambda part: caller.leave()
    await lane.chat("hello [[sim chunks=200 delay=20]]", headers=OPT_IN, stream=True, caller=caller)
    await lanes.until(lambda: sim.stats.aborted == 1)
    cache = lane.runtime.cache
    assert cache and cache.counters.entries == 0 and not cache.calls
    await lanes.until(lambda: not lane.runtime.exchanges)
    assert lane.record.outcome == "client_disconnected"


async def test_no_store_and_off_keep_out(lane: Lane, sim: Simulator) -> None:
    use(lane, CachePolicy(mode="always"))
    for header in ((b"cache-control", b"no-store"), (b"x-relay-cache", b"off"), (b"x-relay-cache", b"1h")):
        for _ in range(2):
            assert said(await lane.chat("hello", headers=[header])) == "bypass"
    assert calls(sim) == 6


async def test_a_header_that_cannot_be_read_is_told_of(lane: Lane) -> None:
    reply = await lane.chat("hello", headers=[(b"x-relay-cache", b"1h")])
    assert said(reply) == "bypass" and "neither seconds nor on nor off" in (
        reply.header("cache-status") or ""
    )


async def test_no_cache_asks_again_and_keeps_the_new_one(lane: Lane, sim: Simulator) -> None:
    await lane.chat("hello", headers=OPT_IN)
    fresh = await lane.chat("hello", headers=[(b"cache-control", b"no-cache, public, max-age=60")])
    assert calls(sim) == 2 and said(fresh) == "stored"
    assert "fwd=request" in (fresh.header("cache-status") or "")


async def test_only_if_cached(lane: Lane, sim: Simulator) -> None:
    asked = [(b"cache-control", b"only-if-cached")]
    missing = await lane.chat("hello", headers=asked)
    assert (missing.status, missing.code) == (504, "not_in_cache")
    assert missing.header("x-should-retry") == "false"
    await lane.chat("hello", headers=OPT_IN)
    assert said(await lane.chat("hello", headers=asked)) == "hit"
    assert calls(sim) == 1


async def test_own_header(lane: Lane, sim: Simulator) -> None:
    await lane.chat("hello", headers=[(b"x-relay-cache", b"3600")])
    again = await lane.chat("hello", headers=[(b"x-relay-cache", b"on")])
    assert said(again) == "hit" and calls(sim) == 1
    assert 3000 < int((again.header("cache-status") or "").rpartition("ttl=")[2]) <= 3600
    assert sim.requests[0].header("x-relay-cache") is None


def project(name: str, **given: object) -> Project:
    return replace(Project(name, name), **given)  # type: ignore[arg-type]


def know(lane: Lane, secret: str, of: Project | None, **given: object) -> None:
    found = lane.configuration.current
    made = replace(lanes.key(project=of, name=secret, id=secret), **given)  # type: ignore[arg-type]
    lane.configuration.current = replace(found, keys={**found.keys, keys.digest(secret): made})


def use(lane: Lane, policy: CachePolicy) -> None:
    know(lane, lanes.SECRET, project("p", cache_policy=policy))
