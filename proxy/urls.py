"""Routing in the management API, and what earlier systems called it. Every path answers with and without its
last slash, never with a redirect. The admin, which takes every other path under /admin/, comes after these.
"""

from __future__ import annotations

from rest_framework.routers import SimpleRouter

from .api.providers import Providers

router = SimpleRouter(trailing_slash=False)
router.trailing_slash = "/?"
router.register("manage/providers", Providers, basename="provider")

urlpatterns = [*router.urls]
