"""The catalogs of translations: compiled, sound and complete."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import polib
import pytest
from django.utils import translation

LOCALE = Path(__file__).resolve().parents[2] / "locale" / "zh_Hans" / "LC_MESSAGES"
APPS = ("accounts", "logs_app", "proxy", "relay")
DOMAINS = ("django", "djangojs")
PLACEHOLDER = re.compile(r"%\(\w+\)[sd]|%[sd]|\{\w*\}")

every_catalog = pytest.mark.parametrize("domain", DOMAINS)


def catalog(domain: str) -> polib.POFile:
    return polib.pofile(str(LOCALE / f"{domain}.po"))


@every_catalog
def test_every_text_is_translated(domain: str) -> None:
    entries = catalog(domain)
    assert [entry.msgid for entry in entries.untranslated_entries()] == []
    assert [entry.msgid for entry in entries.fuzzy_entries()] == []


@every_catalog
def test_what_is_compiled_is_what_is_written(domain: str) -> None:
    def texts(file: object) -> dict[str, object]:
        return {entry.msgid: entry.msgstr or entry.msgstr_plural for entry in file}  # type: ignore[attr-defined]

    compiled = polib.mofile(str(LOCALE / f"{domain}.mo"))
    assert texts(compiled) == texts(catalog(domain).translated_entries()), "run make messages"


@every_catalog
def test_a_translation_has_the_placeholders_of_its_text(domain: str) -> None:
    wrong = []
    for entry in catalog(domain).translated_entries():
        wanted = Counter(PLACEHOLDER.findall(entry.msgid_plural or entry.msgid))
        for text in entry.msgstr_plural.values() if entry.msgid_plural else [entry.msgstr]:
            if Counter(PLACEHOLDER.findall(text)) != wanted:
                wrong.append(entry.msgid)
    assert wrong == []


def test_no_module_hides_its_texts_from_the_collection() -> None:
    """`make messages` knows gettext by its own names and as _."""
    root = LOCALE.parents[2]
    modules = [path for app in APPS for path in (root / app).rglob("*.py")]
    renamed = re.compile(r"import \w*gettext\w* as (?!_$)\w+", re.MULTILINE)
    assert [str(path) for path in modules if renamed.search(path.read_text())] == []


def test_the_console_speaks_chinese() -> None:
    with translation.override("zh-hans"):
        assert translation.gettext("Dashboard") == "仪表盘"
