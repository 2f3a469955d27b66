"""`docs/conformance.md` out of what was found; nothing on it is written by hand but these words."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from tests.conformance.findings import Finding
from tests.running import ROOT

PAGE = ROOT / "docs" / "conformance.md"
WAYS = ("whole", "stream")
SIGNS = {"pass": "✓", "safe": "safe", "absent": "–", "skipped": "not run", "fail": "✗"}
HEAD = """# Conformance

`make conformance` runs everything here against relays of its own and the [simulated provider](simulator.md),
and writes this page and `conformance.json`; no cell is written by hand. The tests behind the cells run in CI,
where a cell that got worse is a failure. The last run: {machine}.
"""
SDK = """## SDKs

Each cell has two signs: an answer as a whole, and as a stream. ✓ is right, ✗ wrong, – what that SDK has no
method for, a blank what is not asked. *errors*: a 429 is raised as the SDK's own class; a stream that breaks
off raises.
"""
FAULT = """## Sixteen faults of providers

Those of Failover Bench, through the openai SDK with its own retries off; what each is:
[resilience.md](resilience.md). *safe*: an exception, and never half an answer as if it were whole. Seconds
until the caller had the end.
"""
CHECK = """## Five checks

| check | | found | tests |
|---|---|---|---|"""
GUARANTEE = """## Guarantees

Their words are those of [architecture.md](architecture.md).

| | guarantee | | found | tests |
|---|---|---|---|---|"""
CHECKS = {
    "text": "The text of a stream is the text of the whole answer",
    "usage": "The caller, the record and the provider have the same usage",
    "cost": "Cost is usage times price",
    "isolation": "Streams at the same time never mix",
    "errors": "An error in the middle of a stream is an error for the caller",
}


def render(found: list[Finding], machine: dict[str, str]) -> str:
    def of(table: str) -> list[Finding]:
        return [each for each in found if each.table == table]

    said = ", ".join(f"{name} {value}" for name, value in machine.items())
    parts = (
        HEAD.format(machine=said),
        SDK,
        *_sdks(of("sdk")),
        FAULT,
        *_faults(of("fault")),
        CHECK,
        *_rows(of("check"), CHECKS, lead="| {words} "),
        GUARANTEE,
        *_rows(of("guarantee"), guarantees(), lead="| {row} | {words} "),
    )
    return "\n".join(parts)


def guarantees() -> dict[str, str]:
    text = (ROOT / "docs" / "architecture.md").read_text()
    return dict(re.findall(r"^\| (\d) \| ([^|]+) \|", text, re.MULTILINE))


def _sdks(found: list[Finding]) -> Iterator[str]:
    """A table for each SDK: its versions across, what was asked down."""
    names = dict.fromkeys(_sdk_of(each) for each in found)
    for name in names:
        mine = [each for each in found if _sdk_of(each) == name]
        versions = sorted({each.column.split()[-2] for each in mine}, key=_as_numbers)
        yield from _grid(name, versions, mine)


def _grid(name: str, versions: list[str], found: list[Finding]) -> Iterator[str]:
    cells = {each.cell: each for each in found}
    yield f"| {name} | {' | '.join(versions)} |"
    yield f"|---{'|---' * len(versions)}|"
    for row in dict.fromkeys(each.row for each in found):
        signs = (
            " ".join(_sign(cells.get(("sdk", row, f"{name} {each} {way}"))) for way in WAYS)
            for each in versions
        )
        yield f"| {row} | {' | '.join(sign.strip() for sign in signs)} |"
    yield ""


def _faults(found: list[Finding]) -> Iterator[str]:
    cells = {each.cell: each for each in found}
    ways = list(dict.fromkeys(each.column for each in found))
    yield f"| | {' | '.join(ways)} |"
    yield f"|---{'|---' * len(ways)}|"
    for row in sorted({each.row for each in found}):
        said = (cells["fault", row, way] for way in ways)
        yield f"| {row} | {' | '.join(f'{_sign(each)} {each.figure}'.strip() for each in said)} |"
    yield ""


def _rows(found: list[Finding], words: dict[str, str], lead: str) -> Iterator[str]:
    for row, text in words.items():
        mine = [each for each in found if each.row == row]
        if mine:
            yield lead.format(row=row, words=text) + _summary(mine)
    yield ""


def _summary(found: list[Finding]) -> str:
    passed = sum(each.verdict == "pass" for each in found)
    skipped = sum(each.verdict == "skipped" for each in found)
    sign = SIGNS["pass" if passed == len(found) - skipped and passed else "fail"]
    times = [each.ms for each in found if each.ms is not None]
    measured = [f"{max(times):.0f} ms at most"] if times else []
    figures = "; ".join(dict.fromkeys([*measured, *(each.figure for each in found if each.figure)]))
    files = ", ".join(f"`{file}`" for file in dict.fromkeys(each.test.split("::")[0] for each in found))
    count = f"{passed} of {len(found)}" + (f", {skipped} not run" if skipped else "")
    return f"| {sign} {count} | {figures} | {files} |"


def _sign(found: Finding | None) -> str:
    return SIGNS[found.verdict] if found else ""


def _sdk_of(found: Finding) -> str:
    return " ".join(found.column.split()[:-2])


def _as_numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", version))


def worse(found: Iterable[Finding], before: Iterable[Finding]) -> list[str]:
    """What was better in the run before, in words."""
    known = {each.cell: each for each in before if each.table in ("sdk", "fault")}
    return [
        f"{' / '.join(each.cell)}: {each.verdict}, was {known[each.cell].verdict} ({each.figure})"
        for each in found
        if each.cell in known and each.is_worse_than(known[each.cell])
    ]
