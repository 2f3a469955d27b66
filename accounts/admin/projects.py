"""Projects. Deleting one revokes its tokens and takes it out of every list; its records stay."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Count, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.module_loading import import_string
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from .. import projects, statistics
from ..audit import actors
from ..models import Credential, Project, WitheringToken
from ..secrets.encryption import DecryptionError
from ..tokens import tokens
from . import confirming, summaries, usage
from .audited import AuditedAdmin
from .projectform import ProjectForm
from .rules import LIMITS


@admin.register(Project)
class ProjectAdmin(AuditedAdmin):
    audit_kind = "project"
    form = ProjectForm
    change_list_template = "accounts/project_change_list.html"
    change_form_template = "accounts/project_change_form.html"
    list_display = ("name", "shown_state", "key_count", "token_count", "week", "own_key", "created_at")
    list_filter = ("is_active",)
    list_per_page = 50
    search_fields = ("name", "=id")
    readonly_fields = ("id", "upstream_key_state", "deactivated_at", "created_at", "updated_at")
    actions = ("revoke_tokens",)
    fieldsets = (
        (None, {"fields": ("name", "is_active")}),
        (
            _("Own API key"),
            {
                "fields": (
                    "upstream_key_state",
                    "new_upstream_key",
                    "remove_upstream_key",
                    "provider_key",
                    "allow_shared_providers",
                )
            },
        ),
        (_("Rules"), {"fields": ("allowed_models", "policy", "cache_policy")}),
        (_("Limits"), {"fields": LIMITS}),
        (_("Records"), {"fields": ("log_policy", "redact_logs", "payload_days", "metadata_days")}),
        (_("As it is"), {"fields": ("id", "deactivated_at", "created_at", "updated_at")}),
    )

    class Media:
        css = {"all": ["accounts/keys.css"]}

    def get_queryset(self, request: HttpRequest) -> QuerySet[Project]:
        rows: Any = super().get_queryset(request)
        return rows.listed().annotate(keys=_count(Credential), tokens_made=_count(WitheringToken))

    def get_fieldsets(self, request: HttpRequest, obj: Project | None = None) -> Any:
        """Of one that is not there yet nothing is known, and nothing can be removed."""
        if obj is not None:
            return self.fieldsets
        hidden = {"upstream_key_state", "remove_upstream_key"}
        return [
            (title, {"fields": [name for name in options["fields"] if name not in hidden]})
            for title, options in self.fieldsets[:-1]
        ]

    def get_urls(self) -> list[URLPattern]:
        page = self.admin_site.admin_view(require_POST(self.key_test_view))
        return [
            path("<path:object_id>/test-key/", page, name="accounts_project_test_key"),
            *super().get_urls(),
        ]

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        changelist = super().get_changelist_instance(request)
        rows = list(changelist.result_list)
        used = statistics.daily("project", [row.pk for row in rows], usage.DAYS)
        for row in rows:
            row.days = used.get(str(row.pk), [])
        changelist.result_list = rows
        return changelist

    def render_change_form(
        self, request: HttpRequest, context: Any, *args: Any, obj: Any = None, **kwargs: Any
    ) -> HttpResponse:
        if obj is not None:
            context = context | {"summary": summaries.of_project(obj, request.user)}
        return super().render_change_form(request, context, *args, obj=obj, **kwargs)

    def key_test_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Whether the provider accepts the project's own key."""
        project = self.get_object(request, object_id)
        if project is None:
            raise Http404
        if not self.has_change_permission(request, project):
            raise PermissionDenied
        is_ok, said = import_string(settings.UPSTREAM_KEY_TESTER)(project)
        words = _("Own key at %(provider)s: %(words)s") % {"provider": project.provider_key, "words": said}
        (messages.success if is_ok else messages.error)(request, words)
        return redirect(reverse("admin:accounts_project_change", args=[project.pk]))

    @admin.display(description=_("state"), ordering="is_active")
    def shown_state(self, project: Any) -> Any:
        return summaries.state_of_project(project)

    @admin.display(description=_("keys"), ordering="keys")
    def key_count(self, project: Any) -> Any:
        return _linked("credential", project, project.keys)

    @admin.display(description=_("tokens"), ordering="tokens_made")
    def token_count(self, project: Any) -> Any:
        return _linked("witheringtoken", project, project.tokens_made)

    @admin.display(description=_("last 7 days"))
    def week(self, project: Any) -> Any:
        return usage.week_of(project.days)

    @admin.display(description=_("own key"))
    def own_key(self, project: Project) -> Any:
        return summaries.own_key_of(project)["preview"] or "–"

    @admin.display(description=_("API key"))
    def upstream_key_state(self, project: Project) -> Any:
        try:
            return _("set") if project.upstream_key else _("not set: the provider's key is used")
        except DecryptionError:
            return _("unreadable: enter it again")

    def save_model(self, request: HttpRequest, obj: Project, form: Any, change: bool) -> None:
        obj.deactivated_at = None if obj.is_active else obj.deactivated_at or timezone.now()
        super().save_model(request, obj, form, change)

    def delete_model(self, request: HttpRequest, obj: Project) -> None:
        projects.delete(obj, actors.of(request))

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        """What the page of confirmation says: nothing else goes."""
        lines = [
            _("%(name)s: its tokens are revoked and its keys disabled; the records stay.")
            % {"name": obj.name}
            for obj in objs
        ]
        missing = set() if self.has_delete_permission(request) else {self.opts.verbose_name}
        return lines, {self.opts.verbose_name_plural: len(lines)}, missing, []

    @admin.action(
        description=_("Revoke all tokens of selected %(verbose_name_plural)s"), permissions=["change"]
    )
    def revoke_tokens(self, request: HttpRequest, queryset: QuerySet[Project]) -> HttpResponse | None:
        if not confirming.is_confirmed(request):
            count = WitheringToken.objects.filter(project__in=queryset, is_active=True).count()
            title = ngettext("Revoke %(n)d token", "Revoke %(n)d tokens", count) % {"n": count}
            return confirming.ask(
                self, request, queryset, action="revoke_tokens", title=title, verb=title, is_dangerous=True,
                words=_("All tokens of these projects, expired ones too, are refused in every process within "
                        "a second. Their keys stay as they are; the records stay."),
            )  # fmt: skip
        for project in queryset:
            counts = tokens.revoke_all(project, actors.of(request))
            self.log_change(request, project, f"Revoked {counts.revoked} tokens.")
            messages.success(
                request,
                _("%(name)s: %(revoked)d tokens were revoked, %(before)d had been before.")
                % {"name": project.name, "revoked": counts.revoked, "before": counts.already_revoked},
            )
        return None


def _count(model: Any) -> Any:
    """In a query of its own: joins of two kinds of rows would multiply them."""
    rows = model.objects.filter(project=OuterRef("pk")).order_by().values("project").annotate(n=Count("pk"))
    return Coalesce(Subquery(rows.values("n")), 0)


def _linked(model: str, project: Project, count: int) -> Any:
    address = reverse(f"admin:accounts_{model}_changelist")
    return format_html('<a href="{}?project={}">{}</a>', address, project.pk, count)
