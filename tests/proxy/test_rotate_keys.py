from __future__ import annotations

import io
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.fernet import Fernet
from django.core.management import call_command
from django.core.management.base import CommandError
from django.utils import timezone

from accounts import projects
from accounts.audit.audit import Actor
from accounts.models import Credential, Project, WitheringToken
from accounts.secrets import issuing, keys
from accounts.tokens import tokens
from logs_app.journal import segments
from logs_app.journal.segments import MasterKeys, Writer
from proxy.models import Provider

pytestmark = pytest.mark.django_db

ME = Actor("command", "tests")


@pytest.fixture
def applications() -> list[Credential]:
    rows = [Credential(name=name) for name in ("app", "batch")]
    for row in rows:
        issuing.issue(row)
        row.save()
    return rows


def rotate(*arguments: str) -> str:
    out = io.StringIO()
    call_command("rotate_keys", *arguments, stdout=out, stderr=io.StringIO())
    return out.getvalue()


def digest(name: str = "app") -> bytes:
    return bytes(Credential.objects.get(name=name).digest)


@pytest.mark.usefixtures("applications")
def test_a_key_gets_the_secret_that_is_printed() -> None:
    assert keys.digest(rotate("credential", "app").strip()) == digest()


@pytest.mark.usefixtures("applications")
def test_the_old_secret_has_its_grace() -> None:
    before = digest()
    rotate("credential", "app", "--grace", "24h")
    row = Credential.objects.get(name="app")
    assert bytes(row.former_digest) == before
    assert timedelta(hours=23) < row.former_expires_at - timezone.now() < timedelta(hours=25)


@pytest.mark.usefixtures("applications")
def test_all_keys_are_printed_by_name() -> None:
    lines = [line.split("\t") for line in rotate("credential", "--all").splitlines()]
    assert [name for name, _secret in lines] == ["app", "batch"]
    assert all(keys.digest(secret) == digest(name) for name, secret in lines)


@pytest.mark.usefixtures("applications")
def test_a_repeat_of_a_run_does_what_was_left() -> None:
    first = rotate("credential", "app", "--run", "q4").strip()
    lines = rotate("credential", "--all", "--run", "q4").splitlines()
    assert [line.split("\t")[0] for line in lines] == ["batch"]
    assert digest() == keys.digest(first)
    assert rotate("credential", "--all", "--run", "q4") == ""


class Stopping(io.StringIO):
    """A pipe whose reader leaves after the first line."""

    def write(self, text: str) -> int:
        if self.getvalue():
            raise BrokenPipeError
        return super().write(text)


@pytest.mark.usefixtures("applications")
def test_a_run_that_was_stopped_has_stored_no_secret_that_nobody_saw() -> None:
    batch = digest("batch")
    stopping = Stopping()
    with pytest.raises(BrokenPipeError):
        call_command("rotate_keys", "credential", "--all", "--run", "q4", stdout=stopping)
    assert keys.digest(stopping.getvalue().split("\t")[1].strip()) == digest()
    assert digest("batch") == batch
    assert rotate("credential", "--all", "--run", "q4").startswith("batch\t")


@pytest.mark.usefixtures("applications")
def test_secrets_can_go_into_a_file_instead(tmp_path: Path) -> None:
    path = tmp_path / "secrets"
    assert rotate("credential", "--all", "--output", str(path)) == ""
    names = [line.split("\t")[0] for line in path.read_text().splitlines()]
    assert (names, path.stat().st_mode & 0o777) == (["app", "batch"], 0o600)


@pytest.mark.usefixtures("applications")
def test_nothing_is_rotated_when_the_file_cannot_be_written(tmp_path: Path) -> None:
    before = digest()
    with pytest.raises(CommandError):
        rotate("credential", "app", "--output", str(tmp_path))
    assert digest() == before


def test_the_keys_of_a_deleted_project_are_left_alone() -> None:
    project = Project.objects.create(name="shop")
    issuing.issue(row := Credential(name="app", project=project))
    row.save()
    projects.delete(project, ME)
    assert rotate("credential", "--all") == ""


