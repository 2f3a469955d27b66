"""Real processes: small scripts stand in for workers and recorder."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from relay.processes import supervisor
from relay.processes.process import Program
from relay.processes.supervisor import Child
from tests.relay.stage import Stage


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    return Stage(tmp_path)


@pytest.fixture
async def run() -> AsyncIterator[Callable[..., asyncio.Task[None]]]:
    tasks: list[asyncio.Task[None]] = []

    def start(
        *stages: list[Child],
        on_ready: Callable[[], None] = lambda: None,
        preparation: Program | None = None,
    ) -> asyncio.Task[None]:
        running = supervisor.supervise(stages, on_ready, lambda: None, preparation)
        tasks.append(asyncio.create_task(running))
        return tasks[-1]

    yield start
    for task in tasks:
        while not task.done():
            os.kill(os.getpid(), signal.SIGTERM)
            await asyncio.sleep(0.1)


async def test_a_killed_child_gets_a_successor(stage: Stage, run: Callable[..., asyncio.Task[None]]) -> None:
    run([Child(lambda turn: stage.program("a"))])
    await stage.until(lambda: len(stage.notes("started")) == 1)
    os.kill(stage.notes("started")[0], signal.SIGKILL)
    await stage.until(lambda: len(stage.notes("started")) == 2)


async def test_a_child_that_keeps_dying_is_started_more_and_more_slowly(
    stage: Stage, run: Callable[..., asyncio.Task[None]]
) -> None:
    run([Child(lambda turn: stage.program("a", extra="os._exit(3)"))])
    began_at = time.monotonic()
    await stage.until(lambda: len(stage.notes("started")) == 4)
    assert 3 <= time.monotonic() - began_at < 10  # 0 + 1 + 2 seconds


async def test_the_log_tells_how_a_child_ended(
    stage: Stage, run: Callable[..., asyncio.Task[None]], caplog: pytest.LogCaptureFixture
) -> None:
    run([Child(lambda turn: stage.program("a", extra="os._exit(3)"))])
    await stage.until(lambda: "ended with exit code 3" in caplog.text)


async def test_sigterm_ends_the_stages_one_after_another(
    stage: Stage, run: Callable[..., asyncio.Task[None]]
) -> None:
    task = run(
        [Child(lambda turn: stage.program("lane", lingers=0.5))],
        [Child(lambda turn: stage.program("recorder"))],
    )
    await stage.until(lambda: len(stage.notes("started")) == 2)
    os.kill(os.getpid(), signal.SIGTERM)
    await task
    assert stage.words()[2:] == ["ended lane", "ended recorder"]


async def test_a_child_that_ignores_sigterm_is_killed_after_its_grace(
    stage: Stage, run: Callable[..., asyncio.Task[None]]
) -> None:
    task = run([Child(lambda turn: stage.program("a", lingers=60, grace=0.5))])
    await stage.until(lambda: len(stage.notes("started")) == 1)
    os.kill(os.getpid(), signal.SIGTERM)
    async with asyncio.timeout(5):
        await task
    assert stage.notes("ended") == []


async def test_a_second_sigterm_does_not_wait(stage: Stage, run: Callable[..., asyncio.Task[None]]) -> None:
    task = run([Child(lambda turn: stage.program("a", lingers=60, grace=60))])
    await stage.until(lambda: len(stage.notes("started")) == 1)
    os.kill(os.getpid(), signal.SIGTERM)
    await asyncio.sleep(0.3)
    os.kill(os.getpid(), signal.SIGTERM)
    async with asyncio.timeout(5):
        await task


async def test_it_says_when_all_children_are_ready(
    stage: Stage, run: Callable[..., asyncio.Task[None]]
) -> None:
    ready = asyncio.Event()
    run([Child(lambda turn: stage.program("a")), Child(lambda turn: stage.program("b"))], on_ready=ready.set)
    async with asyncio.timeout(10):
        await ready.wait()
    assert len(stage.notes("started")) == 2


async def test_it_says_so_too_when_the_first_try_of_a_child_failed(
    stage: Stage, run: Callable[..., asyncio.Task[None]], tmp_path: Path
) -> None:
    ready = asyncio.Event()
    extra = f"""
