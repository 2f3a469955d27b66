"""The admin as a product: its side bar is grouped by what people do, not by what the code is made of."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.contrib.admin import AdminSite
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.cache import patch_cache_control
from django.utils.translation import gettext_lazy as _

from relay.navigation import GROUPS, OTHERS, OTHERS_ICON, Entry

Row = dict[str, Any]
CATALOG_SECONDS = 3600


class ConsoleSite(AdminSite):
    site_header = site_title = "LLM Relay"
    index_title = _("Dashboard")
    site_url = None
    # The side bar is part of the header here; Django's own would come on top of it.
    enable_nav_sidebar = False

    def i18n_javascript(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """Every page asks for it; its address names the language."""
        answer = super().i18n_javascript(request, extra_context)
        patch_cache_control(answer, private=True, max_age=CATALOG_SECONDS)
        return answer

    def get_app_list(self, request: HttpRequest, app_label: str | None = None) -> list[Row]:
        """In Django's shape, for its templates, with the groups of the side bar in place of the apps."""
        if app_label:
            return super().get_app_list(request, app_label)
        apps = self._build_app_dict(request).values()
        models = {
            f"{app['app_label']}.{model['object_name']}": model for app in apps for model in app["models"]
        }
        groups = [_group(name, list(_rows(request, entries, models))) for name, entries in GROUPS]
        others = [model | {"icon": OTHERS_ICON, "keys": ""} for model in models.values()]
        groups = [group for group in (*groups, _group(OTHERS, others)) if group["models"]]
        _mark_current(request.path, [row for group in groups for row in group["models"]])
        return groups


def _group(name: Any, rows: list[Row]) -> Row:
    return {"name": name, "app_label": "", "app_url": "", "has_module_perms": True, "models": rows}


def _rows(request: HttpRequest, entries: tuple[Entry, ...], models: dict[str, Row]) -> Iterator[Row]:
    """Takes what it shows out of `models`."""
    user: Any = request.user
    for entry in entries:
        if entry.view:
            if not entry.permission or user.has_perm(entry.permission):
                yield _row(entry, {"name": entry.name, "admin_url": reverse(entry.view), "add_url": None})
        elif (model := models.pop(entry.model, None)) is not None:
            yield _row(entry, model)


def _row(entry: Entry, row: Row) -> Row:
    return row | {"name": entry.name or row["name"], "icon": entry.icon, "keys": entry.keys}


def _mark_current(path: str, rows: list[Row]) -> None:
    """The page itself or the list above it; the dashboard is above all, so it is only itself."""
    index = reverse("admin:index")
    for row in rows:
        url = row["admin_url"] or ""
        row["is_current"] = path == url or (url != index and bool(url) and path.startswith(url))
