from __future__ import annotations

import pytest
from rest_framework.serializers import Serializer

from proxy.api.links import MOST, Names
from proxy.models import Processor

pytestmark = pytest.mark.django_db


class Chain(Serializer):
    steps = Names(Processor.objects.all(), "name", "processor")


def test_names_become_rows_in_the_order_given():
    rows = [Processor.objects.create(name=name, type="logger") for name in "ab"]
    given = Chain(data={"steps": ["b", "a", "b"]})
    assert given.is_valid()
    assert given.validated_data["steps"] == [rows[1], rows[0], rows[1]]
    assert Chain({"steps": rows}).data == {"steps": ["a", "b"]}


@pytest.mark.parametrize("steps", [None, "a", [1], ["x"] * (MOST + 1), ["nobody"]])
def test_what_names_nothing_is_refused(steps):
    assert not Chain(data={"steps": steps}).is_valid()
