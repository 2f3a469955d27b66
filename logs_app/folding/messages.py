"""Anthropic message events put together into the `message`."""

from __future__ import annotations

from typing import Any

from logs_app.jsontext import loads

from . import fragments

# The block that a delta without content_block_start must have belonged to.
BLOCK_OF = {
    "text_delta": "text",
    "thinking_delta": "thinking",
    "signature_delta": "thinking",
    "citations_delta": "text",
    "input_json_delta": "tool_use",
}
SILENT_BLOCKS = frozenset({"text", "thinking"})


class Messages:
    gaps = 0

    def __init__(self) -> None:
        self.done = False
        self.error: Any = None
        self.saw_token = False
        self._message: dict[str, Any] | None = None
        self._blocks: dict[int, Block] = {}
        self._usage: dict[str, Any] = {}

    def add(self, event: str, data: dict[str, Any]) -> None:
        kind = data.get("type") or event
        if kind == "content_block_delta":
            self._add_delta(data)
        elif kind == "content_block_start":
            self._start_block(data)
        elif kind == "message_start":
            if self._message is None and type(data.get("message")) is dict:
                self._message = dict(data["message"])
        elif kind == "message_delta":
            self._update(data)
        elif kind == "message_stop":
            self.done = True
        elif (kind == "error" or data.get("error")) and self.error is None:
            self.error = data.get("error") or data

    def close(self) -> None:
        """`[DONE]` is not Anthropic's: only `message_stop` ends a message."""

    def body(self) -> dict[str, Any]:
        message = self._message or {"type": "message", "role": "assistant"}
        usage = message.get("usage") if type(message.get("usage")) is dict else {}
        body = {**message, "content": [self._blocks[index].settled() for index in sorted(self._blocks)]}
        if usage or self._usage:
            body["usage"] = {**(usage or {}), **self._usage}
        return body

    def _start_block(self, data: dict[str, Any]) -> None:
        block = data.get("content_block")
        index = data.get("index")
        if type(block) is dict and type(index) is int:
            self._blocks[index] = Block(block)
            self.saw_token = self.saw_token or block.get("type") not in SILENT_BLOCKS

    def _add_delta(self, data: dict[str, Any]) -> None:
        delta = data.get("delta")
        index = data.get("index")
        if type(delta) is not dict or type(index) is not int:
            return
        block = self._blocks.get(index)
        if block is None:
            block = self._blocks[index] = Block({"type": BLOCK_OF.get(delta.get("type") or "", "text")})
        if block.add(delta):
            self.saw_token = True

    def _update(self, data: dict[str, Any]) -> None:
        """Usage is cumulative: a value overwrites, a missing or null one leaves message_start's."""
        message = self._message if self._message is not None else {"type": "message", "role": "assistant"}
        self._message = message
        for key, value in data.items():
            if key == "delta" and type(value) is dict:
                message.update(value)
            elif key == "usage" and type(value) is dict:
                self._usage.update({name: count for name, count in value.items() if count is not None})
            elif key not in ("type", "delta", "usage"):
                message[key] = value


class Block:
    __slots__ = ("_fields", "_input")

    def __init__(self, fields: dict[str, Any]) -> None:
        self._fields = fields
        self._input: list[str] = []

    def add(self, delta: dict[str, Any]) -> bool:
        """True when the delta carried something that a reader would call a token."""
        kind = delta.get("type")
        if kind == "input_json_delta":
            piece = delta.get("partial_json")
            if type(piece) is str:
                self._input.append(piece)
            return bool(piece)
        if kind == "signature_delta":
            self._fields["signature"] = delta.get("signature")
            return False
        if kind == "citations_delta":
            if type(self._fields.get("citations")) is not list:
                self._fields["citations"] = []
            self._fields["citations"].append(delta.get("citation"))
            return True
        fragments.merge(self._fields, {key: value for key, value in delta.items() if key != "type"})
        return bool(delta.get("text") or delta.get("thinking"))

    def settled(self) -> dict[str, Any]:
        block = fragments.settle(self._fields)
        text = "".join(self._input)
        if text:
            try:
                block["input"] = loads(text.encode("utf-8", "surrogatepass"))
            except ValueError:
                block["input_raw"] = text  # cut in the middle: kept as it came
        return block
