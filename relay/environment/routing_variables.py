"""The variables that become columns of the relay's settings: each has the column's name in capitals."""

from __future__ import annotations

from relay.environment.variable import Variable

ROUTING = (
    Variable("PROVIDER_SUFFIX", "text", "", "With `Proxy`, the model `Proxy/gpt-4o` means `gpt-4o`."),
    Variable("REWRITE_RESPONSE_MODEL", "boolean", True, "Answer with the model's name as it was asked for."),
    Variable(
        "PROVIDER_CHOICE",
        "choice",
        "round_robin",
        "How weights are kept: in exact shares, or by chance.",
        choices=("round_robin", "random"),
    ),
    Variable("HTTP_MAX_RETRIES", "integer", 0, "Repeats at the same provider.", minimum=0, maximum=10),
    Variable("MAX_FAILOVERS", "integer", 2, "Other providers asked when one fails.", minimum=0, maximum=100),
    Variable(
        "FAILOVER_MAYBE_SENT",
        "boolean",
        True,
        "Ask another provider also when the first may have got the request, and may bill it.",
    ),
    Variable("HOLD_PREAMBLE", "boolean", False, "Hold a stream until its first real token."),
    Variable(
        "HEALTH_INTERVAL_SECONDS",
        "number",
        30.0,
        "How often a provider is asked for its models; 0 is never.",
        minimum=0,
    ),
    Variable(
        "BREAKER_ENABLED",
        "boolean",
        True,
        "Leave out a provider that keeps failing.",
        ("ADAPTIVE_ROUTING_ENABLED",),
    ),
    Variable(
        "ADAPTIVE_MIN_MULTIPLIER",
        "number",
        0.05,
        "Least share of its weight that a failing provider keeps.",
        minimum=0,
        maximum=1,
    ),
    Variable(
        "ADAPTIVE_HALF_OPEN_WEIGHT_FACTOR",
        "number",
        0.2,
        "Share of its weight while it is tried again.",
        minimum=0,
        maximum=1,
    ),
    Variable(
        "ADAPTIVE_SUCCESS_RECOVERY_STEP",
        "number",
        0.1,
        "Share of its weight that each success gives back.",
        minimum=0,
        maximum=1,
    ),
    Variable(
        "ADAPTIVE_SLOW_START_WINDOW_SECS",
        "number",
        60.0,
        "How long until a recovered provider has its full weight.",
        minimum=0,
    ),
    Variable(
        "ADAPTIVE_429_THRESHOLD", "integer", 3, "Answers 429 in a row that open the breaker.", minimum=1
    ),
    Variable("ADAPTIVE_5XX_THRESHOLD", "integer", 5, "Answers 5xx in a row that open it.", minimum=1),
    Variable("ADAPTIVE_TRANSPORT_THRESHOLD", "integer", 4, "Broken calls in a row that open it.", minimum=1),
    Variable("ADAPTIVE_HALF_OPEN_SUCCESS_THRESHOLD", "integer", 2, "Successes that close it.", minimum=1),
    Variable("ADAPTIVE_HALF_OPEN_MAX_PROBES", "integer", 1, "Calls at once that try it again.", minimum=1),
    Variable(
        "ADAPTIVE_BASE_429_COOLDOWN_SECS", "number", 15.0, "Rest after a first 429; doubles.", minimum=0
    ),
    Variable("ADAPTIVE_MAX_429_COOLDOWN_SECS", "number", 300.0, "Longest rest after a 429.", minimum=0),
    Variable(
        "ADAPTIVE_BASE_OPEN_DURATION_SECS", "number", 30.0, "First time it stays open; doubles.", minimum=0
    ),
    Variable("ADAPTIVE_MAX_OPEN_DURATION_SECS", "number", 300.0, "Longest time it stays open.", minimum=0),
)
