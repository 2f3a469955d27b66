"""Under /admin/compare/."""

from __future__ import annotations

from django.contrib import admin
from django.urls import path

from proxy.compare import pages

urlpatterns = [
    path("", admin.site.admin_view(pages.page), name="compare"),
    path("run", pages.run, name="compare-run"),
    path("prompt/<str:pk>", admin.site.admin_view(pages.prompt), name="compare-prompt"),
    path("csv", admin.site.admin_view(pages.csv), name="compare-csv"),
]
