from __future__ import annotations

from pytest_django import Settings

from relay.processes import programs


def test_every_worker_has_its_slot_and_the_listening_socket(settings: Settings) -> None:
    settings.WORKERS = 3
    found = [programs.worker(7, number, turn=0) for number in range(3)]
    assert [program.command[-4:] for program in found] == [
        ("--fd", "7", "--slot", str(slot)) for slot in range(3)
    ]
    assert all(program.fds == (7,) for program in found)


def test_a_replacement_shares_its_slot_with_nobody(settings: Settings) -> None:
    settings.WORKERS = 3
    slots = {programs.worker(7, number, turn).command[-1] for number in range(3) for turn in (0, 1)}
    assert len(slots) == 6


def test_only_workers_may_overlap() -> None:
    assert programs.worker(7, 0, 0).may_overlap
    assert not programs.console().may_overlap
    assert not programs.recorder().may_overlap


def test_a_worker_has_time_for_its_grace_and_more(settings: Settings) -> None:
    settings.GRACE_SECONDS = 100.0
    assert programs.worker(7, 0, 0).grace_seconds > 105
    assert programs.console().grace_seconds > 105


def test_only_what_is_loaded_before_may_be_a_copy() -> None:
    ours = [programs.worker(7, 0, 0), programs.console(), programs.recorder(), programs.dispatchers()]
    assert all(program.may_be_copy for program in ours)
    assert not programs.preparation().may_be_copy  # it is for the code that is new


def test_the_recorder_ends_after_whoever_produces_exchanges_and_before_who_tells_of_them(
    settings: Settings,
) -> None:
    settings.WORKERS = 2
    assert [len(stage) for stage in programs.stages(7)] == [3, 1, 1]
    assert [len(stage) for stage in programs.demo_stages(7, "http://127.0.0.1:8000")] == [1, 3, 1, 1, 1]
    assert programs.dispatchers().command[-1] == "dispatch"


def test_the_demos_visitors_and_provider_find_each_other(settings: Settings) -> None:
    settings.TARGET_BASE_URL = "http://127.0.0.1:9123/v1"
    assert programs.provider().command[-2:] == ("--port", "9123")
    assert programs.traffic("http://127.0.0.1:8000").command[-2:] == (
        "--base-url",
        "http://127.0.0.1:8000/v1",
    )
