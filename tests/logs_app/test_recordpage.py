"""What the page of one record says, before it has a look."""

from __future__ import annotations

import base64
import json
import re
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest

from logs_app import conversation
from logs_app.conversation.turns import Media
from logs_app.models import Attempt, LogPayload, LogRecord, ModelPrice, Outcome
from logs_app.pricing import Book, Rates, reading
from logs_app.recordpage import (
    absences,
    charges,
    events,
    excerpts,
    explanation,
    flying,
    neighbours,
    ownreasons,
    pictures,
    saying,
    timeline,
)
from logs_app.recordpage import reading as conversations
from tests.logs_app.folds import DONE, chunk, sse
from tests.logs_app.journals import SSE_HEADERS, new_id
from tests.logs_app.records import add_record

pytestmark = pytest.mark.django_db
ERRORS = Path(__file__).parent.parent.parent / "docs" / "errors.md"


def stream(*texts: str) -> LogRecord:
    answer = sse(*(chunk({"content": text}) for text in texts), DONE)
    return add_record(answer, opened_with={"is_streaming": True}, answered_with={"headers": SSE_HEADERS})


def attempts(record: LogRecord, *given: dict[str, Any]) -> LogRecord:
    record.__dict__["attempts"] = [
        Attempt(
            record_id=record.pk, number=number, **{"started_ms": 0.0, "latency_ms": 10.0, "error": "", **each}
        )
        for number, each in enumerate(given, 1)
    ]
    return record


# Reading


def test_a_record_is_read_as_the_conversation_it_was():
    turns = conversations.read(add_record()).turns
    assert [(turn.role, turn.parts[0].text) for turn in turns] == [("user", "Hello?"), ("assistant", "Hi.")]


def test_an_upload_is_read_with_its_file():
    form = (
        b'--b\r\nContent-Disposition: form-data; name="model"\r\n\r\nwhisper-1\r\n'
        b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.mp3"\r\n'
        b"Content-Type: audio/mpeg\r\n\r\n"
        b"ID3\x00\r\n--b--\r\n"
    )
    path = "/v1/audio/transcriptions"
    headers = [["content-type", "multipart/form-data; boundary=b"]]
    record = add_record(
        b'{"text": "Hi"}', request=form, opened_with={"path": path, "endpoint": path, "headers": headers}
    )
    read = conversations.read(record)
    sound = read.asked[0].parts[0]
    assert (sound.form, sound.name, sound.content) == ("audio", "a.mp3", b"ID3\x00")
    assert read.answered[0].parts[0].text == "Hi"


# Excerpts


def read(*texts: str) -> conversation.Conversation:
    messages = [{"role": "user", "content": text} for text in texts]
    return conversation.read("/v1/chat/completions", {"messages": messages}, None)


def test_a_short_conversation_is_shown_whole():
    asked, _ = excerpts.of(read("one", "two"))
    assert [(shown.parts[0].text, shown.parts[0].rest) for shown in asked] == [("one", 0), ("two", 0)]


def test_a_long_text_is_cut_and_says_how_much_is_missing():
    asked, _ = excerpts.of(read("x" * 50_000))
    (part,) = asked[0].parts
    assert (len(part.text), part.rest) == (excerpts.PART_CHARACTERS, 50_000 - excerpts.PART_CHARACTERS)


def test_what_is_newest_is_shown_most():
    asked, _ = excerpts.of(read(*["x" * 7_000] * 12))
    lengths = [len(shown.parts[0].text) for shown in asked]
    assert lengths[-1] == 7_000 and lengths[0] == excerpts.SHORTEST
    assert sum(lengths) < excerpts.PAGE_WEIGHT + 12 * excerpts.SHORTEST


def test_what_is_full_of_markup_is_shown_less():
    plain, marked = (excerpts.of(read(*[text * 1500] * 12))[0] for text in ("word ", "**w** "))
    lengths = [sum(len(shown.parts[0].text) for shown in asked) for asked in (plain, marked)]
    assert lengths[1] < lengths[0] / 2


def test_of_a_long_session_the_middle_is_left_out_until_it_is_asked_for():
    texts = [str(number) for number in range(100)]
    asked, _ = excerpts.of(read(*texts))
    assert len(asked) == excerpts.FIRST_TURNS + excerpts.LAST_TURNS
    assert [shown.skipped for shown in asked if shown.skipped] == [60]
    assert len(excerpts.of(read(*texts), all_turns=True)[0]) == 100


# Files


