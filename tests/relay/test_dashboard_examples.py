from __future__ import annotations

import pytest

from logs_app.models import Series
from proxy.models import Provider, RelaySettings
from relay.dashboard import examples

pytestmark = pytest.mark.django_db


def test_each_language_has_a_program_and_its_stream():
    found = examples.write("https://relay.test")
    assert [example.name for example in found] == ["curl", "Python", "JavaScript"]
    for example in found:
        assert "https://relay.test/v1" in example.plain and "RELAY_API_KEY" in example.plain
        assert "stream" in example.stream and "stream" not in example.plain


def test_the_model_is_one_that_will_answer():
    assert examples.model() == examples.USUAL_MODEL
    Series.objects.create(digest="one", node="here", endpoint=examples.PATH, status_code=200, model="seen")
    assert examples.model() == "seen"
    Provider.objects.create(
        provider_key="p", api_base="https://a.example", model_mapping={"gpt-*": "x", "named": "y"}
    )
    assert examples.model() == "named"
    RelaySettings.objects.create(default_model="chosen")
    assert examples.model() == "chosen"


def test_what_is_disabled_names_no_model():
    Provider.objects.create(
        provider_key="p", api_base="https://a.example", model_mapping={"named": "y"}, is_enabled=False
    )
    assert examples.model() == examples.USUAL_MODEL
