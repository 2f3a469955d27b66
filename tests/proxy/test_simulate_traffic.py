from __future__ import annotations

import os
import signal

from proxy.simulator import Simulator
from tests import managing
from tests.waiting import until


def test_it_calls_until_it_is_told_to_end() -> None:
    with Simulator(api_key="sk-of-the-demo") as simulator:
        variables = os.environ | {"PROXY_KEY": "sk-of-the-demo"}
        arguments = ["simulate_traffic", "--base-url", simulator.base_url, "--rate", "50"]
        with managing.waiting.talk(arguments, variables) as process:
            until(lambda: simulator.stats.requests >= 10)
            process.send_signal(signal.SIGTERM)
            output = process.communicate()
    assert process.returncode == 0 and output == f"talking to {simulator.base_url}\n"
    assert simulator.stats.statuses[200] > 0 and simulator.stats.statuses[401] == 0


def test_it_needs_a_key() -> None:
    done = managing.run(["simulate_traffic"], os.environ)
    assert done.returncode == 1 and "No key" in done.stderr
