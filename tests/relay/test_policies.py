"""Policies as clients and browsers meet them: a relay with two workers, called over sockets."""

from __future__ import annotations

import gzip
import socket
import time
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import anthropic
import httpx
import openai
import pytest

from proxy.simulator import Simulator
from tests.relay.shop import Shop
from tests.running import Relay
from tests.waiting import until

PAGE, OTHER_PAGE, DEFAULT_PAGE = "https://shop.example", "https://other.example", "https://default.example"
WITHIN_SECONDS = 1.0
CHAT = "/chat/completions"
AUDIO = "/audio/transcriptions"


@pytest.fixture(scope="module")
def shop(simulator: Simulator) -> Iterator[Shop]:
    started = Relay(TARGET_BASE_URL=simulator.base_url, WORKERS="2", CORS_ALLOWED_ORIGINS=DEFAULT_PAGE)
    try:
        shop = Shop(started.start())
        yield shop
        shop.close()
    finally:
        started.remove()


class Member:
    """A key of a project of its own."""

    def __init__(self, shop: Shop, *, policy: Any = None, models: Any = (), **values: Any) -> None:
        self.shop = shop
        self.project = str(uuid.uuid4())
        self.secret = shop.tell(
            f"""
project = Project.objects.create(
    id="{self.project}", name="{self.project}", policy={policy or {}!r}, allowed_models={list(models)!r})
token, result = tokens.create(project, me, lifetime={{"expires_at": None}}, **{values!r})
"""
        )

    @property
    def key(self) -> dict[str, str]:
        return {"authorization": f"Bearer {self.secret}"}

    def change(self, **columns: Any) -> None:
        self.shop.tell(f"Project.objects.filter(pk={self.project!r}).update(**{columns!r})")

    def call(
        self, method: str, path: str, headers: dict[str, str] | None = None, **more: Any
    ) -> httpx.Response:
        """On a connection of its own."""
        url = f"{self.shop.relay.base_url}{path}"
        return httpx.request(method, url, headers=self.key | (headers or {}), timeout=30, **more)

    def chat(self, headers: dict[str, str] | None = None, **members: Any) -> httpx.Response:
        asked = {"model": "gpt-4o", "messages": [{"role": "user", "content": "hi"}], **members}
        return self.call("POST", CHAT, headers, json=asked)

    def codes(self, path: str = CHAT, times: int = 8, **members: Any) -> set[str]:
        return {code(self.chat(**members)) for _ in range(times)}


def code(answer: httpx.Response) -> str:
    return "ok" if answer.is_success else answer.json()["error"]["code"]


def received(simulator: Simulator, mark: str) -> list[Any]:
    return [
        request for request in simulator.requests if mark.encode() in request.body or mark in request.target
    ]


# What holds, and from when


@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        ({"param_whitelist": {"model": ["o3"]}}, "param_not_allowed"),
        ({"allowed_endpoints": ["embeddings"]}, "endpoint_not_found"),
        ({"allowed_methods": ["GET"]}, "method_not_allowed"),
        ({"required_headers": ["x-team"]}, "header_required"),
        ({"required_headers": ["origin"]}, "origin_required"),
        ({"nonsense": 1}, "policy_unusable"),
    ],
)
def test_every_rule_has_its_own_refusal(shop: Shop, policy: Any, expected: str) -> None:
    assert code(Member(shop, policy=policy).chat()) == expected


@pytest.mark.parametrize(
    ("columns", "expected"),
    [
        ({"allowed_models": ["o3", "gpt-4.1-*"]}, "model_not_allowed"),
        ({"policy": {"allowed_endpoints": ["embeddings"]}}, "endpoint_not_found"),
    ],
)
def test_a_change_holds_in_every_worker_within_a_second(shop: Shop, columns: Any, expected: str) -> None:
    member = Member(shop)
    assert member.codes() == {"ok"}
    member.change(**columns)
    time.sleep(WITHIN_SECONDS)
    assert member.codes() == {expected}
    member.change(allowed_models=[], policy={})
    time.sleep(WITHIN_SECONDS)
    assert member.codes() == {"ok"}


