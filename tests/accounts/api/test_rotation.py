from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.utils import timezone

from accounts.models import Credential, WitheringToken
from accounts.secrets import keys


@pytest.fixture(params=["credential", "token"])
def row(request, api, project):
    """Its path, the name of its secret, its first secret, and its model."""
    if request.param == "token":
        made = api.post("/manage/tokens", {"project_id": project["id"]}).json()
        return f"/manage/tokens/{made['id']}", "token", made["token"], WitheringToken
    made = api.post("/manage/credentials", {"name": "app"}).json()
    return f"/manage/credentials/{made['id']}", "key", made["key"], Credential


def test_a_rotation_shows_the_new_secret_once(api, row):
    path, name, old, model = row
    response = api.post(f"{path}/rotate")
    assert response.status_code == 200
    new = response.json()[name]
    assert new and new != old
    assert bytes(model.objects.get().digest) == keys.digest(new)
    assert new not in api.get(path).content.decode()


def test_without_a_grace_the_old_secret_ends_at_once(api, row):
    path = row[0]
    shown = api.post(f"{path}/rotate", {}).json()
    assert datetime.fromisoformat(shown["former_expires_at"]) <= timezone.now()


def test_the_old_secret_lives_through_its_grace_until_that_is_ended(api, row):
    path = row[0]
    shown = api.post(f"{path}/rotate", {"grace": "2h"}).json()
    left = datetime.fromisoformat(shown["former_expires_at"]) - timezone.now()
    assert timedelta(hours=1.9) < left < timedelta(hours=2)
    ended = api.post(f"{path}/end-grace").json()
    assert datetime.fromisoformat(ended["former_expires_at"]) <= timezone.now()


@pytest.mark.parametrize("grace", ["2", "soon", "-1h", 5, "99999999w"])
def test_a_grace_that_cannot_be_is_refused(api, row, grace):
    response = api.post(f"{row[0]}/rotate", {"grace": grace})
    assert (response.status_code, list(response.json()["error"]["fields"])) == (400, ["grace"])


def test_a_repeated_run_changes_nothing(api, row):
    path, name, _, model = row
    first = api.post(f"{path}/rotate", {"run": "2026-11"}).json()
    again = api.post(f"{path}/rotate", {"run": "2026-11"})
    assert (again.status_code, again.json()[name]) == (200, None)
    assert bytes(model.objects.get().digest) == keys.digest(first[name])
