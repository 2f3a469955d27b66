"""The soak's arithmetic, and a short one with two faults; `python -m bench.soak` is for long ones."""

from __future__ import annotations

import subprocess
import sys
import uuid
from dataclasses import replace
from pathlib import Path

import pytest

from bench.soak import growth, logbook, timetable
from bench.soak.calls import CUT, LOST, STATUS, Call
from bench.soak.counts import Clients, Records, compare
from bench.soak.faults import FAULTS, Window
from bench.soak.following import Follower
from bench.soak.sampling import Life, Sample
from tests.running import ROOT

KILLED = Window("kill worker", began=100.0, until=102.0, explains=frozenset({LOST, CUT}))


def call(number: int, began: float, ended: float, trouble: str = "", **more: object) -> Call:
    answered = {} if trouble == LOST else {"status": 200, "id": str(uuid.UUID(int=number))}
    return Call(number, "chat", began, ended, trouble=trouble, **{**answered, **more})  # type: ignore[arg-type]


def row(number: int, status: int = 200, **more: str) -> dict[str, str]:
    blank = {"repeats": "", "outcome": "completed", "fold_error": "", "prompt_tokens": "3"}
    blank |= {"completion_tokens": "4", "client_request_id": f"soak-{number}"}
    return blank | {"id": str(uuid.UUID(int=number)), "status_code": str(status)} | more


def records(known: Clients, *rows: dict[str, str]) -> Records:
    found = Records()
    for each in rows:
        found.add(each, known.answered)
    return found


def life(rss_mb: float, per_minute: float, minutes: float = 10, outliers: float = 0.0) -> Life:
    """A sample each five seconds, every tenth one an outlier."""
    moments = [5.0 * number for number in range(int(minutes * 12))]
    sizes = [rss_mb + per_minute * at / 60 + outliers * (n % 10 == 0) for n, at in enumerate(moments)]
    return Life("worker", 1, [Sample(at, size, 20, 4) for at, size in zip(moments, sizes, strict=True)])


@pytest.mark.parametrize(
    ("began", "ended", "trouble", "is_explained"),
    [
        (99.0, 100.2, LOST, True),
        (99.0, 100.2, CUT, True),
        (100.5, 101.0, LOST, True),  # with a connection that was dead
        (99.0, 100.2, STATUS, False),
        (101.5, 102.0, LOST, False),
        (98.0, 99.5, LOST, False),
    ],
)
def test_a_fault_explains_the_calls_that_were_under_way(
    began: float, ended: float, trouble: str, is_explained: bool
) -> None:
    clients = Clients.of([call(1, began, ended, trouble)], [KILLED])
    assert (sum(clients.explained.values()), sum(clients.unexplained.values())) == (
        (1, 0) if is_explained else (0, 1)
    )


def test_equal_counts_differ_in_nothing() -> None:
    clients = Clients.of([call(1, 0, 1), call(2, 0, 1), call(3, 99, 100.1, LOST)], [KILLED])
    found = compare(
        clients, records(clients, row(1), row(2), row(3, 0)), {uuid.UUID(int=n).bytes for n in (1, 2, 3)}
    )
    assert found.explained_only == 1
    assert [found.missing, found.twice, found.unasked, found.other_status] == [0, 0, 0, 0]
    assert [found.not_told, found.told_unrecorded] == [0, 0]


def test_every_difference_is_found() -> None:
    clients = Clients.of([call(1, 0, 1), call(2, 0, 1), call(4, 0, 1)], [])
    seen = records(clients, row(2, 500), row(4), row(4), row(9))
    found = compare(clients, seen, {uuid.UUID(int=2).bytes, uuid.UUID(int=7).bytes})
    assert (found.missing, found.twice, found.unasked, found.other_status) == (1, 1, 1, 1)
    assert (found.not_told, found.told_unrecorded) == (2, 1)


def test_a_call_that_was_sent_again_and_done_twice_is_found() -> None:
    clients = Clients.of([call(1, 50, 51, is_repeat=True)], [KILLED])
    seen = records(clients, row(1), row(8, client_request_id="soak-1"))
    assert compare(clients, seen, set(seen.ids)).unasked == 1
    hit = Clients.of([call(1, 99, 101, is_repeat=True)], [KILLED])
    assert compare(hit, seen, set(seen.ids)).unasked == 0


