from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.db import connections
from django.utils import timezone
from rest_framework.exceptions import ValidationError

from logs_app.assembly.ending import attempt
from logs_app.finding.filters import RecordFilters
from logs_app.models import LogRecord
from logs_app.recorder.store import Store
from tests.logs_app.journals import new_id
from tests.logs_app.test_recorder_store import rows, write

PROJECT, KEY = str(uuid.uuid4()), str(uuid.uuid4())
FIRST, SECOND = (id.hex() for id in (new_id(), new_id()))
DAY_AGO = f"{int((timezone.now() - timedelta(days=1)).timestamp() * 1000):012x}70008000000000000000"
TRIED = {"provider": "p-1", "model": "m", "status": 503, "key": "", "error": "", "message": ""}
RECORDS: list[dict[str, Any]] = [
    {
        "id": DAY_AGO,
        "project_id": PROJECT, "project": "apollo", "key_id": KEY, "key_name": "Key of Ann",
        "key_prefix": "sk-2g6FSo4Xt…", "model": "m-1",
        "provider": "p-1", "path": "/v1/files/f-1", "endpoint": "/v1/files/{id}", "status_code": 404,
        "outcome": "failed", "is_streaming": False, "is_cached": False, "tags": '["blue", "red"]',
        "session": "s-1", "end_user": "u-1", "client_ip": "192.0.2.7",
        "latency_ms": 10.0, "total_tokens": 10, "cost_nanos": 10**9,
        "prompt_fingerprint": "f1", "error_code": "not_found", "request_id": "r-1",
    },
    {
        "id": FIRST,
        "project_id": "", "project": "", "key_id": "7", "key_name": "other", "model": "m-2",
        "provider": "p-2", "path": "/v1/" + "x" * 300 + "1", "endpoint": "/v1/*", "status_code": 200,
        "outcome": "completed", "is_streaming": True, "is_cached": True, "tags": '["red"]',
        "session": "s-2", "end_user": "u-2", "latency_ms": 1000.0, "total_tokens": 1000, "cost_nanos": 10,
        "prompt_fingerprint": "f2", "error_code": "", "request_id": "r-2",
    },
    {
        "id": SECOND,
        "model": "m-3", "path": "/v1/" + "x" * 300 + "2", "status_code": 503, "outcome": "failed",
        "is_streaming": True, "is_cached": False, "latency_ms": 500.0, "total_tokens": None,
        "cost_nanos": None,
    },
]  # fmt: skip


@pytest.fixture
def alias(scratch) -> str:
    store = Store(scratch.alias)
    store.register("node-a")
    batch = [rows() for _ in RECORDS]
    for made, columns in zip(batch, RECORDS, strict=True):
        made.attempts = [attempt(bytes.fromhex(columns["id"]), 1, TRIED)]
        made.record |= columns
        made.payload["record_id"] = columns["id"]
    batch[1].attempts += [attempt(bytes.fromhex(FIRST), number, TRIED) for number in (2, 3)]
    write(store, batch)
    return scratch.alias


def found(alias: str, **given: str) -> list[str]:
    records = RecordFilters.given(given).narrow(LogRecord.objects.using(alias))
    return [pk.hex for pk in records.order_by("pk").values_list("pk", flat=True)]


