"""Redaction against recorded exchanges: what it leaves alone, and streams written anew."""

from __future__ import annotations

from typing import Any

from logs_app.folding import facts
from logs_app.redaction import Redactor, Ruleset, streams
from tests.logs_app.folds import fold
from tests.logs_app.test_recordings import RECORDINGS, STREAMS, each

# A hot line that an answer names.
TRUE_FINDS = {"jo@samaritans.org"}


@each(STREAMS)
def test_a_stream_written_anew_folds_to_the_same_object(recording: Any) -> None:
    first = recording.fold()
    if type(first.body) is dict:
        kind = facts.kind(first.body, recording.path)
        raw = streams.rebuilt(Redactor(Ruleset()), kind, first.body, recording.body)
        second = fold(recording.path, raw, status=recording.status)
        assert second.body == first.body
        assert second.done == first.done


def test_recorded_answers_are_hardly_touched() -> None:
    found: list[str] = []

    class Witness(Redactor):
        def label(self, kind: str, value: str) -> str:
            found.append(value)
            return super().label(kind, value)

    for recording in RECORDINGS:
        Witness(Ruleset()).body(recording.fold().body)
    assert set(found) <= TRUE_FINDS
