"""Under /admin/playground/."""

from __future__ import annotations

from django.contrib import admin
from django.urls import path

from proxy.playground import pages

urlpatterns = [
    path("", admin.site.admin_view(pages.page), name="playground"),
    path("send", pages.send, name="playground-send"),
    path("models", pages.models, name="playground-models"),
    path("program", pages.program, name="playground-program"),
    path("result", pages.result, name="playground-result"),
]
