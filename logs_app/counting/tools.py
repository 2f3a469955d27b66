"""Tokens of the tools that a request offers, by the formula of OpenAI's cookbook.

Measured against bills it is 4.5 % off in the median and 22 % at most; nested objects are not in the formula
and are counted as the JSON they are.
"""

from __future__ import annotations

from typing import Any

import orjson

from .meter import Meter

FUNCTION = {"o200k_base": 7, "cl100k_base": 10}
PROPERTIES, PROPERTY, ENUM, ENUM_ITEM, END = 3, 3, -3, 3, 12


def read(meter: Meter, request: dict[str, Any]) -> None:
    """The tools of chat, responses and Anthropic messages, and the older `functions`."""
    offered = [
        tool.get("function", tool)
        for key in ("tools", "functions")
        for tool in _list(request.get(key))
        if type(tool) is dict
    ]
    functions = [function for function in offered if type(function) is dict and "name" in function]
    for function in functions:
        meter.add(FUNCTION[meter.encoding])
        meter.read(f"{function['name']}:{_sentence(function)}")
        schema = function.get("parameters") or function.get("input_schema")
        _read_properties(meter, schema.get("properties") if type(schema) is dict else None)
    if functions:
        meter.add(END)


def _read_properties(meter: Meter, properties: Any) -> None:
    if type(properties) is not dict or not properties:
        return
    meter.add(PROPERTIES)
    for name, schema in properties.items():
        meter.add(PROPERTY)
        if type(schema) is dict:
            _read_property(meter, name, schema)


def _read_property(meter: Meter, name: str, schema: dict[str, Any]) -> None:
    choices = _list(schema.get("enum"))
    if choices:
        meter.add(ENUM)
    for choice in choices:
        meter.add(ENUM_ITEM)
        meter.read(str(choice))
    meter.read(f"{name}:{schema.get('type', '')}:{_sentence(schema)}")
    for key in ("properties", "items", "anyOf"):
        if key in schema:
            read_json(meter, schema[key])


def read_json(meter: Meter, value: Any) -> None:
    try:
        meter.read(orjson.dumps(value).decode())
    except orjson.JSONEncodeError:  # nested beyond reason, or half a surrogate
        meter.read(str(value) if type(value) is str else "")


def _sentence(schema: dict[str, Any]) -> str:
    description = schema.get("description")
    return description.removesuffix(".") if type(description) is str else ""


def _list(value: Any) -> list[Any]:
    return value if type(value) is list else []
