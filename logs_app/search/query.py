"""From words to the records that contain them.

How to look depends on how many there are, so a sample of the newest texts is looked at first. What is
common is found soonest from the newest record on; what is rare, by the index. Words that are too short for
the index, or a database without one, are looked for in the newest texts only: `is_bounded` says so.
"""

from __future__ import annotations

import re
from typing import Any

from django.db import connections
from django.db.models import Exists, Max, OuterRef, QuerySet, Sum, Value
from django.db.models.expressions import RawSQL
from django.db.models.functions import StrIndex

from logs_app.models import Node, SearchCursor, SearchText
from logs_app.search import schema
from logs_app.search.spelling import spelled

SAMPLE = 4000
COMMON = 5  # of the sample: then a page is full after a look at some ten thousand texts
SCANNED = 20_000
_WORD = re.compile(r"[0-9a-z]{3}")


def narrow(records: Any, text: str) -> Any:
    """`records` whose question, answer or error contains `text`. Who may not read them may not ask."""
    records.refuse_withheld()
    wanted, texts = spelled(text), SearchText.objects.using(records.db)
    newest = texts.aggregate(newest=Max("pk"))["newest"] or 0
    if is_bounded(text, records.db):
        return _within(records, _containing(texts.filter(pk__gt=newest - SCANNED), wanted))
    sample = _containing(texts.filter(pk__gt=newest - SAMPLE), wanted)
    if len(sample.values_list("pk")[:COMMON]) == COMMON:
        return records.filter(Exists(_containing(texts.filter(record_id=OuterRef("pk")), wanted)))
    return _within(records, _indexed(texts, wanted))


def is_bounded(text: str, using: str) -> bool:
    """Whether only the newest texts are looked at."""
    connection, wanted = connections[using], spelled(text)
    is_short = len(wanted) < 3 if connection.vendor == "sqlite" else not _WORD.search(wanted)
    return is_short or not schema.is_installed(connection)


def behind(using: str) -> int:
    """How many records are not in the index yet."""
    recorded = Node.objects.using(using).aggregate(total=Sum("seq"))["total"] or 0
    indexed = SearchCursor.objects.using(using).aggregate(total=Sum("seq"))["total"] or 0
    return max(recorded - indexed, 0)


def _within(records: Any, texts: QuerySet[SearchText]) -> Any:
    return records.filter(pk__in=texts.values("record_id"))


def _containing(texts: QuerySet[SearchText], wanted: str) -> QuerySet[SearchText]:
    """By looking at them: no index serves this."""
    return texts.alias(place=StrIndex("text", Value(wanted))).filter(place__gt=0)


def _indexed(texts: QuerySet[SearchText], wanted: str) -> QuerySet[SearchText]:
    if connections[texts.db].vendor != "sqlite":
        return texts.filter(text__contains=wanted)
    statement = f"SELECT rowid FROM {schema.FULL_TEXT} WHERE {schema.FULL_TEXT} MATCH %s"
    return _containing(texts.filter(pk__in=RawSQL(statement, [_match(wanted)])), wanted)


def _match(wanted: str) -> str:
    """All trigrams: to read another list is cheaper than to look at another text."""
    trigrams = dict.fromkeys(wanted[i : i + 3] for i in range(len(wanted) - 2))
    return " AND ".join('"' + trigram.replace('"', '""') + '"' for trigram in trigrams)
