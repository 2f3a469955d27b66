import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from proxy.simulator import Simulator

COMMAND = [sys.executable, str(Path(__file__).parents[2] / "manage.py"), "simulate_traffic"]


def test_it_calls_until_it_is_told_to_end() -> None:
    with Simulator(api_key="sk-of-the-demo") as simulator:
        variables = os.environ | {"PROXY_KEY": "sk-of-the-demo"}
        arguments = ["--base-url", simulator.base_url, "--rate", "50"]
        process = subprocess.Popen([*COMMAND, *arguments], stdout=subprocess.PIPE, text=True, env=variables)
        deadline = time.monotonic() + 20
        while simulator.stats.requests < 10 and time.monotonic() < deadline:
            time.sleep(0.05)
        process.send_signal(signal.SIGTERM)
        output, _ = process.communicate(timeout=10)
    assert process.returncode == 0 and output == f"talking to {simulator.base_url}\n"
    assert simulator.stats.statuses[200] > 0 and simulator.stats.statuses[401] == 0


def test_it_needs_a_key() -> None:
    done = subprocess.run(COMMAND, capture_output=True, text=True, timeout=30)
    assert done.returncode == 1 and "No key" in done.stderr
