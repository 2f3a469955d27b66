from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from accounts.audit.audit import Actor
from accounts.models import Credential, Project, WitheringToken
from accounts.secrets import issuing
from accounts.tokens import tokens
from tests.accounts.admin_pages import (
    CREDENTIALS,
    PROJECTS,
    TOKENS,
    act,
    everything_stored,
    has_inline_code,
    text,
)

ME = Actor("command", "tests")
SECRET = "sk-canary-of-the-project"
FORM = {
    "name": "Shop",
    "is_active": "on",
    "log_policy": "full",
    "provider_key": "default",
    "allowed_models": "[]",
    "policy": "{}",
}


@pytest.fixture
def project() -> Project:
    return Project.objects.create(name="Shop", upstream_key=SECRET)


def change(client: Client, project: Project, **values: Any) -> Any:
    data = {name: value for name, value in (FORM | values).items() if value is not None}
    return client.post(f"{PROJECTS}{project.pk}/change/", data)


@pytest.mark.django_db
def test_a_project_is_created_with_its_own_key(admin_client: Client) -> None:
    admin_client.post(f"{PROJECTS}add/", FORM | {"new_upstream_key": SECRET, "rate_limit": "5"})
    project = Project.objects.get()
    assert (project.name, project.upstream_key, project.rate_limit) == ("Shop", SECRET, 5)


@pytest.mark.django_db
def test_of_a_new_project_only_what_can_be_given_is_shown(admin_client: Client, project: Project) -> None:
    page = text(admin_client.get(f"{PROJECTS}add/"))
    assert "New API key" in page and "As it is" not in page and "Remove the API key" not in page
    page = text(admin_client.get(f"{PROJECTS}{project.pk}/change/"))
    assert "As it is" in page and "Remove the API key" in page


@pytest.mark.django_db
def test_a_list_offers_to_show_all_only_where_it_does_not(admin_client: Client, project: Project) -> None:
    assert "Show all" not in text(admin_client.get(PROJECTS))
    assert "1 result ( Show all )" in text(admin_client.get(PROJECTS, {"q": "shop"}))


@pytest.mark.django_db
def test_a_term_of_no_days_at_all_is_refused(admin_client: Client, project: Project) -> None:
    assert "greater than or equal to 1" in text(change(admin_client, project, payload_days="0"))


@pytest.mark.django_db
def test_the_key_stays_is_replaced_or_goes(admin_client: Client, project: Project) -> None:
    change(admin_client, project, name="Renamed")
    assert Project.objects.get().upstream_key == SECRET
    change(admin_client, project, new_upstream_key="sk-another-key")
    assert Project.objects.get().upstream_key == "sk-another-key"
    change(admin_client, project, remove_upstream_key="on")
    assert Project.objects.get().upstream_key == ""


@pytest.mark.django_db
@pytest.mark.parametrize("preview", ["sk-abcd...wxyz", "sk-1****", "sk-proj-a…"])
def test_a_preview_is_never_saved_as_the_key(admin_client: Client, project: Project, preview: str) -> None:
    assert "preview of a key" in text(change(admin_client, project, new_upstream_key=preview))
    assert Project.objects.get().upstream_key == SECRET


@pytest.mark.django_db
def test_a_policy_that_cannot_be_is_refused_in_words(admin_client: Client, project: Project) -> None:
    assert "param_whitelist" in text(change(admin_client, project, policy='{"param_whitelist": 3}'))
    assert "list" in text(change(admin_client, project, allowed_models='"gpt-4o"'))


@pytest.mark.django_db
def test_switching_it_off_and_on_notes_the_moment(admin_client: Client, project: Project) -> None:
    change(admin_client, project, is_active=None)
    assert Project.objects.get().deactivated_at is not None
    change(admin_client, project)
    assert Project.objects.get().deactivated_at is None


@pytest.mark.django_db
def test_its_page_shows_its_tokens_as_text(admin_client: Client, project: Project) -> None:
    token, _secret = tokens.create(project, ME, lifetime={}, max_requests=9, name="ci")
    tokens.revoke(tokens.create(project, ME, lifetime={"expires_at": None})[0], ME)
    tokens.create(project, ME, lifetime={"expires_at": None}, name="ever")
    page = admin_client.get(f"{PROJECTS}{project.pk}/change/")
    shown = text(page)
    assert token.prefix in shown and "9 of 9 left" in shown and "revoked 1" in shown
    assert "never expires" in shown
    assert f"/admin/accounts/witheringtoken/{token.pk}/change/" in page.content.decode()


@pytest.mark.django_db
def test_all_tokens_of_selected_projects_are_revoked(admin_client: Client, project: Project) -> None:
    for _ in range(2):
        tokens.create(project, ME, lifetime={})
    assert "Revoke 2 tokens" in text(act(admin_client, PROJECTS, "revoke_tokens", project.pk))
    done = act(admin_client, PROJECTS, "revoke_tokens", project.pk, confirmed="yes")
    assert "Shop: 2 tokens were revoked, 0" in text(done)
    assert not WitheringToken.objects.filter(is_active=True).exists()


@pytest.mark.django_db
def test_deleting_says_what_it_does_and_keeps_the_row(admin_client: Client, project: Project) -> None:
    tokens.create(project, ME, lifetime={})
    url = f"{PROJECTS}{project.pk}/delete/"
    assert "its tokens are revoked" in text(admin_client.get(url))
    admin_client.post(url, {"post": "yes"})
    assert Project.objects.get().deleted_at is not None
    assert WitheringToken.objects.get().is_active is False
    assert "Shop" not in text(admin_client.get(PROJECTS)).partition("successfully")[2]


@pytest.mark.django_db
def test_selected_projects_are_deleted_softly_too(admin_client: Client, project: Project) -> None:
    act(admin_client, PROJECTS, "delete_selected", project.pk, post="yes")
    assert Project.objects.get().deleted_at is not None


@pytest.mark.django_db
def test_the_list_counts_keys_and_tokens(admin_client: Client, project: Project) -> None:
    for _ in range(2):
        tokens.create(project, ME, lifetime={})
    issuing.issue(row := Credential(name="app", project=project))
    row.save()
    page = admin_client.get(PROJECTS).content.decode()
    assert f'{CREDENTIALS}?project={project.pk}">1</a>' in page
    assert f'{TOKENS}?project={project.pk}">2</a>' in page


@pytest.mark.django_db(transaction=True)
def test_the_key_is_stored_encrypted_and_shown_nowhere(admin_client: Client) -> None:
    admin_client.post(f"{PROJECTS}add/", FORM | {"new_upstream_key": SECRET})
    project = Project.objects.get()
    seen = everything_stored() + repr(admin_client.cookies)
    for path in ("", f"{project.pk}/change/", f"{project.pk}/history/"):
        page = admin_client.get(PROJECTS + path)
        assert not has_inline_code(page)
        seen += page.content.decode()
    assert "Shop" in seen
    assert SECRET not in seen
