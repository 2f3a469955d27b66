"""What redaction finds in a text that somebody pastes, and in past records. Nothing is changed or kept."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django import forms
from django.http import HttpRequest
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from logs_app import reveals
from logs_app.models import LogRecord, RedactionRule
from logs_app.redaction import policy, rules, trial
from logs_app.redaction.redactor import Redactor, TooSlow
from logs_app.redaction.stored import RedactorFor

TRIED_RECORDS = 500
LONGEST_TEXT = 100_000
LABEL = "FOUND"


class TrialForm(forms.Form):
    text = forms.CharField(
        label=_("A text"),
        required=False,
        strip=False,
        max_length=LONGEST_TEXT,
        widget=forms.Textarea(attrs={"rows": 6, "spellcheck": "false", "autocomplete": "off"}),
        help_text=_("It is looked at once and kept nowhere."),
    )
    pattern = forms.CharField(
        label=_("A new pattern"),
        required=False,
        max_length=1000,
        help_text=_(
            "A regular expression in the syntax of RE2. Here it is only tried; to keep it, add a rule."
        ),
    )
    rules = forms.ModelMultipleChoiceField(
        label=_("Rules"),
        queryset=RedactionRule.objects.all(),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("Also those that are off. With neither a rule nor a pattern: all that is redacted now."),
    )
    on_records = forms.BooleanField(required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"label_suffix": "", **kwargs})
        self.fields["on_records"].label = _("Also in the newest %d records") % TRIED_RECORDS
        if not RedactionRule.objects.exists():
            del self.fields["rules"]

    def clean_pattern(self) -> str:
        pattern: str = self.cleaned_data["pattern"]
        if pattern and (refusal := rules.refusal(pattern, LABEL)):
            raise forms.ValidationError(refusal[1])
        return pattern

    def clean(self) -> dict[str, Any]:
        given = self.cleaned_data
        if not self.errors and not given["text"] and not given["on_records"]:
            raise forms.ValidationError(_("Paste a text, or choose to look into records."))
        return given


def results(request: HttpRequest, given: dict[str, Any]) -> list[dict[str, Any]]:
    """By what is tried: its `name`, the `text` as it would be stored, and what is in records."""
    records = newest(request) if given["on_records"] else None
    found = [_result(name, project, by, given["text"], records) for name, project, by in _tried(given)]
    for result in found:
        reveals.note_matches(request, records or [], result.get("records", {}).get("matches", []))
    return found


def newest(request: HttpRequest) -> list[LogRecord]:
    """Raises PermissionDenied for who may not see what was said."""
    return list(LogRecord.objects.revealed_to(request.user).order_by("-id")[:TRIED_RECORDS])


def _tried(given: dict[str, Any]) -> Iterator[tuple[str, str, RedactorFor]]:
    """Each alone: its name, a project that it is for, and its redactors."""
    chosen = given.get("rules") or ()
    for rule in chosen:
        yield rule.name, str(rule.project_id or ""), policy.only(rule)
    if pattern := given["pattern"]:
        yield pattern, "", policy.only(RedactionRule(pattern=pattern, label=LABEL))
    if not chosen and not pattern:
        yield gettext("All that is redacted now"), "", policy.everywhere()


def _result(
    name: str, project: str, redactor_for: RedactorFor, text: str, records: list[LogRecord] | None
) -> dict[str, Any]:
    shown: dict[str, Any] = {"name": name}
    redactor = redactor_for(project)
    if text and redactor is not None:
        shown |= _of_text(redactor, text)
    if records is not None:
        shown["records"] = trial.of_records(redactor_for, records)
    return shown


def _of_text(redactor: Redactor, text: str) -> dict[str, Any]:
    try:
        stored, matches = trial.of_text(redactor, text)
    except (TooSlow, rules.Unusable) as error:
        return {"failed": str(error)}
    return {"text": stored, "matches": matches}
