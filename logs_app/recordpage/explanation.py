"""Why a call did not end well: what happened, whose fault it is, and what to do, in words."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from logs_app.models import LogRecord, Outcome
from logs_app.recordpage import ownreasons, reasons
from logs_app.recordpage.reasons import CALLER, PROVIDER, RELAY, Reason


@dataclass(frozen=True, slots=True)
class Explanation:
    """`fault`: caller, relay, provider, network, or empty where it is nobody's."""

    happened: str
    fault: str
    advice: str
    quoted: str = ""  # the words of whoever refused
    is_failure: bool = True


def of(record: LogRecord) -> Explanation | None:
    """None for a call that ended well."""
    tell = _OF_OUTCOMES.get(record.outcome)
    if tell is not None:
        return tell(record)
    if record.outcome == Outcome.COMPLETED and (record.status_code or 0) < 400:
        return _of_ending(record)
    return _said(_reason(record), record)


def _reason(record: LogRecord) -> Reason:
    """A provider may use the words that the relay uses: who was asked last tells whose they are."""
    own = ownreasons.BY_CODE.get(record.error_code)
    if own is not None and not is_from_provider(record):
        return own
    return reasons.of_status(record.status_code, record.error_code)


def is_from_provider(record: LogRecord) -> bool:
    last = record.attempts[-1] if record.attempts else None
    return last is not None and not last.error and last.status_code == record.status_code


def _said(reason: Reason, record: LogRecord) -> Explanation:
    words: Any = {"provider": record.provider or _("the provider"), "model": record.model or _("the model")}
    happened, advice = str(reason.happened) % words, str(reason.advice) % words
    return Explanation(happened, reason.fault, advice, record.error_message)


def _left(record: LogRecord) -> Explanation:
    words = {"seconds": f"{record.latency_ms / 1000:.1f}"}
    if record.ttft_ms is None:
        happened = _("The client closed the connection after %(seconds)s s, before the answer began.") % words
        advice = _(
            "Look at the time-out of the client, and at what kept the provider busy. Nothing "
            "goes on behind it: the call at the provider was stopped."
        )
    else:
        happened = (
            _("The client closed the connection after %(seconds)s s, in the middle of the answer.") % words
        )
        advice = _(
            "Often somebody pressed stop, and nothing is wrong. What had come until then is "
            "recorded, and is paid."
        )
    return Explanation(happened, CALLER, advice)


def _cut(record: LogRecord) -> Explanation:
    happened = _(
        "The connection to %(provider)s ended in the middle of the answer. What came "
        "until then went to the client, with an error at its end."
    ) % {"provider": record.provider}
    return Explanation(
        happened,
        PROVIDER,
        _(
            "Ask again. Where it happens often, let the route hold answers back until they "
            "are whole (buffering), so that another provider can take over."
        ),
        record.error_message,
    )


def _interrupted(record: LogRecord) -> Explanation:
    happened = _("The relay was stopped, or died, while this call went on.")
    return Explanation(
        happened,
        RELAY,
        _(
            "Ask again. Was the relay restarted, GRACE_SECONDS says how long calls may go on; "
            "otherwise look into its log at this moment."
        ),
        record.error_message,
    )


_OF_OUTCOMES: dict[str, Callable[[LogRecord], Explanation]] = {
    Outcome.CLIENT_DISCONNECTED: _left,
    Outcome.UPSTREAM_TRUNCATED: _cut,
    Outcome.INTERRUPTED: _interrupted,
}


def _of_ending(record: LogRecord) -> Explanation | None:
    """It went well, and yet not all was said."""
    if record.finish_reason in ("length", "max_tokens", "max_output_tokens"):
        happened = _("The answer was cut: it reached the most tokens that the request allows.")
        advice = _(
            "Raise max_tokens (max_completion_tokens, max_output_tokens); of reasoning models "
            "their thoughts count too."
        )
        return Explanation(happened, CALLER, advice, is_failure=False)
    if record.finish_reason in ("content_filter", "refusal"):
        happened = _("The provider's content filter ended the answer.")
        return Explanation(
            happened,
            PROVIDER,
            _("Look at the answer for the categories that it names, and at the request for what set it off."),
            is_failure=False,
        )
    return None
