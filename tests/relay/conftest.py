from tests.relay.serving import served  # noqa: F401
from tests.scratch import scratch  # noqa: F401
