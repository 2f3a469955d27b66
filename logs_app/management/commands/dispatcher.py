"""`dispatch` under the name of an earlier system."""

from __future__ import annotations

from logs_app.management.commands import dispatch


class Command(dispatch.Command):
    help = "The same as `dispatch`."
