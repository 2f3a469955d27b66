from __future__ import annotations

import signal
import socket
from pathlib import Path

import pytest

from relay.processes.process import Process, Program, describe_exit
from tests.relay.stage import ROOT, Stage


@pytest.mark.parametrize(
    ("code", "words"),
    [(0, "ended with exit code 0"), (3, "ended with exit code 3"), (-9, "was killed by SIGKILL")],
)
def test_an_exit_code_in_words(code: int, words: str) -> None:
    assert describe_exit(code) == words


async def test_it_tells_when_it_is_ready_and_how_it_ended(tmp_path: Path) -> None:
    process = Process(Stage(tmp_path).program("a"))
    assert await process.becomes_ready()
    process.signal(signal.SIGKILL)
    assert await process.wait() == -signal.SIGKILL
    assert not process.is_alive


async def test_one_that_dies_first_never_becomes_ready(tmp_path: Path) -> None:
    process = Process(Stage(tmp_path).program("a", extra="os._exit(0)"))
    assert not await process.becomes_ready()


async def test_it_runs_in_the_project_whatever_the_folder_of_its_parent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    note = tmp_path / "cwd"
    process = Process(Program("a", ("-c", f"import os; open({str(note)!r}, 'w').write(os.getcwd())"), 5))
    assert await process.wait() == 0
    assert note.read_text() == ROOT


async def test_stopping_one_that_has_ended_is_nothing(tmp_path: Path) -> None:
    process = Process(Program("a", ("-c", ""), 5))
    await process.wait()
    await process.stop()
    assert not process.is_alive


LISTENER = """
import socket, time
time.sleep(0.5)
with socket.create_server(("127.0.0.1", {port})):
    time.sleep(30)
"""


async def test_one_that_has_a_port_is_ready_when_it_listens() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    process = Process(Program("a", ("-c", LISTENER.format(port=port)), 5, port=port))
    assert await process.becomes_ready()
    with socket.create_connection(("127.0.0.1", port)):
        pass
    await process.stop()


async def test_one_that_ends_before_it_listens_never_becomes_ready() -> None:
    process = Process(Program("a", ("-c", ""), 5, port=1))
    assert not await process.becomes_ready()
