from __future__ import annotations

import io
from pathlib import Path

import pytest
from django.core.management.base import CommandError

from accounts.commandline import secretoutput


def test_a_secret_is_printed_where_no_file_is_named() -> None:
    stream = io.StringIO()
    with secretoutput.opened(None, stream) as output:
        output.write("sk-1")
    assert stream.getvalue() == "sk-1\n"


def test_a_file_of_secrets_is_readable_by_its_owner_only(tmp_path: Path) -> None:
    path = tmp_path / "secrets"
    path.write_text("before\n")
    path.chmod(0o644)
    with secretoutput.opened(path, io.StringIO()) as output:
        output.write("sk-1")
        assert path.read_text() == "before\nsk-1\n"
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_file_that_cannot_be_written_is_refused_in_words(tmp_path: Path) -> None:
    with (
        pytest.raises(CommandError, match="cannot be written"),
        secretoutput.opened(tmp_path / "no" / "file", io.StringIO()),
    ):
        pass


def test_a_secret_is_read_from_a_file_or_from_standard_input(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("  sk-from-a-file\n")
    assert secretoutput.read(str(tmp_path / "key")) == "sk-from-a-file"
    assert secretoutput.read("-", io.StringIO("sk-piped\n")) == "sk-piped"


@pytest.mark.parametrize("text", ["", "two\nlines", "nul\0"])
def test_what_is_no_secret_is_refused_in_words(tmp_path: Path, text: str) -> None:
    (tmp_path / "key").write_text(text)
    with pytest.raises(CommandError, match="holds no secret"):
        secretoutput.read(str(tmp_path / "key"))


def test_a_missing_file_is_refused_in_words(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="cannot be read"):
        secretoutput.read(str(tmp_path / "key"))
