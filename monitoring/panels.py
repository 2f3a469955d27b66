"""What a panel is: a title, a unit of Grafana's, and queries with their legends."""

from __future__ import annotations

from dataclasses import dataclass

RATE = "[$__rate_interval]"
# Narrowed by what is chosen above the dashboard.
CALLS = '{instance=~"$instance",model=~"$model",provider=~"$provider"}'
NODES = '{instance=~"$instance"}'
PROVIDERS = '{instance=~"$instance",provider=~"$provider"}'
FAILED = CALLS[:-1] + ',outcome=~"failed|upstream_truncated|interrupted"}'


@dataclass(frozen=True, slots=True)
class Panel:
    title: str
    unit: str
    queries: tuple[tuple[str, str], ...]  # PromQL and the legend
    help: str = ""
    kind: str = "timeseries"
    is_stacked: bool = False


def stat(title: str, unit: str, query: str, help: str = "") -> Panel:
    return Panel(title, unit, ((query, ""),), help, "stat")


def graph(
    title: str, unit: str, *queries: tuple[str, str], help: str = "", is_stacked: bool = False
) -> Panel:
    return Panel(title, unit, queries, help, is_stacked=is_stacked)


def rate(metric: str, by: str = "", chosen: str = CALLS) -> str:
    return f"sum{f' by ({by})' if by else ''} (rate({metric}{chosen}{RATE}))"


def quantile(share: float, metric: str, by: str = "", chosen: str = CALLS) -> str:
    return f"histogram_quantile({share}, {rate(f'{metric}_bucket', f'le, {by}' if by else 'le', chosen)})"


def percentiles(metric: str, chosen: str = CALLS) -> tuple[tuple[str, str], ...]:
    return tuple((quantile(share / 100, metric, chosen=chosen), f"p{share}") for share in (50, 95, 99))
