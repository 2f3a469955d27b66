"""Markdown of models and of users as HTML. It is hostile: nothing of it may run, load or look like the page.

HTML in it is text; pictures are links, because loading one tells its server who reads; links lead only to
the web and to mail, and never to a page of ours. What comes out goes through a list of what is allowed.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

import nh3
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe
from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token

from logs_app.presentation.marks import marked

SCHEMES = {"http", "https", "mailto"}
# Below the headings of the page itself.
HIGHEST_HEADING = 4
_BLOCKS = {"blockquote", "br", "h4", "h5", "h6", "hr", "li", "ol", "p", "pre", "ul"}
_TABLES = {"table", "tbody", "td", "th", "thead", "tr"}
TAGS = _BLOCKS | _TABLES | {"a", "code", "del", "em", "s", "span", "strong"}
CLASSES = {"span": {"redacted", "hidden-character"}, "a": {"is-image"}}
ATTRIBUTES = {"a": {"href"}, "ol": {"start"}, "pre": {"data-language"}}
LONGEST_LANGUAGE = 30


def render(text: str) -> SafeString:
    html = _MARKDOWN.render(text)
    return mark_safe(
        nh3.clean(
            html,
            tags=TAGS,
            attributes=ATTRIBUTES,
            allowed_classes=CLASSES,
            url_schemes=SCHEMES,
            url_relative="deny",
            link_rel="noopener noreferrer nofollow",
        )
    )


def may_lead_to(address: str) -> bool:
    try:
        parts = urlsplit(address.strip())
    except ValueError:
        return False
    return parts.scheme.lower() in SCHEMES and bool(parts.netloc or parts.scheme.lower() == "mailto")


class Renderer(RendererHTML):
    """What it makes of texts, code, pictures and headings is ours."""

    def text(self, tokens: Sequence[Token], idx: int, options: Any, env: Any) -> str:
        return str(marked(tokens[idx].content))

    def code_inline(self, tokens: Sequence[Token], idx: int, options: Any, env: Any) -> str:
        return f"<code>{marked(tokens[idx].content)}</code>"

    def code_block(self, tokens: Sequence[Token], idx: int, options: Any, env: Any) -> str:
        return f"<pre><code>{marked(tokens[idx].content)}</code></pre>\n"

    def fence(self, tokens: Sequence[Token], idx: int, options: Any, env: Any) -> str:
        language = escape(tokens[idx].info.strip().partition(" ")[0][:LONGEST_LANGUAGE])
        return f'<pre data-language="{language}"><code>{marked(tokens[idx].content)}</code></pre>\n'

    def image(self, tokens: Sequence[Token], idx: int, options: Any, env: Any) -> str:
        address = str(tokens[idx].attrGet("src") or "")
        name = marked(tokens[idx].content or address)
        return f'<a class="is-image" href="{escape(address)}">{name}</a>'

    def heading_open(self, tokens: Sequence[Token], idx: int, options: Any, env: Any) -> str:
        return f"<h{_level(tokens[idx])}>"

    def heading_close(self, tokens: Sequence[Token], idx: int, options: Any, env: Any) -> str:
        return f"</h{_level(tokens[idx])}>\n"


def _level(token: Token) -> int:
    return min(int(token.tag[1:]) + HIGHEST_HEADING - 1, 6)


def _made() -> MarkdownIt:
    made = MarkdownIt("commonmark", {"html": False, "breaks": True}, renderer_cls=Renderer)
    made.enable(["table", "strikethrough"])
    made.validateLink = may_lead_to  # type: ignore[method-assign, assignment]
    return made


_MARKDOWN = _made()
