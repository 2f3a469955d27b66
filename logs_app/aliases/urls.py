"""Before the admin, which takes every other path under /admin/. With and without the last slash."""

from __future__ import annotations

from django.urls import re_path
from rest_framework.routers import SimpleRouter

from logs_app.aliases.logs import Logs
from logs_app.aliases.today import Today
from logs_app.aliases.v1 import V1ErrorLogs, V1Logs

router = SimpleRouter(trailing_slash=False)
router.trailing_slash = "/?"
router.register("admin/logs", Logs, basename="earlier-log")
router.register("admin/v1/logs", V1Logs, basename="v1-log")
router.register("admin/v1/error-logs", V1ErrorLogs, basename="v1-error-log")

urlpatterns = [re_path(r"^admin/dashboard/stats/?$", Today.as_view()), *router.urls]
