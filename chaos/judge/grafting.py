"""How events of a good ledger are changed so that a fault appears in all that follows from it; `planted` uses it."""

from collections.abc import Callable, Iterator
from random import Random
from typing import TypeAlias, TypeVar

from msgspec.structs import replace

from chaos.judge import events as e
from infra.errors import CausewayError

Events: TypeAlias = list[e.Event]
Change: TypeAlias = Callable[[str, e.Sighting], list[e.Sighting]]
T = TypeVar("T")


class BarrenError(CausewayError):
    """There is nothing in this ledger in which that fault could happen. Plant it in a longer one."""

    code = "barren"
    definite = True


def pick(choice: list[T], random: Random) -> T:
    """Choose one.

    Raises:
        BarrenError: There is none.
    """
    if not choice:
        raise BarrenError
    return random.choice(choice)


def sightings(event: e.Event) -> Iterator[tuple[str, e.Sighting]]:
    """Return the entries that an event shows, each with its conversation."""
    if isinstance(event, e.Live):
        yield event.conversation, event.entry
    elif isinstance(event, e.Page):
        for entry in event.entries:
            yield event.conversation, entry


def everywhere(events: Events, change: Change) -> Events:
    """Show something else in the place of entries, in every view.

    Args:
        events: Of the ledger.
        change: From a conversation and an entry to what is shown instead: nothing, or entries.
    """
    changed: Events = []
    for event in events:
        if isinstance(event, e.Live):
            changed += [replace(event, entry=entry) for entry in change(event.conversation, event.entry)]
        elif isinstance(event, e.Page):
            entries = [one for entry in event.entries for one in change(event.conversation, entry)]
            changed.append(replace(event, entries=entries))
        else:
            changed.append(event)
    return changed


def said_by(events: Events, conversation: str, entry: e.Sighting, user: str) -> Events:
    """Let somebody else have sent an entry, at a device of theirs, in every view."""
    device = next(event.device for event in events if isinstance(event, e.Opened) and event.user == user)
    theirs = everywhere(
        events,
        lambda where, one: [replace(one, sender=user)] if (where, one.seq) == (conversation, entry.seq) else [one],
    )
    return [
        replace(event, user=user, device=device)
        if isinstance(event, e.Invoke) and event.content == entry.content
        else event
        for event in theirs
    ]


def shifted(events: Events, conversation: str, above: int, by: int) -> Events:
    """Renumber a conversation's log above a seq, with its marks and digests."""

    def shift(seq: int) -> int:
        return seq + by if seq > above else seq

    def change(where: str, entry: e.Sighting) -> list[e.Sighting]:
        if where != conversation:
            return [entry]
        return [replace(entry, seq=shift(entry.seq), from_seq=shift(entry.from_seq))]

    changed: Events = []
    for event in everywhere(events, change):
        if isinstance(event, e.Marked) and event.conversation == conversation:
            changed.append(replace(event, received=shift(event.received), read=shift(event.read)))
        elif isinstance(event, e.Digest) and event.conversation == conversation:
            changed.append(replace(event, last=shift(event.last)))
        else:
            changed.append(event)
    return changed


def places_of(events: Events, kind: type[e.Event]) -> list[int]:
    """Return the places of events of that kind."""
    return [place for place, event in enumerate(events) if isinstance(event, kind)]


def settling(events: Events) -> int:
    """Return the place of the settling."""
    return places_of(events, e.Settled)[0]


def logs_of(events: Events) -> dict[str, dict[int, e.Sighting]]:
    """Return what was seen, by conversation and seq."""
    logs: dict[str, dict[int, e.Sighting]] = {}
    for event in events:
        for conversation, entry in sightings(event):
            logs.setdefault(conversation, {})[entry.seq] = entry
    return logs


def outcomes_of(events: Events) -> dict[str, list[e.Event]]:
    """Return the invocations and outcomes of each content's sends, in order."""
    of_op: dict[int, str] = {}
    found: dict[str, list[e.Event]] = {}
    for event in events:
        if isinstance(event, e.Invoke) and event.content is not None:
            of_op[event.op] = event.content
        if isinstance(event, e.Invoke | e.Ok | e.Fail | e.Info | e.Refused) and event.op in of_op:
            found.setdefault(of_op[event.op], []).append(event)
    return found


