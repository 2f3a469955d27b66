"""Records of somebody who may see them and not what was said; for pages see tests/relay/test_roles.py."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser, Permission, User
from django.core.exceptions import PermissionDenied

from logs_app import search
from logs_app.finding.paging import UncountedPaginator
from logs_app.models import LogPayload, LogRecord, may_reveal

pytestmark = pytest.mark.django_db
RECORD = "0190a1b2-0000-7000-8000-00000000000b"


@pytest.fixture(autouse=True)
def record() -> LogRecord:
    now = datetime.now(UTC)
    LogPayload.objects.create(record_id=RECORD, request_body=b"said")
    return LogRecord.objects.create(
        id=RECORD, node="v", seq=1, request_id="req-v", created_at=now, finished_at=now, latency_ms=1,
        method="POST", path="/v1/x", endpoint="/v1/x", is_streaming=False, outcome="completed",
        request_preview="said",
        response_preview="said",
    )  # fmt: skip


def somebody(*codenames: str, is_staff: bool = True) -> User:
    user = User.objects.create_user("somebody", is_staff=is_staff)
    user.user_permissions.set(Permission.objects.filter(codename__in=codenames))
    return user


def own(records: Any) -> Any:
    return records.filter(pk=RECORD)


def test_without_permission_there_is_nothing() -> None:
    for actor in (None, AnonymousUser(), somebody("view_payload")):
        assert not LogRecord.objects.visible_to(actor).exists()
        assert not may_reveal(actor)


def test_a_withheld_record_has_nothing_of_what_was_said() -> None:
    records = own(LogRecord.objects.visible_to(somebody("view_logrecord")))
    for found in (records.get(), records.order_by("pk").only("path")[0], list(records.iterator())[0]):
        assert found.is_withheld
        assert (found.request_preview, found.response_preview, found.payload.request_body) == ("", "", None)
        assert found.path == "/v1/x"


def test_pages_are_withheld_too() -> None:
    records = own(LogRecord.objects.visible_to(somebody("view_logrecord")))
    assert [found.request_preview for found in UncountedPaginator(records, 10, 1, ["path"]).page(1)] == [""]


@pytest.mark.parametrize(
    "ask",
    [
        lambda records: records.values(),
        lambda records: records.values("request_preview"),
        lambda records: records.values_list("pk", "response_preview"),
        lambda records: search.narrow(records, "said"),
        lambda records: records.refuse_withheld(),
    ],
    ids=["all columns", "a preview", "a preview in a list", "search", "refusal"],
)
def test_a_question_about_what_was_said_is_refused(ask: Any) -> None:
    records = LogRecord.objects.visible_to(somebody("view_logrecord"))
    with pytest.raises(PermissionDenied):
        ask(records)


def test_columns_of_metadata_are_answered() -> None:
    records = own(LogRecord.objects.visible_to(somebody("view_logrecord")))
    assert list(records.values("path")) == [{"path": "/v1/x"}]


def test_with_both_permissions_all_is_there() -> None:
    user = somebody("view_logrecord", "view_payload")
    found = own(LogRecord.objects.revealed_to(user)).get()
    assert may_reveal(user) and not found.is_withheld
    assert (found.request_preview, bytes(found.payload.request_body)) == ("said", b"said")
