"""The indexes of records.

Ids are in order of arrival, so each filter's index ends with the id and a page of it needs no sorting.
Columns that tell little apart, or are compared, are carried by one index in the order of the ids
(`record_figures`): reading it from its end finds them without touching a record that does not fit.
"""

from __future__ import annotations

from django.db import models
from django.db.models import Func, Index, Q

LONGEST_BEGINNING = 200


class Beginning(Func):
    """A path may be longer than an entry of an index. The length is no parameter: SQLite would not recognise
    the indexed expression.
    """

    template = f"SUBSTR(%(expressions)s, 1, {LONGEST_BEGINNING})"
    output_field = models.CharField()


class StatusClass(Func):
    """4 for 404."""

    template = "(%(expressions)s / 100)"
    output_field = models.PositiveSmallIntegerField()


def _where_present(column: str, name: str) -> Index:
    return Index(fields=[column, "id"], name=name, condition=~Q(**{column: ""}))


INDEXES = [
    Index(fields=["project_id", "id"], name="record_project"),
    Index(fields=["key_id", "id"], name="record_key"),
    Index(fields=["model", "id"], name="record_model"),
    Index(fields=["status_code", "id"], name="record_status"),
    Index(fields=["outcome", "id"], name="record_outcome"),
    Index(fields=["request_id"], name="record_request_id"),
    Index(fields=["client_request_id"], name="record_client_request_id", condition=~Q(client_request_id="")),
    Index(fields=["provider", "id"], name="record_provider"),
    Index(fields=["endpoint", "id"], name="record_endpoint"),
    Index(Beginning("path"), "id", name="record_path"),
    Index(StatusClass("status_code"), "id", name="record_errors", condition=Q(status_code__gte=400)),
    Index(
        fields=[
            "id",
            "method",
            "status_code",
            "latency_ms",
            "total_tokens",
            "cost_nanos",
            "is_streaming",
            "is_cached",
        ],  # fmt: skip
        name="record_figures",
    ),
    _where_present("project", "record_project_name"),
    _where_present("key_name", "record_key_name"),
    _where_present("key_prefix", "record_key_prefix"),
    _where_present("session", "record_session"),
    _where_present("end_user", "record_end_user"),
    _where_present("client_ip", "record_client_ip"),
    _where_present("prompt_fingerprint", "record_fingerprint"),
    _where_present("error_code", "record_error_code"),
    Index(fields=["parent"], name="record_parent", condition=Q(parent__isnull=False)),
]