def plain_entry(events: Events, random: Random) -> tuple[str, e.Sighting, e.Invoke, e.Ok]:
    """Choose an entry within a log whose send simply succeeded."""
    outcomes, choice = outcomes_of(events), []
    for conversation, log in logs_of(events).items():
        for seq, entry in log.items():
            match outcomes[entry.content or ""]:
                case [e.Invoke() as invoke, e.Ok() as ok] if 1 < seq < len(log):
                    choice.append((conversation, entry, invoke, ok))
                case _:
                    pass
    return pick(choice, random)


def live_entry(events: Events, random: Random, *, last: bool = False) -> int:
    """Choose a live entry; on request the last one that its device was sent of a conversation."""
    lives = {
        (event.connection.partition(".")[0] if last else place, event.conversation): place
        for place, event in enumerate(events[: settling(events)])
        if isinstance(event, e.Live)
    }
    return pick(sorted(lives.values()), random)


def appended(events: Events, conversation: str, entry: e.Sighting) -> Events:
    """Number one more entry of a conversation before the settling, for everybody and for good."""
    head = max(logs_of(events)[conversation])
    more = replace(entry, seq=head + 1)
    members = {event.user for event in events if isinstance(event, e.Member) and event.conversation == conversation}
    connections: dict[str, str] = {}
    for event in events[: settling(events)]:
        if isinstance(event, e.Opened) and event.user in members:
            connections[event.user] = event.connection
    place = settling(events)
    at = events[place].at
    shown: Events = [e.Live(at, connection, conversation, more) for connection in connections.values()]
    after: Events = []
    for event in events[place:]:
        if isinstance(event, e.Page) and event.conversation == conversation and event.entries[-1].seq == head:
            after.append(replace(event, entries=[*event.entries, more]))
        else:
            after.append(event)
    return events[:place] + shown + after


def entries_of(event: e.Event) -> list[e.Sighting]:
    """Return the entries that an event shows."""
    return [entry for _, entry in sightings(event)]


def concurrent(events: Events) -> list[tuple[str, e.Sighting, e.Sighting]]:
    """Return neighbours in a log of which the second was sent before the first was shown to anybody."""
    seen: set[str | None] = set()
    sent: dict[str | None, set[str | None]] = {}
    for event in events:
        if isinstance(event, e.Invoke):
            sent[event.content] = set(seen)
        seen.update(entry.content for entry in entries_of(event))
    logs = logs_of(events).items()
    pairs = [(conversation, log[seq], log[seq + 1]) for conversation, log in logs for seq in log if seq + 1 in log]
    return [pair for pair in pairs if pair[1].content not in sent[pair[2].content]]


def in_the_place_of(one: e.Sighting, entry: e.Sighting, other: e.Sighting) -> e.Sighting:
    """Return what is shown where two entries have changed places; statuses stay, for marks do."""
    instead = other if one.seq == entry.seq else entry if one.seq == other.seq else one
    return replace(instead, epoch=one.epoch, seq=one.seq, status=one.status)


def is_plain(outcomes: dict[str, list[e.Event]], entry: e.Sighting) -> bool:
    """Whether an entry's send simply succeeded."""
    return [type(event) for event in outcomes[entry.content or ""]] == [e.Invoke, e.Ok]


def exchanged(events: Events, conversation: str, entry: e.Sighting, other: e.Sighting) -> Events:
    """Show two entries in each other's place, in every view."""
    return everywhere(
        events, lambda where, one: [in_the_place_of(one, entry, other)] if where == conversation else [one]
    )


def together(events: Events, conversation: str, entry: e.Sighting, after: e.Sighting) -> Events:
    """Show an entry only together with the one after it; nothing if somebody had seen one of them alone or repeatedly."""
    before: dict[str, e.Live] = {}
    changed: Events = []
    for event in events:
        shown = {one.content for where, one in sightings(event) if where == conversation}
        if isinstance(event, e.Live) and entry.content in shown:
            if event.connection in before:
                return []
            before[event.connection] = event
        elif isinstance(event, e.Live) and after.content in shown:
            if event.connection not in before:
                return []
            changed += [replace(before.pop(event.connection), at=event.at), event]
        elif entry.content in shown and after.content not in shown:
            return []
        else:
            changed.append(event)
    return [] if before else changed
