"""Routing in the management API, and what earlier systems called it. Every path answers with and without its
last slash, never with a redirect. The admin, which takes every other path under /admin/, comes after these.
"""

from __future__ import annotations

from django.urls import re_path
from rest_framework.routers import SimpleRouter

from .api.aliases import TargetSettings, V1Providers
from .api.cache import Cache, Purge
from .api.config import Reload, Version
from .api.processors import Processors
from .api.providers import Providers
from .api.routes import Routes
from .api.settings import Settings
from .api.v1health import Everybody, OneProvider

router = SimpleRouter(trailing_slash=False)
router.trailing_slash = "/?"
router.register("manage/providers", Providers, basename="provider")
router.register("admin/v1/providers", V1Providers, basename="v1-provider")
router.register("manage/routes", Routes, basename="route")
router.register("manage/processors", Processors, basename="processor")

urlpatterns = [
    *router.urls,
    re_path(r"^manage/settings/?$", Settings.as_view()),
    re_path(r"^manage/cache/?$", Cache.as_view()),
    re_path(r"^manage/cache/purge/?$", Purge.as_view()),
    re_path(r"^manage/config/version/?$", Version.as_view()),
    re_path(r"^manage/config/reload/?$", Reload.as_view()),
    re_path(r"^admin/v1/config/version/?$", Version.as_view()),
    re_path(r"^admin/v1/config/reload/?$", Reload.as_view()),
    re_path(r"^admin/settings/?$", TargetSettings.as_view()),
    re_path(r"^admin/v1/health/check/?$", Everybody.as_view()),
    re_path(r"^admin/v1/health/providers/(?P<pk>[^/]+)/?$", OneProvider.as_view()),
]
