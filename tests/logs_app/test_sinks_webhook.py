from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Iterator
from contextlib import closing

import orjson
import pytest

from logs_app.sinks import Refused, SinkError, Target
from logs_app.sinks.webhook import WebhookSink
from tests.logs_app.told import event, message
from tests.receiver import Answer, Received, Receiver

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as running:
        yield running


@pytest.fixture
def sink(receiver: Receiver) -> Iterator[WebhookSink]:
    with closing(sink_to(receiver)) as sink:
        yield sink


def sink_to(receiver: Receiver, secret: str = SECRET) -> WebhookSink:
    return WebhookSink(Target(f"{receiver.url}/hook?tenant=1", secret))


def is_signed(request: Received, key: bytes) -> bool:
    signed = (
        f"{request.headers['webhook-id']}.{request.headers['webhook-timestamp']}.".encode() + request.body
    )
    expected = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    return request.headers["webhook-signature"] == f"v1,{expected}"


def test_a_batch_is_one_signed_request(sink: WebhookSink, receiver: Receiver) -> None:
    told = [event() for _ in range(3)]
    deliveries = sink.deliver(told)
    assert [delivery.outcome for delivery in deliveries] == ["delivered"] * 3
    (request,) = receiver.requests
    assert request.path == "/hook?tenant=1"
    assert request.json["type"] == "exchange.recorded"
    assert request.json["data"] == [orjson.loads(each.as_json()) for each in told]
    assert is_signed(request, base64.b64decode(SECRET.removeprefix("whsec_")))


def test_the_same_batch_has_the_same_key(sink: WebhookSink, receiver: Receiver) -> None:
    one, other = event(), event()
    for batch in ([one], [one], [other]):
        sink.deliver(batch)
    first, again, different = (request.headers["idempotency-key"] for request in receiver.requests)
    assert first == again != different
    assert first == receiver.requests[0].headers["webhook-id"]


def test_without_a_secret_nothing_is_signed(receiver: Receiver) -> None:
    with closing(sink_to(receiver, "")) as sink:
        sink.deliver([event()])
    assert "webhook-signature" not in receiver.requests[0].headers


def test_long_events_are_several_requests(sink: WebhookSink, receiver: Receiver) -> None:
    told = [event(request=message("x" * (2 << 20))) for _ in range(3)]
    sink.deliver(told)
    assert [request.json["data"][0]["id"] for request in receiver.requests] == [each.id for each in told]
    assert len({request.headers["webhook-id"] for request in receiver.requests}) == 3


def test_a_refusal_is_passed_on(sink: WebhookSink, receiver: Receiver) -> None:
    receiver.answers = [Answer(422, b"no such tenant")]
    with pytest.raises(Refused, match="no such tenant"):
        sink.deliver([event()])


def test_an_address_is_needed() -> None:
    with pytest.raises(SinkError, match="URL"):
        WebhookSink(Target())
