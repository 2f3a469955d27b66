from __future__ import annotations

from pathlib import Path

from relay.start import demo

REAL = {
    "DATABASE_URL": "postgres://production",
    "DB_URL": "postgres://production",
    "TARGET_API_KEY": "sk-production",
    "TARGET_API_KEY_FILE": "/run/production/key",
    "MANAGEMENT_TOKEN": "production",
    "PATH": "/usr/bin",
}


def isolated(tmp_path: Path, **given: str) -> dict[str, str]:
    environ = {"DATA_DIR": str(tmp_path), **given}
    demo.isolate(environ)
    return environ


def test_nothing_of_the_real_installation_is_in_reach(tmp_path: Path) -> None:
    environ = isolated(tmp_path, **REAL)
    assert environ["PATH"] == "/usr/bin"
    assert environ["ENV_FILE"] == "/dev/null"
    assert not any("production" in value for value in environ.values())


def test_its_data_lie_beside_the_real_ones(tmp_path: Path) -> None:
    assert isolated(tmp_path)["DATA_DIR"] == f"{tmp_path}/demo"
    assert demo.data_dir({}) == demo.ROOT / "data" / "demo"


def test_where_it_listens_may_be_chosen(tmp_path: Path) -> None:
    assert isolated(tmp_path, PORT="8123")["PORT"] == "8123"


def test_the_next_demo_has_the_same_key_and_password(tmp_path: Path) -> None:
    first, second = isolated(tmp_path), isolated(tmp_path)
    assert first["PROXY_KEY"] == second["PROXY_KEY"]
    assert first["ADMIN_PASSWORD"] == second["ADMIN_PASSWORD"]
