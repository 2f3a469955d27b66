"""A value that fits a JSON schema: arguments of tool calls and structured answers."""

from __future__ import annotations

from typing import Any

DEEPEST = 12


def example(schema: Any, word: str, root: Any = None, depth: int = 0) -> Any:
    """`word` fills free strings, so that answers to different questions differ."""
    if not isinstance(schema, dict) or depth > DEEPEST:
        return None
    root = schema if root is None else root
    if "$ref" in schema:
        return example(_resolve(root, schema["$ref"]), word, root, depth + 1)
    if "const" in schema:
        return schema["const"]
    if schema.get("enum"):
        return schema["enum"][0]
    for union in ("anyOf", "oneOf", "allOf"):
        if schema.get(union):
            return example(schema[union][0], word, root, depth + 1)
    return _of_type(schema, word, root, depth)


def _of_type(schema: dict[str, Any], word: str, root: Any, depth: int) -> Any:
    kind = schema.get("type")
    if isinstance(kind, list):
        kind = next((each for each in kind if each != "null"), "null")
    if kind == "object" or (kind is None and "properties" in schema):
        properties = schema.get("properties") or {}
        return {name: example(each, word, root, depth + 1) for name, each in properties.items()}
    if kind == "array":
        item = example(schema.get("items", {"type": "string"}), word, root, depth + 1)
        return [item] * max(1, schema.get("minItems", 1))
    if kind in ("integer", "number"):
        least = schema.get("minimum", schema.get("exclusiveMinimum", 0) + 1)
        return int(least) if kind == "integer" else float(least)
    return {"boolean": True, "null": None}.get(kind, word) if kind else word


def _resolve(root: Any, reference: str) -> Any:
    node = root
    for step in reference.removeprefix("#").strip("/").split("/"):
        node = node.get(step) if isinstance(node, dict) and step else node
    return node
