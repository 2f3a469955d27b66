"""`make messages`: collects the texts to translate and compiles what is translated. Needs GNU gettext."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import polib

ROOT = Path(__file__).resolve().parent.parent
OPTIONS = ("--locale", "zh_Hans", "--add-location", "file", "--no-wrap", "--no-obsolete")
IGNORED = (".venv", "tests", "bench")


def main() -> None:
    ignored = [argument for name in IGNORED for argument in ("--ignore", name)]
    with tempfile.TemporaryDirectory() as data_dir:
        environ = {**os.environ, "ENV_FILE": os.devnull, "DATA_DIR": data_dir}
        for domain in ("django", "djangojs"):
            command = [sys.executable, "manage.py", "makemessages", "--domain", domain, *OPTIONS, *ignored]
            subprocess.run(command, cwd=ROOT, env=environ, check=True)
    for path in (ROOT / "locale").rglob("*.po"):
        _finish(path)


def _finish(path: Path) -> None:
    catalog = polib.pofile(str(path), wrapwidth=0)
    for entry in catalog.fuzzy_entries():  # the guess of msgmerge, of a text that only looks alike
        entry.fuzzy = False
        entry.msgstr, entry.msgstr_plural = "", dict.fromkeys(entry.msgstr_plural, "")
        entry.previous_msgctxt = entry.previous_msgid = entry.previous_msgid_plural = None
    catalog.metadata.pop("POT-Creation-Date", None)  # it would differ at each run, and conflict at each merge
    catalog.save()
    catalog.save_as_mofile(str(path.with_suffix(".mo")))


if __name__ == "__main__":
    main()
