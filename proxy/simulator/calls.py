"""One request on its way to an answer."""

from __future__ import annotations

import functools
import itertools
import time
from typing import Any
from urllib.parse import parse_qsl, unquote, unquote_plus

from proxy.simulator import bodies, multipart
from proxy.simulator.errors import Refusal
from proxy.simulator.script import NOTHING, Script
from proxy.simulator.shelves import Shelves
from proxy.simulator.wire import Head, Request

# In the order of first appearance in a path: where the provider's own base ends and the API begins.
NAMES = (
    "chat completions responses conversations embeddings models images audio files uploads moderations "
    "batches messages"
)
ROOTS = frozenset(NAMES.split())

_numbers = itertools.count(1)


@functools.lru_cache(maxsize=2048)
def split_target(target: str) -> tuple[str, tuple[str, ...], str]:
    """Path, its decoded segments after the base (`/v1`, `/openai/deployments/x`, …), and the raw query."""
    path, _, query = target.partition("?")
    segments = [segment for segment in path.split("/") if segment]
    start = 1 if segments[:1] == ["v1"] else _first_root(segments)
    return path, tuple(unquote(segment) for segment in segments[start:]), query


def _first_root(segments: list[str]) -> int:
    return next((i for i, segment in enumerate(segments) if segment in ROOTS), 0)


class Call:
    __slots__ = (
        "_json",
        "body",
        "content",
        "head",
        "number",
        "path",
        "query",
        "script",
        "segments",
        "shelves",
    )

    def __init__(self, request: Request, shelves: Shelves) -> None:
        self.head: Head = request.head
        self.body = request.body
        self.number = next(_numbers)
        self.path, self.segments, self.query = split_target(self.head.target)
        self.shelves = shelves
        self.script: Script = NOTHING
        self._json: Any = None
        self.content = self.body.content
        if "content-encoding" in self.head.fields and self.body.is_whole:
            self.content = bodies.decode(self.content, self.head.fields["content-encoding"].lower())

    @property
    def endpoint(self) -> str:
        """The family it belongs to, for counters: never an id."""
        root = self.segments[:1]
        if root in (("chat",), ("images",), ("audio",)):
            return "/".join(self.segments[:2])
        return root[0] if root and root[0] in ROOTS else "other"

    @property
    def is_messages(self) -> bool:
        return self.segments[:1] == ("messages",)

    @property
    def json(self) -> dict[str, Any]:
        if self._json is None:
            self._json = self._read_json()
        return self._json

    def _read_json(self) -> dict[str, Any]:
        try:
            value = bodies.read_json(self.content, self.body.is_whole)
        except ValueError:
            raise Refusal(400, "We could not parse the JSON body of your request.") from None
        if not isinstance(value, dict):
            raise Refusal(400, "The JSON body of your request must be an object.")
        return value

    @property
    def form(self) -> multipart.Form:
        try:
            return multipart.parse(self.head.fields.get("content-type", ""), self.content)
        except multipart.BadForm as problem:
            raise Refusal(400, f"Invalid body: {problem}") from None

    @property
    def arguments(self) -> dict[str, str]:
        return dict(parse_qsl(self.query, keep_blank_values=True))

    @property
    def model(self) -> str:
        model = self.json.get("model")
        if not isinstance(model, str) or not model:
            raise Refusal(400, "you must provide a model parameter", param="model")
        if model.startswith("missing"):
            message = f"The model `{model}` does not exist or you do not have access to it."
            raise Refusal(404, message, code="model_not_found")
        return model

    def need(self, name: str) -> Any:
        if self.json.get(name) is None:
            message = f"Missing required parameter: '{name}'."
            raise Refusal(400, message, code="missing_required_parameter", param=name)
        return self.json[name]

    @property
    def words(self) -> bytes:
        """Where a script may stand: the body, and the query in clear."""
        if "sim" not in self.query:
            return self.content
        return self.content + b"\n" + unquote_plus(self.query).encode()

    def make_id(self, prefix: str) -> str:
        return f"{prefix}{self.shelves.seed:08x}{self.number:016x}"

    @property
    def now(self) -> int:
        return int(time.time())
