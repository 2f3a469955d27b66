"""What the first page of a console would otherwise wait for: addresses, words, and the templates around each
page and of the dashboard.
"""

from __future__ import annotations

from collections.abc import Iterator

from django.conf import settings
from django.template.loader import get_template
from django.urls import reverse
from django.utils import translation

OF_DJANGO = ("admin/base.html", "admin/color_theme_toggle.html")
FOLDERS = (("templates", "admin"), ("relay/templates", "relay/dashboard"))


def up() -> None:
    """Touches no database. Half a second of processor time, most of which the first dashboard would take."""
    for name in templates():
        get_template(name)
    for code, _name in settings.LANGUAGES:
        with translation.override(code):
            reverse("admin:index")  # reads all addresses, once in each language
            translation.gettext("Dashboard")


def templates() -> Iterator[str]:
    yield from OF_DJANGO
    for root, folder in FOLDERS:
        for path in sorted((settings.BASE_DIR / root / folder).glob("*.html")):
            yield f"{folder}/{path.name}"
