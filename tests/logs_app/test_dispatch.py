from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography.fernet import Fernet
from django.core.management import CommandError, call_command
from django.utils import timezone

from logs_app.management.commands import dispatch
from logs_app.models import DeadLetter, LogRecord, Subscriber
from tests import managing
from tests.logs_app.delivering import Silent
from tests.logs_app.journals import new_journal, write_exchange
from tests.logs_app.records import many
from tests.waiting import until

ROOT = Path(__file__).resolve().parents[2]
pytestmark = pytest.mark.django_db


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "events.jsonl"


@pytest.fixture(autouse=True)
def signals() -> Iterator[None]:
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.fixture(autouse=True)
def silent(monkeypatch: pytest.MonkeyPatch) -> None:
    """A pulse would wait for the test's transaction."""
    monkeypatch.setattr(dispatch, "Pulse", Silent)


def run(capsys: Any, *arguments: str) -> str:
    call_command("dispatch", *arguments)
    return capsys.readouterr().err


def ids(path: Path) -> list[str]:
    return [json.loads(line)["id"] for line in path.read_bytes().splitlines()] if path.exists() else []


def test_once_delivers_what_is_there_and_goes_on_there_the_next_time(path: Path, capsys: Any) -> None:
    records = many(3)
    said = run(capsys, "--service", "file", "--endpoint", str(path), "--once")
    assert f"file:{path}: 3 events to go." in said
    assert f"file:{path}: 3 delivered." in said
    more = many(1)
    run(capsys, "--service", "file", "--endpoint", str(path), "--once")
    assert ids(path) == [str(record.pk) for record in records + more]


def test_a_name_is_one_subscriber_wherever_it_delivers_to(path: Path, capsys: Any) -> None:
    many(2)
    run(capsys, "--service", "file", "--endpoint", str(path), "--name", "mine", "--once")
    said = run(capsys, "--service", "file", "--endpoint", f"{path}.other", "--name", "mine", "--once")
    assert "mine: nothing to do yet." in said
    assert Subscriber.objects.get().name == "mine"


def test_filters_options_and_since(path: Path, capsys: Any) -> None:
    wanted = many(1, model="m-2")
    many(1, model="m-3")
    run(
        capsys, "--service", "file", "--endpoint", str(path), "--once",
        "--model", "m-2", "--endpoint-is", "/v1/chat/completions", "--option", "max_bytes=1",
        "--since", "2020-01-01",
    )  # fmt: skip
    assert ids(path) == [str(wanted[0].pk)]
    said = run(
        capsys, "--service", "file", "--endpoint", str(path), "--once", "--name", "new", "--since", "0h"
    )
    assert "new: nothing to do yet." in said


def test_a_dry_run_shows_and_changes_nothing(path: Path, capsysbinary: Any) -> None:
    records = many(2)
    call_command("dispatch", "--service", "file", "--endpoint", str(path), "--dry-run")
    shown = capsysbinary.readouterr()
    assert [json.loads(line)["id"] for line in shown.out.splitlines()] == [str(each.pk) for each in records]
    assert b"2 events would be delivered." in shown.err
    assert not path.exists()
    assert Subscriber.objects.count() == 0


@pytest.mark.parametrize(
    ("arguments", "words", "code"),
    [
        (["--service", "file"], "--endpoint: Name the file", 1),
        (["--service", "file", "--endpoint", "x", "--option", "colour=1"], "--option: There is no option", 1),
        (["--service", "file", "--endpoint", "x", "--option", "colour"], "write NAME=VALUE", 2),
        (["--service", "file", "--endpoint", "x", "--status", "seven"], "^status: Write a status", 1),
        (["--service", "file", "--endpoint", "x", "--since", "then"], "--since: write 24h", 2),
        (["--service", "file", "--endpoint", "x", "--batch-size", "0"], "--batch-size is a number", 2),
        (["--once"], "Say where to: --service", 2),
        (["--stop"], "Say which: --name", 2),
        (["--dead", "list"], "Say which: --name", 2),
        (["--stop", "--name", "nobody"], "nobody is not at work here", 1),
    ],
)
def test_what_makes_no_sense_is_refused_in_words(arguments: list[str], words: str, code: int) -> None:
    with pytest.raises(CommandError, match=words) as caught:
        call_command("dispatch", *arguments)
    assert caught.value.returncode == code


