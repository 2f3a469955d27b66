import os
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
COMMAND = [sys.executable, str(ROOT / "manage.py"), "simulate_provider"]


@contextmanager
def started(*arguments: str) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen([*COMMAND, *arguments], stdout=subprocess.PIPE, text=True, env=os.environ)
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_answers_until_it_is_told_to_end(number: signal.Signals) -> None:
    with started("--port", "0") as process:
        assert process.stdout is not None
        url = process.stdout.readline().split()[-1]
        with urllib.request.urlopen(f"{url}/models") as answer:
            assert answer.status == 200
        process.send_signal(number)
        output, _ = process.communicate(timeout=10)
    assert process.returncode == 0 and "after 1 requests" in output


def test_taken_port_is_told_in_words() -> None:
    with started("--port", "0") as process:
        assert process.stdout is not None
        port = process.stdout.readline().rsplit(":", 1)[1].split("/")[0]
        second = subprocess.run([*COMMAND, "--port", port], capture_output=True, text=True, timeout=30)
    assert second.returncode == 1 and f"Cannot listen on 127.0.0.1:{port}" in second.stderr


def test_misspelled_script_is_told_in_words() -> None:
    done = subprocess.run([*COMMAND, "--script", "statsu=1"], capture_output=True, text=True, timeout=30)
    assert done.returncode == 1 and "unknown word 'statsu'" in done.stderr
