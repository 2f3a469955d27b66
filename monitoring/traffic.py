"""The rows of a dashboard. Calls as applications see them."""

from __future__ import annotations

from monitoring.panels import CALLS, FAILED, NODES, graph, percentiles, quantile, rate, stat

TRAFFIC = {
    "Now": (
        stat("Calls a second", "reqps", rate("llm_proxy_requests_total")),
        stat(
            "Failed",
            "percentunit",
            f"({rate('llm_proxy_outcomes_total', chosen=FAILED)} or vector(0))"
            f" / {rate('llm_proxy_outcomes_total')}",
        ),
        stat("Under way", "short", f"sum(llm_proxy_active_requests{NODES})"),
        stat("First token, p95", "s", quantile(0.95, "llm_proxy_ttft_seconds")),
        stat(
            "Tokens a second",
            "short",
            rate("llm_proxy_tokens_total", chosen=CALLS[:-1] + ',token_type=~"prompt|completion"}'),
        ),
        stat("Dollars in 24 h", "currencyUSD", f"sum(increase(llm_proxy_cost_usd_total{CALLS}[24h]))"),
    ),
    "Calls": (
        graph(
            "Calls by status",
            "reqps",
            (rate("llm_proxy_requests_total", "status_code"), "{{status_code}}"),
            is_stacked=True,
        ),
        graph(
            "Calls by model",
            "reqps",
            (rate("llm_proxy_requests_total", "model"), "{{model}}"),
            is_stacked=True,
        ),
        graph(
            "Calls by key",
            "reqps",
            (f"topk(10, {rate('llm_proxy_requests_total', 'api_key_name')})", "{{api_key_name}}"),
        ),
        graph(
            "How calls end",
            "reqps",
            (rate("llm_proxy_outcomes_total", "outcome"), "{{outcome}}"),
            is_stacked=True,
        ),
        graph(
            "Under way",
            "short",
            (f"sum by (endpoint) (llm_proxy_active_requests{NODES})", "{{endpoint}}"),
            (f"sum(llm_proxy_active_streams{NODES})", "streams"),
        ),
        graph(
            "Clients that left",
            "reqps",
            (rate("llm_proxy_client_disconnects_total", "provider"), "{{provider}}"),
        ),
    ),
    "Time": (
        graph(
            "Whole calls",
            "s",
            *percentiles("llm_proxy_request_duration_seconds"),
            help="From arrival to the last byte; streams take as long as they are.",
        ),
        graph("Time to the first token", "s", *percentiles("llm_proxy_ttft_seconds")),
        graph(
            "Pace of streams",
            "short",
            *(
                (quantile(share, "llm_proxy_tokens_per_second", "model"), f"p{share * 100:.0f} {{{{model}}}}")
                for share in (0.5,)
            ),
            help="Tokens per second after the first.",
        ),
        graph("What the relay adds", "s", *percentiles("llm_proxy_overhead_seconds", NODES)),
    ),
    "Tokens and cost": (
        graph(
            "Tokens",
            "short",
            (rate("llm_proxy_tokens_total", "token_type"), "{{token_type}}"),
            help="prompt includes cached, completion includes reasoning.",
        ),
        graph(
            "Tokens by model",
            "short",
            (f"topk(10, {rate('llm_proxy_tokens_total', 'model')})", "{{model}}"),
            is_stacked=True,
        ),
        graph(
            "Dollars an hour, by model",
            "currencyUSD",
            (f"sum by (model) (increase(llm_proxy_cost_usd_total{CALLS}[1h]))", "{{model}}"),
            is_stacked=True,
        ),
        graph(
            "Dollars an hour, by project",
            "currencyUSD",
            (f"sum by (project) (increase(llm_proxy_cost_usd_total{CALLS}[1h]))", "{{project}}"),
            is_stacked=True,
        ),
    ),
    "Limits and cache": (
        graph(
            "Refused by us",
            "reqps",
            (rate("llm_proxy_refusals_total", "code", NODES), "{{code}}"),
            is_stacked=True,
        ),
        graph(
            "Answered from the cache",
            "reqps",
            (rate("llm_proxy_cached_answers_total", "model"), "{{model}}"),
            is_stacked=True,
        ),
        graph(
            "Calls without a known key",
            "reqps",
            (rate("llm_proxy_unknown_key_calls_total", chosen=NODES), "calls"),
        ),
        graph("Withering tokens", "short", (f"max by (state) (llm_proxy_access_tokens{NODES})", "{{state}}")),
    ),
}