def test_the_policy_of_all_holds_for_every_key(shop: Shop) -> None:
    member = Member(shop)
    settings = "from proxy.models import RelaySettings; RelaySettings.objects.update(policy={})"
    shop.tell(settings.format({"param_whitelist": {"temperature": ["0*"]}}))
    try:
        time.sleep(WITHIN_SECONDS)
        assert member.codes(temperature=1.5) == {"param_not_allowed"}
        assert member.codes(temperature=0.5) == {"ok"}
    finally:
        shop.tell(settings.format({}))
        time.sleep(WITHIN_SECONDS)


def test_refusals_reach_the_official_clients_as_their_errors(shop: Shop) -> None:
    member = Member(shop, models=["o3"])
    messages: Any = [{"role": "user", "content": "hi"}]
    with (
        openai.OpenAI(base_url=shop.relay.base_url, api_key=member.secret) as client,
        pytest.raises(openai.PermissionDeniedError, match="may not use the model 'gpt-4o'") as caught,
    ):
        client.chat.completions.create(model="gpt-4o", messages=messages)
    assert caught.value.code == "model_not_allowed"
    with (
        anthropic.Anthropic(base_url=shop.relay.url, api_key=member.secret) as client,
        pytest.raises(anthropic.PermissionDeniedError, match="may not use the model 'claude-x'"),
    ):
        client.messages.create(model="claude-x", max_tokens=5, messages=messages)


def test_refused_calls_are_recorded_and_reach_no_provider(shop: Shop, simulator: Simulator) -> None:
    member, mark = Member(shop, models=["o3"]), uuid.uuid4().hex
    request_id = member.chat(user=mark).headers["x-relay-request-id"]
    look = f"""
record = LogRecord.objects.filter(pk="{request_id}").first()
result = record and [record.outcome, record.status_code, record.error_code, record.model]
"""
    until(lambda: shop.tell(look))
    assert shop.tell(look) == ["rejected", 403, "model_not_allowed", "gpt-4o"]
    assert not received(simulator, mark)


# Ways around


def multipart(*fields: tuple[str, str]) -> bytes:
    """Two megabytes of a file stand first: the rule must wait for what comes behind it."""
    file = b'--B\r\nContent-Disposition: form-data; name="file"; filename="a.mp3"\r\n\r\n' + bytes(1 << 21)
    parts = [f'\r\n--B\r\nContent-Disposition: form-data; name="{n}"\r\n\r\n{v}' for n, v in fields]
    return file + "".join(parts).encode() + b"\r\n--B--\r\n"


def typed(content_type: str) -> dict[str, str]:
    return {"content-type": content_type}


FORM, OTHER_FORM = (typed(f"multipart/form-data; boundary={name}") for name in "BC")
JSON, URLENCODED = typed("application/json"), typed("application/x-www-form-urlencoded")
UTF_8, UTF_16 = (typed(f"application/json; charset={name}") for name in ("utf-8", "utf-16"))
TEXT, BYTES = typed("text/plain"), typed("application/octet-stream")
GZIP, BROTLI = (JSON | {"content-encoding": name} for name in ("gzip", "br"))
EVIL = b'{"model": "evil", "messages": []}'
GOOD = b'{"model": "allowed", "messages": [{"role": "user", "content": "\\u006dodel"}]}'
TWO_MODELS = multipart(("model", "allowed"), ("model", "evil"))


