from __future__ import annotations

import pytest
from django.template import engines
from django.test import Client

from relay import warming


@pytest.mark.django_db
def test_nothing_of_the_first_page_is_left_to_be_read(admin_client: Client) -> None:
    (loader,) = engines["django"].engine.template_loaders
    loader.reset()
    warming.up()
    read = set(loader.get_template_cache)
    assert "relay/dashboard/index.html" in read
    assert admin_client.get("/admin/").status_code == 200
    assert set(loader.get_template_cache) - read == set()
