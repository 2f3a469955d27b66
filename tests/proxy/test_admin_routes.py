from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from accounts.models import AuditEvent
from proxy.models import Processor, Provider, Route, RouteProcessor

pytestmark = pytest.mark.django_db

LIST = "/admin/proxy/route/"
FORM = {
    "name": "team",
    "path_prefix": "/team",
    "is_enabled": "on",
    "allow_streaming": "on",
    "allow_non_streaming": "on",
    "hold_preamble": "unknown",
    "allowed_origins": "[]",
}


def steps(*rows: tuple[int, Processor], saved: tuple[RouteProcessor, ...] = ()) -> dict[str, Any]:
    form: dict[str, Any] = {"steps-TOTAL_FORMS": len(rows), "steps-INITIAL_FORMS": len(saved)}
    for number, (position, processor) in enumerate(rows):
        form |= {f"steps-{number}-position": position, f"steps-{number}-processor": processor.pk}
    for number, step in enumerate(saved):
        form |= {f"steps-{number}-id": step.pk, f"steps-{number}-route": step.route_id}
    return form


@pytest.fixture
def two() -> tuple[Processor, Processor]:
    first, second = (Processor.objects.create(name=name, type="logger") for name in ("first", "second"))
    return first, second


def test_a_route_is_made_with_its_steps_in_order(
    admin_client: Client, two: tuple[Processor, Processor]
) -> None:
    provider = Provider.objects.create(provider_key="main", api_base="https://a.example")
    form = FORM | {"providers": [provider.pk]} | steps((2, two[0]), (1, two[1]))
    assert admin_client.post(f"{LIST}add/", form).status_code == 302
    route = Route.objects.get()
    assert [step.processor for step in route.steps.all()] == [two[1], two[0]]
    assert list(route.providers.all()) == [provider]
    page = admin_client.get(LIST).content.decode()
    assert page.index(">second<") < page.index(">first<") and "main" in page


def test_a_change_of_the_steps_alone_is_in_the_audit_trail(
    admin_client: Client, two: tuple[Processor, Processor]
) -> None:
    route = Route.objects.create(name="team", path_prefix="/team")
    saved = tuple(
        RouteProcessor.objects.create(route=route, processor=p, position=n) for n, p in enumerate(two)
    )
    form = FORM | steps((5, two[0]), (1, two[1]), saved=saved)
    assert admin_client.post(f"{LIST}{route.pk}/change/", form).status_code == 302
    event = AuditEvent.objects.filter(before__contains="processors").get()
    assert (event.action, event.target_name) == ("route.update", "team")
    assert event.after == '{"processors":["second","first"]}'


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"path_prefix": "/admin"}, "The relay itself answers"),
        ({"allow_streaming": "", "allow_non_streaming": ""}, "allows nothing"),
        ({"allowed_origins": '"x"'}, "allowed_origins"),
    ],
)
def test_a_mistake_is_shown_on_its_page(admin_client: Client, given: dict[str, str], words: str) -> None:
    response = admin_client.post(f"{LIST}add/", FORM | steps() | given)
    assert response.status_code == 200
    assert words in response.content.decode()
    assert not Route.objects.exists()


def test_empty_origins_are_none(admin_client: Client) -> None:
    assert admin_client.post(f"{LIST}add/", FORM | steps() | {"allowed_origins": ""}).status_code == 302
    assert Route.objects.get().allowed_origins == []
