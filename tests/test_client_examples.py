"""The programs of docs/examples.md, run as they stand: Python in this process, the others as themselves."""

from __future__ import annotations

import contextlib
import gc
import io
import re
import shutil
import subprocess
import warnings
from pathlib import Path

import pytest

from tests.running import ROOT, Relay

PAGE = (ROOT / "docs" / "examples.md").read_text()
FENCE = re.compile(r"^```(\w+)( not-run)?\n(.*?)^```\n(?:```text\n(.*?)^```\n)?", re.MULTILINE | re.DOTALL)
LANGUAGES = ("python", "sh", "js")


def programs() -> list[object]:
    """Language, program, and what is shown for it; named by its heading and line."""
    found = []
    for match in FENCE.finditer(PAGE):
        language, skipped, code, shown = match.groups()
        if language in LANGUAGES and not skipped:
            before = PAGE[: match.start()]
            heading = re.findall(r"^#+ (.+)$", before, re.MULTILINE)[-1]
            found.append(pytest.param(language, code, shown, id=f"{language}: {heading}"))
    return found


@pytest.fixture
def environ(relay_server: Relay, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, url in (("OPENAI", relay_server.base_url), ("ANTHROPIC", relay_server.url)):
        monkeypatch.setenv(f"{name}_BASE_URL", url)
        monkeypatch.setenv(f"{name}_API_KEY", relay_server.key)


def run(language: str, code: str, folder: Path) -> str:
    """What it prints."""
    if language == "python":
        return run_python(code)
    if language == "js":
        (folder / "example.mjs").write_text(code)
        command = [shutil.which("node") or pytest.skip("needs node"), "example.mjs"]
    else:
        command = ["bash", "-c", f"set -eu -o pipefail\n{code}"]
    return subprocess.run(command, cwd=folder, check=True, stdout=subprocess.PIPE, text=True).stdout


def run_python(code: str) -> str:
    with contextlib.redirect_stdout(io.StringIO()) as printed, warnings.catch_warnings():
        # What a program leaves open ends with its process; here it must not reach the next test.
        warnings.simplefilter("ignore", ResourceWarning)
        exec(compile(code, "docs/examples.md", "exec"), {"__name__": "__main__"})
        gc.collect()
    return printed.getvalue()


@pytest.mark.parametrize(("language", "code", "shown"), programs())
@pytest.mark.usefixtures("environ")
def test_a_program_prints_what_the_page_shows(
    language: str, code: str, shown: str | None, tmp_path: Path
) -> None:
    assert shown is not None, "The page does not show what it prints."
    printed = run(language, code, tmp_path).strip()
    pattern = ".*".join(map(re.escape, shown.strip().split("…")))
    assert re.fullmatch(pattern, printed, re.DOTALL), printed


def test_what_needs_other_packages_is_marked() -> None:
    assert {match[1] for match in re.finditer(r"^```\w+ (.+)$", PAGE, re.MULTILINE)} == {"not-run"}
    assert not re.search(r"^```(python|js|sh)$", PAGE.partition("\n## Frameworks\n")[2], re.MULTILINE)
