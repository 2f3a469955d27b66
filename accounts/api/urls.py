"""The management API, and what earlier systems called it. Every path answers with and without its last slash,
never with a redirect. The admin, which takes every other path under /admin/, comes after these.
"""

from __future__ import annotations

from django.urls import re_path
from rest_framework.routers import SimpleRouter

from accounts.signin.browser import EitherLogin
from accounts.signin.ownaccount import change_password, sign_out

from .aliases import APIKeys, V1Credentials, Validation
from .audits import Audit
from .credentials import Credentials
from .login import Refresh
from .projects import Projects
from .tokens import Tokens

router = SimpleRouter(trailing_slash=False)
router.trailing_slash = "/?"
router.register("manage/projects", Projects, basename="project")
router.register("manage/tokens", Tokens, basename="token")
router.register("manage/credentials", Credentials, basename="credential")
router.register("manage/audit", Audit, basename="audit")
router.register("admin/v1/credentials", V1Credentials, basename="v1-credential")
router.register("admin/api-keys", APIKeys, basename="api-key")

urlpatterns = [
    *router.urls,
    re_path(r"^admin/v1/auth/validate/?$", Validation.as_view()),
    re_path(r"^admin/login/?$", EitherLogin.as_view()),
    re_path(r"^admin/login/refresh/?$", Refresh.as_view()),
    re_path(r"^admin/logout/?$", sign_out),
    re_path(r"^admin/password_change/?$", change_password),
]
