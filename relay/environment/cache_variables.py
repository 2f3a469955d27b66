"""The variables of the response cache, read at each start."""

from __future__ import annotations

from relay.environment.variable import Variable

CACHE = (
    Variable("HTTP_CACHE_ENABLED", "boolean", True, "Keep answers of providers for who asks for it."),
    Variable(
        "HTTP_CACHE_BACKEND",
        "choice",
        "in-memory",
        "Where: in each worker, or for all of them in Redis.",
        choices=("in-memory", "redis"),
    ),
    Variable("REDIS_CACHE_URL", "secret", "", "Redis of the cache; REDIS_URL when empty."),
    Variable("REDIS_CACHE_KEY_PREFIX", "text", "llmproxy:cache:", "How its keys begin there."),
    Variable(
        "HTTP_CACHE_MAX_OBJECT_BYTES",
        "integer",
        1024 * 1024,
        "Largest answer that is kept.",
        minimum=0,
    ),
    Variable(
        "HTTP_CACHE_DEFAULT_TTL",
        "integer",
        300,
        "Seconds an answer is kept that may be, and for which nobody names a time.",
        minimum=1,
    ),
    Variable("HTTP_CACHE_STREAM_RESPONSES", "boolean", True, "Keep streams too."),
    Variable(
        "HTTP_CACHE_MEMORY_BYTES",
        "integer",
        64 * 1024 * 1024,
        "Memory of one worker for it; in Redis only for answers on their way there.",
        minimum=1024 * 1024,
    ),
)
