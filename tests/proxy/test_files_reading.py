from __future__ import annotations

from pathlib import Path

import pytest

from proxy.files import FileRefused, read


@pytest.mark.parametrize(
    ("name", "text", "provider"),
    [
        ("a.toml", "[provider.a]\napi_base = 'https://a'", "a"),
        ("a.yaml", "apis: {a: {base_url: 'https://a'}}", "a"),
        ("a.yml", "model_list: [{model_name: a, litellm_params: {model: openai/a}}]", "openai"),
        ("a.json", '{"apis": {"a": {"base_url": "https://a"}}}', "a"),
    ],
)
def test_the_format_is_found(tmp_path: Path, name: str, text: str, provider: str) -> None:
    (tmp_path / name).write_text(text)
    assert list(read(tmp_path / name).providers) == [provider]


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("a.ini", "", "ends with .toml, .yaml or .yml"),
        ("a.yaml", "providers: []", "A YAML file has apis:"),
        ("a.yaml", "a: [", "This is no YAML"),
        ("a.yaml", "!!python/object/apply:os.system [id]", "This is no YAML"),
    ],
)
def test_other_files_are_refused_in_words(tmp_path: Path, name: str, text: str, words: str) -> None:
    (tmp_path / name).write_text(text)
    with pytest.raises(FileRefused, match=words):
        read(tmp_path / name)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(FileRefused, match="cannot be read: No such file"):
        read(tmp_path / "none.toml")