@pytest.mark.parametrize(
    ("content", "content_type"),
    [
        (b"\x89PNG\r\n\x1a\n....", "image/png"),
        (b"\xff\xd8\xff\xe0", "image/jpeg"),
        (b"GIF89a", "image/gif"),
        (b"RIFF....WEBPVP8 ", "image/webp"),
        (b"RIFF....WAVEfmt ", "audio/wav"),
        (b"ID3\x04", "audio/mpeg"),
        (b"\xff\xfb\x90\x00", "audio/mpeg"),
        (b"OggS", "audio/ogg"),
        (b"fLaC", "audio/flac"),
        (b"....ftypM4A ", "audio/mp4"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", pictures.SAVED),
        (b"<html><script>alert(1)</script>", pictures.SAVED),
        (b"%PDF-1.7", pictures.SAVED),
        (b"", pictures.SAVED),
    ],
)  # fmt: skip
def test_a_file_is_what_it_begins_with(content, content_type):
    assert pictures.sniffed(content) == content_type


def test_what_a_file_calls_itself_does_not_matter():
    media = Media("image", data=base64.b64encode(b"<svg onload=alert(1)>").decode(), content_type="image/png")
    file = pictures.of(media)
    assert file is not None and not file.is_shown
    assert pictures.kind_of(media) == "file"


def test_sound_without_a_head_gets_one():
    file = pictures.of(
        Media("audio", data=base64.b64encode(b"\x01\x02" * 9).decode(), content_type="audio/pcm16")
    )
    assert file is not None
    assert file.content_type == "audio/wav" and file.content.startswith(b"RIFF")
    assert file.content.endswith(b"\x01\x02" * 9)


def test_base64_is_read_as_browsers_read_it():
    assert pictures.decoded("_-8\n") == pictures.decoded("/+8=") == b"\xff\xef"
    assert pictures.decoded("!") == b""
    assert pictures.of(Media("image", place="https://a.example/")) is None


# Streams


def test_events_have_the_time_at_which_they_came():
    record = stream("a", "b")
    page = events.page(record.payload)
    assert (page.total, page.found, page.has_times) == (3, 3, True)
    assert [event.at_ms for event in page.events] == [2.0, 2.0, 2.0]
    assert json.loads(page.events[1].data)["choices"][0]["delta"]["content"] == "b"


def test_events_are_filtered_by_their_words():
    page = events.page(stream("apple", "pear").payload, "PEAR")
    assert (page.total, page.found, page.events[0].number) == (3, 1, 2)


def test_a_long_stream_is_paged():
    payload = stream(*["x"] * 450).payload
    first, last = events.page(payload), events.page(payload, start=400)
    assert (len(first.events), first.previous, first.next) == (100, None, 100)
    assert (len(last.events), last.previous, last.next, last.last) == (51, 300, None, 451)


def test_times_that_do_not_fit_the_bytes_are_not_told():
    payload = stream("a").payload
    payload.timings = None
    page = events.page(payload)
    assert (page.total, page.has_times) == (2, False)


def test_silences_are_those_longer_than_a_second():
    assert events.gaps([(0, 1), (900_000, 1), (2_500_000, 1)]) == [(900.0, 2500.0)]


# Costs


def book(**rates: int) -> Book:
    class Only(Book):
        def find(self, *given: Any) -> Rates:
            return Rates(**rates)

    return Only()


def test_a_cost_is_told_line_by_line_with_what_the_cache_saved():
    record = add_record()
    rates = Rates(input=2_500_000_000, cached_input=1_250_000_000, output=10_000_000_000)
    record.prompt_tokens, record.cached_tokens, record.completion_tokens = 1000, 400, 100
    record.cost_nanos, record.price_version = 3_000_000, rates.version
    told = charges.of(
        record, lambda: book(input=rates.input, cached_input=rates.cached_input, output=rates.output)
    )
    assert told.how == "known"
    assert [(line.name, line.quantity, line.rate, line.amount) for line in told.lines] == [
        ("input", 600, "$2.5", "$0.0015"),
        ("cached_input", 400, "$1.25", "$0.0005"),
        ("output", 100, "$10", "$0.001"),
    ]
    assert (told.total, told.saved) == ("0.003", "$0.0005")


@pytest.mark.parametrize(
    ("changes", "how"),
    [
        ({"price_version": "own"}, "own"),
        ({"price_version": "billed"}, "billed"),
        ({"price_version": "other"}, "changed"),
        ({"is_cached": True}, "free"),
    ],
)
def test_it_is_said_where_a_cost_comes_from(changes, how):
    record = add_record()
    for name, value in changes.items():
        setattr(record, name, value)
    assert charges.of(record, lambda: book(input=1)).how == how


def test_a_model_without_a_price_says_so():
    ModelPrice.objects.all().delete()
    assert charges.of(add_record(), lambda: reading.read("default")).how == "unknown"


# Explanations


def failed(code: str = "", status: int | None = 500, **changes: Any) -> LogRecord:
    record = LogRecord(outcome=Outcome.FAILED, status_code=status, error_code=code, latency_ms=1500.0)
    record.provider, record.model = "p-1", "m-1"
    for name, value in changes.items():
        setattr(record, name, value)
    return attempts(record)


def codes() -> list[str]:
    return re.findall(r"^\| `([a-z_]+)` \|", ERRORS.read_text(), re.MULTILINE)


@pytest.mark.parametrize("code", codes())
def test_every_documented_error_is_explained(code):
    told = explanation.of(failed(code))
    assert told is not None and told.fault and told.advice
    assert "%(" not in told.happened + told.advice
    assert code in ownreasons.BY_CODE


def test_only_documented_errors_are_explained():
    assert set(ownreasons.BY_CODE) == set(codes())


def test_words_that_a_provider_uses_too_are_explained_by_who_said_them():
    ours = explanation.of(failed("rate_limit_exceeded", 429))
    theirs = explanation.of(
        attempts(failed("rate_limit_exceeded", 429), {"provider": "p-1", "status_code": 429})
    )
    assert ours is not None and theirs is not None
    assert (ours.fault, theirs.fault) == ("caller", "provider")
    assert "p-1" in theirs.happened


@pytest.mark.parametrize(
    "status", [400, 401, 402, 403, 404, 408, 409, 413, 418, 422, 429, 500, 503, 529, None, 200]
)
def test_every_status_of_a_provider_is_explained(status):
    told = explanation.of(attempts(failed("", status), {"provider": "p-1", "status_code": status}))
    assert told is not None and told.fault and "%(" not in told.happened + told.advice


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"outcome": Outcome.CLIENT_DISCONNECTED}, "caller"),
        ({"outcome": Outcome.CLIENT_DISCONNECTED, "ttft_ms": 3.0}, "caller"),
        ({"outcome": Outcome.UPSTREAM_TRUNCATED}, "provider"),
        ({"outcome": Outcome.INTERRUPTED}, "relay"),
    ],
)
def test_calls_that_broke_off_are_explained(changes, fault):
    told = explanation.of(failed(status=200, **changes))
    assert told is not None and told.fault == fault


