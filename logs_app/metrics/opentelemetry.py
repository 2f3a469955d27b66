"""The calls that this node has recorded, under the names of OpenTelemetry's conventions for generative AI, as
Prometheus spells them: dots are underscores, and a unit stands at the end.

The names are in development: `sinks/genai.py` has the attributes and where they come from.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator

from logs_app.metrics import records
from logs_app.metrics.sample import Sample, add_up
from logs_app.models import Outcome
from logs_app.rollups.figures import Sums
from logs_app.sinks import genai

# What OpenTelemetry calls the two kinds of tokens; their parts are in neither.
TOKENS = {"input": "prompt_tokens", "output": "completion_tokens"}


def samples(node: str, configured_models: Collection[str]) -> list[Sample]:
    labelled = records.series(node, configured_models)
    return add_up(sample for sums, given in labelled for sample in _of(sums, given))


def _of(sums: Sums, given: dict[str, str]) -> Iterator[Sample]:
    """Nothing of calls of no model, and of those that the relay refused."""
    operation = genai.operation_of(given["endpoint"], given["model"])
    if not operation or given["outcome"] == Outcome.REJECTED:
        return
    labels = {
        "gen_ai_operation_name": operation,
        "gen_ai_provider_name": genai.provider(given["provider"]),
        "gen_ai_request_model": given["model"],
    }
    ended = labels | {"error_type": _error_type(given)}
    for name in ("gen_ai_client_operation_duration_seconds", "gen_ai_server_request_duration_seconds"):
        yield records.times_of(name, sums.latencies, sums["latency_us"] / 1e6, ended)
    first_token = "gen_ai_server_time_to_first_token_seconds"
    yield records.times_of(first_token, sums.ttfts, sums["ttft_us"] / 1e6, labels)
    if given["status_code"].startswith("2"):
        yield from _tokens(sums, labels)


def _tokens(sums: Sums, labels: dict[str, str]) -> Iterator[Sample]:
    """A histogram of one bucket: how many tokens each call took is in the records only."""
    calls = sums["requests"]
    for kind, name in TOKENS.items():
        if tokens := sums[name]:
            labelled = labels | {"gen_ai_token_type": kind}
            yield Sample("gen_ai_client_token_usage", calls, labelled, ((math.inf, calls),), tokens)


def _error_type(given: dict[str, str]) -> str:
    """The status of a failed call, or how else it ended; empty for one that went well."""
    if given["status_code"] >= "400":
        return given["status_code"]
    return "" if given["outcome"] == Outcome.COMPLETED else given["outcome"]
