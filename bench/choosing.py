"""How long it takes to find who serves a model, among thousands of providers with mappings.

    python -m bench.choosing [--providers 10000]

No server, no network: the index of one configuration (`proxy/routing/catalogue.py`) is asked directly. Each
provider maps a name of its own, a glob shared with nineteen others, and a regular expression of its own.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from itertools import count

from proxy.configuration.configuration import Provider
from proxy.request.endpoints import find
from proxy.routing.catalogue import Catalogue

PROVIDERS = 10_000
SHARING = 20
CHAT = find("/v1/chat/completions")


def providers(number: int) -> tuple[Provider, ...]:
    groups = max(1, number // SHARING)
    return tuple(
        Provider(
            at, f"provider-{at}", "openai", "https://provider.example", "sk-bench",
            model_mapping={f"model-{at}": "m", f"group-{at % groups}-*": "g-*", f"family-{at}-(a|b).*": "f"},
        )
        for at in range(number)
    )  # fmt: skip


def measure(number: int = PROVIDERS, rounds: int = 20_000) -> dict[str, float]:
    """Microseconds a question; to build the index, milliseconds."""
    several = providers(number)
    began = time.perf_counter()
    catalogue = Catalogue(several)
    built = (time.perf_counter() - began) * 1e3
    new = count()

    def ask(model: str) -> int:
        return len(catalogue.candidates(model, CHAT))

    assert ask(f"model-{number - 1}") == 1
    assert ask("group-0-x") == len(range(0, number, max(1, number // SHARING)))
    assert ask(f"family-{number - 1}-b1") == 1
    return {
        "build the index (ms)": built,
        "asked before": _each(lambda: ask("model-1"), rounds),
        "new name, no provider": _each(lambda: ask(f"other-{next(new)}"), rounds // 4),
        "new name, a regular expression": _each(lambda: ask(f"family-1-a{next(new)}"), rounds // 4),
        "new name, a glob of twenty": _each(lambda: ask(f"group-1-{next(new)}"), rounds // 40),
    }


def _each(question: Callable[[], int], rounds: int) -> float:
    began = time.perf_counter()
    for _ in range(rounds):
        question()
    return (time.perf_counter() - began) / rounds * 1e6


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--providers", type=int, default=PROVIDERS)
    number = parser.parse_args().providers
    print(f"{number} providers, microseconds a question:")
    for what, took in measure(number).items():
        print(f"  {what:<34}{took:10.2f}")


if __name__ == "__main__":
    main()
