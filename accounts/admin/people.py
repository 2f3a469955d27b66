"""Users and groups of the admin, as Django has them, audited."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin, UserAdmin
from django.contrib.auth.models import Group, User
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _

from ..audit import actors, audit
from .audited import AuditedAdmin

# Of the groups that every relay has, as long as nobody changes them.
ROLES = {
    "viewer": _(
        "sees which calls were made, how they ended and what they cost, and nothing of what was said."
    ),
    "analyst": _("also reads what was said, searches it, exports it and replays it."),
    "operator": _(
        "sees what a viewer sees, and manages projects, keys, providers, routes, alerts and dispatchers."
    ),
    "admin": _("may do everything, also change settings, users and groups, and read the audit trail."),
}

admin.site.unregister((User, Group))


class RolesAdmin(AuditedAdmin):
    """Says on its pages what the roles may do."""

    change_list_template = "accounts/people_change_list.html"
    change_form_template = "accounts/people_change_form.html"

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        return super().changelist_view(request, {"roles": ROLES, **(extra_context or {})})

    def render_change_form(
        self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any
    ) -> HttpResponse:
        return super().render_change_form(request, context | {"roles": ROLES}, *args, **kwargs)


@admin.register(User)
class AuditedUserAdmin(RolesAdmin, UserAdmin):
    audit_kind = "user"
    add_form_template = "accounts/user_add_form.html"
    lead = _(
        "Who may sign in here. Without the staff status nobody may, and without a group staff sees nothing."
    )

    def user_change_password(self, request: HttpRequest, id: str, form_url: str = "") -> HttpResponse:
        answer = super().user_change_password(request, id, form_url)
        user = self.get_object(request, id)
        if request.method == "POST" and answer.status_code == 302 and user is not None:
            detail = {"usable_password": user.has_usable_password()}
            audit.record(actors.of(request), "user.password", user, request=request, detail=detail)
        return answer


@admin.register(Group)
class AuditedGroupAdmin(RolesAdmin, GroupAdmin):
    audit_kind = "group"
    lead = _("A group is a role: what its people may do. These four are there from the start.")