def test_a_token_is_rotated_by_its_id() -> None:
    token, _secret = tokens.create(Project.objects.create(name="shop"), ME, lifetime={})
    secret = rotate("token", str(token.pk)).strip()
    assert bytes(WitheringToken.objects.get().digest) == keys.digest(secret)


def test_the_other_keys_of_a_provider_stay(tmp_path: Path) -> None:
    more = {"api_key": "sk-old", "extra_api_keys": "sk-two\nsk-three"}
    Provider.objects.create(provider_key="acme", api_base="https://a.example", **more)
    (tmp_path / "key").write_text("sk-new\n")
    rotate("provider", "acme", "--key-file", str(tmp_path / "key"))
    provider = Provider.objects.get()
    assert (provider.api_key, provider.extra_api_keys) == ("sk-new", "sk-two\nsk-three")


def test_a_key_in_a_variable_is_changed_there(tmp_path: Path) -> None:
    Provider.objects.create(provider_key="acme", api_base="https://a.example", api_key_env="ACME_KEY")
    with pytest.raises(CommandError, match="from ACME_KEY"):
        rotate("provider", "acme", "--key-file", str(tmp_path / "key"))


def test_a_provider_gets_the_key_of_a_file(tmp_path: Path) -> None:
    Provider.objects.create(provider_key="acme", api_base="https://a.example", api_key="sk-old")
    (tmp_path / "key").write_text("sk-new\n")
    said = rotate("provider", "acme", "--key-file", str(tmp_path / "key"))
    assert Provider.objects.get().api_key == "sk-new"
    assert "sk-new" not in said


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["credential", "nobody"], "no key named nobody"),
        (["token", "7f9c2f9e-0000-4000-8000-000000000000"], "no token 7f9c2f9e"),
        (["token", "abc"], "no id of a token"),
        (["provider", "nobody", "--key-file", "x"], "no provider nobody"),
        (["credential", "app", "--grace", "soon"], "30m, 24h, 7d"),
        (["credential"], "NAME --all"),
        (["credential", "app", "--all"], "not allowed with"),
    ],
)
def test_what_cannot_be_is_refused_in_words(arguments: list[str], words: str) -> None:
    with pytest.raises(CommandError, match=words):
        rotate(*arguments)


class TestEncryption:
    @pytest.fixture
    def old(self, settings: Any, tmp_path: Path) -> Any:
        settings.JOURNAL_DIR = tmp_path
        settings.FIELD_ENCRYPTION_KEYS = [Fernet.generate_key().decode()]
        Project.objects.create(name="shop", upstream_key="sk-own")
        Provider.objects.create(provider_key="acme", api_base="https://a.example", api_key="sk-provider")
        return settings

    def test_everything_stored_comes_under_the_newest_key(self, old: Any) -> None:
        newest = Fernet.generate_key().decode()
        old.FIELD_ENCRYPTION_KEYS = [newest, *old.FIELD_ENCRYPTION_KEYS]
        said = rotate("encryption")
        assert "accounts.Project.upstream_key: 1 of 1" in said
        assert "2 values were brought under the newest key." in said
        assert "No segment" in said
        old.FIELD_ENCRYPTION_KEYS = [newest]
        assert (Project.objects.get().upstream_key, Provider.objects.get().api_key) == (
            "sk-own", "sk-provider",
        )  # fmt: skip

    def test_it_says_how_much_of_the_journal_needs_an_older_key(self, old: Any, tmp_path: Path) -> None:
        name = segments.segment_name("0123456789abcdef", 1)
        Writer(tmp_path, name, "node", MasterKeys(old.FIELD_ENCRYPTION_KEYS)).close()
        old.FIELD_ENCRYPTION_KEYS = [Fernet.generate_key().decode(), *old.FIELD_ENCRYPTION_KEYS]
        assert "1 segments of the journal still need an older key" in rotate("encryption")

    def test_what_no_key_opens_is_an_error_at_the_end(self, old: Any) -> None:
        old.FIELD_ENCRYPTION_KEYS = [Fernet.generate_key().decode()]
        with pytest.raises(CommandError, match="2 values are under none"):
            rotate("encryption")

    def test_a_single_key_cannot_be_rotated_away_from(self, old: Any) -> None:
        assert "put a new one in front" in rotate("encryption")
