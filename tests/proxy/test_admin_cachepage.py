"""The page of the response cache in the console."""

from __future__ import annotations

import re
from collections.abc import Callable
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client
from pytest_django import Settings

from accounts.models import AuditEvent, Project
from proxy.cache.board import Board
from proxy.cache.store import Counters
from proxy.models import CachePurge, Provider

PAGE = "/admin/cache/"

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def no_workers(settings: Settings, tmp_path: Path) -> None:
    settings.DATA_DIR = tmp_path


@pytest.fixture
def sign_in(client: Client) -> Callable[..., Client]:
    def with_permissions(*names: str) -> Client:
        user = User.objects.create_user("somebody", is_staff=True)
        user.user_permissions.set(Permission.objects.filter(codename__in=names))
        client.force_login(user)
        return client

    return with_permissions


def text(client: Client, path: str = PAGE) -> str:
    answer = client.get(path)
    assert answer.status_code == 200
    return unescape(re.sub(r"\s+", " ", answer.content.decode()))


def confirmed(client: Client, page: str) -> Any:
    """What the button of the question sends."""
    (form,) = re.findall(r'<form method="post" action="/admin/cache/".*?</form>', page)
    given = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', form))
    return client.post(PAGE, given, follow=True)


def test_it_says_how_the_cache_is(admin_client: Client, tmp_path: Path) -> None:
    board = Board(tmp_path)
    board.tell(Counters(hits=3, misses=1, entries=17, bytes=2048, stored=21))
    page = text(admin_client)
    board.close()
    for shown in (">17<", ">75.0%<", "1 miss<", "2.0 KB, of", "<dd>21</dd>", "1 worker of this machine"):
        assert shown in page, shown
    assert "$0.00" in page


def test_it_is_in_the_side_bar(admin_client: Client) -> None:
    assert re.search(r'href="/admin/cache/"[^>]*aria-current', text(admin_client))


def test_nothing_goes_before_a_yes(admin_client: Client) -> None:
    page = text(admin_client, f"{PAGE}?model=gpt-4o&tag=beta&method=POST&project=&prefix=&url=")
    assert "Purge these answers?" in page and "<dd>gpt-4o</dd>" in page and "<dd>beta</dd>" in page
    assert not CachePurge.objects.exists()
    answer = confirmed(admin_client, page)
    assert "0 stored answers are gone." in answer.content.decode()
    assert CachePurge.objects.get().criteria == {"model": "gpt-4o", "tag": "beta", "method": "POST"}
    event = AuditEvent.objects.get(action="cache.purge")
    assert event.actor_name == "admin" and '"tag":"beta"' in event.detail


def test_everything_goes(admin_client: Client) -> None:
    page = text(admin_client, f"{PAGE}?all=on")
    assert "Purge everything?" in page
    confirmed(admin_client, page)
    assert CachePurge.objects.get().criteria == {}


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ("model=&all=", "Name what is to go"),
        ("method=POST", "Name what is to go"),
        ("all=on&model=gpt-4o", 'Either "all" or a part of it.'),
        ("project=nobody", "There is no such project."),
        ("method=BREW&model=gpt-4o", "Select a valid choice."),
    ],
)
def test_what_cannot_be_purged_is_said(admin_client: Client, asked: str, words: str) -> None:
    page = text(admin_client, f"{PAGE}?{asked}")
    assert words in page and "answers?" not in page
    given = dict(each.split("=") for each in asked.split("&"))
    assert words in unescape(admin_client.post(PAGE, given).content.decode())
    assert not CachePurge.objects.exists()


def test_the_page_of_a_project_leads_to_its_answers(admin_client: Client) -> None:
    project = Project.objects.create(name="acme")
    link = f"{PAGE}?project={project.pk}"
    assert link in text(admin_client, f"/admin/accounts/project/{project.pk}/change/")
    page = text(admin_client, link)
    assert "<dd>acme</dd>" in page
    confirmed(admin_client, page)
    assert CachePurge.objects.get().criteria == {"project": str(project.pk)}


def test_the_page_of_a_provider_leads_to_its_answers(admin_client: Client) -> None:
    provider = Provider.objects.create(provider_key="a b", api_base="https://a.example")
    link = f"{PAGE}?provider=a%20b"
    assert link in text(admin_client, f"/admin/proxy/provider/{provider.pk}/change/")
    confirmed(admin_client, text(admin_client, link))
    assert CachePurge.objects.get().criteria == {"provider": "a b"}


def test_who_may_only_look_purges_nothing(sign_in: Callable[..., Client]) -> None:
    client = sign_in("view_cachepurge")
    page = text(client, f"{PAGE}?all=on")
    assert "Purge everything?" not in page and "Purge…" not in page
    assert '<p class="figure-value">–</p><p class="figure-note">in 30 days' in page  # sees no records
    assert client.post(PAGE, {"all": "on"}).status_code == 403
    assert not CachePurge.objects.exists()


def test_an_operator_may(sign_in: Callable[..., Client]) -> None:
    client = sign_in("view_cachepurge", "add_cachepurge")
    confirmed(client, text(client, f"{PAGE}?all=on"))
    assert CachePurge.objects.exists()


def test_others_see_neither_page_nor_links(sign_in: Callable[..., Client]) -> None:
    project = Project.objects.create(name="acme")
    client = sign_in("view_project")
    assert client.get(PAGE).status_code == 403
    assert PAGE not in text(client, f"/admin/accounts/project/{project.pk}/change/")
    client.logout()
    assert client.get(PAGE).status_code == 302


def test_off_it_says_so(admin_client: Client, settings: Settings) -> None:
    settings.HTTP_CACHE_ENABLED = False
    assert "The response cache is off" in text(admin_client)
    refused = admin_client.post(PAGE, {"all": "on"})
    assert "HTTP_CACHE_ENABLED=false" in refused.content.decode()
    assert not CachePurge.objects.exists()


def test_a_redis_that_is_away_is_said(admin_client: Client, settings: Settings) -> None:
    settings.HTTP_CACHE_BACKEND, settings.REDIS_CACHE_URL = "redis", "redis://127.0.0.1:1/0"
    assert "Redis does not answer" in text(admin_client)
    refused = admin_client.post(PAGE, {"all": "on"})
    assert "Redis, where the cache is, does not answer" in refused.content.decode()
    assert not AuditEvent.objects.filter(action="cache.purge").exists()
