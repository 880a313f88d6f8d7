"""The documents as readers meet them: headings, links, code blocks and commands, read from the Markdown."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from markdown_it import MarkdownIt
from markdown_it.token import Token

from tests.unit.cli_support import ROOT

DOCS = ROOT / "docs"
DOCUMENTS = (
    *(ROOT / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md", "results/README.md")),
    *sorted(DOCS.glob("*.md")),
)
_TOOLS = ("dagster-sizing", "make")


@dataclass(frozen=True)
class Block:
    """A fenced code block."""

    language: str
    text: str


def tokens_of(document: Path) -> list[Token]:
    """Its Markdown, block by block, those within blocks after them."""
    parsed = MarkdownIt("commonmark").enable("table").parse(document.read_text("utf-8"))
    return [one for token in parsed for one in (token, *(token.children or ()))]


def links_of(document: Path) -> Iterator[str]:
    """Where its links and pictures lead, but for those to other sites."""
    for token in tokens_of(document):
        to = token.attrGet("href") or token.attrGet("src")
        if to and not re.match(r"[a-z]+:", str(to)):
            yield str(to)


def anchors_of(document: Path) -> set[str]:
    """What a link can lead to within it, as a forge and the site make it of headings."""
    tokens = tokens_of(document)
    seen: dict[str, int] = {}
    anchors = set()
    for number, token in enumerate(tokens):
        if token.type != "heading_open":
            continue
        words = "".join(one.content for one in tokens[number + 1].children or ())
        slug = re.sub(r"[^\w\- ]", "", words.lower()).replace(" ", "-")
        anchors.add(f"{slug}-{seen[slug]}" if slug in seen else slug)
        seen[slug] = seen.get(slug, 0) + 1
    return anchors


def blocks_of(document: Path) -> list[Block]:
    """Its fenced code blocks."""
    return [Block(one.info.strip(), one.content) for one in tokens_of(document) if one.type == "fence"]


def commands_of(document: Path) -> Iterator[list[str]]:
    """Every command of ours in a code block or in the text, as words; without what is set before it."""
    lines = [
        line.removeprefix("$ ")
        for block in blocks_of(document)
        if block.language == "sh" or (block.language == "console" and "$ " in block.text)
        for line in block.text.replace("\\\n", " ").splitlines()
        if block.language == "sh" or line.startswith("$ ")
    ]
    lines += [one.content for one in tokens_of(document) if one.type == "code_inline"]
    lines += [one.content for one in tokens_of(document) if one.type == "code_block"]
    for line in (one for told in lines for one in told.replace("\\\n", " ").splitlines()):
        if not any(tool in line for tool in _TOOLS):
            continue
        words = shlex.split(line, comments=True)
        while words and re.match(r"[A-Z_]+=", words[0]):
            words.pop(0)
        if words and words[0] in _TOOLS:
            yield words
