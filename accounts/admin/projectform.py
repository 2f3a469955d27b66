"""The form of a project. Its key at the provider goes in and never comes out."""

from __future__ import annotations

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from ..errors import Refused
from ..models import Project
from ..secrets import upstreamkeys
from .rules import Days, Inherited, RulesForm


class ProjectForm(RulesForm):
    new_upstream_key = forms.CharField(
        label=_("New API key"),
        required=False,
        widget=forms.PasswordInput(attrs={"class": "vLargeTextField", "autocomplete": "new-password"}),
        help_text=_("Stored encrypted and never shown. Empty: stays as it is."),
    )
    remove_upstream_key = forms.BooleanField(label=_("Remove the API key"), required=False)

    class Meta:
        widgets = {"redact_logs": Inherited}
        field_classes = {"payload_days": Days, "metadata_days": Days}

    def clean_new_upstream_key(self) -> str:
        try:
            return upstreamkeys.chosen(self.cleaned_data["new_upstream_key"], "new_upstream_key")
        except Refused as refused:
            raise ValidationError(refused.message) from None

    def save(self, commit: bool = True) -> Project:
        if self.cleaned_data.get("remove_upstream_key"):
            self.instance.upstream_key = ""
        if self.cleaned_data["new_upstream_key"]:
            self.instance.upstream_key = self.cleaned_data["new_upstream_key"]
        return super().save(commit)
