"""Which metrics expressions name, and which of them nobody exposes. Pure."""

import re
from collections.abc import Iterable
from typing import Final

NAME: Final = re.compile(r"(?<![\w:])causeway[_:][\w:]+")
RECORDED: Final = re.compile(r"record: ([\w:]+)")
TYPE: Final = re.compile(r"^# TYPE (\w+) (\w+)$", re.MULTILINE)
PARTS: Final = {"histogram": ("_bucket", "_count", "_sum"), "summary": ("", "_count", "_sum")}


def exposed(pages: Iterable[str]) -> set[str]:
    """Return the names of all series on `/metrics` pages."""
    return {name + ending for page in pages for name, kind in TYPE.findall(page) for ending in PARTS.get(kind, ("",))}


def missing(texts: Iterable[str], pages: Iterable[str]) -> set[str]:
    """Return the names that rules and dashboards use and nobody exposes.

    Args:
        texts: Rules and dashboards, as written.
        pages: What `/metrics` answers, of every kind of process.
    """
    read = list(texts)
    known = exposed(pages) | {name for text in read for name in RECORDED.findall(text)}
    return {name for text in read for name in NAME.findall(text)} - known
