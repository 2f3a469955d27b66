from __future__ import annotations

from pathlib import Path

import pytest

from accounts.models import Credential
from accounts.secrets import keyfiles, keys
from accounts.secrets.keyfiles import KeyFileRefused

pytestmark = pytest.mark.django_db
SECRET = "sk-of-the-former-system"
HEX = keys.digest(SECRET).hex()


@pytest.fixture
def written(tmp_path: Path):
    def write(*lines: str) -> Path:
        path = tmp_path / "keys"
        path.write_text("\n".join(lines))
        return path

    return write


@pytest.mark.parametrize(
    "line", [f"billing\t{HEX}\tsk-of-the", f"billing,sha256:{HEX.upper()},sk-of-the", f" billing , {HEX} "]
)
def test_a_key_of_before_goes_on_working(written, line: str) -> None:
    (difference,) = keyfiles.differences(written("# name, digest", "", line))
    assert difference.line == "Key billing is not there"
    difference.apply()
    credential = Credential.objects.get(name="billing")
    assert bytes(credential.digest) == keys.digest(SECRET)
    assert credential.prefix in ("sk-of-the…", "billing…")


def test_what_is_there_already_is_no_difference(written) -> None:
    path = written(f"billing\t{HEX}")
    keyfiles.differences(path)[0].apply()
    assert keyfiles.differences(path) == []


def test_another_key_of_that_name_is_not_replaced(written) -> None:
    Credential.objects.create(name="billing", digest=b"1" * 32, prefix="sk…")
    with pytest.raises(KeyFileRefused, match="line 1: there is another key named billing"):
        keyfiles.differences(written(f"billing\t{HEX}"))


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        (["billing"], "line 1: it must be a name and a SHA-256"),
        ([f"billing\t{HEX}", f"billing\t{HEX[:-1]}g"], "line 2: it must be"),
        ([f"\t{HEX}"], "line 1: it must be"),
        ([f"one\t{HEX}", f"two\t{HEX}"], "line 2: this key stands there twice"),
    ],
)
def test_a_line_that_is_none_is_named(written, lines: list[str], words: str) -> None:
    with pytest.raises(KeyFileRefused, match=words):
        keyfiles.differences(written(*lines))


def test_a_file_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(KeyFileRefused, match="cannot be read"):
        keyfiles.differences(tmp_path / "gone")
