"""Sixteen ways in which providers fail, through a running relay and the real openai SDK.

The faults are those of Failover Bench (github.com/failoverbench), with the waits scaled down. A fault is
passed when the caller gets the whole, right answer (or the error that is his own); it is safe when he gets
an exception and never half an answer. docs/resilience.md promises which; it is read here.
"""

from __future__ import annotations

import base64
import re
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from itertools import cycle
from typing import Any

import openai
import pytest
import tomli_w

from proxy.simulator import Simulator
from proxy.simulator.received import Received
from tests.proxy import wires
from tests.running import ROOT, Relay

QUESTION = "Tell me of Basel"
FIRST_BYTE_SECONDS = IDLE_SECONDS = 2.0
REST_SECONDS = 1.0  # of the breaker
PREFILL = "This model does not support assistant message prefill."
PLAIN, BUFFERED = "plain", "buffered"
LOAD_SECONDS = 3.0
CHANGES = ("priority = 2", "weight = 7", "is_enabled = NOT is_enabled", "weight = 1", "priority = 0")
DOWN, STRICT = "s15", "strict"  # providers with a simulator of their own


@dataclass
class Heard:
    text: str = ""
    finish: str | None = None
    model: str = ""
    usage: Any = None
    provider: str | None = None
    error: Exception | None = None
    seconds: float = 0.0

    @property
    def is_whole(self) -> bool:
        return (
            self.error is None and self.finish == "stop" and self.text.startswith(f"You said: “{QUESTION}”")
        )


@dataclass
class Run:
    """One fault's calls, and what reached the provider that had it."""

    ask: Callable[[], Heard]
    simulator: Simulator
    mark: str
    heard: list[Heard] = field(default_factory=list)

    @property
    def reached(self) -> list[Received]:
        return [request for request in self.simulator.requests if self.mark.encode() in request.body]

    @property
    def last(self) -> Heard:
        return self.heard[-1]


Check = Callable[[Run], bool]


@dataclass
class Fault:
    script: str
    passes: Check
    repeats: int = 0
    conduct: Callable[[Run], None] | None = None


def _is_whole(run: Run) -> bool:
    return run.last.is_whole


def _comes_from_the_fallback(run: Run) -> bool:
    return run.last.is_whole and run.last.provider == "fallback" and len(run.reached) == 1


def _waited(run: Run) -> bool:
    first, second = run.reached
    return run.last.is_whole and second.received_at - first.received_at >= 0.9


def _was_not_hammered(run: Run) -> bool:
    return run.last.is_whole and len(run.reached) <= 4


def _repeated_at_home(run: Run) -> bool:
    return run.last.is_whole and len(run.reached) == 2 and run.last.provider != "fallback"


def _in_time(run: Run) -> bool:
    return _comes_from_the_fallback(run) and run.last.seconds < 6


def _with_usage(run: Run) -> bool:
    return run.last.is_whole and run.last.usage is not None and run.last.seconds < 8


def _told_the_caller(code: str) -> Check:
    def check(run: Run) -> bool:
        error = run.last.error
        is_callers = isinstance(error, openai.BadRequestError) and error.code == code
        return is_callers and len(run.reached) == 1

    return check


def _told_of_the_prefill(run: Run) -> bool:
    return isinstance(run.last.error, openai.BadRequestError) and "prefill" in str(run.last.error)


def _outlast_an_outage(run: Run) -> None:
    run.simulator.script = "status=503"
    for _ in range(20):
        run.heard.append(run.ask())
    run.simulator.script = ""
    ends_at = time.monotonic() + 10 * REST_SECONDS
    while run.heard[-1].provider == "fallback" and time.monotonic() < ends_at:
        time.sleep(0.1)
        run.heard.append(run.ask())


def _came_home(run: Run) -> bool:
    all_whole = all(heard.is_whole for heard in run.heard)
    return all_whole and run.last.provider != "fallback" and len(run.reached) < len(run.heard)


