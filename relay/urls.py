"""Everything but the lane; /v1 is here only for Django's own handler, the test client above all."""

from django.contrib import admin
from django.urls import include, path, re_path
from django.views.decorators.csrf import csrf_exempt
from django.views.i18n import set_language

from proxy import views
from proxy.admin import cachepage
from proxy.replay import pages
from relay import openapi
from relay.costs import pages as costs
from relay.dashboard import pages as dashboard
from relay.health import health
from relay.metrics import page as metrics

admin.autodiscover()

REPLAY = admin.site.admin_view(pages.replay)

urlpatterns = [
    *health.urlpatterns,
    *openapi.urlpatterns,
    *metrics.urlpatterns,
    path("", include("accounts.api.urls")),
    path("", include("proxy.urls")),
    path("", include("logs_app.aliases.urls")),
    path("admin/language/", set_language, name="set_language"),
    path("admin/logs_app/logrecord/<str:pk>/replay/", REPLAY, name="record-replay"),
    path("admin/playground/", include("proxy.playground.urls")),
    path("admin/compare/", include("proxy.compare.urls")),
    path("admin/costs/", admin.site.admin_view(costs.page), name="costs"),
    path("admin/cache/", admin.site.admin_view(cachepage.page), name="cache"),
    path("admin/", admin.site.admin_view(dashboard.index)),  # in place of the index of the next line
    path("admin/", admin.site.urls),
    path("manage/logs/", include("proxy.replay.urls")),
    path("manage/", include("logs_app.urls")),
    re_path(r"^v1(?:/|$)", csrf_exempt(views.relay)),
]

handler400 = "relay.refusals.bad_request"
handler403 = "relay.refusals.forbidden"
handler404 = "relay.refusals.not_found"
handler500 = "relay.refusals.server_error"
