from __future__ import annotations

import pytest
from django.core.exceptions import ImproperlyConfigured

from relay.environment import mail


def test_an_address_becomes_django_s_settings() -> None:
    found = mail.configure("smtp+tls://user:p%40ss@mail.example:587")
    assert (
        found.items()
        >= {
            "EMAIL_HOST": "mail.example",
            "EMAIL_PORT": 587,
            "EMAIL_HOST_USER": "user",
            "EMAIL_HOST_PASSWORD": "p@ss",
            "EMAIL_USE_TLS": True,
        }.items()
    )
    assert mail.configure("") == {}


@pytest.mark.parametrize("url", ["mail.example", "http://u:secret@mail.example", "smtp://", "smtp://h:port"])
def test_anything_else_is_refused_without_its_password(url: str) -> None:
    with pytest.raises(ImproperlyConfigured, match=r"smtp\+tls://") as refused:
        mail.configure(url)
    assert "secret" not in str(refused.value)
