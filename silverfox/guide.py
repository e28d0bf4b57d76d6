"""The guides of docs/ as pages, and the page that shows every component."""

import re
from functools import cache
from itertools import pairwise
from typing import NamedTuple

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.safestring import mark_safe
from django.utils.text import slugify
from django.views.decorators.http import require_safe
from markdown_it import MarkdownIt

from foundation.roles import MANAGER, has_role
from silverfox.templatetags.silverfox_ui import LOOKS

DOCS_DIR = settings.BASE_DIR / "docs"
# A link from guide to guide names the file.
_FILE = re.compile(r"^(\w+)\.md(?=#|$)")


class Guide(NamedTuple):
    """One file of docs/, and for whom it is."""

    slug: str
    title: str
    purpose: str


GUIDES = (
    Guide("staff", "For staff", "A day of orders, page by page."),
    Guide("viewers", "For viewers", "What those see who only look."),
    Guide("managers", "For managers", "Dealerships, rules, output templates, and what only managers decide."),
    Guide("operations", "For operators", "Running Silver Fox: settings, worker, database, backup."),
    Guide("troubleshooting", "Troubleshooting", "Wrong count, missing VIN, old inventory, recovery."),
    Guide("glossary", "Glossary", "Every word of the pages, and what it means."),
)


@require_safe
def help_page(request: HttpRequest, slug: str) -> HttpResponse:
    """The list of guides and keys, or one guide."""
    context = {"guides": GUIDES, "slug": slug}
    if slug in {"start", "keys"}:
        return render(request, f"help/{slug}.html", context)
    guide = next((guide for guide in GUIDES if guide.slug == slug), None)
    if guide is None:
        raise Http404
    return render(request, "help/guide.html", {**context, "guide": guide, "text": guide_html(slug)})


@cache
def guide_html(slug: str) -> str:
    """A guide as HTML."""
    return html_of((DOCS_DIR / f"{slug}.md").read_text(encoding="utf-8"))


def html_of(text: str) -> str:
    """Markdown as HTML whose headings can be linked to; HTML inside the text stays text."""
    parser = MarkdownIt("commonmark", {"html": False}).enable("table")
    tokens = parser.parse(text)
    for opening, inline in pairwise(tokens):
        if opening.type == "heading_open":
            opening.attrSet("id", slugify(inline.content))
    for token in [child for inline in tokens for child in inline.children or [] if child.type == "link_open"]:
        token.attrSet("href", _FILE.sub(r"../\1/", str(token.attrGet("href"))))
    # The text is a file of the project, and the parser lets no markup of it through.
    shown: str = parser.renderer.render(tokens, parser.options, {})
    return mark_safe(shown)  # noqa: S308


@require_safe
def styleguide(request: HttpRequest) -> HttpResponse:
    """Every component in every state: for those who build pages, and for managers who want to see."""
    if not (settings.DEBUG or has_role(request.user, MANAGER)):
        raise PermissionDenied
    return render(request, "styleguide.html", {"looks": LOOKS})
