"""Every text of the console is in its catalog."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import polib
import pytest
from django.core.management import call_command

ROOT = Path(__file__).resolve().parents[2]
APPS = ("accounts", "logs_app", "proxy", "relay")
DOMAINS = ("django", "djangojs")
NO_SOURCES = shutil.ignore_patterns("encodings", "vendor", "migrations", "__pycache__", "*.pyc")


@pytest.fixture
def copy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, settings: Any) -> Path:
    """Of what has texts: the collection writes files beside templates."""
    for name in (*APPS, "templates"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=NO_SOURCES)
    settings.LOCALE_PATHS = [tmp_path / "locale"]
    (tmp_path / "locale").mkdir()
    monkeypatch.chdir(tmp_path)
    return tmp_path / "locale" / "zh_Hans" / "LC_MESSAGES"


@pytest.mark.skipif(shutil.which("xgettext") is None, reason="GNU gettext is not installed")
@pytest.mark.parametrize("domain", DOMAINS)
def test_the_catalog_has_every_text_and_no_other(copy: Path, domain: str) -> None:
    call_command("makemessages", domain=domain, locale=["zh_Hans"], verbosity=0)
    found, kept = (
        {(entry.msgctxt, entry.msgid) for entry in polib.pofile(str(folder / f"{domain}.po"))}
        for folder in (copy, ROOT / "locale" / "zh_Hans" / "LC_MESSAGES")
    )
    assert found - kept == set(), "run make messages, and translate"
    assert kept - found == set(), "run make messages"
