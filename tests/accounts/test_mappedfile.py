from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from accounts import mappedfile

MAGIC, SIZE = b"LLMRTEST", 4096


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "folder" / "table"


def open_it(path: Path) -> None:
    os.close(mappedfile.open_or_make(path, MAGIC, SIZE))


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


def test_a_full_disk_is_an_error() -> None:
    with pytest.raises(OSError):
        mappedfile.open_or_make(Path("/dev/full"), MAGIC, SIZE)
