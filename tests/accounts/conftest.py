import pytest

from tests.scratch import scratch, scratch_templates  # noqa: F401


@pytest.fixture(autouse=True)
def quick_passwords(settings):
    """The real hash takes half a second on purpose."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
