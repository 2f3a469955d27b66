"""Under /manage/. Every path answers with and without its last slash, never with a redirect."""

from __future__ import annotations

from rest_framework.routers import SimpleRouter

from logs_app.api import Records

router = SimpleRouter(trailing_slash=False)
router.trailing_slash = "/?"
router.register("logs", Records, basename="record")

urlpatterns = router.urls
