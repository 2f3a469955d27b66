from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.scratch import Scratch, scratch  # noqa: F401 - fixtures

if TYPE_CHECKING:
    from logs_app.journal.journal import Journal
    from logs_app.recorder.recorder import Recorder


@pytest.fixture
def journal_dir(tmp_path: Path) -> Path:
    return tmp_path / "journal"


@pytest.fixture
def journal(journal_dir: Path) -> Iterator[Journal]:
    from tests.logs_app import journals

    journal = journals.new_journal(journal_dir)
    yield journal
    journal.close()


@pytest.fixture
def new_recorder(journal_dir: Path, scratch: Scratch) -> Iterator[Callable[..., Recorder]]:  # noqa: F811
    from logs_app.recorder.recorder import Recorder
    from logs_app.recorder.store import Store
    from tests.logs_app import journals

    recorders = []

    def new(**options: Any) -> Recorder:
        journal_dir.mkdir(exist_ok=True)
        given = {"max_body_bytes": 1 << 20, "store": Store(scratch.alias)} | options
        recorders.append(Recorder(journal_dir, journals.masters(), **given))
        return recorders[-1]

    yield new
    for recorder in recorders:
        recorder.close()
