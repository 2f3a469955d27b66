"""An alert as people and programs read it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
from django.conf import settings
from django.utils.translation import gettext as _

from logs_app.models import AlertRule, AlertState
from logs_app.models.alerts import News

PREFIX = "[LLM Relay]"


@dataclass(frozen=True, slots=True)
class Message:
    """`id` is the same when the same news are told again."""

    id: str
    kind: str  # opened, resolved or test
    rule: AlertRule
    words: str
    path: str
    moment: datetime
    subject: str = ""
    value: float | None = None

    @property
    def title(self) -> str:
        return f"{PREFIX} {self._state}: {self.rule.name}"

    @property
    def text(self) -> str:
        words = f"{self.words[:1].upper()}{self.words[1:].rstrip('.')}."
        return f"{self._state}: {self.rule.name}\n{words}\n{self.link}"

    @property
    def link(self) -> str:
        return f"{base_url()}{self.path}"

    @property
    def _state(self) -> str:
        return {"opened": _("Alert"), "resolved": _("Over"), "test": _("Test of an alert")}[self.kind]

    def as_json(self) -> bytes:
        """`text` is what chat programs show of it."""
        data: dict[str, Any] = {
            "rule": self.rule.name,
            "kind": self.rule.kind,
            "status": self.kind,
            "scope": self.rule.scope,
            "subject": self.subject or None,
            "value": self.value,
            "threshold": self.rule.threshold or None,
            "words": self.words,
            "link": self.link,
        }
        return orjson.dumps(
            {"type": f"alert.{self.kind}", "timestamp": self.moment, "text": self.text, "data": data}
        )


def of(rule: AlertRule, state: AlertState) -> Message:
    moment = state.opened_at if state.news == News.OPENED else state.resolved_at
    assert moment is not None
    return Message(
        id=f"alert_{state.pk}_{state.news}_{int(moment.timestamp() * 1000)}",
        kind=state.news,
        rule=rule,
        words=state.words,
        path=state.path,
        moment=moment,
        subject=state.subject,
        value=state.value,
    )


def base_url() -> str:
    """Where people find the admin, as far as it is known."""
    return (
        (settings.PROXY_BASE_URL or f"http://{settings.HOST}:{settings.PORT}").rstrip("/").removesuffix("/v1")
    )
