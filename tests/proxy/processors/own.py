"""Classes as an operator would write them."""

from __future__ import annotations

import threading
import time
from typing import Any

from proxy.processors import Context, Failed, UserProcessor


class Shout(UserProcessor):
    """The last message in capitals, as often as `times` says."""

    def __init__(self, settings: dict[str, Any]) -> None:
        super().__init__(settings)
        if settings.get("times", 1) < 1:
            raise ValueError("times is 1 or more")

    async def process(self, document: dict[str, Any], context: Context) -> dict[str, Any]:
        last = document["messages"][-1]
        last["content"] = last["content"].upper() * self.settings.get("times", 1)
        return document


class Blocking(UserProcessor):
    """A plain function, in a thread."""

    def process(self, document: dict[str, Any], context: Context) -> dict[str, Any]:
        where = threading.current_thread().name.partition("_")[0]
        return document | {"user": f"{context.key} by {context.route} in {where}"}


class Looking(UserProcessor):
    async def process(self, document: dict[str, Any], context: Context) -> None:
        document["model"] = "of its own copy only"


class Slow(UserProcessor):
    def process(self, document: dict[str, Any], context: Context) -> None:
        time.sleep(0.3)


class Refusing(UserProcessor):
    async def process(self, document: dict[str, Any], context: Context) -> None:
        raise Failed("it does not like this request")


class Raising(UserProcessor):
    async def process(self, document: dict[str, Any], context: Context) -> None:
        document.clear()
        raise RuntimeError("the secret word")


class Nonsense(UserProcessor):
    async def process(self, document: dict[str, Any], context: Context) -> Any:
        return document | {"user": object()}


class Streaming(UserProcessor):
    async def process(self, document: dict[str, Any], context: Context) -> dict[str, Any]:
        return document | {"stream": True}


class NoProcessor:
    def __init__(self, settings: dict[str, Any]) -> None:
        raise AssertionError("never made")
