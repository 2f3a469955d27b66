"""Under /manage/logs/, beside the records. Every path answers with and without its last slash."""

from __future__ import annotations

from django.urls import re_path

from proxy.compare.api import Compare
from proxy.replay.api import Replay

urlpatterns = [
    re_path(r"^compare/?$", Compare.as_view()),
    re_path(r"^(?P<pk>[^/]+)/replay/?$", Replay.as_view()),
]
