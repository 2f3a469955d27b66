from __future__ import annotations

from typing import Any

import pytest
from cryptography.fernet import Fernet
from django.db import connection

from accounts.fields import EncryptedTextField
from accounts.models import Project
from accounts.secrets import encryption, reencryption
from accounts.secrets.reencryption import Progress

pytestmark = pytest.mark.django_db

OLD, NEW = (Fernet.generate_key().decode() for _ in range(2))
FIELD = Project._meta.get_field("upstream_key")


@pytest.fixture
def keys(settings: Any) -> Any:
    """Rows of three projects under the old key; then there is a newer one."""
    settings.FIELD_ENCRYPTION_KEYS = [OLD]
    for name in ("a", "b", "c"):
        Project.objects.create(name=name, upstream_key=f"sk-of-{name}")
    Project.objects.create(name="none")
    settings.FIELD_ENCRYPTION_KEYS = [NEW, OLD]
    return settings


def run() -> Progress:
    [last] = list(reencryption.reencrypt(Project, FIELD))[-1:]
    return last


def clear() -> list[str]:
    return sorted(project.upstream_key for project in Project.objects.all())


def test_every_encrypted_column_of_every_model_is_found() -> None:
    found = {f"{model._meta.label}.{column.name}" for model, column in reencryption.columns()}
    assert {"accounts.Project.upstream_key", "proxy.Provider.api_key"} <= found
    assert all(isinstance(column, EncryptedTextField) for _model, column in reencryption.columns())


def test_afterwards_the_old_key_is_needed_no_more(keys: Any) -> None:
    progress = run()
    assert (progress.total, progress.done, progress.changed, progress.unreadable) == (4, 4, 3, [])
    keys.FIELD_ENCRYPTION_KEYS = [NEW]
    assert clear() == ["", "sk-of-a", "sk-of-b", "sk-of-c"]


def test_a_second_run_has_nothing_to_do(keys: Any) -> None:
    run()
    stored = list(Project.objects.values_list("upstream_key", flat=True))
    assert run().changed == 0
    assert list(Project.objects.values_list("upstream_key", flat=True)) == stored


def test_a_run_that_was_stopped_goes_on(keys: Any) -> None:
    stopped = reencryption.reencrypt(Project, FIELD, chunk_rows=2)
    first = next(stopped)
    assert (first.done, first.total) == (2, 4)
    stopped.close()
    done = first.changed
    assert run().changed == 3 - done


def test_a_value_that_no_key_opens_is_named_and_stays(keys: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute("UPDATE accounts_project SET upstream_key = 'gAAAAAbroken' WHERE name = 'b'")
    progress = run()
    assert progress.unreadable == [str(Project.objects.get(name="b").pk)]
    assert progress.changed == 2
    assert Project.objects.values_list("upstream_key", flat=True).get(name="b") == "gAAAAAbroken"


def test_a_value_that_changed_meanwhile_is_left_alone(keys: Any) -> None:
    pk = Project.objects.get(name="a").pk
    stored = Project.objects.values_list("upstream_key", flat=True).get(pk=pk)
    Project.objects.filter(pk=pk).update(upstream_key="sk-newer")
    progress = Progress(Project, FIELD)
    reencryption._renew(progress, "default", pk, str(stored))
    assert (progress.changed, Project.objects.get(pk=pk).upstream_key) == (0, "sk-newer")


def test_it_is_known_which_key_is_the_newest(keys: Any) -> None:
    assert encryption.is_newest(encryption.encrypt("x"))
    assert not encryption.is_newest(Fernet(OLD).encrypt(b"x").decode())
