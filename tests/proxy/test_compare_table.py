from __future__ import annotations

from proxy.compare import table


def test_a_call_is_a_row_and_a_check_a_column() -> None:
    row = {
        "record": "r",
        "variant": "b",
        "status_code": 200,
        "latency_ms": 1.5,
        "answer": "=1+1",
        "checks": {"one": False},
    }
    head, line = (each.decode().strip().split(",") for each in table.lines([row], ["one", "two"]))
    told = dict(zip(head, line, strict=True))
    assert (told["record"], told["variant"], told["status_code"], told["latency_ms"]) == (
        "r",
        "b",
        "200",
        "1.5",
    )
    assert told["answer"] == "'=1+1"
    assert (told["one"], told["two"], told["error"]) == ("false", "", "")
