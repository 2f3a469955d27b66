from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.contrib.auth import authenticate, get_user_model
from django.contrib.auth.models import Group
from django.core.exceptions import ImproperlyConfigured
from pytest_django import Settings

from accounts.models import Credential
from accounts.secrets import keys
from proxy.models import Provider, RelaySettings
from relay.health import sharedlimits
from relay.start import first_run

URL = "http://127.0.0.1:8000"

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def nothing_given(settings: Settings) -> None:
    settings.GIVEN_VARIABLES = frozenset()
    settings.PROXY_KEY = settings.ADMIN_PASSWORD = settings.TARGET_API_KEY = ""


def give(settings: Settings, **variables: object) -> None:
    for name, value in variables.items():
        setattr(settings, name, value)
    settings.GIVEN_VARIABLES = settings.GIVEN_VARIABLES | set(variables)


def prepare() -> str:
    said: list[str] = []
    first_run.prepare(URL, said.append)
    return "\n".join(said)


def shown(label: str, output: str) -> str:
    found = re.search(rf"^  {label} +(\S+)", output, re.MULTILINE)
    assert found is not None, output
    return found[1]


def test_the_shown_password_opens_the_admin() -> None:
    password = shown("Password", prepare())
    user = authenticate(username="admin", password=password)
    assert user is not None and user.is_superuser


def test_the_shown_key_is_the_stored_one() -> None:
    secret = shown("Proxy key", prepare())
    assert bytes(Credential.objects.get(name="default").digest) == keys.digest(secret)


def test_provider_and_settings_come_from_the_environment(settings: Settings) -> None:
    give(
        settings,
        TARGET_BASE_URL="https://llm.example",
        TARGET_API_KEY="sk-up",
        DEFAULT_MODEL="m",
        IDLE_TIMEOUT_SECONDS=7.0,
    )
    prepare()
    provider = Provider.objects.get()
    assert (provider.provider_key, provider.api_base, provider.api_key) == (
        "default",
        "https://llm.example",
        "sk-up",
    )
    row = RelaySettings.objects.get()
    assert (row.default_model, row.idle_timeout_seconds) == ("m", 7.0)


def test_a_database_from_before_there_were_roles_gets_them() -> None:
    prepare()
    Group.objects.filter(name="viewer").delete()
    Group.objects.get(name="operator").permissions.clear()
    prepare()
    assert Group.objects.get(name="viewer").permissions.exists()
    assert not Group.objects.get(name="operator").permissions.exists()


def test_chosen_secrets_are_used_and_not_shown(settings: Settings) -> None:
    give(
        settings,
        PROXY_KEY="sk-chosen-0123456789abcdef",
        ADMIN_USERNAME="boss",
        ADMIN_PASSWORD="chosen password",
    )
    output = prepare()
    assert bytes(Credential.objects.get().digest) == keys.digest("sk-chosen-0123456789abcdef")
    assert authenticate(username="boss", password="chosen password") is not None
    assert "sk-chosen" not in output and "chosen password" not in output


def test_a_password_that_was_just_stored_is_not_compared(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Half a second of the first start of everybody."""
    give(settings, ADMIN_USERNAME="boss", ADMIN_PASSWORD="chosen password")
    compared: list[str] = []

    def note(user: object, password: str) -> bool:
        compared.append(password)
        return True

    monkeypatch.setattr(get_user_model(), "check_password", note)
    prepare()
    assert compared == []
    prepare()
    assert compared == ["chosen password"]


def test_an_administrator_who_is_there_already_has_another_password(settings: Settings) -> None:
    get_user_model().objects.create_superuser("boss", password="x" * 12)
    give(settings, ADMIN_USERNAME="boss", ADMIN_PASSWORD="chosen password")
    assert "ADMIN_PASSWORD differs from the password of boss" in prepare()


def without_reminder(output: str) -> str:
    """On PostgreSQL each start reminds of machines that might share the database."""
    return output.replace(sharedlimits.ALONE, "").strip()


def test_the_second_run_says_and_makes_nothing(settings: Settings) -> None:
    give(settings, TARGET_API_KEY="sk-up")
    prepare()
    assert without_reminder(prepare()) == ""
    assert Credential.objects.count() == Provider.objects.count() == get_user_model().objects.count() == 1


def test_a_provider_without_a_key_is_told_of_at_every_start() -> None:
    prepare()
    assert "'default' has no API key" in prepare()


def test_what_somebody_deleted_does_not_come_back() -> None:
    prepare()
    for model in (Credential, Provider, get_user_model()):
        model.objects.all().delete()
    assert without_reminder(prepare()) == "No provider is enabled: every call is answered with an error."
    assert not Credential.objects.exists() and not Provider.objects.exists()


def test_an_administrator_who_is_there_already_is_left_alone() -> None:
    get_user_model().objects.create_superuser("root", password="x" * 12)
    prepare()
    assert [user.username for user in get_user_model().objects.all()] == ["root"]


def test_a_later_difference_is_a_line(settings: Settings) -> None:
    prepare()
    give(settings, TARGET_BASE_URL="https://elsewhere.example")
    assert "TARGET_BASE_URL differs" in prepare()
    assert Provider.objects.get().api_base == "https://api.openai.com"


def test_the_demo_follows_its_provider_and_shows_everything_each_time(settings: Settings) -> None:
    give(
        settings,
        PROXY_KEY="sk-demo-0123456789abcdef",
        ADMIN_PASSWORD="demo password",
        TARGET_API_KEY="simulated",
    )
    for port in (9001, 9002):
        give(settings, TARGET_BASE_URL=f"http://127.0.0.1:{port}/v1")
        said: list[str] = []
        first_run.prepare_demo(URL, said.append)
        assert "sk-demo-0123456789abcdef" in said[-1] and "demo password" in said[-1]
        assert Provider.objects.get().api_base.endswith(f":{port}/v1")


def test_the_first_start_imports_files(settings: Settings, tmp_path: Path) -> None:
    wanted = tmp_path / "relay.toml"
    wanted.write_text("[llm.chat]\nbase_url = 'https://c.example/v1'\n[settings]\nmax_failovers = 4\n")
    give(settings, CONFIG_PATH=wanted)
    assert "relay.toml: provider chat is new" in prepare()
    assert [provider.provider_key for provider in Provider.objects.all()] == ["chat"]
    assert RelaySettings.objects.get().max_failovers == 4


def test_a_file_that_cannot_be_read_stops_the_first_start(settings: Settings, tmp_path: Path) -> None:
    give(settings, API_CONFIG_PATH=tmp_path / "none.yaml")
    with pytest.raises(ImproperlyConfigured, match=r"none\.yaml.*No such file"):
        prepare()
    assert not RelaySettings.objects.exists()
