from __future__ import annotations

from typing import Any

import orjson
import pytest

from logs_app.assembly import assemble
from logs_app.journal.segments import PART, SENT
from logs_app.models import LogRecord
from logs_app.presentation import presentation, sides
from logs_app.recorder.store import Store
from tests.logs_app.folds import DONE, sse
from tests.logs_app.journals import ANSWER, REQUEST, SSE_HEADERS, new_id
from tests.logs_app.records import add_record
from tests.logs_app.test_assembly_transcript import answered, closed, opened

pytestmark = pytest.mark.django_db
STREAM = {"headers": SSE_HEADERS}
WORD = {
    "object": "chat.completion.chunk",
    "model": "m-2",
    "choices": [{"index": 0, "delta": {"content": "Hi"}}],
}
USAGE = {
    "object": "chat.completion.chunk",
    "choices": [],
    "usage": {"prompt_tokens": 1, "completion_tokens": 1},
}
INJECTED = [{"kind": "inject_stream_usage"}, {"kind": "hide_usage_event"}]


def sent(record: LogRecord) -> Any:
    return sides.sent(record, record.payload)


def delivered(record: LogRecord) -> str | None:
    return sides.delivered(record, record.payload)


def stream(*events: object, edits: list[dict[str, Any]] = (), raw: bytes = b"") -> LogRecord:
    return add_record(raw or sse(*events), answered_with=STREAM, closed_with={"edits": list(edits)})


def test_of_an_untouched_call_there_are_only_two_sides():
    record = add_record()
    assert (sent(record), delivered(record)) == (None, None)


def test_a_default_model_was_sent():
    edits = [{"kind": "default_model", "model": "m-9"}]
    request = orjson.dumps({"messages": []})
    record = add_record(request=request, answered_with={"model_sent": "m-9"}, closed_with={"edits": edits})
    assert sent(record) == {"messages": [], "model": "m-9"}


def test_a_mapped_model_was_sent():
    record = add_record(answered_with={"model_sent": "m-9"})
    assert sent(record) == orjson.loads(REQUEST) | {"model": "m-9"}


def test_the_wish_for_usage_was_sent():
    request = orjson.dumps({"model": "m-1", "stream": True, "stream_options": {"x": 1}})
    record = add_record(request=request, closed_with={"edits": INJECTED})
    assert sent(record)["stream_options"] == {"x": 1, "include_usage": True}


def test_what_edits_cannot_tell_was_written_down():
    pieces = [opened(REQUEST), (SENT, 5, b'{"other": true}'), answered(), (PART, 9, ANSWER), closed()]
    rows = assemble(new_id(), "node-a", pieces, 1 << 20)
    store = Store()
    store.register("node-a")
    store.write([rows], [], [], lambda rows, error: iter(()))
    record = LogRecord.objects.get()
    assert sent(record) == {"other": True}


def test_what_is_no_json_was_sent_as_it_is():
    record = add_record(request=b"--boundary", answered_with={"model_sent": "m-9"})
    assert sent(record) is None


def test_the_hidden_usage_did_not_reach_the_client():
    record = stream(WORD, USAGE, DONE, edits=INJECTED)
    assert delivered(record) == sse(WORD, DONE).decode()
    assert presentation.response_raw(record.payload) == sse(WORD, USAGE, DONE).decode()


@pytest.mark.parametrize("ending", ["\r\n", "\r"])
def test_other_line_endings_are_understood(ending: str):
    raw = sse(WORD, USAGE, DONE).decode().replace("\n", ending)
    record = stream(edits=INJECTED, raw=raw.encode())
    assert delivered(record) == sse(WORD, DONE).decode().replace("\n", ending)


def test_the_error_event_that_ended_a_cut_stream_reached_the_client():
    event = 'data: {"error":{"message":"It broke off."}}\n\n'
    edits = [{"kind": "append_error_event", "code": "upstream_truncated", "event": event}]
    record = stream(edits=edits, raw=sse(WORD) + b'data: {"half')
    assert delivered(record) == sse(WORD).decode() + event


def test_the_client_got_the_name_that_it_had_asked_for():
    edits = [{"kind": "model", "from": "m-2", "to": "mine"}]
    shown = delivered(stream(WORD, DONE, edits=edits))
    assert shown == sse(WORD, DONE).decode().replace('"m-2"', '"mine"')
    whole = add_record(ANSWER, closed_with={"edits": [{"kind": "model", "from": "m-1-2026", "to": "mine"}]})
    assert orjson.loads(delivered(whole) or "") == orjson.loads(ANSWER) | {"model": "mine"}


def test_an_answer_of_which_only_the_ends_are_kept_is_not_rebuilt():
    record = add_record(
        sse(*[WORD] * 3000), answered_with=STREAM, closed_with={"edits": INJECTED}, limit=1000
    )
    assert record.payload.response_cut
    assert delivered(record) is None


def test_edits_of_another_version_change_nothing():
    record = stream(WORD, DONE, edits=[{"kind": "something_new"}, {"kind": "model"}])
    assert delivered(record) is None
