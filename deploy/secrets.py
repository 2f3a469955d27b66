"""`python -m deploy.secrets FOLDER` makes the passwords of a compose installation, once, and says them.

PostgreSQL, Grafana, Prometheus and the relay read them from the shared volume as files; nothing else has it.
"""

from __future__ import annotations

import os
import secrets
import sys
from collections.abc import Callable
from pathlib import Path

# The readers are different users in different containers.
MODE = 0o444


def make(folder: Path) -> list[str]:
    """What stands in each file that is new; a file that is there is left alone."""
    folder.mkdir(parents=True, exist_ok=True)
    password = _once(folder / "postgres_password", _token)
    database = f"postgres://relay:{password[0]}@postgres:5432/relay"
    made = {
        "PostgreSQL, user relay": password,
        "Grafana, user admin": _once(folder / "grafana_password", _token),
        "/metrics (Prometheus sends it)": _once(folder / "metrics_token", _token),
        "": _once(folder / "database_url", lambda: database),
    }
    return [f"{whose}: {text}" for whose, (text, is_new) in made.items() if is_new and whose]


def _token() -> str:
    return secrets.token_urlsafe(24)


def _once(path: Path, generate: Callable[[], str]) -> tuple[str, bool]:
    """The text and whether it is new. Whole or not at all, whenever somebody pulls the plug."""
    if path.exists():
        return path.read_text().strip(), False
    draft = path.with_suffix(".draft")
    draft.write_text(generate())
    draft.chmod(MODE)
    os.replace(draft, path)
    return path.read_text(), True


def main(arguments: list[str]) -> int:
    if len(arguments) != 1:
        print("usage: python -m deploy.secrets FOLDER", file=sys.stderr)
        return 2
    folder = Path(arguments[0])
    for line in make(folder) or ["The passwords are those of the first start."]:
        print(line)
    print(f"They are kept in {folder}, which is the volume `secrets`.")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
