from tests.scratch import scratch  # noqa: F401
