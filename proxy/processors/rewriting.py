"""What a step changed, member by member, so that no other byte of the body moves."""

from __future__ import annotations

from logs_app.jsontext import dumps

from .step import Document

# JSON by the name of the member; None: it is gone.
Changes = dict[str, bytes | None]


def differences(before: Document, after: Document) -> Changes:
    """Raises TypeError or ValueError when `after` is not JSON."""
    changes: Changes = {name: None for name in before if name not in after}
    for name, value in after.items():
        if not isinstance(name, str):
            raise TypeError(f"a member's name is no text: {name!r}")
        if name not in before:
            changes[name] = dumps(value)
        elif value is not before[name] and (encoded := dumps(value)) != dumps(before[name]):
            changes[name] = encoded
    return changes
