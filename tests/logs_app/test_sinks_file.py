from __future__ import annotations

import json
from pathlib import Path

import pytest

from logs_app.events import Event, sample
from logs_app.sinks import SinkError, Target, Unreachable
from logs_app.sinks.file import FileSink
from tests.managing import elsewhere

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "folder" / "events.jsonl"


def sink_to(path: Path, **options: object) -> FileSink:
    return FileSink(Target(endpoint=str(path), options=options))


def ids(path: Path) -> list[str]:
    return [json.loads(line)["id"] for line in path.read_bytes().splitlines()]


def samples(count: int) -> list[Event]:
    return [sample() for _ in range(count)]


def files_of(path: Path) -> list[Path]:
    """The oldest first."""
    numbered = sorted(path.parent.glob(f"{path.name}.*"), key=lambda each: -int(each.suffix[1:]))
    return [*numbered, path]


def test_each_event_is_a_line_and_only_the_owner_reads_it(path: Path) -> None:
    events, more = samples(3), samples(2)
    sink = sink_to(path)
    assert [delivery.outcome for delivery in sink.deliver(events)] == ["delivered"] * 3
    sink.deliver(more)
    assert ids(path) == [event.id for event in events + more]
    assert json.loads(path.read_bytes().splitlines()[0]) == json.loads(events[0].as_json())
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_full_file_is_rotated_and_the_oldest_go(path: Path) -> None:
    size = len(sample().as_json()) + 1
    sink = sink_to(path, max_bytes=2 * size + 10, max_files=3)
    events = samples(10)
    for event in events:
        sink.deliver([event])
    files = files_of(path)
    assert [each.name for each in files] == ["events.jsonl.2", "events.jsonl.1", "events.jsonl"]
    assert [id for each in files for id in ids(each)] == [event.id for event in events[-6:]]


def test_without_a_limit_of_files_all_stay(path: Path) -> None:
    sink = sink_to(path, max_bytes=10, max_files=0)
    events = samples(5)
    sink.deliver(events)  # each larger than a file
    assert [ids(each) for each in files_of(path)] == [[event.id] for event in events]


def test_one_file_is_emptied_when_there_may_be_no_other(path: Path) -> None:
    sink = sink_to(path, max_bytes=10, max_files=1)
    events = samples(3)
    sink.deliver(events)
    assert files_of(path) == [path]
    assert ids(path) == [events[-1].id]


WRITER = """
import sys
from logs_app.events import sample
from logs_app.sinks import Target
from logs_app.sinks.file import FileSink
sink = FileSink(Target(sys.argv[1], options={"max_bytes": 20_000, "max_files": 0}))
print("ready", flush=True)
for _ in range(40):
    batch = [sample() for _ in range(5)]
    sink.deliver(batch)
    print(*(event.id for event in batch), sep="\\n")
"""


def test_several_processes_rotate_one_file_under_load_and_lose_nothing(path: Path) -> None:
    with elsewhere(WRITER, path, count=3) as writers:
        outputs = [writer.communicate() for writer in writers]
        assert [writer.returncode for writer in writers] == [0, 0, 0]
    written = [id for output in outputs for id in output.split()]
    assert len(written) == 600
    files = files_of(path)
    assert len(files) > 10
    assert sorted(id for each in files for id in ids(each)) == sorted(written)
    assert all(each.stat().st_size <= 20_000 for each in files)


def test_a_line_that_was_cut_is_ended_before_the_next_one(path: Path) -> None:
    sink = sink_to(path)
    sink.deliver([sample()])
    with path.open("ab") as file:
        file.write(b'{"half": ')
    event = sample()
    sink.deliver([event])
    lines = path.read_bytes().splitlines()
    assert lines[1] == b'{"half": '
    assert json.loads(lines[2])["id"] == event.id


def test_a_file_that_was_moved_away_is_made_anew(path: Path) -> None:
    sink = sink_to(path)
    sink.deliver([sample()])
    path.rename(path.with_suffix(".old"))
    event = sample()
    sink.deliver([event])
    assert ids(path) == [event.id]


def test_what_cannot_be_written_waits(tmp_path: Path) -> None:
    (tmp_path / "in-the-way").write_text("")
    with pytest.raises(Unreachable, match="cannot be written"):
        sink_to(tmp_path / "in-the-way" / "events.jsonl").deliver([sample()])


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_full_disk_is_no_delivery(tmp_path: Path) -> None:
    (tmp_path / "full").symlink_to("/dev/full")
    with pytest.raises(Unreachable, match="No space left"):
        sink_to(tmp_path / "full").deliver([sample()])


@pytest.mark.parametrize(
    ("endpoint", "options", "field", "words"),
    [
        ("", {}, "endpoint", "Name the file"),
        (".", {}, "endpoint", "is a folder"),
        ("x", {"max_bytes": "1"}, "options", "max_bytes is a whole number"),
        ("x", {"max_files": -1}, "options", "max_files is a whole number"),
        ("x", {"fsync": "sometimes"}, "options", "batch, never"),
        ("x", {"colour": "red"}, "options", "no option colour"),
    ],
)
def test_a_target_that_cannot_be_used_is_refused(
    endpoint: str, options: dict[str, object], field: str, words: str
) -> None:
    with pytest.raises(SinkError, match=words) as caught:
        FileSink(Target(endpoint=endpoint, options=options))
    assert caught.value.field == field
