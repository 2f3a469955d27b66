from __future__ import annotations

import pytest
from django.contrib.auth.models import User

from accounts import provisioning
from logs_app.models import Series
from proxy.models import Provider
from relay.dashboard import checklist
from tests.logs_app.records import add_record

pytestmark = pytest.mark.django_db


@pytest.fixture
def admin(admin_user: User) -> User:
    return admin_user


def done(user: User) -> list[bool]:
    return [item.is_done for item in checklist.look(user)]


def test_each_step_is_done_where_it_was_done(admin):
    assert done(admin) == [False, False, False]
    provider = Provider.objects.create(provider_key="default", api_base="https://api.openai.com")
    assert done(admin) == [False, False, False]
    provider.api_key = "sk-upstream"
    provider.save()
    assert done(admin) == [True, False, False]
    provisioning.ensure_credential()
    assert done(admin) == [True, True, False]
    add_record()
    assert checklist.look(admin) == []


def test_a_provider_without_a_key_has_shown_that_it_needs_none(admin):
    Provider.objects.create(provider_key="default", api_base="http://localhost:11434")
    provisioning.ensure_credential()
    Series.objects.create(digest="one", node="here", status_code=401)
    assert done(admin) == [False, True, True]
    Series.objects.create(digest="two", node="here", status_code=200)
    assert checklist.look(admin) == []


def test_a_key_out_of_the_environment_is_one(admin):
    Provider.objects.create(provider_key="p", api_base="https://a.example", api_key_env="SOME_KEY")
    assert done(admin)[0]


def test_a_step_leads_there_for_whom_it_is():
    ann = User.objects.create_user("ann", is_staff=True)
    links = [item.link for item in checklist.look(ann)]
    assert links == ["", "", "#examples"]


def test_with_a_provider_the_step_leads_to_it(admin):
    assert checklist.look(admin)[0].link == "/admin/proxy/provider/add/"
    row = Provider.objects.create(provider_key="p", api_base="https://a.example")
    assert checklist.look(admin)[0].link == f"/admin/proxy/provider/{row.pk}/change/"
