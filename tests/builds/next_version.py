"""The version after this one, for tests: `python next_version.py SERVICE…` runs its services, `python next_version.py causeway …` its command line.

What is new in it:

- an entry says how many characters its text has: a field more in the record, and a column of the store, by three revisions
- the store is not told any more when a partition was moved on: the last of these revisions drops that column
- records of the codec's next version are read, and not written: `version_after_next.py` does that
"""

import importlib
import sys
from pathlib import Path
from types import ModuleType

MARK = "    aftermath: Aftermath = NOTHING\n\n    @property\n    def text(self)"
FIELD = '''    aftermath: Aftermath = NOTHING
    characters: int = 0

    def __post_init__(self) -> None:
        """Count, unless it was said."""
        if not self.characters:
            msgspec.structs.force_setattr(self, "characters", len(self.text))

    @property
    def text(self)'''
STATEMENT = {
    ", updated_at = m.now\n": "\n",
    "content_hash, text, sent_at, position)\n        SELECT": "content_hash, text, sent_at, position, characters)\n        SELECT",
    "content_hash, text, sent_at, position\n        FROM": "content_hash, text, sent_at, position, char_length(text)\n        FROM",
}
"""What is different in the statement by which the projector writes."""


class NotFoundInSourceError(Exception):
    """What this build changes is not there any more: change the build."""


def once(text: str, old: str, new: str) -> str:
    """Replace what stands in a text exactly once."""
    if text.count(old) != 1:
        raise NotFoundInSourceError(old)
    return text.replace(old, new)


def build(*, writes_newer: bool = False) -> None:
    """Make the version of this process the next one; before anything imports records.

    Args:
        writes_newer: Whether records are written in the codec's next version, and not only read.
    """
    records = importlib.import_module("replication.records")
    _change_source(records)
    codec = importlib.import_module("replication.codec")
    newer: int = codec.NEWEST + 1
    codec.READABLE = frozenset({*codec.READABLE, newer})  # type: ignore[attr-defined]  # as another source would say
    if writes_newer:
        codec.VERSION = newer  # type: ignore[attr-defined]  # as above
    from tests.builds.next_schema import next_schema  # noqa: PLC0415  # it imports the store, whose records are as of now

    revisions = importlib.import_module("region.store.revisions")
    revisions.SCHEMA = next_schema()  # type: ignore[attr-defined]  # as above
    hot = importlib.import_module("region.store.repository.hot")
    statement: str = hot.STATEMENT
    for old, new in STATEMENT.items():
        statement = once(statement, old, new)
    hot.STATEMENT = statement  # type: ignore[attr-defined]  # as above


def run() -> int:
    """Do what the arguments say, as the version that was built."""
    if sys.argv[1] == "causeway":
        cli = importlib.import_module("infra.cli")
        sys.argv[1:] = sys.argv[2:]
        cli.main()
        return 0
    status: int = importlib.import_module("infra.serve").main()
    return status


def _change_source(module: ModuleType) -> None:
    assert module.__file__
    source = once(Path(module.__file__).read_text(), MARK, FIELD)
    exec(compile(source, module.__file__, "exec"), module.__dict__)


if __name__ == "__main__":
    build()
    sys.exit(run())
