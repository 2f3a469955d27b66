from __future__ import annotations

import os
from pathlib import Path

import pytest
from django.conf import settings

from accounts.models import AuditEvent, Credential
from accounts.secrets import keys
from proxy.models import Provider, RelaySettings
from tests import managing
from tests.scratch import Scratch, only_sqlite

pytestmark = only_sqlite

SECRETS = {"TARGET_API_KEY": "sk-canary-provider", "PROXY_KEY": "sk-canary-of-the-client"}
GIVEN = SECRETS | {"TARGET_BASE_URL": "https://a.example", "DEFAULT_MODEL": "gpt-5"}


@pytest.fixture
def environment(scratch: Scratch) -> dict[str, str]:
    """The folder of these tests has the encryption keys, so what the command writes can be read here."""
    return os.environ | {
        "DATABASE_PATH": str(scratch.path),
        "DATABASE_URL": "",
        "FIELD_ENCRYPTION_KEYS": ",".join(settings.FIELD_ENCRYPTION_KEYS),
        "DJANGO_SETTINGS_MODULE": "relay.settings",
    }


def sync(environment: dict[str, str], *arguments: str, **given: str) -> managing.Done:
    return managing.run(["sync_config", *arguments], environment | given)


def test_without_variables_there_is_nothing_to_do(environment: dict[str, str]) -> None:
    result = sync(environment)
    assert (result.returncode, result.stdout) == (
        0,
        "Nothing to do: the database agrees with the environment.\n",
    )


def test_the_environment_is_copied_once(scratch: Scratch, environment: dict[str, str]) -> None:
    first, second = sync(environment, **GIVEN), sync(environment, **GIVEN)
    assert (first.returncode, second.returncode) == (0, 0)
    assert first.stdout.endswith("Applied 3.\n")
    assert second.stdout.startswith("Nothing to do")
    provider = Provider.objects.using(scratch.alias).get()
    assert (provider.api_base, provider.api_key) == ("https://a.example", "sk-canary-provider")
    credential = Credential.objects.using(scratch.alias).get(name="default")
    assert bytes(credential.digest) == keys.digest(GIVEN["PROXY_KEY"])
    assert RelaySettings.objects.using(scratch.alias).get().default_model == "gpt-5"


def test_a_dry_run_prints_and_changes_nothing(scratch: Scratch, environment: dict[str, str]) -> None:
    result = sync(environment, "--dry-run", **GIVEN)
    assert result.returncode == 1
    assert "DEFAULT_MODEL is 'gpt-5', but '' in the database" in result.stdout
    assert not Provider.objects.using(scratch.alias).exists()


def test_a_dry_run_without_differences_exits_with_zero(environment: dict[str, str]) -> None:
    sync(environment, **GIVEN)
    assert sync(environment, "--dry-run", **GIVEN).returncode == 0


def test_no_secret_is_printed(scratch: Scratch, environment: dict[str, str]) -> None:
    printed = ""
    for arguments in (["--dry-run"], []):
        result = sync(environment, *arguments, **GIVEN)
        printed += result.stdout + result.stderr
    assert "PROXY_KEY" in printed
    assert [secret for secret in SECRETS.values() if secret in printed] == []


def test_a_refused_value_changes_nothing_and_exits_with_two(
    scratch: Scratch, environment: dict[str, str]
) -> None:
    result = sync(environment, **GIVEN | {"TARGET_BASE_URL": "https://user:password@a.example"})
    assert result.returncode == 2
    assert "Credentials do not belong in the address" in result.stderr
    assert "Traceback" not in result.stderr
    assert not Credential.objects.using(scratch.alias).exists()


def test_what_was_applied_is_audited_without_secrets(environment: dict[str, str], scratch: Scratch) -> None:
    sync(environment, **GIVEN)
    events = AuditEvent.objects.using(scratch.alias).filter(action="config.sync")
    lines = "".join(events.values_list("detail", flat=True))
    assert "TARGET_" in lines and "PROXY_KEY" in lines
    assert not any(secret in lines for secret in SECRETS.values())
    sync(environment, **GIVEN)
    assert events.count() == lines.count("difference")


def test_a_file_is_imported_once(scratch: Scratch, environment: dict[str, str], tmp_path: Path) -> None:
    wanted = tmp_path / "relay.toml"
    wanted.write_text('[llm.chat]\nbase_url = "https://c.example/v1"\n[server]\nport = 3000\n')
    looked = sync(environment, "--file", str(wanted), "--dry-run")
    assert (looked.returncode, looked.stdout) == (1, "provider chat is new\n")
    first, second = (sync(environment, "--file", str(wanted)) for _ in range(2))
    assert first.stdout == "provider chat is new\nApplied 1.\n"
    assert first.stderr == "Belongs into .env: PORT=3000\n"
    assert second.stdout == "Nothing to do: the database agrees with the file.\n"
    assert Provider.objects.using(scratch.alias).get().api_base == "https://c.example/v1"


def test_an_export_is_read_again(environment: dict[str, str], tmp_path: Path) -> None:
    sync(environment, **GIVEN)
    written = tmp_path / "relay.toml"
    sync(environment, "--export", str(written))
    assert sync(environment, "--export").stdout == written.read_text()
    assert "canary" not in written.read_text()
    assert sync(environment, "--file", str(written), "--dry-run").returncode == 0


def test_a_refused_file_changes_nothing(
    scratch: Scratch, environment: dict[str, str], tmp_path: Path
) -> None:
    wanted = tmp_path / "relay.toml"
    wanted.write_text('[provider.a]\napi_base = "https://a.example"\n[provider.b]\napi_base = "nowhere"\n')
    result = sync(environment, "--file", str(wanted))
    assert result.returncode == 2
    assert "api_base" in result.stderr
    assert not Provider.objects.using(scratch.alias).exists()


def test_keys_of_another_system_are_imported_by_their_digests(
    scratch: Scratch, environment: dict[str, str], tmp_path: Path
) -> None:
    wanted = tmp_path / "keys"
    wanted.write_text(f"billing\t{'ab' * 32}\n")
    looked = sync(environment, "--keys", str(wanted), "--dry-run")
    assert (looked.returncode, looked.stdout) == (1, "Key billing is not there\n")
    assert sync(environment, "--keys", str(wanted)).stdout == "Key billing is not there\nApplied 1.\n"
    wanted.write_text("billing\n")
    refused = sync(environment, "--keys", str(wanted))
    assert refused.returncode == 2 and "line 1" in refused.stderr
