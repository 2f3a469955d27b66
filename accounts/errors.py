"""Why a change is not made. Whoever asked for it (API, admin, command) says it in its own way.

Refused            the words are for the person; `field` names what was wrong, if it was one thing
 ├─ Invalid        a value that cannot be (400)
 ├─ Unknown        it names something that is not there (404)
 ├─ Taken          something else has it already (409)
 ├─ Missing        something that it needs is not there any more (409)
 ├─ Inactive       the project takes no new keys (403)
 └─ Unavailable    something that must do its part does not answer now (503)
"""

from __future__ import annotations


class Refused(Exception):
    code = "refused"

    def __init__(self, message: str, *, field: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.field = field


class Invalid(Refused):
    code = "invalid"


class Unknown(Refused):
    code = "not_found"


class Taken(Refused):
    code = "conflict"


class Missing(Refused):
    code = "missing"


class Inactive(Refused):
    code = "project_inactive"


class Unavailable(Refused):
    code = "unavailable"
