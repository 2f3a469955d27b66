"""Which certificates of the far side are believed: the system's, certifi's, and those of CA_CERTIFICATES."""

from __future__ import annotations

import functools
import ssl
from pathlib import Path

import certifi
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

SUFFIXES = (".pem", ".crt", ".cer")


@functools.cache
def context(extra: Path | None = None) -> ssl.SSLContext:
    """For connections to providers and sinks. Raises ImproperlyConfigured for a file without one."""
    made = ssl.create_default_context()
    made.load_verify_locations(certifi.where())
    for path in _files(extra or settings.CA_CERTIFICATES):
        try:
            made.load_verify_locations(path)
        except (OSError, ssl.SSLError) as error:
            reason = error.strerror or error.reason if isinstance(error, ssl.SSLError) else error.strerror
            raise ImproperlyConfigured(f"CA_CERTIFICATES: {path} cannot be used: {reason}.") from None
    return made


def _files(place: Path | None) -> list[Path]:
    if place is None:
        return []
    if place.is_dir():
        return sorted(path for path in place.iterdir() if path.suffix in SUFFIXES)
    return [place]
