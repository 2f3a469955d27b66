"""What a script does to an answer: an error in its place, or trouble on the way out."""

from __future__ import annotations

import enum
from collections.abc import Iterator
from typing import NamedTuple

import orjson

from proxy.simulator import errors
from proxy.simulator.calls import Call
from proxy.simulator.replies import CHUNK, DONE, HEAD, TAIL, Answer, Event
from proxy.simulator.script import Script

GARBAGE = b'{"id":"chatcmpl-broken","choices":[{"index":0,"delta":{"content":"half a tru'
BODY_PART_BYTES = 64 * 1024
ERROR_MESSAGE = "The server had an error while processing your request. Sorry about that!"


class Act(enum.Enum):
    CUT = "close the connection"
    RESET = "reset the connection"
    HANG = "never go on"
    END = "end as if nothing were missing"


class Pause(NamedTuple):
    seconds: float


Trouble = Act | Pause


def fail(call: Call) -> Answer | None:
    """The error the script asks for in place of the answer, if any."""
    script = call.script
    if script.status is not None and script.html:
        return errors.html(script.status)
    if script.status is not None and script.status >= 400:
        refusal = errors.typical(script.status, script.code, script.message)
        return errors.answer(refusal, call.is_messages)
    if script.unknown_usage_option and b'"stream_options"' in call.content:
        return _unknown_option(script.unknown_usage_option)
    return None


def _unknown_option(status: int) -> Answer:
    if status == 422:
        problem: dict[str, object] = {
            "type": "extra_forbidden",
            "loc": ["body", "stream_options"],
            "msg": "Extra inputs are not permitted",
        }
        return Answer(orjson.dumps({"object": "error", "message": {"detail": [problem]}}), 422)
    message = "Unrecognized request argument supplied: stream_options"
    return errors.answer(errors.Refusal(400, message, param="stream_options"), is_messages=False)


def schedule(script: Script, middle: int) -> list[tuple[int, Trouble]]:
    """Troubles by the position before which they come: chunks of a stream, bytes of a body."""
    planned: list[tuple[int, Trouble]] = []
    if script.stall:
        planned.append((script.stall.at, Pause(script.stall.seconds)))
    if script.hang and script.hang.isdigit():
        planned.append((int(script.hang), Act.HANG))
    if script.reset == "middle":
        planned.append((middle, Act.RESET))
    elif script.reset and script.reset.isdigit():
        planned.append((int(script.reset), Act.RESET))
    if script.cut is not None:
        planned.append((script.cut, Act.CUT))
    if script.eof is not None:
        planned.append((script.eof, Act.END))
    return sorted(planned, key=lambda plan: plan[0])


def bend_stream(answer: Answer, script: Script) -> Iterator[Event | Trouble]:
    """The events of the answer, with the script's troubles before the chunks they belong to."""
    assert answer.events is not None
    planned = schedule(script, answer.chunk_count // 2)
    position, looked_at = 0, -1
    for event in answer.events:
        if event.stage != HEAD and position != looked_at:
            looked_at = position
            yield from _troubles(planned, position)
            yield from _strange_events(script, position, answer.dialect, event.stage)
            if script.error_event == position:
                return
        if event.stage == DONE and script.no_done:
            return
        yield event
        position += event.stage == CHUNK


def _troubles(planned: list[tuple[int, Trouble]], position: int) -> Iterator[Trouble]:
    while planned and planned[0][0] <= position:
        yield planned.pop(0)[1]


def _strange_events(script: Script, position: int, dialect: str, stage: int) -> Iterator[Event]:
    if script.malformed == position and stage != DONE:
        yield Event(GARBAGE, TAIL)
    if script.error_event == position:
        yield error_event(script, dialect)


def error_event(script: Script, dialect: str) -> Event:
    code, message = script.code or "server_error", script.message or ERROR_MESSAGE
    if dialect == "messages":
        error = {"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}
        return Event(orjson.dumps(error), TAIL, b"error")
    if dialect == "responses":
        flat = {"type": "error", "code": code, "message": message, "param": None, "sequence_number": 9999}
        return Event(orjson.dumps(flat), TAIL, b"error")
    failure = {"message": message, "type": "server_error", "param": None, "code": code}
    return Event(orjson.dumps({"error": failure}), TAIL)


def bend_body(answer: Answer, script: Script) -> tuple[Iterator[bytes | Trouble], int]:
    """The parts of a whole body with the script's troubles between its bytes, and the length it announces."""
    if script.malformed is not None:
        answer.body = answer.body[: script.malformed] + b"\x00{not json"
    if script.error_event is not None:
        answer.body = error_event(script, "chat").data
    length = max(script.size or 0, len(answer.body))
    return _with_troubles(_parts(answer, length), schedule(script, length // 2)), length


def _with_troubles(parts: Iterator[bytes], planned: list[tuple[int, Trouble]]) -> Iterator[bytes | Trouble]:
    position = 0
    for part in parts:
        while planned and planned[0][0] < position + len(part):
            at, trouble = planned.pop(0)
            edge = max(0, at - position)
            if edge:
                yield part[:edge]
            yield trouble
            part, position = part[edge:], position + edge
        yield part
        position += len(part)
    yield from (trouble for _, trouble in planned)


def _parts(answer: Answer, length: int) -> Iterator[bytes]:
    """The body in parts of 64 KB; a larger size than its own is filled up as it goes, never held."""
    body, missing = answer.body, length - len(answer.body)
    is_object = missing > 16 and body.endswith(b"}")
    opening, closing = b',"padding":"', b'"}'
    if is_object:
        body, missing = body[:-1] + opening, missing - len(opening) - len(closing) + 1
    for start in range(0, len(body), BODY_PART_BYTES):
        yield body[start : start + BODY_PART_BYTES]
    while missing > 0:
        yield FILLING[: min(missing, BODY_PART_BYTES)]
        missing -= BODY_PART_BYTES
    if is_object:
        yield closing


FILLING = (b"0123456789abcdef" * (BODY_PART_BYTES // 16 + 1))[:BODY_PART_BYTES]
