from __future__ import annotations

from typing import Any

from proxy.compare import summary


def row(variant: str, **given: Any) -> dict[str, Any]:
    usual = {
        "outcome": "completed", "prompt_tokens": 10, "completion_tokens": 2, "cached_tokens": None,
        "cost_nanos": 1500, "latency_ms": 100.0, "checks": {"same": True},
    }  # fmt: skip
    return {"variant": variant, **usual, **given}


def test_each_variant_is_summed_up():
    rows = [row("a", latency_ms=float(n)) for n in range(1, 101)] + [row("b", cost_nanos=None)]
    found = summary.of(rows, ["a", "b"], ["same"])
    assert found["a"] == {
        "calls": 100,
        "failed": 0,
        "prompt_tokens": 1000,
        "completion_tokens": 200,
        "cached_tokens": None,
        "cost": "0.000150000",
        "latency_p50_ms": 50.0,
        "latency_p95_ms": 95.0,
        "passed": {"same": 100},
    }
    assert found["b"]["cost"] is None


def test_what_failed_counts_and_passes_nothing():
    failed = row("a", outcome=None, prompt_tokens=None, latency_ms=None, checks={})
    found = summary.of([row("a"), failed], ["a"], ["same"])["a"]
    assert (found["calls"], found["failed"], found["passed"]) == (2, 1, {"same": 1})
    assert summary.of([], ["a"], [])["a"]["latency_p95_ms"] is None
