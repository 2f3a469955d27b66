"""A soak in Markdown."""

from __future__ import annotations

from collections.abc import Iterable

from bench import report
from bench.report import Verdict
from bench.soak import growth
from bench.soak.sampling import Life
from bench.soak.verdict import Findings


def write(found: Findings, verdicts: list[Verdict]) -> str:
    about = found.about | {
        "Load": f"{found.rate:.0f} calls a second for {found.seconds / 60:.1f} minutes ({_load(found)})",
        "Sent again": f"{found.clients.repeats} calls whose kept connection was closed when they used it",
        "Caught up": f"{found.settled_seconds:.1f} s after the last call",
    }
    parts = ["\n".join(f"- {name}: {value}" for name, value in about.items())]
    parts += [_calls(found), _faults(found), _processes(found.lives), report.targets_table(verdicts)]
    parts += [_list("Not explained", found.clients.samples), _list("Log", found.complaints[:20])]
    parts.append(_list("Console", found.console_failures[:20]))
    missed = sum(not verdict.passed for verdict in verdicts)
    parts.append(f"**{missed} missed.**" if missed else "Everything held.")
    return "\n\n".join(filter(None, parts)) + "\n"


def _load(found: Findings) -> str:
    return f"capacity {found.capacity:.0f}" if found.capacity else "as asked"


def _table(head: tuple[str, ...], rows: Iterable[tuple[object, ...]]) -> str:
    lines = [f"| {' | '.join(head)} |", "|---|" + "---:|" * (len(head) - 1)]
    return "\n".join(lines + [f"| {' | '.join(map(str, row))} |" for row in rows])


def _calls(found: Findings) -> str:
    clients = found.clients
    rows = []
    for kind, number in clients.calls.most_common():
        troubles = {what: n for (of, what), n in clients.unexplained.items() if of == kind}
        rows.append((kind, number, ", ".join(f"{n} {what}" for what, n in troubles.items()) or "–"))
    outcomes = ", ".join(f"{number} {name}" for name, number in found.records.outcomes.most_common())
    return _table(("calls", "number", "not explained"), rows) + f"\n\nRecords: {outcomes}."


def _faults(found: Findings) -> str:
    rows = []
    for fault in dict.fromkeys(window.fault for window in found.windows):
        windows = [window for window in found.windows if window.fault == fault]
        longest = max(window.until - window.began for window in windows)
        hit = {what: number for (of, what), number in found.clients.explained.items() if of == fault}
        words = ", ".join(f"{number} {what}" for what, number in hit.items()) or "–"
        rows.append((fault, len(windows), f"{longest:.1f}", words))
    return _table(("fault", "times", "longest, s", "calls that it hit"), rows)


def _processes(lives: list[Life]) -> str:
    rows = []
    for life in lives:
        lived = life.samples[-1].at - life.samples[0].at
        seen = growth.of(life)
        rss = [sample.rss_mb for sample in life.samples]
        slope = f"{seen[0].per_minute:+.3f}" if seen else "too short to say"
        row = (
            f"{life.role} {life.pid}",
            f"{lived / 60:.1f}",
            f"{rss[0]:.0f} → {rss[-1]:.0f}",
            f"{max(rss):.0f}",
        )
        fds = [sample.fds for sample in life.samples]
        threads = [sample.threads for sample in life.samples]
        rows.append((*row, slope, f"{fds[0]} → {fds[-1]}", f"{threads[0]} → {threads[-1]}"))
    head = ("process", "min", "RSS, MB", "most", "MB a minute, grown up", "descriptors", "threads")
    return _table(head, rows)


def _list(title: str, lines: list[str]) -> str:
    return f"{title}:\n\n" + "\n".join(f"- {line[:500]}" for line in lines) if lines else ""
