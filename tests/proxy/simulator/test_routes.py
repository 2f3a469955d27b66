import pytest

from proxy.simulator import routes
from proxy.simulator.answers import batches, chat, echo, files, messages, models, responses
from proxy.simulator.calls import split_target


@pytest.mark.parametrize(
    ("method", "target", "endpoint", "arguments"),
    [
        ("POST", "/v1/chat/completions", chat.create, ()),
        ("POST", "/openai/deployments/gpt-4/chat/completions?api-version=1", chat.create, ()),
        ("POST", "//openai/v1/responses", responses.create, ()),
        ("GET", "/v1/models/meta/llama:free", models.retrieve, ("meta/llama:free",)),
        ("GET", "/v1/models/ft%3Agpt%2Fx", models.retrieve, ("ft:gpt/x",)),
        ("GET", "/v1/files/file-1/content", files.read, ("file-1",)),
        ("HEAD", "/v1/models", models.list_all, ()),
        ("POST", "/v1/batches/b/cancel", batches.cancel, ("b",)),
        ("POST", "/v1/messages", messages.create, ()),
        ("POST", "/v1/threads/t/messages", echo.describe, ()),
        ("PUT", "/v1/chat/completions", echo.describe, ()),
        ("GET", "/v1/", echo.describe, ()),
    ],
)
def test_target_finds_its_endpoint(method: str, target: str, endpoint, arguments: tuple[str, ...]) -> None:
    _, segments, _ = split_target(target)
    assert routes.find(method, segments) == (endpoint, arguments)
