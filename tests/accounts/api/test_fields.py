from __future__ import annotations

from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from django.utils import timezone
from rest_framework import serializers

from accounts.api import fields


class Form(serializers.Serializer):
    flag = fields.Flag(required=False)
    text = fields.Text(required=False)
    choice = fields.Choice(choices=["1"], required=False)
    whole = fields.Whole(required=False, min_value=0, max_value=fields.MOST)
    moment = fields.FutureMoment(required=False)
    models = fields.ModelNames(required=False)
    policy = fields.Policy(required=False)


def wrong(given: dict[str, Any], instance: Any = None) -> list[str]:
    form = Form(instance, data=given, partial=True)
    form.is_valid()
    return list(form.errors)


@pytest.mark.parametrize(
    "given",
    [{"flag": True}, {"flag": False}, {"text": "1"}, {"choice": "1"}, {"whole": 0}, {"whole": 2**31 - 1},
     {"moment": "2099-01-01T00:00:00Z"}, {"moment": "2099-01-01T00:00:00"}, {"models": []},
     {"models": ["gpt-4o*"]}, {"policy": {"param_whitelist": {"temperature": [0, "0.*"]}}}],
)  # fmt: skip
def test_what_the_schema_names_is_taken(given):
    assert wrong(given) == []


@pytest.mark.parametrize(
    "given",
    [{"flag": "true"}, {"flag": 1}, {"flag": "no"}, {"flag": []}, {"text": 1}, {"text": True}, {"text": 1.5},
     {"choice": 1}, {"choice": "2"}, {"choice": []}, {"whole": "1"}, {"whole": 1.0}, {"whole": True},
     {"whole": -1},
     {"whole": 2**31}, {"whole": 1e30}, {"moment": "2001-01-01T00:00:00Z"}, {"moment": "tomorrow"},
     {"moment": 4070908800}, {"moment": "0001-01-01T00:00:00+23:59"}, {"models": "gpt-4o"}, {"models": [1]},
     {"models": {}}, {"policy": []}, {"policy": {"allowed_models": []}},
     {"policy": {"allowed_methods": ["BREW"]}}],
)  # fmt: skip
def test_what_only_looks_like_it_is_not(given):
    assert wrong(given) == list(given)


def test_a_moment_that_is_stored_already_may_have_passed():
    past = timezone.now() - timedelta(days=1)
    stored = SimpleNamespace(moment=past)
    assert wrong({"moment": past.isoformat()}, stored) == []
    assert wrong({"moment": (past - timedelta(seconds=1)).isoformat()}, stored) == ["moment"]
