"""Projects. Deleting one revokes its tokens and takes it out of every list; its records stay."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.db.models import Count, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from .. import actors, projects, tokens, upstreamkeys
from ..encryption import DecryptionError
from ..errors import Refused
from ..models import Credential, Project, WitheringToken
from .audited import AuditedAdmin
from .rules import LIMITS, RulesForm
from .usage import STATUS_LABELS, attach, status_of, uses_of

SHOWN_TOKENS = 50


class ProjectForm(RulesForm):
    new_upstream_key = forms.CharField(
        label=_("New API key"),
        required=False,
        widget=forms.PasswordInput(attrs={"class": "vLargeTextField", "autocomplete": "new-password"}),
        help_text=_("Stored encrypted and never shown. Empty: stays as it is."),
    )
    remove_upstream_key = forms.BooleanField(label=_("Remove the API key"), required=False)

    def clean_new_upstream_key(self) -> str:
        try:
            return upstreamkeys.chosen(self.cleaned_data["new_upstream_key"], "new_upstream_key")
        except Refused as refused:
            raise ValidationError(refused.message) from None

    def save(self, commit: bool = True) -> Project:
        if self.cleaned_data["remove_upstream_key"]:
            self.instance.upstream_key = ""
        if self.cleaned_data["new_upstream_key"]:
            self.instance.upstream_key = self.cleaned_data["new_upstream_key"]
        return super().save(commit)


class NewestTokens(forms.BaseInlineFormSet):
    def get_queryset(self) -> Any:
        """A project may have ten thousands."""
        if not hasattr(self, "_newest"):
            rows = super().get_queryset().select_related("project").order_by("-created_at")
            self._newest = attach(rows[:SHOWN_TOKENS])
        return self._newest


class TokenInline(admin.TabularInline):
    model = WitheringToken
    formset = NewestTokens
    verbose_name_plural = _("newest withering tokens")
    fields = readonly_fields = ("prefix", "name", "status", "uses", "expires_at", "created_at")
    extra = 0
    can_delete = False
    show_change_link = True

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    @admin.display(description=_("status"))
    def status(self, token: WitheringToken) -> Any:
        return STATUS_LABELS[status_of(token)]

    @admin.display(description=_("requests"))
    def uses(self, token: WitheringToken) -> Any:
        return uses_of(token)


@admin.register(Project)
class ProjectAdmin(AuditedAdmin):
    audit_kind = "project"
    form = ProjectForm
    inlines = (TokenInline,)
    list_display = ("name", "is_active", "key_count", "token_count", "created_at")
    list_filter = ("is_active",)
    search_fields = ("name", "=id")
    readonly_fields = ("id", "upstream_key_state", "deactivated_at", "created_at", "updated_at")
    actions = ("revoke_tokens",)
    fieldsets = (
        (
            None,
            {"fields": ("name", "is_active", "log_policy", "redact_logs", "payload_days", "metadata_days")},
        ),
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
        (_("Rules"), {"fields": ("allowed_models", "policy")}),
        (_("Limits"), {"fields": LIMITS}),
        (_("As it is"), {"fields": ("id", "deactivated_at", "created_at", "updated_at")}),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Project]:
        rows: Any = super().get_queryset(request)
        return rows.listed().annotate(key_count=_count(Credential), token_count=_count(WitheringToken))

    def get_inlines(self, request: HttpRequest, obj: Any) -> Any:
        return self.inlines if obj else ()

    @admin.display(description=_("keys"), ordering="key_count")
    def key_count(self, project: Any) -> int:
        return project.key_count

    @admin.display(description=_("tokens"), ordering="token_count")
    def token_count(self, project: Any) -> int:
        return project.token_count

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
    def revoke_tokens(self, request: HttpRequest, queryset: QuerySet[Project]) -> None:
        for project in queryset:
            counts = tokens.revoke_all(project, actors.of(request))
            self.log_change(request, project, f"Revoked {counts.revoked} tokens.")
            messages.success(
                request,
                _("%(name)s: %(revoked)d tokens were revoked, %(before)d had been before.")
                % {"name": project.name, "revoked": counts.revoked, "before": counts.already_revoked},
            )


def _count(model: Any) -> Any:
    """In a query of its own: joins of two kinds of rows would multiply them."""
    rows = model.objects.filter(project=OuterRef("pk")).order_by().values("project").annotate(n=Count("pk"))
    return Coalesce(Subquery(rows.values("n")), 0)
