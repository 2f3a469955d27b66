from __future__ import annotations

import pytest
from rest_framework import serializers

from accounts.api.modelrows import judge
from proxy.models import Provider


def refusals(**given: object) -> dict[str, list[str]]:
    with pytest.raises(serializers.ValidationError) as refused:
        judge(Provider(**{"provider_key": "main", "api_base": "https://a.example"} | given))
    return refused.value.detail


def test_the_rules_of_the_model_are_those_of_the_api() -> None:
    assert list(refusals(api_base="nowhere")) == ["api_base"]
    assert list(refusals(model_mapping={"gpt-(.*": "x"})) == ["model_mapping"]


def test_what_is_unique_and_what_is_secret_is_not_judged_here(db: None) -> None:
    Provider.objects.create(provider_key="main", api_base="https://a.example")
    judge(Provider(provider_key="main", api_base="https://a.example", api_key="sk-any"))