def test_an_answer_that_was_cut_is_no_failure_but_is_told():
    told = explanation.of(failed(status=200, outcome=Outcome.COMPLETED, finish_reason="length"))
    assert told is not None and not told.is_failure
    assert explanation.of(failed(status=200, outcome=Outcome.COMPLETED, finish_reason="stop")) is None


# Timelines


def test_a_timeline_tells_who_was_asked_in_turn():
    late = {"error": "upstream_timeout", "message": "late"}
    record = add_record(closed_with={
        "latency_us": 900_000,
        "attempts": [
            {"provider": "p-1", "status": 429, "error": None, "started_us": 1000, "latency_us": 200_000},
            late | {"provider": "p-1", "status": None, "started_us": 210_000, "latency_us": 90_000},
            {"provider": "p-2", "status": 200, "error": None, "started_us": 301_000, "latency_us": 500_000},
        ],
    })  # fmt: skip
    told = timeline.of(record, [])
    kinds = [(span.kind, span.start_ms) for span in told.spans]
    assert kinds[:4] == [("relay", 0.0), ("failed", 1.0), ("failed", 210.0), ("provider", 301.0)]
    words = " ".join(f"{step.words} {step.detail}" for step in told.story)
    for wanted in (
        "p-1 is asked: the first choice",
        "p-1 is asked again",
        "p-2 takes over",
        "upstream_timeout. late",
    ):
        assert wanted in words
    assert all(bar.x >= 0 and bar.x + bar.width <= timeline.WIDTH + 0.01 for bar in told.bars)


def test_a_refused_call_asked_nobody():
    record = add_record(
        b"", closed_with={"outcome": "rejected", "attempts": []}, answered_with={"provider": None}
    )
    assert "no provider was asked" in timeline.of(record, []).story[-1].words


