"""Redaction: personal data and secrets are replaced before anything is stored, shown live or sent on.

    redactor = redaction.redactor_for(project_id)     # None where nothing is redacted
    if redactor is not None:
        body, changed = redactor.body(parsed_json)    # `[EMAIL_1]`, the same value the same number
        words = redactor.text("...")

A redactor is for one record: request, answer, headers and error message share its numbers.
"""

from __future__ import annotations

from .policy import redactor_for
from .redactor import Redactor, Ruleset

# Moves with every change that would redact an old record differently.
VERSION = 1

__all__ = ["VERSION", "Redactor", "Ruleset", "redactor_for"]
