from __future__ import annotations

from typing import Any

import pytest

from accounts.models import Credential, Project, WitheringToken
from logs_app.alerts import doubts
from logs_app.models import AlertRule
from tests.logs_app.alerting import calls

pytestmark = pytest.mark.django_db

TOLD = {"webhook_url": "https://chat.example/hook"}


def of(**given: Any) -> list[str]:
    return doubts.of(AlertRule(**{"name": "Errors", "kind": "error_rate", **TOLD, **given}))


def test_without_a_scope_there_is_nothing_to_doubt() -> None:
    assert of() == []


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("project", "There is no project 'x' now."),
        ("key", "There is no key or token 'x' now."),
        ("model", "No call has asked for the model 'x' yet."),
        ("provider", "There is no enabled provider 'x' now."),
    ],
)
def test_what_it_names_may_not_exist(name: str, words: str) -> None:
    assert of(**{name: "x"}) == [words]


def test_names_and_ids_of_what_exists_are_known(settings) -> None:
    settings.PROVIDER_STANDING_READER = "tests.logs_app.test_alerts_doubts.standing"
    project = Project.objects.create(name="shop")
    token = WitheringToken.objects.create(name="ci", project=project)
    credential = Credential.objects.create(name="web")
    calls(1, model="m-1")
    for known in ("shop", str(project.pk)):
        assert of(project=known) == []
    for known in ("ci", str(token.pk), "web", str(credential.pk)):
        assert of(key=known) == []
    assert of(model="m-1", provider="openai") == []


def standing() -> dict[str, tuple[str, str]]:
    return {"openai": ("healthy", "")}


def test_a_project_in_the_trash_is_none() -> None:
    project = Project.objects.create(name="shop")
    project.deleted_at = project.created_at
    project.save()
    assert of(project="shop") == ["There is no project 'shop' now."]


def test_somebody_must_be_told(settings) -> None:
    assert of(webhook_url="")[0].startswith("Nobody is told")
    assert of(emails=["a@example.com"]) == ["E-mail is not sent before EMAIL_URL is set."]
    settings.EMAIL_URL = "smtp://mail.example"
    assert of(emails=["a@example.com"], webhook_url="") == []