def test_edits_and_steps_are_told_in_words():
    edits = [
        {"kind": "route", "name": "r-1"},
        {"kind": "model_mapping", "from": "a", "to": "b"},
        {"kind": "processor", "name": "s-1", "type": "python", "changed": ["messages"]},
        {"kind": "processor", "name": "s-2", "type": "python", "failed": "it raised KeyError"},
        {"kind": "processor", "name": "s-3", "type": "python", "skipped": "no JSON"},
        {"kind": "model", "from": "b", "to": "a"},
        {"kind": "unheard of"},
    ]
    record = add_record(closed_with={"edits": edits})
    child = add_record(opened_with={"parent": str(record.pk), "lineage": "processor", "model": "helper"})
    child.created_at = record.created_at + timedelta(milliseconds=3)
    told = timeline.of(record, [child])
    words = " ".join(f"{step.words} {step.detail}" for step in told.story)
    for wanted in ("the route r-1", "calls a b", "changed: messages", "failed: it raised KeyError",
                   "left out: no JSON", "asked helper", "sees a where"):  # fmt: skip
        assert wanted in words
    assert [span.start_ms for span in told.spans if "helper" in span.name] == [3.0]


# Absences


def test_what_is_not_there_is_said(subtests):
    def words(**changes: Any) -> str:
        record = LogRecord(log_level="full", outcome=Outcome.COMPLETED, request_bytes=5, response_bytes=5)
        record.__dict__["payload"] = LogPayload(**changes.pop("payload", {}))
        for name, value in changes.items():
            setattr(record, name, value)
        return " ".join(absences.of(record))

    kept = {"request_body": b"x", "response_body": b"x"}
    cases = [
        ({"payload": kept}, ""),
        ({"log_level": "metadata"}, "Only metadata"),
        ({"log_level": "off"}, "Only counts"),
        ({}, "not kept any more"),
        ({"outcome": Outcome.REJECTED}, "refused this call"),
        ({"payload": {"request_body": b"x"}, "response_bytes": 0}, "No answer came"),
        ({"payload": kept | {"request_cut": {"size": 2_000_000, "sha256": "", "head": 1}}}, "2,000,000"),
    ]
    for changes, wanted in cases:
        with subtests.test(wanted):
            told = words(**changes)
            assert wanted in told if wanted else not told


# Neighbours


def test_a_record_knows_those_beside_it():
    headers = [["x-relay-session", "s-1"]]
    first, second, third = (add_record(opened_with={"headers": headers}) for _ in range(3))
    child = add_record(opened_with={"parent": str(second.pk), "lineage": "processor", "headers": headers})
    beside = neighbours.of(second, LogRecord.objects.all())
    assert (beside.previous, beside.next, beside.parent) == (first, third, None)
    assert beside.children == beside.helpers == [child]
    assert neighbours.of(child, LogRecord.objects.all()).parent == second
    assert neighbours.of(first, LogRecord.objects.none()) == neighbours.Neighbours()


# Events in a glimpse, and calls without a record


@pytest.mark.parametrize(
    ("event", "says"),
    [
        ({"choices": [{"delta": {"content": "Hi"}}]}, "Hi"),
        ({"choices": [{"delta": {"reasoning_content": "Hm"}}]}, "Hm"),
        ({"choices": [{"delta": {"tool_calls": [{"function": {"name": "f", "arguments": "{"}}]}}]}, "f{"),
        ({"choices": [{"text": "Once"}]}, "Once"),
        ({"type": "response.output_text.delta", "delta": "Hi"}, "Hi"),
        ({"type": "content_block_delta", "delta": {"type": "text_delta", "text": "Hi"}}, "Hi"),
        ({"type": "content_block_delta", "delta": {"partial_json": "{}"}}, "{}"),
        ({"error": {"message": "No."}}, "No."),
        ({"choices": [], "usage": {}}, ""),
        ([1], ""),
    ],
    ids=range(10),
)
def test_an_event_says_what_it_adds(event, says):
    assert saying.of(json.dumps(event)) == says


def test_an_event_that_is_no_json_says_nothing():
    assert saying.of("[DONE]") == ""


def test_only_the_id_of_a_call_names_one():
    young = UUID(bytes=new_id())
    assert flying.named(str(young)) == young
    assert flying.named("nonsense") is flying.named(str(uuid4())) is None
    assert flying.is_young(young)
    assert not flying.is_young(UUID("01912345-2ce9-748c-9a29-06a95a78af35"))


def test_nothing_goes_on_while_no_recorder_tells():
    assert flying.find(UUID(bytes=new_id())) is None
