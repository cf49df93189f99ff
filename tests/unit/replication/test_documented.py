"""What documents say of records, held against the records."""

import re
from pathlib import Path

import pytest

from replication.records import LOG_BODIES, kind_of

DOCS = Path(__file__).parents[3] / "docs"
CONVERSATIONS, PROTOCOL = ((DOCS / name).read_text("utf-8") for name in ("conversations.md", "protocol.md"))


@pytest.mark.parametrize("kind", sorted(kind_of(body) for body in LOG_BODIES))
def test_every_kind_of_entry_is_explained(kind: str) -> None:
    """Whoever looks for what can stand in a log finds all of it in one sentence, and how it looks from outside in the protocol."""
    [listed] = re.findall(r"\*\*body\*\* says what happened, by its event name: (.*?)\.\s", CONVERSATIONS, re.DOTALL)
    assert f"`{kind}`" in listed
    assert kind in PROTOCOL
