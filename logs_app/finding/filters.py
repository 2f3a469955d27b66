"""What a list of records can be narrowed by: the same in the management API, the admin, exports and
statistics.

Each filter is a range of one index that ends with the id (`models/recordindexes.py`); `since` and `until`
are ids themselves, for these begin with the moment of arrival.
"""

from __future__ import annotations

import re
import uuid
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from accounts import money
from accounts.api.filters import ChoiceFilter, FilterSerializer, FlagFilter, TextFilter
from accounts.secrets import keys
from logs_app import search
from logs_app.finding.moments import moment
from logs_app.identifiers import first_id
from logs_app.models import Attempt, Outcome, RecordTag
from logs_app.models.recordindexes import LONGEST_BEGINNING, Beginning, StatusClass

LARGEST = 2**31 - 1
LONGEST_SEARCH = 200
_STATUS = re.compile(r"([1-5])xx|([1-9][0-9]{2})", re.IGNORECASE)

Records = Any  # a queryset of records


@extend_schema_field({"type": "string", "example": "24h"})
class SinceFilter(serializers.Field):
    default_error_messages = {
        "invalid": _("Write 2026-01-31T12:00:00Z, seconds since 1970, or how long ago: 15m, 24h, 7d.")
    }

    def __init__(self, **options: Any) -> None:
        super().__init__(required=False, **options)

    def to_internal_value(self, data: str) -> datetime:
        try:
            return moment(data)
        except (ValueError, OverflowError):
            raise serializers.ValidationError(self.error_messages["invalid"], "invalid") from None


@extend_schema_field({"type": "string", "example": "4xx"})
class StatusFilter(serializers.Field):
    """`404`, or a class of them: `4xx`."""

    default_error_messages = {"invalid": _("Write a status such as 404, or a class of them such as 4xx.")}

    def __init__(self, **options: Any) -> None:
        super().__init__(required=False, **options)

    def to_internal_value(self, data: str) -> tuple[int, bool]:
        """The number, and whether it is a class."""
        match = _STATUS.fullmatch(data.strip())
        if match is None:
            raise serializers.ValidationError(self.error_messages["invalid"], "invalid")
        return (int(match[1]), True) if match[1] else (int(match[2]), False)


class LeastFilter(serializers.FloatField):
    def __init__(self, **options: Any) -> None:
        super().__init__(required=False, min_value=0, max_value=LARGEST, **options)


