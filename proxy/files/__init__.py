"""Configuration in files: read into a `Plan`, compared with the database, exported without secrets."""

from __future__ import annotations

from .comparing import differences
from .exporting import export
from .plan import FileRefused, Plan
from .reading import read

__all__ = ["FileRefused", "Plan", "differences", "export", "read"]
