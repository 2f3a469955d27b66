"""What a member of staff may do here is what the same permissions allow in the admin."""

from __future__ import annotations

from typing import Any

from rest_framework.permissions import BasePermission

VERBS = {
    "GET": "view",
    "HEAD": "view",
    "POST": "add",
    "PUT": "change",
    "PATCH": "change",
    "DELETE": "delete",
}


class StaffOnly(BasePermission):
    def has_permission(self, request: Any, view: Any) -> bool:
        return bool(request.user and request.user.is_active and request.user.is_staff)


class ModelPermissions(StaffOnly):
    """For views with a queryset. An action that does something else than its method says names its `verb`,
    and the `guarded` model if it is another one.
    """

    def has_permission(self, request: Any, view: Any) -> bool:
        if not super().has_permission(request, view):
            return False
        verb = getattr(view, "verb", None) or VERBS.get(request.method)
        if verb is None:
            return True  # and the answer is 405
        options = (getattr(view, "guarded", None) or view.queryset.model)._meta
        names = [f"{options.app_label}.{each}_{options.model_name}" for each in _enough(verb)]
        return any(request.user.has_perm(name) for name in names)


def _enough(verb: str) -> tuple[str, ...]:
    """Who may change a thing may see it, as in the admin."""
    return ("view", "change") if verb == "view" else (verb,)
