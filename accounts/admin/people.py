"""Users and groups of the admin, as Django has them, audited."""

from __future__ import annotations

from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin, UserAdmin
from django.contrib.auth.models import Group, User
from django.http import HttpRequest, HttpResponse

from .. import actors, audit
from .audited import AuditedAdmin

admin.site.unregister((User, Group))


@admin.register(User)
class AuditedUserAdmin(AuditedAdmin, UserAdmin):
    audit_kind = "user"

    def user_change_password(self, request: HttpRequest, id: str, form_url: str = "") -> HttpResponse:
        answer = super().user_change_password(request, id, form_url)
        user = self.get_object(request, id)
        if request.method == "POST" and answer.status_code == 302 and user is not None:
            detail = {"usable_password": user.has_usable_password()}
            audit.record(actors.of(request), "user.password", user, request=request, detail=detail)
        return answer


@admin.register(Group)
class AuditedGroupAdmin(AuditedAdmin, GroupAdmin):
    audit_kind = "group"
