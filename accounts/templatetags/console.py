"""`{% load console %}`: the parts of the design system for templates."""

from __future__ import annotations

from django import template

from accounts.admin import drawing

register = template.Library()
register.simple_tag(drawing.icon)
register.simple_tag(drawing.badge)
register.filter("moment", drawing.moment)
