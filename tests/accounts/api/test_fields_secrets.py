from __future__ import annotations

from typing import Any

import pytest
from rest_framework import serializers

from accounts.api import fields
from accounts.errors import Invalid


class Form(serializers.Serializer):
    number = fields.Number(required=False, min_value=0)
    thing = fields.Object(required=False)
    words = fields.Words(required=False)
    secret = fields.Secret()
    secrets = fields.Secrets(required=False)


@pytest.mark.parametrize(
    ("name", "given", "taken"),
    [
        ("number", 5, 5.0),
        ("number", 0.5, 0.5),
        ("thing", {"a": [1]}, {"a": [1]}),
        ("words", ["chat/completions"], ["chat/completions"]),
        ("words", [], []),
        ("secret", " sk-key ", "sk-key"),
        ("secret", "sk-...", ""),
        ("secret", "", ""),
        ("secrets", ["sk-one", "sk-two"], "sk-one\nsk-two"),
    ],
)
def test_what_has_its_type_is_taken(name: str, given: Any, taken: Any) -> None:
    form = Form(data={name: given})
    assert form.is_valid(), form.errors
    assert form.validated_data == {name: taken}


@pytest.mark.parametrize(
    ("name", "given"),
    [
        ("number", "5"),
        ("number", True),
        ("number", -1),
        ("thing", []),
        ("thing", "{}"),
        ("words", "chat"),
        ("words", [1]),
        ("words", ["x" * 201]),
        ("secret", 5),
        ("secrets", "sk-one"),
        ("secrets", [""]),
        ("secrets", [5]),
        ("secrets", ["sk"] * (fields.MOST_KEYS + 1)),
    ],
)
def test_what_only_looks_like_it_is_not(name: str, given: Any) -> None:
    form = Form(data={name: given})
    assert not form.is_valid()
    assert list(form.errors) == [name]


@pytest.mark.parametrize(("name", "given"), [("secret", "sk-cut…"), ("secrets", ["sk-good", "a b"])])
def test_a_preview_and_a_broken_key_are_refused(name: str, given: Any) -> None:
    with pytest.raises(Invalid) as refused:
        Form(data={name: given}).is_valid()
    assert refused.value.field == name
