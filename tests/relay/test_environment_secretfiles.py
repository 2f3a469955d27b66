from __future__ import annotations

import base64
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from relay.environment import secretfiles

ROOT = Path(__file__).resolve().parent.parent.parent


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_a_secret_is_made_once_and_read_afterwards(tmp_path: Path) -> None:
    first = secretfiles.read_or_create(tmp_path, "token", secretfiles.new_management_token)
    assert secretfiles.read_or_create(tmp_path, "token", secretfiles.new_management_token) == first


def test_nobody_else_may_read_it(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    secretfiles.read_or_create(folder, "token", secretfiles.new_node_id)
    assert (mode(folder), mode(folder / "token")) == (0o700, 0o600)


def test_an_existing_folder_keeps_its_mode(tmp_path: Path) -> None:
    tmp_path.chmod(0o750)
    secretfiles.read_or_create(tmp_path, "token", secretfiles.new_node_id)
    assert mode(tmp_path) == 0o750


def test_processes_that_start_together_agree(tmp_path: Path) -> None:
    script = (
        "import sys; from pathlib import Path; from relay.environment import secretfiles;"
        "sys.stdin.readline();"
        "print(secretfiles.read_or_create(Path(sys.argv[1]), 'token', secretfiles.new_management_token))"
    )
    folder = tmp_path / "data"
    together = [
        subprocess.Popen(
            [sys.executable, "-c", script, str(folder)],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(6)
    ]
    for process in together:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    assert len({process.communicate()[0] for process in together}) == 1
    assert [path.name for path in folder.iterdir()] == ["token"]


def test_an_empty_file_is_refused_rather_than_used(tmp_path: Path) -> None:
    (tmp_path / "token").touch()
    with pytest.raises(ImproperlyConfigured, match="token is empty"):
        secretfiles.read_or_create(tmp_path, "token", secretfiles.new_node_id)


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("a file where the folder should be")
    with pytest.raises(ImproperlyConfigured, match=f"{tmp_path}/data"):
        secretfiles.read_or_create(tmp_path / "data", "token", secretfiles.new_node_id)


def test_generated_keys_have_the_length_they_need() -> None:
    assert len(base64.urlsafe_b64decode(secretfiles.new_encryption_key())) == 32
    assert len(secretfiles.new_signing_key()) >= 50
    assert len(secretfiles.new_management_token()) >= 30


def test_given_encryption_keys_are_taken_in_their_order(tmp_path: Path) -> None:
    keys = [secretfiles.new_encryption_key() for _ in range(2)]
    assert secretfiles.encryption_keys(keys, tmp_path) == keys
    assert list(tmp_path.iterdir()) == []


def test_a_key_in_standard_base64_is_understood(tmp_path: Path) -> None:
    standard = base64.b64encode(b"\xfb\xff" * 16).decode()
    assert "+" in standard and "/" in standard
    (taken,) = secretfiles.encryption_keys([standard], tmp_path)
    assert base64.urlsafe_b64decode(taken) == b"\xfb\xff" * 16


@pytest.mark.parametrize("key", ["short", "not base64 at all!", base64.b64encode(b"x" * 31).decode()])
def test_a_key_of_another_length_is_refused_without_being_shown(key: str, tmp_path: Path) -> None:
    with pytest.raises(ImproperlyConfigured, match="32 bytes in base64") as refused:
        secretfiles.encryption_keys([key], tmp_path)
    assert key not in str(refused.value)
