"""What happened to a call, one sentence a step."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from logs_app.models import Attempt, LogRecord, Outcome

OK, WARN, ERROR, INFO = "ok", "warn", "error", "info"
_ENDS: dict[str, str] = {Outcome.COMPLETED: OK, Outcome.CLIENT_DISCONNECTED: WARN}


@dataclass(frozen=True, slots=True)
class Step:
    at_ms: float | None  # None: between the one before and the one after
    state: str
    words: str
    detail: str = ""


def tell(
    record: LogRecord,
    children: list[LogRecord],
    first_part_ms: float | None,
    silences: list[tuple[float, float]],
) -> list[Step]:
    asked = [_arrived(record), *_edited(record), *_helped(record, children)]
    if record.outcome == Outcome.REJECTED:
        return [*asked, Step(None, ERROR, _("Refused by the relay; no provider was asked."), _why(record))]
    if record.is_cached:
        asked.append(Step(None, OK, _("The cache had the answer; no provider was asked.")))
    answered = [*_answered(record, first_part_ms), *(_silent(start, end) for start, end in silences)]
    answered.sort(key=lambda step: step.at_ms or 0.0)
    return [*asked, *_tried(record), *answered, _ended(record)]


def _arrived(record: LogRecord) -> Step:
    who = record.key_name or _("an unknown key")
    whose = _(" of the project %s") % record.project if record.project else ""
    where = _(" from %s") % record.client_ip if record.client_ip else ""
    what = _("a stream") if record.is_streaming else _("an answer in one piece")
    model = _(" of %s") % record.model if record.model else ""
    return Step(
        0.0,
        INFO,
        f"{record.method} {record.path}",
        _("Key %(who)s%(whose)s, %(what)s%(model)s%(where)s.")
        % {"who": who, "whose": whose, "what": what, "model": model, "where": where},
    )


def _why(record: LogRecord) -> str:
    return ": ".join(filter(None, (record.error_code, record.error_message)))


_EDITS: dict[str, Callable[[dict[str, Any]], str]] = {
    "route": lambda edit: _("Its path belongs to the route %s.") % edit.get("name"),
    "default_model": lambda edit: _("It named no model, so it got the default one, %s.") % edit.get("model"),
    "model_prefix": lambda edit: _("%(from)s was understood as %(to)s.") % _both(edit),
    "model_mapping": lambda edit: _("The provider's mapping calls %(from)s %(to)s.") % _both(edit),
    "inject_stream_usage": lambda edit: _(
        "The stream was asked for its usage, which the client did not ask for."
    ),
    "hide_usage_event": lambda edit: _("The event with the usage was kept from the client."),
    "append_error_event": lambda edit: (
        _("An event with the error %s was added at the end.") % edit.get("code")
    ),
    "model": lambda edit: _("The client sees %(to)s where the provider wrote %(from)s.") % _both(edit),
    "hide_models": lambda edit: _("Models that the key may not use were left out of the list."),
    "processor": lambda edit: _processor(edit),
}
# What is done to an answer is told after it.
_AFTER = frozenset({"hide_usage_event", "append_error_event", "model", "hide_models"})


def _both(edit: dict[str, Any]) -> dict[str, Any]:
    return {"from": edit.get("from"), "to": edit.get("to")}


def _processor(edit: dict[str, Any]) -> str:
    name, kind = edit.get("name"), edit.get("type")
    if edit.get("failed"):
        return _("The step %(name)s (%(type)s) failed: %(why)s.") % _step(name, kind, edit["failed"])
    if edit.get("skipped"):
        return _("The step %(name)s (%(type)s) was left out: %(why)s.") % _step(name, kind, edit["skipped"])
    changed = ", ".join(map(str, edit.get("changed") or ()))
    return _("The step %(name)s (%(type)s) changed: %(why)s.") % _step(name, kind, changed)


def _step(name: Any, kind: Any, why: Any) -> dict[str, Any]:
    return {"name": name, "type": kind, "why": why}


def described(edit: Any) -> str:
    """One edit in words; empty for what has none."""
    if not isinstance(edit, dict):
        return ""
    describe = _EDITS.get(str(edit.get("kind")))
    return describe(edit) if describe else ""


def _edited(record: LogRecord) -> Iterator[Step]:
    for edit in record.edits:
        words = described(edit)
        if words and edit.get("kind") not in _AFTER:
            yield Step(None, INFO, words)


def _helped(record: LogRecord, children: list[LogRecord]) -> Iterator[Step]:
    for child in children:
        at_ms = (child.created_at - record.created_at).total_seconds() * 1000
        is_well = child.outcome == Outcome.COMPLETED
        words = _("A step of the route asked %s.") % (child.model or child.path)
        yield Step(max(at_ms, 0.0), OK if is_well else ERROR, words, str(child))


def _tried(record: LogRecord) -> Iterator[Step]:
    before: Attempt | None = None
    for attempt in record.attempts:
        yield Step(attempt.started_ms, INFO, _choice(attempt, before), _sent(attempt))
        end = attempt.started_ms + (attempt.latency_ms or 0.0)
        yield Step(end, *_result(attempt))
        before = attempt


def _choice(attempt: Attempt, before: Attempt | None) -> str:
    words = {"provider": attempt.provider}
    if before is None:
        return (
            _("%(provider)s is asked: the first choice for this model, by priority, health and turn.") % words
        )
    if before.provider == attempt.provider:
        return _("%(provider)s is asked again, because the try before may be repeated.") % words
    return _("%(provider)s takes over, because the one before did not do it.") % words


def _sent(attempt: Attempt) -> str:
    model = _("Model %s") % attempt.model if attempt.model else ""
    key = _("key …%s") % attempt.key if attempt.key else ""
    return ", ".join(filter(None, (model, key)))


def _result(attempt: Attempt) -> tuple[str, str, str]:
    if attempt.error:
        return ERROR, _("No answer: %s.") % attempt.error, attempt.message
    if attempt.status_code is None:
        return WARN, _("It has not answered."), ""
    state = OK if attempt.status_code < 400 else ERROR
    return state, _("It answers %s.") % attempt.status_code, attempt.message


def _answered(record: LogRecord, first_part_ms: float | None) -> Iterator[Step]:
    if record.ttft_ms is not None:
        yield Step(record.ttft_ms, OK, _("The first token."))
    elif first_part_ms is not None:
        yield Step(first_part_ms, OK, _("The first bytes of the answer."))


def _silent(start: float, end: float) -> Step:
    return Step(start, WARN, _("Nothing came for %.1f s.") % ((end - start) / 1000))


def _ended(record: LogRecord) -> Step:
    state = _ENDS.get(record.outcome, ERROR)
    after = " ".join(
        words for edit in record.edits if (words := described(edit)) and edit.get("kind") in _AFTER
    )
    return Step(record.latency_ms, state, str(record.get_outcome_display()), after or _why(record))
