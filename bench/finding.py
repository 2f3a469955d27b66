"""What `bench.records` measures, once Django is set up."""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.core.management import call_command
from django.db import connection
from django.test import Client

from bench.exchanges import write
from logs_app.journal.segments import MasterKeys
from logs_app.models import Node
from logs_app.pricing.reading import Prices
from logs_app.recorder.recorder import Recorder
from relay.dashboard import figures

ROUNDS = 3
PAGE_SECONDS, SEARCH_SECONDS, STATS_SECONDS = 0.5, 1.0, 0.3

PAGES = (
    "", "cursor", "since=24h", "since=20d&until=10d", "project=project-3", "key=key-20", "model=gpt-4o",
    "model=llama-3.3-70b", "provider=dashscope", "endpoint=/v1/chat/completions", "path=/v1/chat/completions",
    "status=200", "status=504", "status=2xx", "status=4xx", "status=5xx", "outcome=completed",
    "outcome=interrupted",
    "stream=true", "cached=true", "tag=beta", "tag=nothing", "session=session-17", "user=user-77",
    "client_ip=192.0.2.1",
    "min_latency_ms=1000", "min_latency_ms=60000", "max_latency_ms=10", "min_tokens=1200",
    "min_tokens=999999",
    "min_attempts=2", "min_attempts=9", "min_cost=0.01", "fingerprint=0000000000000007",
    "error_code=server_error", "request_id=req_4242",
    "project=project-1&model=gpt-5&status=5xx&stream=true", "key=key-3&min_latency_ms=20000&since=10d",
    "user=user-77&outcome=failed&until=5d",
)  # fmt: skip
SEARCHES = (
    "search=the", "search=telescope", "search=quartz+nebula", "search=telescope+harbour",
    "search=zzzzzz", "search=数据", "search=望",
    "search=人工智能望远镜", "search=it", "search=risotto&model=gpt-5&status=4xx", "search=cobalt&since=1h",
)  # fmt: skip
STATS = (
    "", "since=24h&interval=hour", "since=24h&interval=15m&group_by=model", "since=7d&group_by=project,model",
    "since=30d&interval=day", "since=30d&interval=day&group_by=model", "since=30d&model=gpt-4o&group_by=key",
)  # fmt: skip
DASHBOARDS = ("range=1h", "range=24h", "range=7d", "range=30d", "range=30d&by=project&at=p99")


def measure(count: int, exchanges: int) -> dict[str, Any]:
    call_command("migrate", verbosity=0)
    found: dict[str, Any] = {"vendor": connection.vendor, "count": count}
    if not Node.objects.filter(pk="seeded", seq__gte=count).exists():
        found["seeding"] = _rate(count, lambda: call_command("seed_logs", count=count, index=False))
        found["indexing"] = _rate(
            count, lambda: call_command("search_index", rebuild=True, stdout=sys.stderr)
        )
        if connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute("VACUUM ANALYZE")
    began = time.process_time()
    found["recording"] = _record(exchanges)
    found["recording_cpu_ms"] = (time.process_time() - began) * 1000 / exchanges
    found["questions"] = list(_ask(count))
    return found


def _rate(count: int, work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return count / (time.perf_counter() - began)


def _record(exchanges: int) -> float:
    """From the journal into the database, beside all that is there already."""
    write(exchanges)
    masters = MasterKeys(settings.FIELD_ENCRYPTION_KEYS)
    recorder = Recorder(settings.JOURNAL_DIR, masters, max_body_bytes=10 << 20, prices=Prices())

    def drain() -> None:
        while recorder.step():
            pass

    rate = _rate(exchanges, drain)
    assert recorder.recorded == exchanges, recorder.recorded
    recorder.close()
    return rate


def _ask(count: int) -> Iterator[dict[str, Any]]:

    api = Client(headers={"authorization": f"Bearer {settings.MANAGEMENT_TOKEN}"})
    staff = Client()
    staff.force_login(User.objects.filter(username="bench").first() or User.objects.create_superuser("bench"))
    for query in PAGES:
        yield _timed(api, "/manage/logs", query, PAGE_SECONDS)
    for query in ("", "model=gpt-5", "q=telescope", f"p={min(count // 100, 2000)}"):
        yield _timed(staff, "/admin/logs_app/logrecord/", query, PAGE_SECONDS if "q=" not in query else 1.0)
    for path, query in (("logs", ""), ("logs", "model=gpt-4o&page=100"), ("v1/error-logs", "page=3")):
        yield _timed(api, f"/admin/{path}", query, PAGE_SECONDS)
    for query in SEARCHES:
        yield _timed(api, "/manage/logs", query, SEARCH_SECONDS)
    for query in STATS:
        yield _timed(api, "/manage/stats", query, STATS_SECONDS)
    for query in DASHBOARDS:
        yield _timed(staff, "/admin/", query, STATS_SECONDS)


def _timed(client: Any, path: str, query: str, aim: float) -> dict[str, Any]:
    """The median of a few; the first, which may have to read from the disk, stands beside it."""
    asked = _deep(client) if query == "cursor" else query
    seconds = []
    for _ in range(ROUNDS):
        figures.forget()
        began = time.perf_counter()
        response = client.get(f"{path}?{asked}")
        seconds.append(time.perf_counter() - began)
        assert response.status_code == 200, (path, asked, response.content[:300])
    row = {
        "path": path,
        "query": query,
        "seconds": statistics.median(seconds),
        "first": seconds[0],
        "aim": aim,
    }
    print(f"{row['seconds']:8.3f} s {path}?{query}", file=sys.stderr, flush=True)
    return row


def _deep(client: Any) -> str:
    """The cursor of a page in the middle."""
    middle = client.get("/manage/logs?until=15d").json()["next"]
    return str(middle).partition("?")[2]
