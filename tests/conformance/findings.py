"""One thing found out about the relay, and the file that keeps them."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from tests.running import ROOT

FILE = ROOT / "docs" / "conformance.json"
# Best first. "safe": an exception, and not half an answer; "absent": the SDK cannot ask for it.
VERDICTS = ("pass", "safe", "absent", "skipped", "fail")


@dataclass(frozen=True)
class Finding:
    table: str
    """sdk, fault, check or guarantee."""
    row: str
    column: str
    verdict: str
    figure: str = ""
    """What was counted or measured, in words."""
    ms: float | None = None
    """Of several that measured a time the longest is shown."""
    test: str = ""
    """The node id of the test; empty for what another version of an SDK found."""

    @property
    def cell(self) -> tuple[str, str, str]:
        return self.table, self.row, self.column

    def is_worse_than(self, other: Finding) -> bool:
        return VERDICTS.index(self.verdict) > VERDICTS.index(other.verdict)


def read(path: Path = FILE) -> list[Finding]:
    return [Finding(**each) for each in json.loads(path.read_text())["findings"]]


def write(found: list[Finding], machine: dict[str, str], path: Path = FILE) -> None:
    """In the order they were found, a line each, so that a change is a change of its line."""
    lines = ",\n".join(json.dumps(asdict(each), ensure_ascii=False) for each in found)
    path.write_text(f'{{"machine": {json.dumps(machine)},\n"findings": [\n{lines}\n]}}\n')


def machine(path: Path = FILE) -> dict[str, str]:
    return json.loads(path.read_text())["machine"]
