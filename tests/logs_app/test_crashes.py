"""Guarantee 1: what was promised is recorded exactly once, whoever is killed."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from cryptography.fernet import Fernet

from logs_app import payloads
from logs_app.models import LogPayload, LogRecord, Node
from tests import managing
from tests.logs_app import sums
from tests.logs_app.crash_lab import answer_of
from tests.scratch import Scratch

ROOT = Path(__file__).resolve().parents[2]
ROUNDS = 40


def run_lab(data_dir: Path, scratch: Scratch, seed: int) -> dict:
    environ = os.environ | {
        "DATA_DIR": str(data_dir),
        "ENV_FILE": os.devnull,
        "DATABASE_URL": scratch.url,
        "FIELD_ENCRYPTION_KEYS": Fernet.generate_key().decode(),
        "DJANGO_SETTINGS_MODULE": "relay.settings",
    }
    arguments = [str(ROUNDS), str(seed)]
    done = managing.run(arguments, environ, module="tests.logs_app.crash_lab", seconds=100)
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def promised(data_dir: Path, kind: str) -> dict[str, int]:
    """Id and length of the answer: `O` when opened was written, `C` when closed was."""
    lines = (line.split() for line in (data_dir / "promises").read_text().splitlines())
    return {id: int(size) for what, id, size in lines if what == kind}


@pytest.mark.conformance("guarantee", 1)
@pytest.mark.timeout(240)
def test_killed_writers_and_killed_rival_recorders_lose_nothing_and_record_nothing_twice(
    tmp_path, scratch, record_property
):
    result = run_lab(tmp_path, scratch, seed=int.from_bytes(os.urandom(4)))
    opened, closed = promised(tmp_path, "O"), promised(tmp_path, "C")
    records = {record.pk.hex: record for record in LogRecord.objects.using(scratch.alias)}
    answers = {p.record_id.hex: p for p in LogPayload.objects.using(scratch.alias)}

    assert result["exit"] == 0
    assert len(closed) > 300
    assert opened.keys() <= records.keys()
    assert len(records.keys() - opened.keys()) <= ROUNDS + 2  # killed between writing and telling
    assert {records[id].outcome for id in closed} == {"completed"}
    assert {records[id].outcome for id in opened.keys() - closed.keys()} <= {"interrupted", "completed"}
    assert all(payloads.unpack(p.request_body).hex() == id for id, p in answers.items())
    assert all(
        payloads.unpack(answers[id].response_body) == answer_of(bytes.fromhex(id), size)
        for id, size in closed.items()
    )
    # Each row took one number and each number one row: nothing was counted twice either.
    assert sorted(record.seq for record in records.values()) == list(range(1, len(records) + 1))
    assert Node.objects.using(scratch.alias).get().seq == len(records)
    assert sums.kept(scratch.alias) == sums.of_records(scratch.alias)
    assert [name for name in result["files"] if name.endswith(".seg")] == []
    record_property(
        "figure",
        f"{ROUNDS} writers killed among rival recorders: {len(closed)} of {len(closed)} exchanges recorded",
    )