mark = {str(tmp_path / "mark")!r}
if not os.path.exists(mark):
    open(mark, "w").close()
    os._exit(3)
"""
    run([Child(lambda turn: stage.program("a", extra=extra))], on_ready=ready.set)
    async with asyncio.timeout(10):
        await ready.wait()
    assert len(stage.notes("started")) == 2


async def test_sighup_starts_the_successor_before_the_old_one_ends(
    stage: Stage, run: Callable[..., asyncio.Task[None]]
) -> None:
    run([Child(lambda turn: stage.program(f"slot{turn}", may_overlap=True))])
    await stage.until(lambda: len(stage.notes("started")) == 1)
    os.kill(os.getpid(), signal.SIGHUP)
    await stage.until(lambda: len(stage.notes("ended")) == 1)
    assert stage.words() == ["started slot0", "started slot1", "ended slot0"]


@pytest.mark.parametrize("code", [0, 3])
async def test_on_sighup_nothing_is_replaced_before_the_preparation_is_done(
    stage: Stage, run: Callable[..., asyncio.Task[None]], caplog: pytest.LogCaptureFixture, code: int
) -> None:
    preparation = stage.program("migrate", extra=f"os._exit({code})")
    run([Child(lambda turn: stage.program(f"slot{turn}", may_overlap=True))], preparation=preparation)
    await stage.until(lambda: len(stage.notes("started")) == 1)
    os.kill(os.getpid(), signal.SIGHUP)
    if code:
        await stage.until(lambda: "migrate ended with exit code 3; nothing is replaced" in caplog.text)
        assert stage.words() == ["started slot0", "started migrate"]
    else:
        await stage.until(lambda: len(stage.notes("ended")) == 1)
        assert stage.words() == ["started slot0", "started migrate", "started slot1", "ended slot0"]


async def test_only_a_successor_knows_that_another_one_serves(
    stage: Stage, run: Callable[..., asyncio.Task[None]]
) -> None:
    extra = 'note("successor" if lifeline.is_successor else "first")'
    run([Child(lambda turn: stage.program("slot", may_overlap=True, extra=extra))])
    await stage.until(lambda: len(stage.notes("started")) == 1)
    os.kill(os.getpid(), signal.SIGHUP)
    await stage.until(lambda: len(stage.notes("ended")) == 1)
    assert (len(stage.notes("first")), len(stage.notes("successor"))) == (1, 1)


async def test_sighup_ends_first_what_may_not_run_twice(
    stage: Stage, run: Callable[..., asyncio.Task[None]]
) -> None:
    run([Child(lambda turn: stage.program("console"))])
    await stage.until(lambda: len(stage.notes("started")) == 1)
    os.kill(os.getpid(), signal.SIGHUP)
    await stage.until(lambda: len(stage.notes("started")) == 2)
    assert stage.words() == ["started console", "ended console", "started console"]


async def test_a_successor_that_does_not_start_leaves_the_old_one_alone(
    stage: Stage, run: Callable[..., asyncio.Task[None]], caplog: pytest.LogCaptureFixture
) -> None:
    run(
        [
            Child(
                lambda turn: stage.program(
                    f"slot{turn}", may_overlap=True, extra="os._exit(3)" if turn else ""
                )
            )
        ]
    )
    await stage.until(lambda: len(stage.notes("started")) == 1)
    os.kill(os.getpid(), signal.SIGHUP)
    await stage.until(lambda: "the old one stays" in caplog.text)
    assert stage.notes("ended") == []


async def test_a_replaced_child_is_kept_alive_too(
    stage: Stage, run: Callable[..., asyncio.Task[None]]
) -> None:
    run([Child(lambda turn: stage.program(f"slot{turn}", may_overlap=True))])
    await stage.until(lambda: len(stage.notes("started")) == 1)
    os.kill(os.getpid(), signal.SIGHUP)
    await stage.until(lambda: len(stage.notes("ended")) == 1)
    os.kill(stage.notes("started", "slot1")[0], signal.SIGKILL)
    await stage.until(lambda: len(stage.notes("started", "slot1")) == 2)
