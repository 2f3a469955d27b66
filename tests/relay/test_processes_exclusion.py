from __future__ import annotations

from pathlib import Path

import pytest
from django.core.management.base import CommandError

from relay.processes import exclusion


def test_a_data_folder_has_one_relay_at_a_time(tmp_path: Path) -> None:
    refused = pytest.raises(CommandError, match="Another relay already runs on the data folder")
    with exclusion.only_one(tmp_path), refused, exclusion.only_one(tmp_path):
        pass
    with exclusion.only_one(tmp_path):
        pass


def test_two_folders_have_one_each(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    with exclusion.only_one(tmp_path), exclusion.only_one(tmp_path / "a"):
        pass