OLD, NEW = [DAY_AGO], [FIRST, SECOND]
CASES = [
    ({"since": "1h"}, NEW), ({"until": "1h"}, OLD), ({"since": "2d", "until": "1h"}, OLD),
    ({"since": "7d"}, OLD + NEW),
    ({"project": PROJECT}, OLD), ({"project": "apollo"}, OLD), ({"project": "Apollo"}, []),
    ({"key": KEY}, OLD), ({"key": "7"}, [FIRST]), ({"key": "Key of Ann"}, OLD),
    ({"key_prefix": "sk-2g6FSo4Xt…"}, OLD), ({"key_prefix": "sk-2g6FSo4Xt8YVA3…"}, OLD),
    ({"key_prefix": "sk-2g6FSo4Xt"}, OLD), ({"key_prefix": "sk-2g6FSo4…"}, []),
    ({"key_prefix": "Bearer sk-2g6FSo4Xt8YVA3"}, OLD),
    ({"model": "m-2"}, [FIRST]), ({"provider": "p-1"}, OLD),
    ({"path": "/v1/files/f-1"}, OLD), ({"path": "/v1/" + "x" * 300 + "2"}, [SECOND]),
    ({"path": "/v1/"}, []),
    ({"endpoint": "/v1/files/{id}"}, OLD),
    ({"status": "404"}, OLD), ({"status": "4xx"}, OLD), ({"status": "2xx"}, [FIRST]),
    ({"status": "5XX"}, [SECOND]),
    ({"outcome": "failed"}, [DAY_AGO, SECOND]),
    ({"stream": "true"}, NEW), ({"stream": "false"}, OLD),
    ({"cached": "true"}, [FIRST]),
    ({"cached": "false"}, [DAY_AGO, SECOND]),
    ({"tag": "red"}, [DAY_AGO, FIRST]), ({"tag": "blue"}, OLD), ({"tag": "re"}, []),
    ({"session": "s-2"}, [FIRST]), ({"user": "u-1"}, OLD),
    ({"client_ip": "192.0.2.7"}, OLD), ({"client_ip": "192.0.2"}, []),
    ({"min_attempts": "2"}, [FIRST]), ({"min_attempts": "3"}, [FIRST]), ({"min_attempts": "4"}, []),
    ({"min_latency_ms": "500"}, NEW), ({"max_latency_ms": "500"}, [DAY_AGO, SECOND]),
    ({"min_latency_ms": "11", "max_latency_ms": "999.5"}, [SECOND]),
    ({"min_tokens": "11"}, [FIRST]), ({"min_cost": "0.5"}, OLD),
    ({"min_cost": "0.00000001"}, [DAY_AGO, FIRST]),
    ({"fingerprint": "f2"}, [FIRST]), ({"error_code": "not_found"}, OLD),
    ({"request_id": "r-1"}, OLD), ({"request_id": FIRST}, [FIRST]),
    ({"stream": "true", "outcome": "failed", "since": "1h"}, [SECOND]),
]  # fmt: skip


def test_each_filter_leaves_what_fits(alias):
    wrong = [(given, found(alias, **given)) for given, ids in CASES if found(alias, **given) != ids]
    assert wrong == []
    assert {name for given, _ in CASES for name in given} == RecordFilters().fields.keys() - {"search"}


IMPOSSIBLE = [
    ("since", "yesterday"), ("since", "7 parsecs"), ("since", "2026-02-31"), ("since", "99999999999999"),
    ("until", ""), ("status", "40"), ("status", "6xx"), ("status", "1000"), ("outcome", "fine"),
    ("stream", "maybe"),
    ("cached", "1"), ("min_latency_ms", "-1"), ("min_latency_ms", "fast"), ("max_latency_ms", "nan"),
    ("min_tokens", "1.5"), ("min_tokens", "99999999999"), ("min_cost", "-1"), ("min_cost", "1e99"),
    ("key_prefix", "sk-2g6FSo4X"), ("key_prefix", "Bearer sk-2g6"),
    ("search", "x" * 201), ("model", "x" * 501), ("tag", ""), ("session", "\0"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "value"), IMPOSSIBLE)
def test_a_value_that_cannot_be_is_an_error_that_names_it(name, value):
    with pytest.raises(ValidationError) as refused:
        RecordFilters.given({name: value}).narrow(LogRecord.objects.all())
    assert list(refused.value.detail) == [name]


def test_an_end_before_the_beginning_is_an_error():
    for given, named in (
        ({"since": "1h", "until": "2h"}, "until"),
        ({"min_latency_ms": "5", "max_latency_ms": "4"}, "max_latency_ms"),
    ):
        with pytest.raises(ValidationError) as refused:
            RecordFilters.given(given).narrow(LogRecord.objects.all())
        assert list(refused.value.detail) == [named]


ONE_RANGE = [case for case, _ in CASES if len(case) == 1 and not case.keys() & {"request_id", "tag"}]


def test_a_page_of_each_filter_is_read_from_an_index(alias):
    """Without sorting, and without a look at the table for what does not fit."""
    if connections[alias].vendor != "sqlite":
        pytest.skip("PostgreSQL plans by statistics that a table of three records does not have")
    for given in ONE_RANGE:
        records = RecordFilters.given(given).narrow(LogRecord.objects.using(alias))
        plan = records.order_by("-pk").values_list("pk")[:51].explain()
        assert "USE TEMP B-TREE" not in plan, (given, plan)
        has_more = given.keys() & {"path", "since", "until"} or given.get("status") in ("4xx", "5XX")
        assert ("INDEX" if has_more else "COVERING INDEX") in plan, (given, plan)
        assert "SCAN logs_app_logrecord\n" not in f"{plan}\n", (given, plan)
