"""The installed SDKs, question by question; the other versions are asked by `make conformance`."""

from __future__ import annotations

from collections.abc import Callable
from importlib.metadata import version
from typing import Any

import pytest

from tests.conformance.probes import anthropic_python, openai_python
from tests.running import Relay

SCRIPTS = {"openai": openai_python, "anthropic": anthropic_python}
CELLS = [(package, *cell) for package, script in SCRIPTS.items() for cell in script.QUESTIONS.asked]
pytestmark = pytest.mark.filterwarnings("ignore:deprecated:DeprecationWarning")


@pytest.fixture(scope="module")
def clients(relay_server: Relay) -> dict[str, Any]:
    return {name: script.connect(relay_server.url, relay_server.key) for name, script in SCRIPTS.items()}


@pytest.mark.conformance("sdk")
@pytest.mark.parametrize(("package", "row", "way"), CELLS)
def test_an_sdk_gets_what_it_asks(
    clients: dict[str, Any], package: str, row: str, way: str, record_property: Callable[..., None]
) -> None:
    record_property("row", row)
    record_property("column", f"{package} {version(package)} {way}")
    answer = SCRIPTS[package].QUESTIONS.put(clients[package], row, way)
    assert answer["verdict"] == "pass", answer["figure"]
