from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import Client

from accounts.models import Credential, Project
from accounts.secrets import keys
from proxy.models import Provider
from tests.accounts.admin_pages import everything_stored, shown_secret

CHOSEN = "a-secret-that-was-chosen-here"
ADD = "/admin/accounts/credential/add/"
LIST = "/admin/accounts/credential/"


def add(client: Client, **values: str) -> Any:
    return client.post(ADD, {"name": "app", "is_enabled": "on", "secret": "", **values})


@pytest.mark.django_db
def test_a_generated_key_is_shown_on_the_page_that_answers(admin_client: Client) -> None:
    secret = shown_secret(add(admin_client))
    assert secret.startswith("sk-")
    assert Credential.objects.get().name == "app"
    assert bytes(Credential.objects.get().digest) == keys.digest(secret)


@pytest.mark.django_db
def test_the_page_with_the_secret_is_kept_by_no_cache(admin_client: Client) -> None:
    assert "no-store" in add(admin_client)["Cache-Control"]


@pytest.mark.django_db
def test_a_chosen_key_is_taken(admin_client: Client) -> None:
    assert shown_secret(add(admin_client, secret=CHOSEN)) == CHOSEN
    assert bytes(Credential.objects.get().digest) == keys.digest(CHOSEN)


@pytest.mark.django_db
@pytest.mark.parametrize("secret", ["short", "x" * 257])
def test_a_chosen_key_of_the_wrong_size_is_refused_in_words(admin_client: Client, secret: str) -> None:
    assert "8 to 256 characters; this one" in add(admin_client, secret=secret).content.decode()
    assert not Credential.objects.exists()


@pytest.mark.django_db
def test_the_key_of_another_is_refused_in_words(admin_client: Client) -> None:
    add(admin_client, secret=CHOSEN)
    assert "exists already" in add(admin_client, name="other", secret=CHOSEN).content.decode()


@pytest.mark.django_db
def test_a_weak_key_is_warned_about(admin_client: Client) -> None:
    assert "could be guessed" in add(admin_client, secret="only-17-letters").content.decode()


@pytest.mark.django_db
def test_editing_a_key_changes_no_secret(admin_client: Client) -> None:
    secret = shown_secret(add(admin_client))
    pk = Credential.objects.get().pk
    form = admin_client.get(f"{LIST}{pk}/change/").content.decode()
    assert 'name="secret"' not in form
    admin_client.post(f"{LIST}{pk}/change/", {"name": "renamed"})
    credential = Credential.objects.get()
    assert (credential.name, credential.is_enabled) == ("renamed", False)
    assert bytes(credential.digest) == keys.digest(secret)


@pytest.mark.django_db
def test_the_list_shows_prefix_status_and_project(admin_client: Client) -> None:
    project = Project.objects.create(name="Shop", is_active=False)
    secret = shown_secret(add(admin_client, project=str(project.pk)))
    page = admin_client.get(LIST).content.decode()
    assert keys.shown_prefix(secret) in page
    assert "blocked by project" in page
    assert "Shop" in page


@pytest.mark.django_db
def test_the_list_of_projects_counts_their_keys(admin_client: Client) -> None:
    project = Project.objects.create(name="Shop")
    add(admin_client, project=str(project.pk))
    page = admin_client.get("/admin/accounts/project/").content.decode()
    assert f'<a href="{LIST}?project={project.pk}">1</a>' in page


@pytest.mark.django_db
def test_no_page_has_inline_scripts_or_styles(admin_client: Client) -> None:
    project = Project.objects.create(name="Shop")
    pages = [add(admin_client)] + [
        admin_client.get(url)
        for url in (
            LIST,
            ADD,
            f"{LIST}{Credential.objects.get().pk}/change/",
            "/admin/accounts/project/",
            f"/admin/accounts/project/{project.pk}/change/",
        )
    ]
    for page in pages:
        assert page.status_code == 200
        assert not re.search(rb"<script(?![^>]*\ssrc=)[^>]*>|<style|\sstyle=|\son\w+=", page.content)


@pytest.mark.django_db(transaction=True)
def test_clear_secrets_are_stored_nowhere_and_shown_never_again(admin_client: Client) -> None:
    secrets = [shown_secret(add(admin_client)), shown_secret(add(admin_client, name="b", secret=CHOSEN))]
    provider = {"provider_key": "default", "provider_type": "openai", "api_base": "https://a.example"}
    provider |= {"weight": "1", "priority": "0", "supports_streaming": "on"}
    secrets.append("sk-canary-of-the-provider")
    admin_client.post("/admin/proxy/provider/add/", provider | {"new_api_key": secrets[-1]})
    pages = [LIST, "/admin/", "/admin/proxy/provider/"]
    pages += [f"{LIST}{row.pk}/{page}/" for row in Credential.objects.all() for page in ("change", "history")]
    pages += [f"/admin/proxy/provider/{Provider.objects.get().pk}/{page}/" for page in ("change", "history")]
    seen = everything_stored() + repr(admin_client.cookies)
    for url in pages:
        response = admin_client.get(url)
        assert response.status_code == 200
        seen += response.content.decode()
    assert keys.shown_prefix(CHOSEN) in seen
    assert [secret for secret in secrets if secret in seen] == []
