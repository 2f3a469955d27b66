"""Which format a file has: by its ending, then by what is in it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from . import apis, litellm, tables
from .plan import FileRefused, Plan

YAML_ENDINGS = (".yaml", ".yml", ".json")  # JSON is YAML


def read(path: Path) -> Plan:
    """Raises FileRefused."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise FileRefused(f"{path} cannot be read: {reason}.") from None
    if path.suffix == ".toml":
        return tables.read(text)
    if path.suffix in YAML_ENDINGS:
        return _read_yaml(text)
    raise FileRefused(f"{path}: the name of a file ends with .toml, .yaml or .yml.")


def _read_yaml(text: str) -> Plan:
    try:
        document: Any = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise FileRefused(f"This is no YAML: {' '.join(str(error).split())}.") from None
    if isinstance(document, dict) and "apis" in document:
        return apis.read(document)
    if isinstance(document, dict) and "model_list" in document:
        return litellm.read(document)
    raise FileRefused("A YAML file has apis: (providers and their policies) or model_list: (LiteLLM).")