class RecordFilters(FilterSerializer):
    since = SinceFilter(
        help_text=_("From this moment on: ISO 8601, seconds since 1970, or how long ago: `15m`, `24h`, `7d`.")
    )
    until = SinceFilter(help_text=_("Before this moment, like `since`."))
    project = TextFilter(help_text=_("The id of a project, or its name at that time."))
    key = TextFilter(help_text=_("The id of a key, or its name at that time."))
    key_prefix = TextFilter(
        help_text=_(
            "How the secret that was used begins: as it is shown, `sk-2g6FSo4Xt…`, or at least 12 characters."
        )
    )
    model = TextFilter(help_text=_("The model that the client asked for."))
    provider = TextFilter(help_text=_("The provider that answered."))
    path = TextFilter(help_text=_("The exact path."))
    endpoint = TextFilter(help_text=_("The path without its ids: `/v1/files/{id}`."))
    status = StatusFilter(help_text=_("The status of the answer, `404`, or a class of them, `4xx`."))
    outcome = ChoiceFilter(choices=Outcome.choices, help_text=_("How it ended."))
    stream = FlagFilter(help_text=_("Whether the answer was a stream."))
    cached = FlagFilter(help_text=_("Whether the cache answered."))
    tag = TextFilter(help_text=_("One of its tags."))
    session = TextFilter(help_text=_("The session that the client named."))
    user = TextFilter(help_text=_("The end user that the client named."))
    client_ip = TextFilter(help_text=_("The address that the call came from."))
    min_latency_ms = LeastFilter(help_text=_("Took at least so many milliseconds."))
    max_latency_ms = LeastFilter(help_text=_("Took at most so many milliseconds."))
    min_tokens = serializers.IntegerField(
        required=False, min_value=0, max_value=LARGEST, help_text=_("At least so many tokens in all.")
    )
    min_cost = serializers.DecimalField(
        required=False, max_digits=18, decimal_places=9, min_value=Decimal(0),
        help_text=_("At least so many US dollars."),
    )  # fmt: skip
    min_attempts = serializers.IntegerField(
        required=False, min_value=2, max_value=LARGEST,
        help_text=_("Needed at least so many attempts: 2 finds what was asked again or elsewhere."),
    )  # fmt: skip
    fingerprint = TextFilter(help_text=_("The fingerprint of the system prompt and the tools."))
    error_code = TextFilter(help_text=_("What went wrong, for programs."))
    search = TextFilter(help_text=_("Words of the question, the answer or the error message."))
    request_id = TextFilter(help_text=_("An id of the call: the relay's, the provider's or the client's."))

    def validate(self, values: dict[str, Any]) -> dict[str, Any]:
        for first, last in (("since", "until"), ("min_latency_ms", "max_latency_ms")):
            if first in values and last in values and values[first] > values[last]:
                raise serializers.ValidationError(
                    {last: [_("This lies before %(first)s.") % {"first": first}]}
                )
        return values

    def validate_search(self, text: str) -> str:
        if len(text) > LONGEST_SEARCH:
            raise serializers.ValidationError(_("At most %(most)s characters.") % {"most": LONGEST_SEARCH})
        return text

    def validate_key_prefix(self, text: str) -> str:
        """Less than is shown would be a range, which no index of PostgreSQL serves in every collation."""
        text = keys.bare(text)
        is_cut = keys.beginning(text) != text
        if len(text) < keys.SHOWN_CHARACTERS and not is_cut:
            raise serializers.ValidationError(
                _("Write at least %(least)s characters, or the beginning as it is shown, with its “…”.")
                % {"least": keys.SHOWN_CHARACTERS}
            )
        return text

    def by_since(self, rows: Records, value: datetime) -> Records:
        return rows.filter(pk__gte=first_id(value))

    def by_until(self, rows: Records, value: datetime) -> Records:
        return rows.filter(pk__lt=first_id(value))

    def by_project(self, rows: Records, text: str) -> Records:
        return rows.filter(project_id=text) if is_uuid(text) else _where(rows, "project", text)

    def by_key(self, rows: Records, text: str) -> Records:
        """The id of a credential is a number, that of a token a UUID."""
        is_id = text.isascii() and text.isdecimal() or is_uuid(text)
        return rows.filter(key_id=text) if is_id else _where(rows, "key_name", text)

    def by_key_prefix(self, rows: Records, text: str) -> Records:
        return _where(rows, "key_prefix", f"{keys.beginning(text)[: keys.SHOWN_CHARACTERS]}…")

    def by_path(self, rows: Records, text: str) -> Records:
        return rows.alias(beginning=Beginning("path")).filter(beginning=text[:LONGEST_BEGINNING], path=text)

    def by_status(self, rows: Records, value: tuple[int, bool]) -> Records:
        number, is_class = value
        if not is_class:
            return rows.filter(status_code=number)
        rows = rows.alias(status_class=StatusClass("status_code")).filter(status_class=number)
        return rows.filter(status_code__gte=400) if number >= 4 else rows

    def by_stream(self, rows: Records, flag: bool) -> Records:
        return rows.filter(is_streaming=flag)

    def by_cached(self, rows: Records, flag: bool) -> Records:
        return rows.filter(is_cached=flag)

    def by_tag(self, rows: Records, text: str) -> Records:
        tagged = RecordTag.objects.using(rows.db).filter(tag=text)
        return rows.filter(pk__in=tagged.values("record_id"))

    def by_session(self, rows: Records, text: str) -> Records:
        return _where(rows, "session", text)

    def by_user(self, rows: Records, text: str) -> Records:
        return _where(rows, "end_user", text)

    def by_client_ip(self, rows: Records, text: str) -> Records:
        return _where(rows, "client_ip", text)

    def by_min_latency_ms(self, rows: Records, value: float) -> Records:
        return rows.filter(latency_ms__gte=value)

    def by_max_latency_ms(self, rows: Records, value: float) -> Records:
        return rows.filter(latency_ms__lte=value)

    def by_min_tokens(self, rows: Records, value: int) -> Records:
        return rows.filter(total_tokens__gte=value)

    def by_min_cost(self, rows: Records, value: Decimal) -> Records:
        return rows.filter(cost_nanos__gte=int(value * money.NANOS))

    def by_min_attempts(self, rows: Records, value: int) -> Records:
        """Attempts are numbered from 1. The second condition is the index's own."""
        tried = Attempt.objects.using(rows.db).filter(number=value, number__gte=2)
        return rows.filter(pk__in=tried.values("record_id"))

    def by_fingerprint(self, rows: Records, text: str) -> Records:
        return _where(rows, "prompt_fingerprint", text)

    def by_error_code(self, rows: Records, text: str) -> Records:
        return _where(rows, "error_code", text)

    def by_search(self, rows: Records, text: str) -> Records:
        return search.narrow(rows, text)

    def by_request_id(self, rows: Records, text: str) -> Records:
        return rows.with_request_id(text)


def _where(rows: Records, column: str, text: str) -> Records:
    """The second condition is the index's own."""
    return rows.filter(Q(**{column: text}) & ~Q(**{column: ""}))


def is_uuid(text: str) -> bool:
    try:
        return str(uuid.UUID(text)) == text.lower()
    except ValueError:
        return False
