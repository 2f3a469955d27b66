"""Types by name and by path, and what docs/providers.md says of providers."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from proxy import provider_types
from proxy.configuration.configuration import Provider
from proxy.provider_types import OpenAI
from proxy.provider_types.presets import ALIASES, PRESETS
from proxy.routing import mapping
from tests.proxy import lanes
from tests.proxy.peers import Peer

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "providers.md").read_text()


@pytest.fixture
def importable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    yield tmp_path
    for name in ("acme", "broken"):
        sys.modules.pop(name, None)
    provider_types.named.cache_clear()


async def test_the_type_in_the_documentation_works(importable: Path) -> None:
    found = re.search(r"```python\n(.*?)```", PAGE, re.DOTALL)
    assert found is not None
    (importable / "acme.py").write_text(found[1])
    assert "'tenant' is missing" in str(provider_types.refusal_of("acme.Acme", {}))
    assert "unknown" in str(provider_types.refusal_of("acme.Acme", {"tenant": "t", "colour": 1}))
    assert provider_types.refusal_of("acme.Acme", {"tenant": "t"}) is None
    async with Peer() as peer, lanes.running(importable / "data", peer.origin) as lane:
        lane.configuration.set_provider(
            provider_type="acme.Acme", params={"tenant": "t1", "headers": {"X-App": "relay"}}
        )
        assert (await lane.chat()).status == 200
        sent = peer.requests[0]
        assert sent.startswith(b"POST /t1/chat/completions ")
        assert b"\r\nx-acme-key: sk-upstream\r\n" in sent
        assert b"\r\nx-app: relay\r\n" in sent
        assert b"authorization" not in sent.lower()


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("nobody", "no type 'nobody'"),
        ("no.such.Type", "cannot be imported: ModuleNotFoundError"),
        ("pathlib.Nothing", "cannot be imported: AttributeError"),
        ("pathlib.Path", "no class derived from"),
        ("broken.Type", "cannot be imported: ZeroDivisionError"),
        ("broken2.Type", "cannot be made: KeyError"),
        (".", "no type '.'"),
        (".near.Type", "cannot be imported: TypeError"),
    ],
)
def test_what_is_no_type_is_refused_in_words(importable: Path, name: str, words: str) -> None:
    (importable / "broken.py").write_text("1 / 0")
    (importable / "broken2.py").write_text(
        "from proxy.provider_types import OpenAI\n"
        "class Type(OpenAI):\n    def __init__(self):\n        raise KeyError('x')\n"
    )
    assert words in str(provider_types.refusal_of(name, {}))
    with pytest.raises(provider_types.UnknownType):
        provider_types.of(Provider(1, "p", name, "https://x.test", "sk"))


def test_a_type_that_fails_on_its_parameters_says_so(importable: Path) -> None:
    (importable / "acme.py").write_text(
        "from proxy.provider_types import OpenAI\n"
        "class Type(OpenAI):\n    def refusal_of(self, params):\n        return params['x']\n"
    )
    assert "KeyError" in str(provider_types.refusal_of("acme.Type", {}))


def test_a_type_is_made_once() -> None:
    one = Provider(1, "p", "openai", "https://x.test", "sk")
    assert provider_types.of(one) is provider_types.of(one)
    assert isinstance(provider_types.of(one), OpenAI)


@pytest.mark.parametrize("name", PRESETS)
def test_every_preset_has_its_line(name: str) -> None:
    made = PRESETS[name]
    variable = f"`{made.api_key_env}`" if made.api_key_env else ""
    line = (
        f"| `{name}` | {made.title} | `{made.api_base}` | `{made.provider_type}` | {variable} | {made.note} |"
    )
    assert line in PAGE.splitlines()


def test_the_other_names_of_presets_are_told() -> None:
    assert all(f"`{alias}`" in PAGE and target in PRESETS for alias, target in ALIASES.items())


def test_the_mapping_of_the_documentation_sends_what_it_says() -> None:
    (block,) = (text for text in re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL) if '"gpt-*"' in text)
    compiled = mapping.compile(json.loads(block))
    table = PAGE.split("| asked |")[1].split("\n\n")[0]
    rows: list[Any] = re.findall(r"^\| `([^`]+)` \| (?:`([^`]+)`|–) \| [^|]*\|$", table, re.MULTILINE)
    assert len(rows) == 7
    for asked, sent in rows:
        target = compiled.upstream(asked)
        assert (target.name if target else "") == sent
