"""Every metric of ours, once: `docs/monitoring.md` and the dashboards are tested against it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Metric:
    """`name` as it is scraped: a counter's ends with `_total`, a histogram's gets `_bucket` and so on."""

    name: str
    kind: str
    help: str
    labels: tuple[str, ...] = ()


CALL = ("method", "endpoint", "model", "provider", "status_code")
FAR = ("model", "provider")
PROCESS = ("process",)


def _counter(name: str, words: str, *labels: str) -> Metric:
    return Metric(name, "counter", words, labels)


def _gauge(name: str, words: str, *labels: str) -> Metric:
    return Metric(name, "gauge", words, labels)


def _histogram(name: str, words: str, *labels: str) -> Metric:
    return Metric(name, "histogram", words, labels)


GROUPS: dict[str, tuple[Metric, ...]] = {
    "Calls (counted from the records of this node)": (
        _counter("llm_proxy_requests_total", "Calls of known keys, refused ones too.", *CALL, "api_key_name"),
        _histogram("llm_proxy_request_duration_seconds", "From a call's arrival to the last byte.", *CALL),
        _histogram("llm_proxy_ttft_seconds", "From a call's arrival to the first token of a stream.", *FAR),
        _histogram("llm_proxy_tokens_per_second", "Pace of streams after their first token.", *FAR),
        _histogram("llm_proxy_overhead_seconds", "What the relay itself took of a call.", "endpoint"),
        _counter(
            "llm_proxy_tokens_total",
            "Tokens; `prompt` includes `cached`, `completion` includes `reasoning`.",
            *FAR,
            "token_type",
        ),
        _counter("llm_proxy_cost_usd_total", "US dollars, where the price is known.", *FAR, "project"),
        _counter("llm_proxy_cached_answers_total", "Calls answered from the cache.", *FAR, "project"),
        _counter("llm_proxy_outcomes_total", "Calls by how they ended.", "outcome", *FAR),
        _counter("llm_proxy_client_disconnects_total", "Calls whose client left.", *FAR),
    ),
    "Calls under way (of all workers)": (
        _gauge("llm_proxy_active_requests", "Calls under way.", "endpoint"),
        _gauge("llm_proxy_active_streams", "Calls under way that asked for a stream."),
        _gauge("llm_proxy_held_bytes", "Request bodies in memory."),
    ),
    "The lane (of each worker since its start)": (
        _counter("llm_proxy_refusals_total", "Errors of ours, by their code.", "code", *PROCESS),
        _counter("llm_proxy_unknown_key_calls_total", "Calls without a known key: no record.", *PROCESS),
        _counter(
            "llm_proxy_attempts_total",
            "Tries at a provider: status or error.",
            "provider",
            "result",
            *PROCESS,
        ),
        _histogram(
            "llm_proxy_provider_latency_seconds",
            "From sending to the head of a provider's answer.",
            "provider",
            *PROCESS,
        ),
        _counter(
            "llm_proxy_provider_ejections_total",
            "How often a provider was set aside, and why.",
            "provider",
            "reason",
            *PROCESS,
        ),
        _gauge(
            "llm_proxy_limits_degraded", "1 while Redis is away and each machine counts for itself.", *PROCESS
        ),
        _counter(
            "llm_proxy_limits_degraded_calls_total",
            "Calls whose limits the machine counted for itself.",
            *PROCESS,
        ),
    ),
    "The response cache (of each worker since its start)": (
        _counter(
            "llm_proxy_cache_events_total",
            "hits, misses, bypassed, stored, collapsed, revalidated, stale, evicted, expired, purged, "
            "invalidated, failures.",
            "event",
            *PROCESS,
        ),
        _gauge("llm_proxy_cache_entries", "Answers in memory.", *PROCESS),
        _gauge("llm_proxy_cache_bytes", "Their size.", *PROCESS),
    ),
    "Dispatchers": (
        _gauge("llm_proxy_dispatcher_up", "1 while somebody delivers for it.", "dispatcher"),
        _gauge("llm_proxy_dispatcher_lag", "Records that it has still to be told of.", "dispatcher"),
        _gauge("llm_proxy_dispatcher_dead_letters", "Events that were given up on.", "dispatcher"),
        _counter(
            "llm_proxy_dispatcher_events_total", "Delivered, retried, dead, lost.", "dispatcher", "result"
        ),
        _gauge("llm_proxy_dispatcher_last_success_seconds", "When, since 1970.", "dispatcher"),
    ),
    "Providers": (
        _gauge(
            "llm_proxy_provider_health",
            "1 while it gets calls, 0 while it is left out or cannot be used.",
            "provider",
        ),
        _gauge("llm_proxy_provider_circuit_state", "1 for the state that it is in.", "provider", "state"),
        _gauge("llm_proxy_provider_effective_weight", "Its weight as it counts now.", "provider"),
        _gauge(
            "llm_proxy_provider_refused_keys",
            "Of several keys, how many it refuses; of a single one the state says so.",
            "provider",
        ),
    ),
    "Records": (
        _gauge("llm_proxy_recorder_up", "1 while a recorder holds the journal."),
        _gauge("llm_proxy_recorder_lag_bytes", "Written into the journal and not yet recorded."),
        _counter("llm_proxy_recorded_total", "Records written since the recorder's start.", *PROCESS),
        _gauge(
            "llm_proxy_recording_delay_seconds", "From a call's end to its record: the latest one.", *PROCESS
        ),
        _counter("llm_proxy_journal_bytes_total", "Appended to the journal.", *PROCESS),
        _counter("llm_proxy_journal_dropped_bodies_total", "Calls whose bodies found no room: 0.", *PROCESS),
        _counter("llm_proxy_journal_dropped_entries_total", "Entries that were lost: 0.", *PROCESS),
        _gauge("llm_proxy_journal_degraded", "1 while the journal cannot write to its disk.", *PROCESS),
        _gauge("llm_proxy_journal_free_bytes", "Free on the journal's disk."),
    ),
    "Keys": (
        _gauge(
            "llm_proxy_access_tokens",
            "Withering tokens; `soon`: of the active ones, those near the end of their time or requests.",
            "state",
        ),
    ),
    "The program": (
        _gauge("llm_proxy_build_info", "1, with the version.", "version"),
        _gauge("llm_proxy_uptime_seconds", "Since the start of the console."),
        _gauge("llm_proxy_database_up", "1 while the database answers."),
        _counter("llm_proxy_process_cpu_seconds_total", "Processor time.", *PROCESS),
        _gauge("llm_proxy_process_resident_memory_bytes", "Memory.", *PROCESS),
        _gauge("llm_proxy_process_open_fds", "Open files and sockets.", *PROCESS),
    ),
}
METRICS = {metric.name: metric for group in GROUPS.values() for metric in group}

# Of OpenTelemetry's conventions for generative AI; on a page of their own.
GENAI = ("gen_ai_operation_name", "gen_ai_provider_name", "gen_ai_request_model")
OPENTELEMETRY = {
    metric.name: metric
    for metric in (
        _histogram(
            "gen_ai_client_operation_duration_seconds",
            "From a call's arrival to the last byte.",
            *GENAI,
            "error_type",
        ),
        _histogram("gen_ai_client_token_usage", "Tokens of a call.", *GENAI, "gen_ai_token_type"),
        _histogram(
            "gen_ai_server_request_duration_seconds",
            "The same as `gen_ai_client_operation_duration_seconds`.",
            *GENAI,
            "error_type",
        ),
        _histogram(
            "gen_ai_server_time_to_first_token_seconds",
            "From a call's arrival to the first token of a stream.",
            *GENAI,
        ),
    )
}
