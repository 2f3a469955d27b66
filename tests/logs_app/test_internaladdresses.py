from __future__ import annotations

import pytest

from logs_app.internaladdresses import host_of, is_internal, is_refused


@pytest.mark.parametrize(
    "url",
    [
        "http://169.254.169.254/latest",
        "http://[fe80::1%25eth0]/v1",
        "http://[::ffff:169.254.169.254]/",
        "http://[64:ff9b::a9fe:a9fe]/",
        "http://[2002:a9fe:a9fe::1]/",
        "http://2852039166",
        "http://0xa9.254.0xa9fe/v1",
        "http://METADATA.google.internal./v1",
    ],
)
def test_however_it_is_written_it_is_refused(url: str) -> None:
    assert is_refused(host_of(url))


@pytest.mark.parametrize("url", ["https://api.lunary.ai", "http://10.1.2.3", "http://[half", "nothing", ""])
def test_anywhere_else_is_not(url: str) -> None:
    assert not is_refused(host_of(url))


def test_a_name_is_judged_by_what_it_leads_to() -> None:
    assert is_refused("metadata")
    assert not is_internal("metadata")
