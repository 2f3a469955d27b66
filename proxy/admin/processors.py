"""Processors in the admin."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext_lazy as _

from accounts.admin.audited import AuditedAdmin

from ..models import Processor
from ..processors import TYPES
from . import sentences

# By type: what it does, what its value is, and an example of its further settings.
ABOUT = {
    "openai_chat": (
        _("Asks a model to write the last message of the user anew."),
        _("the model"),
        '{"system_prompt": "Write this question more precisely."}',
    ),
    "system_prompt": (
        _("Adds a system prompt to the caller's, or takes its place."),
        _("the prompt"),
        '{"mode": "prepend"}',
    ),
    "set_params": (
        _("Sets parameters, always or where the caller gives none."),
        "always, if_missing",
        '{"temperature": 0.2}',
    ),
    "drop_params": (_("Takes parameters away."), _("their names, with commas"), "{}"),
    "limit_params": (
        _("Keeps numbers that the caller gives within bounds."),
        _("empty"),
        '{"max_tokens": {"min": 100, "max": 4096}}',
    ),
    "regex_replace": (
        _("Replaces what a regular expression (RE2) finds in the texts of some roles."),
        _("the expression"),
        '{"replacement": "[mail]", "roles": ["user"], "ignore_case": true}',
    ),
    "logger": (
        _("Writes a line to the log; of the content nothing, unless that is one of the fields."),
        _("the level"),
        '{"fields": ["request_id", "model", "key"]}',
    ),
    "python": (
        _("Calls a class of your own."),
        _("its dotted path"),
        '{"timeout_seconds": 30}',
    ),
}


def about() -> str:
    rows = format_html_join(
        "",
        "<tr><th>{}</th><td>{}</td><td>{}</td><td><code>{}</code></td></tr>",
        ((name, *ABOUT[name]) for name in TYPES),
    )
    heads = (_("Type"), _("What it does"), _("Value"), _("Further settings, such as"))
    head = format_html("<tr><th>{}</th><th>{}</th><th>{}</th><th>{}</th></tr>", *heads)
    return format_html("<table><thead>{}</thead><tbody>{}</tbody></table>", head, rows)


class ProcessorForm(forms.ModelForm):
    type = forms.ChoiceField(label=_("Type"), choices=[(name, name) for name in TYPES])

    class Meta:
        model = Processor
        fields = ("name", "type", "config_value", "additional_config", "on_error", "is_enabled")

    def clean_additional_config(self) -> Any:
        given = self.cleaned_data["additional_config"]
        return {} if given is None else given


@admin.register(Processor)
class ProcessorAdmin(AuditedAdmin):
    audit_kind = "processor"
    form = ProcessorForm
    list_display = ("name", "type", "does", "used_by", "is_enabled")
    change_list_template = "proxy/processor_change_list.html"
    list_filter = ("is_enabled", "type")
    search_fields = ("name",)
    readonly_fields = ("used_by", "created_at", "updated_at")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Processor]:
        return super().get_queryset(request).prefetch_related("uses__route")

    def get_fieldsets(self, request: HttpRequest, obj: Processor | None = None) -> Any:
        return (
            (None, {"fields": ("name", "type", "is_enabled")}),
            (_("What it does"), {"fields": ("config_value", "additional_config"), "description": about()}),
            (_("When it fails"), {"fields": ("on_error",)}),
            (None, {"fields": ("used_by", "created_at", "updated_at")}),
        )

    @admin.display(description=_("what it does"))
    def does(self, processor: Processor) -> str:
        return sentences.of(processor)

    @admin.display(description=_("routes"))
    def used_by(self, processor: Processor) -> str:
        return ", ".join(sorted({use.route.name for use in processor.uses.all()})) or "–"