def test_a_call_that_a_library_sent_again_is_excused_by_a_killed_worker_only() -> None:
    """Of two records of a GET its client knows one: aiohttp repeats it and says nothing."""
    answered, unseen = row(1), row(8, client_request_id="soak-1")
    for window, unasked in ((KILLED, 0), (replace(KILLED, explains=frozenset({STATUS})), 1)):
        clients = Clients.of([call(1, 99, 101)], [window])
        assert compare(clients, records(clients, answered, unseen), set()).unasked == unasked


def test_refusals_that_share_a_record_count_as_many() -> None:
    clients = Clients.of([call(1, 0, 1), call(2, 0, 1), call(3, 0, 1)], [])
    seen = records(clients, row(1), row(2, repeats="2"))
    assert (seen.rows, seen.calls) == (2, 3)
    assert compare(clients, seen, set(seen.ids)).missing == 0


def test_growth_is_seen_through_outliers() -> None:
    flat, growing = growth.of(life(100, 0, outliers=50))[0], growth.of(life(100, 2, outliers=50))[0]
    assert flat.is_flat and abs(flat.per_minute) < 0.01
    assert not growing.is_flat and growing.per_minute == pytest.approx(2, abs=0.1)
    assert growing.over_all == pytest.approx(2 * growing.seconds / 60, rel=0.05)


def test_youth_is_not_growth_and_a_short_life_says_nothing() -> None:
    young = life(100, 0)
    young.samples[:20] = [Sample(sample.at, sample.at, 20, 4) for sample in young.samples[:20]]
    assert growth.of(young)[0].is_flat
    assert growth.of(life(100, 5, minutes=1.5)) == []


def test_the_timetable_leaves_long_lives_and_repeats_what_ends_none() -> None:
    entries = timetable.plan(1800)
    assert {entry.fault for entry in entries} == set(timetable.ALL) == set(FAULTS)
    assert [entry.at for entry in entries] == sorted(entry.at for entry in entries)
    assert max(entry.at for entry in entries if entry.fault in timetable.ENDING) <= 450
    assert sum(entry.fault == "database away" for entry in entries) == 4
    assert timetable.plan(1800, ()) == []


def test_complaints_beside_faults_are_kept() -> None:
    def line(moment: str, level: str) -> str:
        return f'{{"time": "{moment}", "level": "{level}", "logger": "x", "message": "y"}}'

    lines = [
        line("1970-01-01T00:01:41+00:00", "error"),
        line("1970-01-01T00:05:00+00:00", "error"),
        line("1970-01-01T00:05:00+00:00", "warning"),
        "Traceback (most recent call last):",
    ]
    assert logbook.complaints(lines, [KILLED]) == ["1970-01-01T00:05:00+00:00 x: y", lines[3]]


def test_events_are_followed_over_rotations(tmp_path: Path) -> None:
    ids = [uuid.UUID(int=number) for number in range(4)]
    path = tmp_path / "events.jsonl"
    follower = Follower(path)
    follower.read()
    for id in ids[:2]:
        with path.open("a") as file:
            file.write(f'{{"version":1,"id":"{id}"}}\n')
        follower.read()
    with path.open("a") as file:
        file.write(f'{{"version":1,"id":"{ids[2]}"}}\n')
    path.rename(tmp_path / "events.jsonl.1")
    path.write_text(f'{{"version":1,"id":"{ids[3]}"}}\n')
    follower.read()
    follower.close()
    assert follower.ids == {id.bytes for id in ids} and follower.lines == 4


@pytest.mark.timeout(400)
def test_a_short_soak_holds(tmp_path: Path) -> None:
    command = ["-m", "bench.soak", "--minutes", "0.15", "--rate", "15", "--workers", "1"]
    command += ["--faults", "kill recorder,key rotates", "--markdown", str(tmp_path / "soak.md")]
    done = subprocess.run(
        [sys.executable, *command, "--logs", str(tmp_path / "logs")],
        cwd=ROOT, capture_output=True, text=True, timeout=380,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    written = (tmp_path / "soak.md").read_text()
    assert "Everything held." in written and "| kill recorder | 1 |" in written
