from __future__ import annotations

import pytest
from django.test import Client

from accounts.models import AuditEvent
from logs_app.models import ModelPrice
from logs_app.pricing import reading

pytestmark = pytest.mark.django_db
URL = "/manage/prices"
NEW = {"model": "mine-*", "valid_from": "2026-01-01T00:00:00Z", "input": "2.50", "output": 10}


@pytest.fixture
def api(settings) -> Client:
    settings.MANAGEMENT_TOKEN = "the management token"
    return Client(headers={"authorization": "Bearer the management token"})


def send(api, method, url, body):
    return getattr(api, method)(url, body, content_type="application/json")


def create(api, **more):
    return send(api, "post", URL, NEW | more)


def test_prices_are_listed_in_dollars(api):
    ModelPrice.objects.all().delete()
    create(api, cached_input="0.3", service_tier="flex")
    (shown,) = api.get(f"{URL}?search=mine").json()["results"]
    assert (shown["input"], shown["cached_input"], shown["output"], shown["image"]) == (
        "2.5",
        "0.3",
        "10",
        None,
    )
    assert (shown["model"], shown["provider"], shown["service_tier"]) == ("mine-*", "", "flex")
    assert shown["version"] == reading.rates_of(ModelPrice.objects.get()).version


def test_a_price_is_created_changed_and_deleted(api):
    answer = create(api)
    assert answer.status_code == 201
    one = f"{URL}/{answer.json()['id']}"
    changed = send(api, "patch", one, {"input": None, "note": "ours"}).json()
    assert (changed["input"], changed["output"], changed["note"]) == (None, "10", "ours")
    assert ModelPrice.objects.get(pk=answer.json()["id"]).input is None
    assert [api.delete(one).status_code, api.delete(one).status_code] == [204, 204]
    assert api.get(one).status_code == 404
    assert api.delete(f"{URL}/987654321").status_code == 404
    actions = list(AuditEvent.objects.order_by("id").values_list("action", flat=True))
    assert actions == ["price.create", "price.update", "price.delete"]


def test_the_same_price_twice_is_refused(api):
    assert create(api).status_code == 201
    assert create(api).status_code == 400
    assert create(api, above_prompt_tokens=200_000).status_code == 201
    assert create(api, provider="p").status_code == 201


@pytest.mark.parametrize("amount", ["x", "-1", True, [], "0.00000000001", "1e30"])
def test_what_is_no_amount_is_refused(api, amount):
    answer = create(api, input=amount)
    assert answer.status_code == 400
    assert "dollars" in answer.content.decode() or "decimal places" in answer.content.decode()
