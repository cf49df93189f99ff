"""What was made of messages, as far as a reader may see that: what was done while the reader was no member stays unseen."""

from collections.abc import Callable, Iterable, Sequence

from msgspec.structs import replace

from infra.postgres import Connection
from region.gateway import repository
from region.gateway.repository import Head
from region.store.repository.aftermaths import Key, load_aftermaths
from replication.alterations import NOTHING, Aftermath, MessageEdited, merged
from replication.records import TEXTS, Entry

Sees = Callable[[int], bool]
"""Whether a reader may see the entry of that seq."""


async def aftermaths(connection: Connection, entries: Iterable[Entry], sees: Sees) -> dict[int, Aftermath]:
    """Return by seq what was made of messages of one conversation; what an owner said of them counts as well."""
    texts = [entry for entry in entries if isinstance(entry.body, TEXTS)]
    if not texts:
        return {}
    known = await load_aftermaths(connection, [(entry.conversation_id, entry.seq) for entry in texts])
    found: dict[int, Aftermath] = {}
    for entry in texts:
        whole = merged(known.get((entry.conversation_id, entry.seq), NOTHING), entry.aftermath)
        if whole != NOTHING:
            found[entry.seq] = await _seen(connection, entry, whole, sees)
    return found


async def edits_of(connection: Connection, conversation_id: str, seqs: Sequence[int]) -> list[Entry]:
    """Return the entries of edits that are in this region, the oldest first."""
    found = [await repository.entries_at(connection, [Head(conversation_id, seq, 0)]) for seq in seqs]
    return [entry for each in found for entry in each.values() if isinstance(entry.body, MessageEdited)]


async def aftermath_of(connection: Connection, key: Key) -> Aftermath:
    """Return all that is known here of what was made of a message."""
    return (await load_aftermaths(connection, [key])).get(key, NOTHING)


async def _seen(connection: Connection, entry: Entry, whole: Aftermath, sees: Sees) -> Aftermath:
    edits = tuple(edit for edit in whole.edits if sees(edit.seq))
    reactions = tuple(one for one in whole.reactions if sees(one.seq))
    if edits == whole.edits or whole.deleted:
        return replace(whole, edits=edits, reactions=reactions)
    told = await edits_of(connection, entry.conversation_id, [edit.seq for edit in edits[-1:]])
    for last in told:
        assert isinstance(last.body, MessageEdited)
        return replace(whole, edits=edits, reactions=reactions, text=last.body.text, mentions=last.body.mentions)
    return replace(whole, edits=(), reactions=reactions, text="", mentions=())
