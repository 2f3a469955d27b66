from __future__ import annotations

import pytest
from django.test import Client

from logs_app.models import LogSettings
from proxy.models import RelaySettings

pytestmark = pytest.mark.django_db
PAGES = [("/admin/proxy/relaysettings/", RelaySettings), ("/admin/logs_app/logsettings/", LogSettings)]


@pytest.mark.parametrize(("url", "model"), PAGES)
def test_the_list_leads_to_the_one_row(admin_client: Client, url: str, model: type) -> None:
    answer = admin_client.get(url)
    assert (answer.status_code, answer.url) == (302, f"{url}1/change/")
    assert model.objects.count() == 1


@pytest.mark.parametrize(("url", "model"), PAGES)
def test_nobody_adds_or_deletes_one(admin_client: Client, url: str, model: type) -> None:
    admin_client.get(url)
    assert admin_client.get(f"{url}add/").status_code == 403
    assert admin_client.get(f"{url}1/delete/").status_code == 403


@pytest.mark.parametrize(("url", "model"), PAGES)
def test_a_stranger_is_sent_to_the_door(client: Client, url: str, model: type) -> None:
    assert "/login/" in client.get(url).url
    assert not model.objects.exists()
