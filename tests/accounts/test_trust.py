from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from accounts import trust


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("authority")
    make = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj /CN=House"
    files = ["-keyout", str(folder / "key"), "-out", str(folder / "house.pem")]
    subprocess.run([*make.split(), *files], check=True, capture_output=True)
    (folder / "README").write_text("not a certificate")
    return folder


def names(place: Path | None) -> list[str]:
    found = trust.context.__wrapped__(place).get_ca_certs()
    return [dict(part[0] for part in each["subject"]).get("commonName", "") for each in found]


def test_the_usual_authorities_are_believed() -> None:
    assert len(names(None)) > 50 and "House" not in names(None)


@pytest.mark.parametrize("name", ["", "house.pem"], ids=["a folder", "a file"])
def test_further_ones_are_believed_too(authority: Path, name: str) -> None:
    found = names(authority / name)
    assert "House" in found and len(found) > 50


def test_a_file_without_a_certificate_is_named(authority: Path) -> None:
    with pytest.raises(ImproperlyConfigured, match="CA_CERTIFICATES: .*README cannot be used"):
        names(authority / "README")
    with pytest.raises(ImproperlyConfigured, match="No such file"):
        names(authority / "gone.pem")
