"""Everything but the lane; /v1 is here only for Django's own handler, the test client above all."""

from django.contrib import admin
from django.urls import include, path, re_path
from django.views.decorators.csrf import csrf_exempt

from proxy import views
from proxy.replay import pages
from relay import health, openapi

REPLAY = admin.site.admin_view(pages.replay)

urlpatterns = [
    *health.urlpatterns,
    *openapi.urlpatterns,
    path("", include("accounts.api.urls")),
    path("", include("proxy.urls")),
    path("", include("logs_app.aliases.urls")),
    path("admin/logs_app/logrecord/<str:pk>/replay/", REPLAY, name="record-replay"),
    path("admin/", admin.site.urls),
    path("manage/logs/", include("proxy.replay.urls")),
    path("manage/", include("logs_app.urls")),
    re_path(r"^v1(?:/|$)", csrf_exempt(views.relay)),
]

handler400 = "relay.refusals.bad_request"
handler404 = "relay.refusals.not_found"
handler500 = "relay.refusals.server_error"
