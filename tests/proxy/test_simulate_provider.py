from __future__ import annotations

import os
import signal
import urllib.request

import pytest

from tests import managing
from tests.managing import Talking


def started(*arguments: str) -> Talking:
    return managing.waiting.talk(["simulate_provider", *arguments], os.environ)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_answers_until_it_is_told_to_end(number: signal.Signals) -> None:
    with started("--port", "0") as process:
        url = process.line().split()[-1]
        with urllib.request.urlopen(f"{url}/models") as answer:
            assert answer.status == 200
        process.send_signal(number)
        output = process.communicate()
    assert process.returncode == 0 and "after 1 requests" in output


def test_taken_port_is_told_in_words() -> None:
    with started("--port", "0") as process:
        port = process.line().rsplit(":", 1)[1].split("/")[0]
        second = managing.run(["simulate_provider", "--port", port], os.environ)
    assert second.returncode == 1 and f"Cannot listen on 127.0.0.1:{port}" in second.stderr


def test_misspelled_script_is_told_in_words() -> None:
    done = managing.run(["simulate_provider", "--script", "statsu=1"], os.environ)
    assert done.returncode == 1 and "unknown word 'statsu'" in done.stderr
