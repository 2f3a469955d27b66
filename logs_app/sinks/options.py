"""Options of a target, as people wrote them: what is misspelled is refused, not ignored."""

from __future__ import annotations

from django.utils.translation import gettext as _

from logs_app.sinks.sink import SinkError, Target


def check(target: Target, *names: str) -> None:
    """Raises SinkError when there are others."""
    if unknown := sorted(target.options.keys() - set(names)):
        known = (
            _("Options are %(names)s.") % {"names": ", ".join(names)} if names else _("It has no options.")
        )
        raise SinkError(
            _("There is no option %(names)s. %(known)s") % {"names": ", ".join(unknown), "known": known},
            "options",
        )


def flag(target: Target, name: str, default: bool) -> bool:
    value = target.options.get(name, default)
    if not isinstance(value, bool):
        raise SinkError(_("%(name)s is true or false.") % {"name": name}, "options")
    return value


def text(target: Target, name: str, default: str) -> str:
    value = target.options.get(name, default)
    if not isinstance(value, str) or not value.isprintable():
        raise SinkError(_("%(name)s is a text.") % {"name": name}, "options")
    return value


def key(target: Target, what: str) -> str:
    """It is sent as a header."""
    given = target.api_key.strip()
    if not given:
        raise SinkError(_("It needs %(what)s as its key.") % {"what": what}, "api_key")
    if not given.isascii() or not given.isprintable():
        raise SinkError(_("A key consists of printable ASCII characters."), "api_key")
    return given
