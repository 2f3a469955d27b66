from __future__ import annotations

from pathlib import Path

import pytest
from django.core.management import CommandError

from accounts.commandline import outputfile


def test_only_its_owner_may_read_it(tmp_path: Path) -> None:
    with outputfile.create(tmp_path / "new") as file:
        file.write(b"said")
    assert (tmp_path / "new").read_bytes() == b"said"
    assert (tmp_path / "new").stat().st_mode & 0o777 == 0o600


def test_what_is_there_is_not_touched(tmp_path: Path) -> None:
    (tmp_path / "there").write_bytes(b"mine")
    with pytest.raises(CommandError, match="exists already"):
        outputfile.create(tmp_path / "there")
    assert (tmp_path / "there").read_bytes() == b"mine"


def test_a_place_that_is_none_is_said(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="cannot be written: No such file"):
        outputfile.create(tmp_path / "nowhere" / "new")
