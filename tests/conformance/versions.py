"""SDKs of other versions than the installed ones, each in a folder of its own under `.venv/conformance`."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.conformance.findings import Finding
from tests.running import ROOT, Relay

FOLDER = ROOT / ".venv" / "conformance"
PROBES = Path(__file__).with_name("probes")


@dataclass(frozen=True)
class Sdk:
    name: str
    package: str
    script: str
    others: tuple[str, ...]
    """Versions asked besides the installed one: the last of each major, and an old one."""


SDKS = (
    Sdk("openai", "openai", "openai_python.py", ("1.55.3", "1.109.1", "2.54.0")),
    Sdk("anthropic", "anthropic", "anthropic_python.py", ("0.125.0", "1.17.0")),
    Sdk("openai for JavaScript", "openai", "openai_node.cjs", ("4.104.0", "5.23.2", "6.49.0", "7.59.0")),
)


def ask_all(relay: Relay) -> Iterator[Finding]:
    for sdk in SDKS:
        for each in sdk.others:
            print(f"{sdk.name} {each}", file=sys.stderr, flush=True)
            yield from _ask(relay, sdk, each)


def _ask(relay: Relay, sdk: Sdk, number: str) -> Iterator[Finding]:
    command, environ = _python(sdk, number) if sdk.script.endswith(".py") else _node(sdk, number)
    where = {"RELAY_URL": relay.url, "RELAY_KEY": relay.key}
    done = subprocess.run(
        command, env=os.environ | environ | where, cwd=PROBES, stdout=subprocess.PIPE, text=True, check=True
    )
    for line in done.stdout.splitlines():
        said = json.loads(line)
        column = f"{sdk.name} {number} {said['column']}"
        yield Finding("sdk", said["row"], column, said["verdict"], said["figure"])


def _python(sdk: Sdk, number: str) -> tuple[list[str], dict[str, str]]:
    folder = FOLDER / f"{sdk.package}-{number}"
    if not folder.exists():
        _into(folder, [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check",
                       "--target", "{}", f"{sdk.package}=={number}"])  # fmt: skip
    return [sys.executable, str(PROBES / sdk.script)], {"PYTHONPATH": str(folder)}


def _node(sdk: Sdk, number: str) -> tuple[list[str], dict[str, str]]:
    folder = FOLDER / f"node-{sdk.package}-{number}"
    if not folder.exists():
        _into(folder, ["npm", "install", "--silent", "--prefix", "{}", f"{sdk.package}@{number}"])
    return ["node", str(PROBES / sdk.script)], {"NODE_PATH": str(folder / "node_modules")}


def _into(folder: Path, command: list[str]) -> None:
    """A folder that is there is whole: it is filled under another name."""
    begun = folder.with_name(f"begun-{folder.name}")
    shutil.rmtree(begun, ignore_errors=True)
    begun.mkdir(parents=True)
    subprocess.run([word.format(begun) for word in command], check=True)
    begun.rename(folder)
