from tests.scratch import scratch, scratch_templates  # noqa: F401
