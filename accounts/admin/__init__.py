"""The pages of accounts in the admin. A secret is shown on one page, once, and stored nowhere."""

from .audit import AuditEventAdmin
from .credentials import CredentialAdmin
from .people import AuditedGroupAdmin, AuditedUserAdmin
from .projects import ProjectAdmin
from .tokens import TokenAdmin

__all__ = [
    "AuditEventAdmin",
    "AuditedGroupAdmin",
    "AuditedUserAdmin",
    "CredentialAdmin",
    "ProjectAdmin",
    "TokenAdmin",
]