def test_once_says_when_a_far_side_is_away(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    many(1)
    (tmp_path / "in-the-way").write_text("")
    monkeypatch.setattr(dispatch, "MOST_FAILURES", 1)
    monkeypatch.setattr("logs_app.dispatching.courier.FIRST_PAUSE_SECONDS", 0.001)
    with pytest.raises(CommandError, match="Not all events") as caught:
        call_command(
            "dispatch", "--service", "file", "--endpoint", str(tmp_path / "in-the-way" / "x"), "--once"
        )
    assert caught.value.returncode == 3
    assert "0 delivered, 1 to go" in capsys.readouterr().err


def test_dead_letters_are_listed_sent_again_and_dropped(capsys: Any) -> None:
    records = many(2)
    for record in records:
        DeadLetter.objects.create(
            subscriber="mine", record_id=record.pk, node=record.node, seq=record.seq,
            reason="no such project", died_at=record.created_at,
        )  # fmt: skip
    call_command("dispatch", "--name", "mine", "--dead", "list")
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == [str(record.pk) for record in records]
    assert lines[0].endswith("no such project")
    said = run(capsys, "--name", "mine", "--dead", "resend", "--id", str(records[0].pk))
    assert "1 events go out when mine is at work." in said
    assert list(DeadLetter.objects.filter(is_due=True).values_list("record_id", flat=True)) == [records[0].pk]
    assert "2 events dropped." in run(capsys, "--name", "mine", "--dead", "drop")


def test_a_name_is_forgotten_when_it_is_not_at_work(path: Path, capsys: Any) -> None:
    many(1)
    target = ("--service", "file", "--endpoint", str(path), "--name", "mine")
    run(capsys, *target, "--once")
    Subscriber.objects.update(seen_at=timezone.now())
    with pytest.raises(CommandError, match="mine is at work"):
        call_command("dispatch", "--name", "mine", "--forget")
    run(capsys, *target, "--once")  # and it has left
    assert "mine is forgotten." in run(capsys, "--name", "mine", "--forget")
    with pytest.raises(CommandError, match="There is no mine"):
        call_command("dispatch", "--name", "mine", "--forget")
    run(capsys, *target, "--once")
    assert len(ids(path)) == 2


def test_the_name_of_an_earlier_system_does_the_same(path: Path, capsys: Any) -> None:
    many(1)
    call_command("dispatcher", "--service", "file", "--endpoint", str(path), "--once")
    assert len(ids(path)) == 1


def manage_py(environ: dict[str, str], *arguments: str) -> managing.Done:
    return managing.run(arguments, environ)


@pytest.fixture(scope="module")
def home(tmp_path_factory: Any) -> dict[str, str]:
    """The variables of a relay of its own that has its tables and nothing else."""
    folder = tmp_path_factory.mktemp("home")
    environ = os.environ | {
        "DATA_DIR": str(folder),
        "ENV_FILE": os.devnull,
        "DATABASE_URL": f"sqlite:///{folder / 'own.db'}",
        "FIELD_ENCRYPTION_KEYS": Fernet.generate_key().decode(),
        "DJANGO_SETTINGS_MODULE": "relay.settings",
    }
    assert manage_py(environ, "migrate").returncode == 0
    return environ


@pytest.fixture
def environ(home: dict[str, str], tmp_path: Path) -> dict[str, str]:
    shutil.copytree(home["DATA_DIR"], tmp_path, dirs_exist_ok=True)
    return home | {"DATA_DIR": str(tmp_path), "DATABASE_URL": f"sqlite:///{tmp_path / 'own.db'}"}


@pytest.fixture
def manage(environ: dict[str, str]) -> Callable[..., subprocess.CompletedProcess[str]]:
    return lambda *arguments: manage_py(environ, *arguments)


def record(environ: dict[str, str], manage: Any, count: int) -> None:
    journal = new_journal(Path(environ["DATA_DIR"]) / "journal", environ["FIELD_ENCRYPTION_KEYS"])
    for _ in range(count):
        write_exchange(journal)
    journal.close()
    assert manage("record", "--once").returncode == 0


def test_detached_it_goes_on_without_the_terminal_until_it_is_stopped(
    path: Path, environ: dict[str, str], manage: Any
) -> None:
    record(environ, manage, 2)
    target = ("--service", "file", "--endpoint", str(path))
    done = manage("dispatch", *target, "--detach", "--api-key", "secret-1")
    assert done.returncode == 0, done.stderr
    pid = int(done.stderr.partition("(pid ")[2].partition(")")[0])
    try:
        until(lambda: len(ids(path)) == 2)
        assert b"secret-1" not in Path(f"/proc/{pid}/cmdline").read_bytes()
        again = manage("dispatch", *target, "--detach")
        assert (again.returncode, "at work already" in again.stderr) == (1, True)
    finally:
        stopped = manage("dispatch", *target, "--stop")
    assert (stopped.returncode, f"(pid {pid}) has ended" in stopped.stderr) == (0, True)
    assert "2 delivered." in Path(done.stderr.strip().rpartition(" ")[2].rstrip(".")).read_text()


def test_detached_it_says_why_it_cannot_begin(environ: dict[str, str], manage: Any) -> None:
    (Path(environ["DATA_DIR"]) / "own.db").write_bytes(b"")
    done = manage("dispatch", "--service", "file", "--endpoint", "x", "--detach")
    assert done.returncode == 1
    assert "It ended at once" in done.stderr and "no such table" in done.stderr


def test_sigterm_delivers_what_is_there_and_exits_0(path: Path, environ: dict[str, str], manage: Any) -> None:
    with managing.waiting.talk(
        ["dispatch", "--service", "file", "--endpoint", str(path)], environ
    ) as process:
        assert "nothing to do yet" in process.line()
        record(environ, manage, 1)
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0
    assert len(ids(path)) == 1
    assert LogRecord.objects.count() == 0  # that was another database
