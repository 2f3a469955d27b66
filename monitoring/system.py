"""The rows of a dashboard. Providers, capture and processes."""

from __future__ import annotations

from monitoring.panels import NODES, PROVIDERS, graph, quantile, rate, stat

SYSTEM = {
    "Dispatchers": (
        graph(
            "Still to be told", "short", ("max by (dispatcher) (llm_proxy_dispatcher_lag)", "{{dispatcher}}")
        ),
        graph(
            "Events",
            "reqps",
            (
                "sum by (dispatcher, result) (rate(llm_proxy_dispatcher_events_total[5m]))",
                "{{dispatcher}}: {{result}}",
            ),
        ),
        graph(
            "Given up on",
            "short",
            ("max by (dispatcher) (llm_proxy_dispatcher_dead_letters)", "{{dispatcher}}"),
        ),
        graph(
            "Since the last success",
            "s",
            ("time() - max by (dispatcher) (llm_proxy_dispatcher_last_success_seconds)", "{{dispatcher}}"),
            ("max by (dispatcher) (llm_proxy_dispatcher_up)", "{{dispatcher}}: up"),
        ),
    ),
    "Cache": (
        graph(
            "What it does",
            "reqps",
            (rate("llm_proxy_cache_events_total", "event", NODES), "{{event}}"),
            is_stacked=True,
        ),
        graph(
            "What it holds",
            "bytes",
            (f"sum by (instance) (llm_proxy_cache_bytes{NODES})", "{{instance}}"),
            (f"sum by (instance) (llm_proxy_cache_entries{NODES})", "{{instance}}: answers"),
        ),
    ),
    "Providers": (
        graph(
            "Health",
            "short",
            (f"min by (provider) (llm_proxy_provider_health{PROVIDERS})", "{{provider}}"),
            help="1 while it gets calls.",
        ),
        graph(
            "Weight as it counts",
            "short",
            (f"avg by (provider) (llm_proxy_provider_effective_weight{PROVIDERS})", "{{provider}}"),
        ),
        graph(
            "Share of tries",
            "percentunit",
            (
                f"{rate('llm_proxy_attempts_total', 'provider', PROVIDERS)}"
                " / ignoring (provider) group_left () "
                f"{rate('llm_proxy_attempts_total', chosen=PROVIDERS)}",
                "{{provider}}",
            ),
            is_stacked=True,
        ),
        graph(
            "Tries that failed",
            "reqps",
            (
                rate(
                    "llm_proxy_attempts_total",
                    "provider, result",
                    PROVIDERS[:-1] + ',result!~"2..|cancelled"}',
                ),
                "{{provider}}: {{result}}",
            ),
        ),
        graph(
            "Head of the answer, p95",
            "s",
            (quantile(0.95, "llm_proxy_provider_latency_seconds", "provider", PROVIDERS), "{{provider}}"),
        ),
        graph(
            "Set aside",
            "short",
            (
                f"sum by (provider, reason) (increase(llm_proxy_provider_ejections_total{PROVIDERS}[1h]))",
                "{{provider}}: {{reason}}",
            ),
            help="How often in an hour.",
        ),
        graph(
            "State",
            "short",
            (
                f"max by (provider, state) (llm_proxy_provider_circuit_state{PROVIDERS}) == 1",
                "{{provider}}: {{state}}",
            ),
        ),
        graph(
            "Keys that are refused",
            "short",
            (f"max by (provider) (llm_proxy_provider_refused_keys{PROVIDERS})", "{{provider}}"),
        ),
    ),
    "Capture": (
        stat(
            "Entries lost",
            "short",
            f"sum(increase(llm_proxy_journal_dropped_entries_total{NODES}[24h]))",
            "In 24 hours; anything but 0 is a lost record.",
        ),
        stat(
            "Bodies dropped",
            "short",
            f"sum(increase(llm_proxy_journal_dropped_bodies_total{NODES}[24h]))",
            "In 24 hours.",
        ),
        stat("Recorder", "short", f"min(llm_proxy_recorder_up{NODES})"),
        stat("Database", "short", f"min(llm_proxy_database_up{NODES})"),
        graph("Not recorded yet", "bytes", (f"llm_proxy_recorder_lag_bytes{NODES}", "{{instance}}")),
        graph(
            "From the end of a call to its record",
            "s",
            (f"llm_proxy_recording_delay_seconds{NODES}", "{{instance}}"),
        ),
        graph("Records", "reqps", (rate("llm_proxy_recorded_total", "instance", NODES), "{{instance}}")),
        graph("Journal", "Bps", (rate("llm_proxy_journal_bytes_total", "instance", NODES), "{{instance}}")),
        graph("Free for the journal", "bytes", (f"llm_proxy_journal_free_bytes{NODES}", "{{instance}}")),
        graph(
            "Trouble",
            "short",
            (f"llm_proxy_journal_degraded{NODES}", "journal of {{instance}} {{process}}"),
            (f"llm_proxy_limits_degraded{NODES}", "limits of {{instance}} {{process}}"),
        ),
        graph(
            "Calls whose limits were counted without Redis",
            "reqps",
            (rate("llm_proxy_limits_degraded_calls_total", "instance", NODES), "{{instance}}"),
        ),
    ),
    "Processes": (
        graph(
            "Processor",
            "percentunit",
            (
                rate("llm_proxy_process_cpu_seconds_total", "instance, process", NODES),
                "{{instance}} {{process}}",
            ),
        ),
        graph(
            "Memory", "bytes", (f"llm_proxy_process_resident_memory_bytes{NODES}", "{{instance}} {{process}}")
        ),
        graph(
            "Open files and sockets",
            "short",
            (f"llm_proxy_process_open_fds{NODES}", "{{instance}} {{process}}"),
        ),
        graph("Request bodies held", "bytes", (f"llm_proxy_held_bytes{NODES}", "{{instance}}")),
        graph("Up since", "s", (f"llm_proxy_uptime_seconds{NODES}", "{{instance}}")),
        graph("Versions", "short", (f"count by (version) (llm_proxy_build_info{NODES})", "{{version}}")),
    ),
}
