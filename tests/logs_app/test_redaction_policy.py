"""The recorder and the policy: nothing is recorded before it is known what must not be stored."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import orjson
import pytest
from django.db import DatabaseError

from logs_app.freshness import Fresh
from logs_app.journal.journal import Journal
from logs_app.models import LogRecord
from logs_app.recorder.recorder import Recorder
from logs_app.recorder.store import Unavailable
from logs_app.redaction import Redactor, Ruleset, policy
from tests.logs_app.journals import write_exchange
from tests.scratch import Scratch

EMAIL = "joe@example.com"
ASKED = orjson.dumps({"messages": [{"role": "user", "content": EMAIL}]})


def away() -> Any:
    raise DatabaseError("away")


def test_without_a_policy_exchanges_wait_in_the_journal(
    new_recorder: Callable[..., Recorder], journal: Journal, scratch: Scratch, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_exchange(journal, body=ASKED)
    monkeypatch.setattr(policy, "_fresh", Fresh(away))
    recorder = new_recorder(redactor_for=policy.redactor_for)
    for _ in range(2):
        with pytest.raises(Unavailable):
            recorder.step()
    records = LogRecord.objects.using(scratch.alias)
    assert records.count() == 0
    known = policy.Policy(Ruleset(), {})
    monkeypatch.setattr(policy, "_fresh", Fresh(lambda: known))
    assert recorder.step() == 1
    assert records.get().request_preview == "[EMAIL_1]"


def test_a_project_is_redacted_and_another_is_not(
    new_recorder: Callable[..., Recorder], journal: Journal, scratch: Scratch
) -> None:
    for name in ("careful", "careless"):
        write_exchange(journal, body=ASKED, opened={"project": {"id": name, "name": name}})
    wanted = {"careful": Redactor(Ruleset())}
    new_recorder(redactor_for=wanted.get).step()
    shown = LogRecord.objects.using(scratch.alias).values_list(
        "project", "request_preview", "redaction_version"
    )
    assert set(shown) == {("careful", "[EMAIL_1]", 1), ("careless", EMAIL, 0)}
