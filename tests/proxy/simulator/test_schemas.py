from typing import Any

import pytest

from proxy.simulator import schemas

PERSON = {
    "type": "object",
    "properties": {
        "name": {"type": "string"},
        "age": {"type": "integer", "minimum": 18},
        "tags": {"type": "array", "items": {"$ref": "#/$defs/tag"}, "minItems": 2},
        "home": {"anyOf": [{"type": "null"}, {"type": "string"}]},
    },
    "$defs": {"tag": {"enum": ["old", "new"]}},
}


@pytest.mark.parametrize(
    ("schema", "value"),
    [
        ({"type": "string"}, "word"),
        ({"const": 7}, 7),
        ({"type": ["null", "boolean"]}, True),
        ({"type": "number", "exclusiveMinimum": 2}, 3.0),
        ({"type": "array", "items": {"type": "integer"}}, [1]),
        ({}, "word"),
        (None, None),
        (PERSON, {"name": "word", "age": 18, "tags": ["old", "old"], "home": None}),
    ],
)
def test_example_fits_its_schema(schema: Any, value: Any) -> None:
    assert schemas.example(schema, "word") == value


def test_schema_that_refers_to_itself_ends() -> None:
    tree = {"type": "object", "properties": {"child": {"$ref": "#"}}}
    assert "child" in schemas.example(tree, "word")
