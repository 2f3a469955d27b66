from __future__ import annotations

import stat
from fcntl import LOCK_EX, LOCK_NB, LOCK_UN, flock
from pathlib import Path

import pytest

from accounts.mappedfile import MappedFile

MAGIC, SIZE = b"LLMRTEST", 4096


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "folder" / "table"


def open_it(path: Path) -> None:
    file = MappedFile(path, MAGIC, SIZE)
    assert file.error is None and file.folder == path.parent
    file.close()


def test_a_new_one_is_whole_and_the_owners_alone(path: Path) -> None:
    open_it(path)
    assert path.read_bytes() == MAGIC + bytes(SIZE - len(MAGIC))
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_sound_one_stays_as_it_is(path: Path) -> None:
    open_it(path)
    kept = MAGIC + b"x" * (SIZE - len(MAGIC))
    path.write_bytes(kept)
    open_it(path)
    assert path.read_bytes() == kept


@pytest.mark.parametrize(
    "content", [b"", b"other".ljust(SIZE, b"x"), MAGIC + b"short", MAGIC.ljust(SIZE + 8, b"x")]
)
def test_any_other_is_emptied_in_place(path: Path, content: bytes) -> None:
    path.parent.mkdir()
    path.write_bytes(content)
    inode = path.stat().st_ino
    open_it(path)
    assert path.read_bytes() == MAGIC + bytes(SIZE - len(MAGIC))
    assert path.stat().st_ino == inode


def test_what_one_writes_the_other_reads(path: Path) -> None:
    ours, theirs = MappedFile(path, MAGIC, SIZE), MappedFile(path, MAGIC, SIZE)
    ours.words[7] = 8
    assert theirs.words[7] == 8
    ours.close()
    theirs.close()


def test_only_one_holds_the_lock(path: Path) -> None:
    file = MappedFile(path, MAGIC, SIZE)
    with path.open("rb") as other:
        for _ in range(2):
            file.lock()
            with pytest.raises(BlockingIOError):
                flock(other, LOCK_EX | LOCK_NB)
            file.unlock()
            flock(other, LOCK_EX | LOCK_NB)
            flock(other, LOCK_UN)
    file.close()


@pytest.mark.parametrize("path", [Path("/dev/full"), None])
def test_without_a_file_it_is_memory_of_this_process(path: Path | None) -> None:
    file = MappedFile(path, MAGIC, SIZE)
    assert file.folder is None and (file.error is None) is (path is None)
    file.lock()
    file.words[7] = 8
    file.unlock()
    assert file.map[56:64] == (8).to_bytes(8, "little")
    file.close()
