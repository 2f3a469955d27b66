from __future__ import annotations

import logging
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from relay import logfile
from relay.logfile import RotatingFile
from tests.running import ROOT


def written(path: Path) -> list[str]:
    """All lines, of the rotated files too."""
    files = [file for file in path.parent.glob(f"{path.name}*") if not file.name.endswith(".lock")]
    return [line for file in files for line in file.read_text().splitlines()]


def write(handler: RotatingFile, *lines: str) -> None:
    for line in lines:
        handler.handle(logging.makeLogRecord({"msg": line}))


def test_a_full_file_makes_room_and_the_oldest_goes(tmp_path: Path) -> None:
    handler = RotatingFile(tmp_path / "relay.log", max_bytes=10, max_backups=2)
    write(handler, *(f"line {number} of it" for number in range(5)))
    handler.close()
    assert sorted(written(tmp_path / "relay.log")) == ["line 3 of it", "line 4 of it"]
    assert (tmp_path / "relay.log.1").read_text() == "line 4 of it\n"


def test_without_a_size_nothing_is_rotated(tmp_path: Path) -> None:
    handler = RotatingFile(tmp_path / "relay.log", max_bytes=0, max_backups=2)
    write(handler, *["x" * 100] * 20)
    handler.close()
    assert len((tmp_path / "relay.log").read_text().splitlines()) == 20


def test_without_backups_the_file_begins_anew(tmp_path: Path) -> None:
    handler = RotatingFile(tmp_path / "relay.log", max_bytes=10, max_backups=0)
    write(handler, "of the first ten bytes", "and after it a second")
    handler.close()
    assert written(tmp_path / "relay.log") == []


WRITER = """
import logging, sys
from pathlib import Path
from relay.logfile import RotatingFile
handler = RotatingFile(Path(sys.argv[1]), max_bytes=4000, max_backups=100)
for number in range(300):
    handler.handle(logging.makeLogRecord({"msg": f"{sys.argv[2]} {number:04} " + "x" * 20}))
handler.close()
"""


def test_several_processes_lose_no_line(tmp_path: Path) -> None:
    path = tmp_path / "relay.log"
    command = [sys.executable, "-c", WRITER, str(path)]
    processes = [subprocess.Popen([*command, name], cwd=ROOT) for name in "abcd"]
    assert [process.wait(60) for process in processes] == [0] * 4
    found = sorted(line[:6] for line in written(path))
    assert found == [f"{name} {number:04}" for name in "abcd" for number in range(300)]
    assert len(list(tmp_path.glob("relay.log.[0-9]*"))) > 3


def test_a_place_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ImproperlyConfigured, match="LOG_FILE cannot be written"):
        logfile.handler(tmp_path / "file" / "relay.log", 10, 5)
