"""How many calls everybody counted: the clients, the records, the metrics, the statistics, the events."""

from __future__ import annotations

import csv
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import httpx
from prometheus_client.parser import text_string_to_metric_families

from bench.soak.calls import Call
from bench.soak.faults import Window

SAMPLES = 3


def plain(id: str) -> bytes:
    return bytes.fromhex(id.replace("-", ""))


@dataclass(slots=True)
class Clients:
    """What they saw, each call once."""

    calls: Counter[str] = field(default_factory=Counter)
    """By kind."""
    answered: dict[bytes, int] = field(default_factory=dict)
    """The relay's id to the status: each has a record."""
    uncertain: set[str] = field(default_factory=set)
    """The clients' own ids of calls that a fault hit: how often they reached the relay nobody knows."""
    explained: Counter[tuple[str, str]] = field(default_factory=Counter)
    """Fault and trouble."""
    unexplained: Counter[tuple[str, str]] = field(default_factory=Counter)
    """Kind and trouble."""
    samples: list[str] = field(default_factory=list)

    repeats: int = 0

    @classmethod
    def of(cls, calls: Iterable[Call], windows: Sequence[Window]) -> Clients:
        found = cls()
        for call in calls:
            found.add(call, windows)
        return found

    def add(self, call: Call, windows: Sequence[Window]) -> None:
        self.calls[call.kind] += 1
        self.repeats += call.is_repeat
        if call.id:
            self.answered[plain(call.id)] = call.status
        window = next((each for each in windows if each.covers(call)), None)
        if call.trouble or any(each.may_repeat(call) for each in windows):
            self.uncertain.add(call.client_id)
        if call.trouble and window:
            self.explained[window.fault, call.trouble] += 1
        elif call.trouble:
            self.unexplained[call.kind, call.trouble] += 1
            self._keep_sample(call)

    def _keep_sample(self, call: Call) -> None:
        if self.unexplained[call.kind, call.trouble] <= SAMPLES:
            at = time.strftime("%H:%M:%S", time.localtime(call.ended))
            self.samples.append(
                f"{at} {call.kind}: {call.trouble} {call.detail} ({call.client_id} {call.id})"
            )


@dataclass(slots=True)
class Records:
    """What was recorded, as the export says."""

    rows: int = 0
    calls: int = 0
    """With the refusals that share a record."""
    ids: dict[bytes, int] = field(default_factory=dict)
    """Id to status, 0 where there was none."""
    client_ids: dict[bytes, str] = field(default_factory=dict)
    """Only of those that the clients may not know of."""
    outcomes: Counter[str] = field(default_factory=Counter)
    tokens: int = 0
    misunderstood: int = 0
    """Those with a fold_error."""

    def add(self, row: dict[str, str], known: dict[bytes, int]) -> None:
        id = plain(row["id"])
        self.rows += 1
        self.calls += int(row["repeats"] or 1)
        self.ids[id] = int(row["status_code"] or 0)
        if id not in known:
            self.client_ids[id] = row["client_request_id"]
        self.outcomes[row["outcome"]] += 1
        self.tokens += int(row["prompt_tokens"] or 0) + int(row["completion_tokens"] or 0)
        self.misunderstood += bool(row["fold_error"])


def read_records(manage: httpx.Client, known: dict[bytes, int]) -> Records:
    found = Records()
    with manage.stream("GET", "/manage/logs/export", params={"format": "csv"}, timeout=600) as answer:
        for row in csv.DictReader(line + "\n" for line in answer.iter_lines()):
            found.add(row, known)
    return found


def read_metrics(manage: httpx.Client) -> dict[str, float]:
    """The sum over all labels of each."""
    sums: defaultdict[str, float] = defaultdict(float)
    for family in text_string_to_metric_families(manage.get("/metrics").text):
        for each in family.samples:
            sums[each.name] += each.value
            if each.name == "llm_proxy_tokens_total":
                sums[f"tokens {each.labels['token_type']}"] += each.value
    return dict(sums)


def read_statistics(manage: httpx.Client) -> dict[str, Any]:
    return manage.get("/manage/stats", params={"since": "24h"}).json()["totals"]


@dataclass(frozen=True, slots=True)
class Compared:
    missing: int
    """Answered, but no record."""
    twice: int
    unasked: int
    """Recorded, but nobody called."""
    other_status: int
    explained_only: int
    """Records of calls that were never answered."""
    not_told: int
    """Recorded, but not in the file of events."""
    told_unrecorded: int


def compare(clients: Clients, records: Records, told: set[bytes]) -> Compared:
    both = clients.answered.keys() & records.ids.keys()
    folded = records.calls - records.rows
    beyond = records.client_ids.values()
    return Compared(
        missing=max(0, len(clients.answered) - len(both) - folded),
        twice=records.rows - len(records.ids),
        unasked=sum(client_id not in clients.uncertain for client_id in beyond),
        other_status=sum(clients.answered[id] != records.ids[id] for id in both),
        explained_only=sum(client_id in clients.uncertain for client_id in beyond),
        not_told=len(records.ids.keys() - told),
        told_unrecorded=len(told - records.ids.keys()),
    )
