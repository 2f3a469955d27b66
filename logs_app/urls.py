"""Under /manage/. Every path answers with and without its last slash, never with a redirect."""

from __future__ import annotations

from django.urls import re_path
from rest_framework.routers import SimpleRouter

from logs_app.alerts.api import Alerts
from logs_app.api import Records
from logs_app.dispatching.api import Dispatchers, Subscribers
from logs_app.exporting.api import Export
from logs_app.presentation.onerecord import Previous, Snippet
from logs_app.pricing.api import Prices
from logs_app.redaction.api import Rules
from logs_app.settingsapi import RecordSettings
from logs_app.statistics.api import Statistics

router = SimpleRouter(trailing_slash=False)
router.trailing_slash = "/?"
router.register("alerts", Alerts, basename="alert")
router.register("logs", Records, basename="record")
router.register("prices", Prices, basename="price")
router.register("dispatchers", Dispatchers, basename="dispatcher")
router.register("redaction-rules", Rules, basename="redaction-rule")

urlpatterns = [
    re_path(
        r"^settings/records/?$",
        RecordSettings.as_view({"get": "retrieve", "put": "update", "patch": "partial_update"}),
    ),
    re_path(r"^subscribers/?$", Subscribers.as_view({"get": "list"})),
    re_path(r"^logs/export/?$", Export.as_view()),
    re_path(r"^logs/(?P<pk>[^/]+)/snippet/?$", Snippet.as_view()),
    re_path(r"^logs/(?P<pk>[^/]+)/previous/?$", Previous.as_view()),
    re_path(r"^stats/?$", Statistics.as_view()),
    *router.urls,
]