def _is_accounted_for(run: Run) -> bool:
    heard = run.last
    return heard.is_whole and heard.model == "fallback-model" and heard.usage.completion_tokens == 32


FAULTS = {
    "S01": Fault("status=429 retry_after=1 times=1", _waited, repeats=1),
    "S02": Fault("status=429", _was_not_hammered, repeats=2),
    "S03": Fault("status=500 times=1", _repeated_at_home, repeats=1),
    "S04": Fault("status=503", _comes_from_the_fallback),
    "S05": Fault("reset=before", _comes_from_the_fallback),
    "S06": Fault("hang=before", _in_time),
    "S07": Fault("ttft=8000", _in_time),
    "S08": Fault("cut=20", _is_whole),
    "S09": Fault("stall=20:15", _is_whole),
    "S10": Fault("malformed=20", _is_whole),
    "S11": Fault("no_done=1", _with_usage),
    "S12": Fault("status=400 code=context_length_exceeded", _told_the_caller("context_length_exceeded")),
    "S13": Fault("status=400 code=content_filter", _told_the_caller("content_filter")),
    "S14": Fault("", _told_of_the_prefill),
    "S15": Fault("", _came_home, conduct=_outlast_an_outage),
    "S16": Fault("status=503", _is_accounted_for),
}


def promised() -> dict[tuple[str, str], str]:
    """The table of docs/resilience.md: fault and way of delivery → pass or safe."""
    text = (ROOT / "docs" / "resilience.md").read_text()
    rows = re.findall(r"^\| (S\d\d) \|[^|]*\|[^|]*\| (\w+) \| (\w+) \|$", text, re.MULTILINE)
    return {(fault, way): verdict for fault, *both in rows for way, verdict in zip(WAYS, both, strict=True)}


WAYS = (PLAIN, BUFFERED)


class World:
    """A relay with a provider for each fault, so that the breaker of one says nothing of the next."""

    def __init__(self, relay: Relay, simulators: dict[str, Simulator]) -> None:
        self.relay, self.simulators = relay, simulators
        self.client = openai.OpenAI(base_url=relay.base_url, api_key=relay.key, max_retries=0, timeout=20)

    def run(self, name: str, way: str) -> Run:
        mark, fault = f"{name}-{way}".lower(), FAULTS[name]
        marker = f"[[sim only=primary id={mark} {fault.script}]] " if fault.script else ""
        simulator = self.simulators[DOWN if name == "S15" else "primary"]
        run = Run(lambda: self._ask(mark, f"{marker}{QUESTION}", way), simulator, mark)
        if fault.conduct is None:
            run.heard.append(run.ask())
        else:
            fault.conduct(run)
        return run

    def _ask(self, model: str, text: str, way: str) -> Heard:
        heard, began = Heard(), time.monotonic()
        try:
            raw = self.client.chat.completions.with_raw_response.create(
                model=model,
                messages=[{"role": "user", "content": text}],
                user=model,
                stream=True,
                stream_options={"include_usage": True},
                extra_headers={"x-relay-buffer": "1"} if way == BUFFERED else {},
            )
            heard.provider = raw.headers["x-relay-provider"]
            for chunk in raw.parse():
                _hear(chunk, heard)
        except Exception as error:  # whatever the SDK raises, the caller knows
            heard.error = error
        heard.seconds = time.monotonic() - began
        return heard


def _hear(chunk: Any, heard: Heard) -> None:
    heard.model, heard.usage = chunk.model, chunk.usage or heard.usage
    for choice in chunk.choices:
        heard.text += choice.delta.content or ""
        heard.finish = choice.finish_reason or heard.finish


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with ExitStack() as stack:
        simulators = {
            name: stack.enter_context(Simulator(name=name)) for name in ("primary", "fallback", DOWN, STRICT)
        }
        path = tmp_path_factory.mktemp("faults") / "relay.toml"
        path.write_text(tomli_w.dumps(_configuration(simulators)))
        simulators[STRICT].script = f"status=400 message={_packed(PREFILL)}"
        relay = Relay(CONFIG_PATH=str(path), TARGET_API_KEY=None, WORKERS="2")
        stack.callback(relay.remove)
        yield World(relay.start(), simulators)


