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


@pytest.mark.parametrize(("url", "model"), PAGES)
def test_the_page_and_its_message_say_the_name_once(admin_client: Client, url: str, model: type) -> None:
    page = admin_client.get(url, follow=True)
    crumbs = page.content.decode().partition('<div class="breadcrumbs">')[2].partition("</div>")[0]
    assert crumbs.lower().count(str(model._meta.verbose_name)) == 1

    form = page.context["adminform"].form
    given = {field.html_name: field.value() for field in form if field.value() is not None}
    page = admin_client.post(f"{url}1/change/", given, follow=True)
    name = str(model._meta.verbose_name).capitalize()
    assert [str(message) for message in page.context["messages"]] == [f"{name}: the change is saved."]
