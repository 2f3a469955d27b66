from __future__ import annotations

import pytest

from accounts import projects
from accounts.audit.audit import Actor
from accounts.models import Credential, Project, WitheringToken
from accounts.secrets import issuing
from accounts.tokens import tokens

pytestmark = pytest.mark.django_db

ME = Actor("command", "tests")


@pytest.fixture
def project() -> Project:
    project = Project.objects.create(name="shop", upstream_key="sk-own")
    tokens.create(project, ME, lifetime={})
    credential = Credential(name="app", project=project)
    issuing.issue(credential)
    credential.save()
    return project


def test_deactivating_notes_the_moment_and_keeps_the_tokens(project: Project) -> None:
    assert projects.deactivate(project, ME) is None
    stored = Project.objects.get()
    assert (stored.is_active, stored.deactivated_at) == (False, project.deactivated_at)
    assert WitheringToken.objects.get().status == "project_inactive"


def test_deactivating_can_revoke_the_tokens(project: Project) -> None:
    assert projects.deactivate(project, ME, revoke_tokens=True).revoked == 1
    assert WitheringToken.objects.get().status == "revoked"


def test_deactivating_again_keeps_the_first_moment(project: Project) -> None:
    projects.deactivate(project, ME)
    first = Project.objects.get().deactivated_at
    projects.deactivate(project, ME)
    assert Project.objects.get().deactivated_at == first


def test_an_activated_project_leaves_revoked_tokens_revoked(project: Project) -> None:
    projects.deactivate(project, ME, revoke_tokens=True)
    projects.activate(project, ME)
    assert (Project.objects.get().is_active, Project.objects.get().deactivated_at) == (True, None)
    assert WitheringToken.objects.get().status == "revoked"


def test_a_deleted_project_is_in_no_list_and_none_of_its_keys_works(project: Project) -> None:
    projects.delete(project, ME)
    assert not Project.objects.listed().exists()
    assert not Credential.objects.listed().exists()
    assert not WitheringToken.objects.listed().exists()
    assert Credential.objects.get().status == "disabled"
    assert WitheringToken.objects.get().status == "revoked"
    assert Project.objects.get().upstream_key == ""


def test_the_names_of_a_deleted_project_are_free_again(project: Project) -> None:
    projects.delete(project, ME)
    assert project.name == f"shop (deleted {project.pk.hex[:8]})"
    Project.objects.create(name="shop")
    issuing.issue(again := Credential(name="app"))
    again.save()


def test_a_long_name_still_fits_when_it_is_freed() -> None:
    project = Project.objects.create(name="x" * 200)
    projects.delete(project, ME)
    assert len(Project.objects.get().name) == 200


def test_deleting_again_changes_nothing(project: Project) -> None:
    projects.delete(project, ME)
    before = Project.objects.values().get()
    projects.delete(project, ME)
    assert Project.objects.values().get() == before


def test_a_deleted_project_cannot_be_activated(project: Project) -> None:
    projects.delete(project, ME)
    projects.activate(project, ME)
    assert Project.objects.get().is_active is False