def _configuration(simulators: dict[str, Simulator]) -> dict[str, Any]:
    def provider(simulator: str, models: str, sent: str, priority: int, repeats: int = 0) -> dict[str, Any]:
        return {
            "api_base": simulators[simulator].base_url,
            "api_key": "sk-upstream",
            "model_mapping": {models: sent},
            "priority": priority,
            "http_max_retries": repeats,
        }

    settings = {
        "first_byte_timeout_seconds": FIRST_BYTE_SECONDS,
        "idle_timeout_seconds": IDLE_SECONDS,
        "rewrite_response_model": False,  # S16 wants to see who answered
        "health_interval_seconds": 0.0,
        "adaptive_5xx_threshold": 3,
        "adaptive_base_open_duration_secs": REST_SECONDS,
        "adaptive_slow_start_window_secs": 0.0,
    }
    providers = {"fallback": provider("fallback", "*", "fallback-model", 2)}
    providers[STRICT] = provider(STRICT, "s14-*", "strict-model", 1)
    providers["load"] = provider("primary", "load", "primary-model", 2)
    for name, fault in FAULTS.items():
        for way in WAYS:
            mark = f"{name}-{way}".lower()
            simulator = {"S14": DOWN, "S15": DOWN}.get(name, "primary")
            providers[mark] = provider(simulator, mark, "primary-model", 0, fault.repeats)
    return {"settings": settings, "provider": providers}


def _packed(text: str) -> str:
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def verdict(name: str, run: Run) -> str:
    if FAULTS[name].passes(run):
        return "pass"
    return "safe" if run.last.error is not None else "fail"


def test_the_table_promises_something_for_every_fault() -> None:
    found = promised()
    assert set(found) == {(name, way) for name in FAULTS for way in WAYS}
    assert set(found.values()) <= {"pass", "safe"}
    assert {found[name, BUFFERED] for name in FAULTS} == {"pass"}


@pytest.mark.conformance("fault")
@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_ends_as_the_table_promises(
    world: World, name: str, way: str, record_property: Callable[[str, object], None]
) -> None:
    if name == "S14":
        world.simulators[DOWN].script = "status=503"
    run = world.run(name, way)
    found = verdict(name, run)
    for what, value in {"row": name, "column": way, "verdict": found}.items():
        record_property(what, value)
    record_property("figure", f"{run.last.seconds:.1f} s")
    assert found == promised()[name, way], run.heard[-3:]


def test_a_configuration_that_changes_under_load_drops_no_call(world: World) -> None:
    """Providers come, go and change their shares while four clients call on."""
    ends_at = time.monotonic() + LOAD_SECONDS

    def call_on() -> list[Heard]:
        heard = []
        while time.monotonic() < ends_at:
            heard.append(world._ask("load", QUESTION, PLAIN))
        return heard

    with ThreadPoolExecutor(5) as pool:
        callers = [pool.submit(call_on) for _ in range(4)]
        pool.submit(_keep_changing, world.relay, ends_at).result()
        heard = [each for caller in callers for each in caller.result()]
    assert [each for each in heard if not each.is_whole] == []
    assert {each.provider for each in heard} == {"fallback", "load"}


def _keep_changing(relay: Relay, ends_at: float) -> None:
    with closing(wires.open_database(relay)) as connection:
        for change in cycle(CHANGES):
            if time.monotonic() > ends_at:
                break
            connection.execute(f"UPDATE proxy_provider SET {change} WHERE provider_key = 'load'")
            connection.commit()
            time.sleep(0.15)


def test_the_relay_is_as_well_as_before(world: World) -> None:
    world.simulators[DOWN].script = ""
    assert world._ask("anything", QUESTION, PLAIN).is_whole
