"""The shell examples of the documentation, run as they stand against a real relay."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from proxy.simulator import Simulator
from tests.managing import Shell
from tests.running import ROOT, Relay

PAGES = ("access.md", "api.md", "audit.md", "everyday.md", "routing.md")
EXAMPLE = re.compile(r"^```sh\n(.*?)^```\n(?:```text\n(.*?)^```\n)?", re.MULTILINE | re.DOTALL)
BETWEEN = "=== the next example ==="


def examples(page: str) -> list[tuple[str, str | None]]:
    """What is typed, and what is shown for it; `…` in there stands for anything."""
    return [(code, shown or None) for code, shown in EXAMPLE.findall((ROOT / "docs" / page).read_text())]


@pytest.mark.timeout(400)  # each command is a process
@pytest.mark.parametrize("page", PAGES)
def test_the_examples_of_a_page_run_one_after_the_other(
    page: str, start_relay: Callable[..., Relay], simulator: Simulator, tmp_path: Path
) -> None:
    relay = start_relay(TARGET_BASE_URL=simulator.base_url)
    found = examples(page)
    script = "set -eu -o pipefail\n" + "".join(f"{code}\necho\necho '{BETWEEN}'\n" for code, _shown in found)
    for original, here in (
        (".venv/bin/python manage.py", Shell.program),
        ("http://127.0.0.1:8000", relay.url),
    ):
        script = script.replace(original, here)
    with closing(Shell(relay.data_dir / "shell.sock")) as shell:
        done = subprocess.run(
            ["bash", "-c", script],
            cwd=tmp_path,
            env=relay.environ | shell.environ,
            capture_output=True,
            text=True,
        )
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    printed = done.stdout.split(BETWEEN)
    for (code, shown), output in zip(found, printed, strict=False):
        if shown is not None:
            pattern = ".*".join(map(re.escape, shown.strip().split("…")))
            assert re.fullmatch(pattern, output.strip(), re.DOTALL), f"{code}\n{output}"
