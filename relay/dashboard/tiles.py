"""The figures at the top: what they are now, and how they were in as long a time before."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from logs_app.rollups import histogram
from logs_app.rollups.figures import Sums
from logs_app.statistics.periods import Overview
from relay.dashboard import numbers

# A change of less is none, one of less than the second neither good nor bad; from the third on it is no
# percentage any more.
LEAST_CHANGE, FELT_CHANGE, MOST_CHANGE = 0.005, 0.05, 9.995


@dataclass(frozen=True, slots=True)
class Change:
    """`mood` is ok, error or muted: whether the change is a good one."""

    words: str
    mood: str


@dataclass(frozen=True, slots=True)
class Tile:
    """`query` leads to the records that it counts."""

    id: str
    name: str
    value: str
    note: str = ""
    change: Change | None = None
    query: str = ""


def of(overview: Overview) -> list[Tile]:
    now, before = Sums(overview.total), Sums(overview.before)
    return [
        *(tile(now, before) for tile in (_requests, _success, _tokens)),
        _cost(now, before, _unpriced(overview)),
        *(tile(now, before) for tile in (_latency, _ttft)),
        _cache(now),
    ]


def _requests(now: Sums, before: Sums) -> Tile:
    streams = _("%s streamed") % numbers.share(now["streams"], now["requests"])
    return Tile(
        "requests",
        _("Requests"),
        numbers.count(now["requests"]),
        streams if now["requests"] else "",
        _relative(now["requests"], before["requests"]),
    )


def _success(now: Sums, before: Sums) -> Tile:
    well, errors = now["requests"] - now["errors"], now["errors"]
    change = None
    if now["requests"] and before["requests"]:
        points = (before["errors"] / before["requests"] - errors / now["requests"]) * 100
        words = _("%s pts") % numbers.decimal(abs(points), 1)
        change = _signed(points, words, least=0.05, is_good=points > 0)
    note = _("%s failed or refused") % numbers.count(errors) if errors else ""
    return Tile("success", _("Success rate"), numbers.share(well, now["requests"]), note, change)


def _tokens(now: Sums, before: Sums) -> Tile:
    note = _("%(prompt)s in, %(completion)s out") % {
        "prompt": numbers.count(now["prompt_tokens"]),
        "completion": numbers.count(now["completion_tokens"]),
    }
    return Tile(
        "tokens",
        _("Tokens"),
        numbers.count(now["total_tokens"]),
        note if now["total_tokens"] else "",
        _relative(now["total_tokens"], before["total_tokens"]),
    )


def _unpriced(overview: Overview) -> int:
    """Of calls that asked a model: a list of models costs nothing anyway."""
    asked = sum(figures for (group, _start), figures in overview.answer.sums.items() if group[0])
    return Sums(asked).unpriced


def _cost(now: Sums, before: Sums, unpriced: int) -> Tile:
    note = ""
    if unpriced:
        words = ngettext("%s call without a price", "%s calls without a price", unpriced)
        note = words % numbers.count(unpriced)
    value = numbers.dollars(now.known_cost)
    return Tile("cost", _("Cost"), value, note, _relative(now["cost_nanos"], before["cost_nanos"]))


def _latency(now: Sums, before: Sums) -> Tile:
    return _time("latency", _("Latency p50"), now, before, lambda sums: sums.latencies)


def _ttft(now: Sums, before: Sums) -> Tile:
    return _time("ttft", _("First token p50"), now, before, lambda sums: sums.ttfts)


def _time(id: str, name: str, now: Sums, before: Sums, counts: Callable[[Sums], Sequence[int]]) -> Tile:
    half, most, nearly_all = (histogram.percentile(counts(now), share) for share in (0.5, 0.95, 0.99))
    earlier = histogram.percentile(counts(before), 0.5)
    note = _("p95 %(p95)s, p99 %(p99)s") % {
        "p95": numbers.milliseconds(most),
        "p99": numbers.milliseconds(nearly_all),
    }
    return Tile(
        id,
        name,
        numbers.milliseconds(half),
        note if half is not None else "",
        _relative(half or 0, earlier or 0, is_good_down=True),
    )


def _cache(now: Sums) -> Tile:
    hits, saved_nanos = now["cache_hits"], now["saved_cost_nanos"]
    note = _("%s of all requests") % numbers.share(hits, now["requests"]) if hits else ""
    if saved_nanos:
        note = _("%(share)s, %(cost)s saved") % {
            "share": numbers.share(hits, now["requests"]),
            "cost": numbers.dollars(saved_nanos),
        }
    return Tile("cache", _("Cache hits"), numbers.count(hits), note, query="cached=true" if hits else "")


def _relative(now: float, before: float, *, is_good_down: bool = False) -> Change | None:
    """More of something is neither good nor bad, slower is bad."""
    if not now or not before:
        return None
    change = now / before - 1
    if change > MOST_CHANGE:
        words = _("%s times") % numbers.count(round(now / before))
    else:
        words = f"{numbers.decimal(abs(change) * 100, 0 if abs(change) >= 0.1 else 1)} %"
    is_felt = is_good_down and abs(change) >= FELT_CHANGE
    return _signed(change, words, LEAST_CHANGE, change < 0 if is_felt else None)


def _signed(change: float, words: str, least: float, is_good: bool | None) -> Change | None:
    if abs(change) < least:
        return Change(_("unchanged"), "muted")
    mood = "muted" if is_good is None else "ok" if is_good else "error"
    return Change(f"{'▲' if change > 0 else '▼'} {words}", mood)