@pytest.mark.parametrize(
    ("method", "path", "headers", "content"),
    [
        pytest.param("POST", CHAT, JSON, EVIL, id="plain"),
        pytest.param("POST", CHAT, UTF_8, EVIL, id="charset"),
        pytest.param("POST", CHAT, UTF_16, EVIL.decode().encode("utf-16"), id="utf-16"),
        pytest.param("POST", CHAT, JSON, b'{"model": "evil", "model": "allowed"}', id="repeated before"),
        pytest.param("POST", CHAT, JSON, b'{"model": "allowed", "model": "evil"}', id="repeated after"),
        pytest.param("POST", CHAT, JSON, b'{"model": "allowed", "Model": "evil"}', id="other case"),
        pytest.param("POST", CHAT, JSON, rb'{"model": "allowed", "m\u006fdel": "evil"}', id="escaped"),
        pytest.param("POST", CHAT, JSON, b'{"messages": []}', id="none"),
        pytest.param("POST", CHAT, JSON, b'{"model": "evil"', id="invalid"),
        pytest.param("POST", CHAT, GZIP, gzip.compress(EVIL), id="gzip"),
        pytest.param("POST", CHAT, BROTLI, EVIL, id="brotli"),
        pytest.param("POST", "/anything", TEXT, EVIL, id="text"),
        pytest.param("POST", "/anything", {}, EVIL, id="no content type"),
        pytest.param("PUT", "/anything", JSON, EVIL, id="put"),
        pytest.param("PATCH", "/anything", JSON, EVIL, id="patch"),
        pytest.param("DELETE", "/anything", JSON, EVIL, id="delete"),
        pytest.param("GET", "/anything", JSON, EVIL, id="get"),
        pytest.param("POST", "/anything", URLENCODED, b"model=evil", id="form"),
        pytest.param("POST", "/anything", BYTES, b"\xff\xfe", id="bytes"),
        pytest.param("POST", AUDIO, FORM, multipart(("model", "evil")), id="multipart"),
        pytest.param("POST", AUDIO, FORM, TWO_MODELS, id="two fields"),
        pytest.param("POST", AUDIO, FORM, multipart(("response_format", "text")), id="multipart, none"),
        pytest.param("POST", AUDIO, OTHER_FORM, multipart(("model", "allowed")), id="boundary"),
        pytest.param("POST", CHAT + "?model=evil", JSON, b'{"model": "allowed", "messages": []}', id="query"),
        pytest.param("POST", "/engines/evil/completions", JSON, b'{"prompt": "x"}', id="path"),
        pytest.param("POST", "/batches", JSON, b'{"input_file_id": "file-1"}', id="batch"),
        pytest.param("GET", "/models/evil", {}, b"", id="model"),
        pytest.param("GET", "//models", {}, b"", id="double slash"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("is_chunked", [False, True])
def test_there_is_no_way_around(
    shop: Shop,
    simulator: Simulator,
    method: str,
    path: str,
    headers: dict[str, str],
    content: bytes,
    is_chunked: bool,
) -> None:
    limited, mark = limited_member(shop), uuid.uuid4().hex
    more: Any = {"content": iter([content]) if is_chunked else content}
    answer = limited.call(method, f"{path}{'&' if '?' in path else '?'}mark={mark}", headers, **more)
    assert answer.status_code in (400, 403)
    assert not received(simulator, mark)


_limited: dict[int, Member] = {}


def limited_member(shop: Shop) -> Member:
    if id(shop) not in _limited:
        _limited[id(shop)] = Member(shop, models=["allowed", "whisper-*"])
    return _limited[id(shop)]


@pytest.mark.parametrize(
    ("path", "headers", "content"),
    [
        pytest.param(CHAT, GZIP, gzip.compress(GOOD), id="gzip"),
        pytest.param(AUDIO, FORM, multipart(("model", "whisper-1"), ("x", "y")), id="multipart"),
        pytest.param(CHAT, JSON, GOOD, id="json"),
    ],
)  # fmt: skip
def test_what_is_allowed_reaches_the_provider_byte_by_byte(
    shop: Shop, simulator: Simulator, path: str, headers: dict[str, str], content: bytes
) -> None:
    mark = uuid.uuid4().hex
    limited_member(shop).call("POST", f"{path}?mark={mark}", headers, content=content)
    (request,) = [request for request in simulator.requests if mark in request.target]
    assert request.body_size == len(content)
    assert request.body in (content, b"")
    assert request.header("content-type") == headers["content-type"]


# Lists of models


def test_the_list_of_models_shows_what_the_key_may_use(shop: Shop) -> None:
    every = Member(shop).call("GET", "/models")
    names = [model["id"] for model in every.json()["data"]]
    wanted = names[1]
    member = Member(shop, models=[wanted])
    cut = member.call("GET", "/models", {"accept-encoding": "gzip"})
    assert [model["id"] for model in cut.json()["data"]] == [wanted]
    assert cut.json()["data"][0] == every.json()["data"][1]
    assert int(cut.headers["content-length"]) == len(cut.content)
    look = f"""
record = LogRecord.objects.filter(pk="{cut.headers["x-relay-request-id"]}").first()
result = record and [record.edits, record.response_bytes, record.outcome]
"""
    until(lambda: shop.tell(look))
    assert shop.tell(look) == [
        [{"kind": "hide_models", "hidden": len(names) - 1}], len(every.content), "completed"
    ]  # fmt: skip


def test_a_whitelist_of_models_cuts_the_list_too(shop: Shop) -> None:
    member = Member(shop, policy={"param_whitelist": {"model": ["nothing-*"]}})
    assert member.call("GET", "/models/").json()["data"] == []


def test_without_a_limit_the_list_comes_as_the_provider_sent_it(shop: Shop, simulator: Simulator) -> None:
    direct = httpx.get(f"{simulator.base_url}/models", headers={"authorization": "Bearer sk-upstream"})
    assert Member(shop, models=["*"]).call("GET", "/models").content == direct.content


def test_one_forbidden_model_is_refused_as_in_any_other_call(shop: Shop) -> None:
    member = Member(shop, models=["gpt-4o"])
    assert code(member.call("GET", "/models/gpt-4o")) == "ok"
    assert code(member.call("GET", "/models/o3")) == "model_not_allowed"


# Browsers


def ask_first(shop: Shop, origin: str, path: str = CHAT, method: str = "POST") -> httpx.Response:
    """As Chromium does before a call with a key and a JSON body."""
    headers = {
        "Origin": origin,
        "Access-Control-Request-Method": method,
        "Access-Control-Request-Headers": "authorization,content-type",
        "Sec-Fetch-Mode": "cors",
    }
    return httpx.options(f"{shop.relay.base_url}{path}", headers=headers)


def test_a_page_may_call_after_its_preflight(shop: Shop) -> None:
    member = Member(shop, policy={"allowed_origins": [PAGE]})
    time.sleep(WITHIN_SECONDS)
    asked = ask_first(shop, PAGE)
    assert asked.status_code == 204
    assert asked.headers["access-control-allow-origin"] == PAGE
    assert asked.headers["access-control-allow-headers"] == "authorization,content-type"
    assert "POST" in asked.headers["access-control-allow-methods"]
    answer = member.chat({"Origin": PAGE})
    assert answer.status_code == 200
    assert answer.headers["access-control-allow-origin"] == PAGE
    assert "Origin" in answer.headers["vary"]
    assert "x-relay-request-id" in answer.headers["access-control-expose-headers"]


def test_a_preflight_that_nobody_lists_is_refused(shop: Shop) -> None:
    asked = ask_first(shop, "https://nobody.example")
    assert (asked.status_code, code(asked)) == (403, "origin_not_allowed")
    assert "access-control-allow-origin" not in asked.headers


def test_the_default_origins_count_for_keys_whose_project_has_none(shop: Shop) -> None:
    assert ask_first(shop, DEFAULT_PAGE).status_code == 204
    assert Member(shop).chat({"Origin": DEFAULT_PAGE}).headers["access-control-allow-origin"] == DEFAULT_PAGE
    own = Member(shop, policy={"allowed_origins": [PAGE]})
    assert code(own.chat({"Origin": DEFAULT_PAGE})) == "origin_not_allowed"


def test_a_call_is_held_to_the_list_of_its_own_project(shop: Shop) -> None:
    Member(shop, policy={"allowed_origins": [OTHER_PAGE]})
    member = Member(shop, policy={"allowed_origins": [PAGE]})
    time.sleep(WITHIN_SECONDS)
    assert ask_first(shop, OTHER_PAGE).status_code == 204
    answer = member.chat({"Origin": OTHER_PAGE})
    assert (answer.status_code, code(answer)) == (403, "origin_not_allowed")
    assert "access-control-allow-origin" not in answer.headers
    assert code(member.chat()) == "ok"


def test_streams_and_errors_can_be_read_by_the_page(shop: Shop, simulator: Simulator) -> None:
    member = Member(shop, policy={"allowed_origins": [PAGE], "param_whitelist": {"n": [1]}})
    stream = member.chat({"Origin": PAGE}, stream=True)
    refused = member.chat({"Origin": PAGE}, n=2)
    failed = member.chat({"Origin": PAGE, "x-simulate": "status=500"})
    unknown = httpx.post(
        f"{shop.relay.base_url}{CHAT}", headers={"authorization": "Bearer sk-none", "Origin": PAGE}
    )
    assert stream.headers["content-type"].startswith("text/event-stream")
    assert (code(refused), unknown.status_code) == ("param_not_allowed", 401)
    for answer in (stream, refused, failed, unknown):
        assert answer.headers.get_list("access-control-allow-origin") == [PAGE]


def test_the_provider_is_not_told_of_the_page(shop: Shop, simulator: Simulator) -> None:
    """Anthropic refuses calls with an Origin, and the page is the relay's business."""
    mark = uuid.uuid4().hex
    assert code(Member(shop).chat({"Origin": PAGE, "Referer": f"{PAGE}/"}, user=mark)) == "ok"
    (request,) = received(simulator, mark)
    assert not {name.lower() for name, _ in request.headers} & {"origin", "referer"}


def test_who_sends_no_origin_sees_no_headers_of_pages(shop: Shop) -> None:
    assert not [name for name in Member(shop).chat().headers if name.startswith("access-control-")]


# Self-service


def test_a_key_can_be_asked_what_it_may(shop: Shop) -> None:
    member = Member(shop, models=["gpt-*"], max_requests=5, rate_limit_per_minute=7)
    assert code(member.chat()) == "ok"
    answer = member.call("GET", "/relay/key")
    about = answer.json()
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["x-ratelimit-remaining-requests"] == "6"
    assert about["quota"] == {"max_requests": 5, "used": 1, "remaining": 4}
    per_minute = about["limits"]["rate_limit_per_minute"]
    assert (per_minute["limit"], per_minute["remaining"]) == (7, 6)
    assert 0 < per_minute["reset_seconds"] <= 60
    assert about["limits"]["rate_limit"] is None
    assert about["project"]["allowed_models"] == ["gpt-*"]
    assert (about["kind"], about["expires_at"], about["prefix"]) == ("token", None, member.secret[:12] + "…")
    assert member.secret not in answer.text


def test_asking_costs_nothing_and_works_when_all_is_used_up(shop: Shop, simulator: Simulator) -> None:
    member = Member(shop, max_requests=1, rate_limit_per_minute=1, policy={"allowed_endpoints": ["chat"]})
    assert [code(member.call("GET", "/relay/key")) for _ in range(3)] == ["ok"] * 3
    assert code(member.chat()) == "ok"
    assert code(member.chat()) != "ok"
    assert member.call("GET", "/relay/key/").json()["quota"]["remaining"] == 0
    assert not received(simulator, "/relay/key")


def test_a_key_sees_its_own_use_by_day_and_model(shop: Shop) -> None:
    member, other = Member(shop), Member(shop)
    for model in ("gpt-4o", "gpt-4o", "o3"):
        assert code(member.chat(model=model)) == "ok"
    assert code(other.chat(model="gpt-4.1")) == "ok"
    until(lambda: member.call("GET", "/relay/usage?days=1").json()["total"]["requests"] == 3)
    found = member.call("GET", "/relay/usage?days=1").json()
    assert [(line["model"], line["requests"]) for line in found["data"]] == [("gpt-4o", 2), ("o3", 1)]
    assert found["data"][0]["date"] == found["since"] == found["until"]
    assert found["total"]["total_tokens"] == sum(line["total_tokens"] for line in found["data"]) > 0


@pytest.mark.parametrize(
    ("method", "path", "expected"),
    [
        ("GET", "/relay/usage?days=0", (400, "invalid_parameter")),
        ("GET", "/relay/usage?days=91", (400, "invalid_parameter")),
        ("GET", "/relay/usage?days=x", (400, "invalid_parameter")),
        ("GET", "/relay/usage?days=", (400, "invalid_parameter")),
        ("GET", "/relay", (404, "not_found")),
        ("GET", "/relay/nothing", (404, "not_found")),
        ("GET", "/relay/key/more", (404, "not_found")),
        ("POST", "/relay/key", (405, "method_not_allowed")),
        ("DELETE", "/relay/usage", (405, "method_not_allowed")),
    ],
)
def test_what_there_is_not_is_said_in_the_shape_of_an_error(
    shop: Shop, simulator: Simulator, method: str, path: str, expected: tuple[int, str]
) -> None:
    answer = limited_member(shop).call(method, path)
    assert (answer.status_code, code(answer)) == expected
    assert not [request for request in simulator.requests if request.target.startswith("/v1/relay")]


def test_a_key_sees_its_own_records_and_no_others(shop: Shop) -> None:
    member, other, mark = Member(shop), Member(shop), uuid.uuid4().hex
    request_id = member.chat(user=mark).headers["x-relay-request-id"]
    path = f"/relay/requests/{request_id}"
    until(lambda: member.call("GET", path).is_success)
    found = member.call("GET", path).json()
    assert (found["id"], found["request_body"]["user"], found["outcome"]) == (request_id, mark, "completed")
    assert found["response_body"]["choices"]
    assert not {"node", "seq", "fold_error"} & found.keys()
    refused = other.call("GET", path)
    assert (refused.status_code, code(refused)) == (404, "record_not_found")
    assert code(member.call("GET", f"/relay/requests/{uuid.uuid4()}")) == "record_not_found"


def test_many_questions_at_once_are_answered_or_told_to_wait(shop: Shop) -> None:
    member = Member(shop)
    with ThreadPoolExecutor(24) as pool:
        answers = list(pool.map(lambda _n: member.call("GET", "/relay/usage?days=90"), range(48)))
    assert {answer.status_code for answer in answers} <= {200, 429}
    assert all(answer.headers["retry-after"] == "1" for answer in answers if answer.status_code == 429)
    assert code(member.call("GET", "/relay/usage")) == "ok"


def test_nothing_is_told_without_a_key(shop: Shop) -> None:
    assert httpx.get(f"{shop.relay.base_url}/relay/key").status_code == 401
    revoked = Member(shop)
    shop.tell(f"WitheringToken.objects.filter(project_id={revoked.project!r}).update(is_active=False)")
    time.sleep(WITHIN_SECONDS)
    assert code(revoked.call("GET", "/relay/key")) == "token_inactive"


def test_questions_leave_no_record(shop: Shop) -> None:
    member = Member(shop)
    ids = [
        member.call("GET", f"/relay/{page}").headers["x-relay-request-id"]
        for page in ("key", "usage", "nope")
    ]
    last = member.chat().headers["x-relay-request-id"]
    until(lambda: shop.tell(f"""result = LogRecord.objects.filter(pk="{last}").count()"""))
    assert shop.tell(f"result = LogRecord.objects.filter(pk__in={ids!r}).count()") == 0


def test_a_page_is_held_to_its_list_when_it_asks(shop: Shop) -> None:
    member = Member(shop, policy={"allowed_origins": [PAGE]})
    assert member.call("GET", "/relay/key", {"Origin": PAGE}).headers["access-control-allow-origin"] == PAGE
    assert code(member.call("GET", "/relay/key", {"Origin": OTHER_PAGE})) == "origin_not_allowed"


def test_a_refusal_comes_before_the_body_is_sent(shop: Shop) -> None:
    member = Member(shop, policy={"allowed_endpoints": ["embeddings"]})
    with socket.create_connection(("127.0.0.1", shop.relay.port), timeout=10) as client:
        head = f"POST /v1{CHAT} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {member.secret}\r\n"
        client.sendall(f"{head}Content-Type: application/json\r\nContent-Length: 1000000\r\n\r\n".encode())
        assert b" 404 " in client.recv(1000).split(b"\r\n")[0]
