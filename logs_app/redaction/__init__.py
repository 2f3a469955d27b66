"""Redaction: personal data and secrets are replaced before anything is stored, shown live or sent on.

    redactor = policy.redactor_for(project_id)        # None where nothing is redacted
    if redactor is not None:
        body, changed = redactor.body(parsed_json)    # `[EMAIL_1]`, the same value the same number
        words = redactor.text("...")

A redactor is for one record: request, answer, headers and error message share its numbers.
"""

from __future__ import annotations

# Only this: the policy needs models, and the models of records are assembled with redaction's help.
from .redactor import Redactor, Ruleset

__all__ = ["Redactor", "Ruleset"]
