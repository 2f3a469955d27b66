"""Routing in the management API, and what earlier systems called it. Every path answers with and without its
last slash, never with a redirect. The admin, which takes every other path under /admin/, comes after these.
"""

from __future__ import annotations

from rest_framework.routers import SimpleRouter

from .api.processors import Processors
from .api.providers import Providers
from .api.routes import Routes

router = SimpleRouter(trailing_slash=False)
router.trailing_slash = "/?"
router.register("manage/providers", Providers, basename="provider")
router.register("manage/routes", Routes, basename="route")
router.register("manage/processors", Processors, basename="processor")

urlpatterns = [*router.urls]
