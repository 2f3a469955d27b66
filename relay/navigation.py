"""The side bar: which pages there are, in which group, under which icon (static/relay/icons.svg)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _


@dataclass(frozen=True)
class Entry:
    """Of a list in the admin (`model`, "app.Model", shown to who may view it) or of another page (`view`, the
    name of its URL, shown to who has `permission`). `keys` leads there from everywhere."""

    icon: str
    model: str = ""
    view: str = ""
    name: Any = ""
    permission: str = ""
    keys: str = ""


GROUPS: tuple[tuple[Any, tuple[Entry, ...]], ...] = (
    (
        _("Observe"),
        (
            Entry("layout-dashboard", view="admin:index", name=_("Dashboard"), keys="g d"),
            Entry("scroll-text", model="logs_app.LogRecord", name=_("Logs"), keys="g l"),
            Entry(
                "message-square",
                view="playground",
                name=_("Playground"),
                permission="logs_app.add_logrecord",
                keys="g y",
            ),
            Entry(
                "git-compare",
                view="compare",
                name=_("Compare"),
                permission="logs_app.add_logrecord",
                keys="g m",
            ),
            Entry("receipt", view="costs", name=_("Costs"), permission="logs_app.view_logrecord", keys="g o"),
            Entry("zap", view="cache", name=_("Cache"), permission="proxy.view_cachepurge", keys="g c"),
            Entry("bell", model="logs_app.AlertRule"),
            Entry("send", model="logs_app.Dispatcher", keys="g e"),
            Entry("triangle-alert", model="logs_app.DeadLetter"),
        ),
    ),
    (
        _("Access"),
        (
            Entry("folder", model="accounts.Project", keys="g p"),
            Entry("hourglass", model="accounts.WitheringToken", keys="g t"),
            Entry("key-round", model="accounts.Credential", name=_("Keys"), keys="g k"),
            Entry("shield-check", model="accounts.AuditEvent", name=_("Audit")),
        ),
    ),
    (
        _("Route"),
        (
            Entry("server", model="proxy.Provider", keys="g v"),
            Entry("route", model="proxy.Route", keys="g r"),
            Entry("workflow", model="proxy.Processor"),
        ),
    ),
    (
        _("Settings"),
        (
            Entry("sliders-horizontal", model="proxy.RelaySettings", name=_("Relay"), keys="g s"),
            Entry("database", model="logs_app.LogSettings", name=_("Records")),
            Entry("coins", model="logs_app.ModelPrice"),
            Entry("eye-off", model="logs_app.RedactionRule", name=_("Redaction")),
            Entry("users", model="auth.User"),
            Entry("user-cog", model="auth.Group"),
        ),
    ),
)
# A list that nobody has put into a group is still found.
OTHERS = _("More")
OTHERS_ICON = "list-checks"
