from __future__ import annotations

import pytest

from accounts.audit.events import AuditEvent
from accounts.models import Credential
from proxy.configuration.loading import Loader


@pytest.mark.parametrize("base", ["/manage/config", "/admin/v1/config"])
@pytest.mark.django_db(transaction=True)
def test_the_version_moves_with_every_change(api, base):
    before = api.get(f"{base}/version").json()
    assert sorted(before) == ["timestamp", "version"]
    api.post("/manage/providers", {"provider_key": "main", "api_base": "https://a.example"})
    assert api.get(f"{base}/version").json()["version"] > before["version"]


@pytest.mark.parametrize("base", ["/manage/config", "/admin/v1/config"])
@pytest.mark.django_db(transaction=True)
def test_a_reload_makes_everybody_read_everything(api, base):
    api.post("/manage/providers", {"provider_key": "main", "api_base": "https://a.example"})
    loader = Loader("default")
    old = loader.advance()
    Credential.objects.create(name="app", digest=b"d", prefix="sk-d")
    loader.advance()
    shown = api.post(f"{base}/reload").json()
    assert (shown["providers_count"], shown["credentials_count"]) == (1, 1)
    assert shown["version"] == api.get(f"{base}/version").json()["version"]
    new = loader.advance()
    assert (new.version, new.providers is old.providers, len(new.keys)) == (shown["version"], False, 1)
    assert AuditEvent.objects.filter(action="config.reload").exists()


def test_only_who_may(session, anonymous):
    assert anonymous.post("/manage/config/reload").status_code == 401
    viewer = session("view_provider")
    assert viewer.get("/manage/config/version").status_code == 200
    assert viewer.post("/manage/config/reload").status_code == 403
