from __future__ import annotations

import math
import os
import time
from pathlib import Path

import pytest

from logs_app.metrics import published
from logs_app.metrics.published import Publication
from logs_app.metrics.sample import Sample

SAID = [Sample("a_total", 3, {"x": "1"}), Sample("h", 2, {}, ((0.5, 1), (math.inf, 2)), 1.25)]


def test_what_one_process_says_another_reads(tmp_path: Path) -> None:
    Publication(tmp_path / "metrics", "worker 0").publish(SAID)
    Publication(tmp_path / "metrics", "recorder").publish([])
    assert dict(published.read(tmp_path / "metrics")) == {"recorder": [], "worker 0": SAID}


def test_a_later_word_replaces_the_one_before(tmp_path: Path) -> None:
    publication = Publication(tmp_path, "worker 0")
    publication.publish(SAID)
    publication.publish([Sample("a_total", 4)])
    assert dict(published.read(tmp_path)) == {"worker 0": [Sample("a_total", 4)]}


def test_a_process_that_has_gone_is_silent(tmp_path: Path) -> None:
    killed, ended = Publication(tmp_path, "killed"), Publication(tmp_path, "ended")
    killed.publish(SAID)
    ended.publish(SAID)
    ended.withdraw()
    long_ago = time.time() - published.STALE_SECONDS - 1
    os.utime(tmp_path / "killed.json", (long_ago, long_ago))
    assert list(published.read(tmp_path)) == []


def test_a_file_that_is_none_of_ours_is_passed_over(tmp_path: Path) -> None:
    Publication(tmp_path, "worker 0").publish(SAID)
    (tmp_path / "broken.json").write_text('[["a_tot')
    assert [process for process, _ in published.read(tmp_path)] == ["worker 0"]


def test_a_folder_that_cannot_be_written_is_said_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").touch()
    publication = Publication(tmp_path / "file", "worker 0")
    publication.publish(SAID)
    publication.publish(SAID)
    assert len(caplog.records) == 1


def test_a_process_knows_its_own_size() -> None:
    found = {sample.name: sample.value for sample in published.of_this_process()}
    assert found["llm_proxy_process_resident_memory_bytes"] > 10 << 20
    assert found["llm_proxy_process_cpu_seconds_total"] > 0
