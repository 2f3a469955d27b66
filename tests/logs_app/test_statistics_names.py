from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from accounts.models import Credential, Project, WitheringToken
from logs_app.models import LogRecord
from logs_app.statistics import names, sums
from tests.logs_app.alerting import calls

pytestmark = pytest.mark.django_db


def asked(**given: str) -> dict[tuple, int]:
    since = datetime.now(UTC) - timedelta(days=1)
    answer = sums.ask(LogRecord.objects.all(), since, **given)
    return {group: sums.figures.Sums(figures)["requests"] for (group, _start), figures in answer.sums.items()}


def test_who_was_renamed_is_one_under_the_name_of_today() -> None:
    project = Project.objects.create(name="new")
    token = WitheringToken.objects.create(name="new-token", project=project)
    key = Credential.objects.create(name="new-key")
    for name, model in (("old", "m-1"), ("older", "m-2")):
        calls(1, model=model, project_id=str(project.pk), project=name, key_id=str(token.pk), key_name=name)
        calls(1, model=model, key_id=str(key.pk), key_name=name, key_kind="credential")
    assert asked(group_by="project") == {(str(project.pk), "new"): 2, ("", ""): 2}
    assert asked(group_by="model,key") == {
        (model, id, name): 1
        for model in ("m-1", "m-2")
        for id, name in ((str(token.pk), "new-token"), (str(key.pk), "new-key"))
    }
    for name, narrowed in (("new", "project"), (str(project.pk), "project"), ("new-key", "key")):
        assert sum(asked(**{narrowed: name}).values()) == 2


def test_from_records_it_is_the_same() -> None:
    project = Project.objects.create(name="new")
    for name in ("old", "older"):
        calls(1, project_id=str(project.pk), project=name, end_user="u")
    assert asked(group_by="project,user") == {(str(project.pk), "new", "u"): 2}
    assert sum(asked(project="new", user="u").values()) == 2


def test_who_exists_no_more_keeps_a_name_that_it_had() -> None:
    calls(1, project_id="p", project="gone")
    calls(1, model="m-2", project_id="p")
    assert asked(group_by="project") == {("p", "gone"): 2}
    assert sum(asked(project="gone").values()) == 1


def test_names_of_nobody_are_no_ids() -> None:
    assert names.ids_of("project", "nobody") == names.ids_of("key", "nobody") == []
