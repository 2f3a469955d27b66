"""What a form refuses, it refuses in the language of the page: every sentence of a refusal is translated."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
APPS = ("accounts", "logs_app", "proxy", "relay")
REFUSALS = {
    *("Refused", "Invalid", "Unknown", "Taken", "Missing", "Inactive", "Unavailable", "ValidationError"),
    *("BadFilter", "BadMapping", "BadPattern", "BadPlan", "SinkError", "UnknownType", "Unusable"),
}
# What only programs and commands see: the management API, the recorder, files of configuration.
FOR_PROGRAMS = re.compile(
    r"accounts/(api/|secrets/keyfiles|audit/jsonlines)|logs_app/(aliases/|api|.*/api|presentation/onerecord|statistics/|sinks/(sink|client|otlp)|recorder/store|journal/spool)"
    r"|proxy/(api/(?!cache)|compare/api|replay/api|files/|limits/|simulator/)|relay/environment"
)
OF_THE_LANE = re.compile(r"proxy/cache/(answering|judging)")


def modules() -> Iterator[tuple[str, ast.Module]]:
    for app in APPS:
        for path in sorted((ROOT / app).rglob("*.py")):
            name = str(path.relative_to(ROOT))
            if not (FOR_PROGRAMS.match(name) or OF_THE_LANE.match(name)):
                yield name, ast.parse(path.read_text())


def said(tree: ast.Module) -> Iterator[ast.expr]:
    """What is raised as a refusal, and what a function returns that is named after one."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name | ast.Attribute) and node.args:
            name = node.func.id if isinstance(node.func, ast.Name) else node.func.attr
            if name in REFUSALS:
                yield node.args[0]
        elif isinstance(node, ast.FunctionDef) and re.search("refusal|faults", node.name):
            for inner in ast.walk(node):
                if isinstance(inner, ast.Return | ast.Yield) and inner.value is not None:
                    yield inner.value


def has_words(part: ast.expr) -> bool:
    return isinstance(part, ast.Constant) and re.search(r"\w", str(part.value)) is not None


def untranslated(value: ast.expr) -> Iterator[str]:
    match value:
        case ast.Constant(value=str(text)) if " " in text:
            yield text
        case ast.JoinedStr(values=parts) if any(
            isinstance(p, ast.Constant) and re.search(r"\w", str(p.value)) for p in parts
        ):
            yield ast.unparse(value)
        case ast.IfExp(body=one, orelse=other) | ast.BinOp(left=one, op=ast.Add(), right=other):
            yield from untranslated(one)
            yield from untranslated(other)
        case ast.Tuple(elts=values) | ast.List(elts=values) | ast.Dict(values=values):
            for each in values:
                yield from untranslated(each)


def test_every_refusal_of_a_form_can_be_translated() -> None:
    found = [
        f"{name}: {words}"
        for name, tree in modules()
        for value in said(tree)
        for words in untranslated(value)
    ]
    assert found == []


def formatted_too_soon(tree: ast.AST) -> Iterator[str]:
    """Words that are put into a text while a module is imported, when nobody's language is known."""
    for node in ast.iter_child_nodes(tree):
        match node:
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.Lambda():
                continue
            case ast.BinOp(left=ast.Call(func=ast.Name(id="_" | "gettext_lazy")), op=ast.Mod()):
                yield ast.unparse(node)
            case ast.Call(func=ast.Name(id="gettext" | "ngettext")):
                yield ast.unparse(node)
        yield from formatted_too_soon(node)


def test_a_text_waits_for_the_language_of_who_reads_it() -> None:
    assert [(name, words) for name, tree in modules() for words in formatted_too_soon(tree)] == []
    assert list(formatted_too_soon(ast.parse("A = _('%d days') % 3"))) != []


def test_the_walk_finds_a_refusal_that_nobody_translated() -> None:
    source = """
def find(name):
    raise Invalid(f"There is no {name}.")

def refusal_of(text):
    return None if text else "It is empty."
"""
    found = [words for value in said(ast.parse(source)) for words in untranslated(value)]
    assert set(found) == {"f'There is no {name}.'", "It is empty."}
