"""Faults planted in a good ledger, each with the checkers that must find it, and no other: the judge's own drill.

Each takes the events of a ledger and a source of randomness, and returns the events of one in which that fault happened.
"""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from random import Random
from typing import TypeAlias

from msgspec.structs import replace

from chaos.judge import events as e
from chaos.judge.grafting import (
    BarrenError,
    Events,
    appended,
    concurrent,
    entries_of,
    everywhere,
    exchanged,
    in_the_place_of,
    is_plain,
    live_entry,
    logs_of,
    outcomes_of,
    pick,
    places_of,
    plain_entry,
    settling,
    shifted,
    together,
)

Plant: TypeAlias = Callable[[Events, Random], Events]


@dataclass(frozen=True)
class Planted:
    """A fault, and the checkers that must find it."""

    plant: Plant
    red: frozenset[str]


PLANTED: dict[str, Planted] = {}


def _red(*checkers: str) -> Callable[[Plant], Plant]:
    def register(plant: Plant) -> Plant:
        PLANTED[plant.__name__] = Planted(plant, frozenset(checkers))
        return plant

    return register


@_red("lost")
def never_numbered(events: Events, random: Random) -> Events:
    """The owner drops an accepted send; the next one gets its number."""
    conversation, entry, *_ = plain_entry(events, random)
    without = everywhere(
        events, lambda where, one: [] if where == conversation and one.content == entry.content else [one]
    )
    return shifted(without, conversation, entry.seq, -1)


@_red("lost")
def never_delivered(events: Events, random: Random) -> Events:
    """The last entry of a conversation that a device was to be sent does not come, over none of its connections."""
    lost = events[live_entry(events, random, last=True)]
    assert isinstance(lost, e.Live)
    return [event for event in events if not (isinstance(event, e.Live) and _arrival(event) == _arrival(lost))]


def _arrival(live: e.Live) -> tuple[str, str, int]:
    return live.connection.partition(".")[0], live.conversation, live.entry.seq


@_red("lost")
def not_in_a_history(events: Events, random: Random) -> Events:
    """The last entry is missing from what one region has of a log."""
    place = pick([place for place in places_of(events, e.Page) if place > settling(events)][-1:], random)
    page = events[place]
    assert isinstance(page, e.Page)
    return [*events[:place], replace(page, entries=page.entries[:-1]), *events[place + 1 :]]


@_red("lost", "hole")
def missing_in_a_history(events: Events, random: Random) -> Events:
    """An entry within is missing from what one region has of a log: it is lost there, and its number is a hole."""
    pages = [place for place in places_of(events, e.Page) if place > settling(events)]
    place = pick([place for place in pages if len(entries_of(events[place])) > 2], random)  # noqa: PLR2004  # has one within
    page = events[place]
    assert isinstance(page, e.Page)
    within = random.randrange(1, len(page.entries) - 1)
    entries = page.entries[:within] + page.entries[within + 1 :]
    return [*events[:place], replace(page, entries=entries), *events[place + 1 :]]


@_red("duplicate")
def numbered_twice(events: Events, random: Random) -> Events:
    """A repeated send is numbered again, as if nobody remembered the first."""
    conversation, entry, *_ = plain_entry(events, random)
    return appended(events, conversation, entry)


@_red("phantom")
def text_of_nobody(events: Events, random: Random) -> Events:
    """An entry that nobody sent is numbered and shown to everybody."""
    conversation, entry, *_ = plain_entry(events, random)
    return appended(events, conversation, replace(entry, content="0" * 16, message="m-of-nobody"))


@_red("phantom")
def text_changed(events: Events, random: Random) -> Events:
    """One device is shown another text."""
    place = live_entry(events, random)
    live = events[place]
    assert isinstance(live, e.Live)
    return [*events[:place], replace(live, entry=replace(live.entry, content="0" * 16)), *events[place + 1 :]]


@_red("phantom")
def author_changed(events: Events, random: Random) -> Events:
    """Everybody is shown an entry as somebody else's."""
    conversation, entry, *_ = plain_entry(events, random)
    users = {event.user for event in events if isinstance(event, e.Member) and event.conversation == conversation}
    other = pick(sorted(users - {entry.sender}), random)
    return everywhere(events, lambda _, one: [replace(one, sender=other)] if one.content == entry.content else [one])


@_red("phantom")
def other_id(events: Events, random: Random) -> Events:
    """A message is shown under another id than its sender was told."""
    *_, ok = plain_entry(events, random)
    return [replace(event, message="m-of-another") if event is ok else event for event in events]


@_red("phantom")
def failed_and_shown(events: Events, random: Random) -> Events:
    """A send that was refused definitely is in the log."""
    *_, ok = plain_entry(events, random)
    return [e.Fail(event.at, ok.op, "unavailable") if event is ok else event for event in events]


@_red("phantom")
def refused_and_shown(events: Events, random: Random) -> Events:
    """An author was told of a refusal, and the message is in the log."""
    _, _, invoke, ok = plain_entry(events, random)
    place = events.index(ok) + 1
    return [*events[:place], e.Refused(ok.at, ok.op, invoke.device, "recipient-unknown"), *events[place:]]


@_red("phantom")
def shown_before_sent(events: Events, random: Random) -> Events:
    """An entry is shown before it was sent."""
    _, entry, invoke, ok = plain_entry(events, random)
    first = next(place for place, event in enumerate(events) if entry.content in {s.content for s in entries_of(event)})
    theirs = {one.op for one in events if isinstance(one, e.Invoke) and one.user == invoke.user} - {invoke.op}
    if any(isinstance(one, e.Invoke | e.Ok) and one.op in theirs for one in events[events.index(invoke) : first]):
        raise BarrenError  # moved behind another of its author, it would be out of order as well
    rest = [event for event in events[: first + 1] if event not in (invoke, ok)]
    at = events[first].at
    return [*rest, replace(invoke, at=at), replace(ok, at=at), *(one for one in events[first + 1 :] if one is not ok)]


@_red("order")
def swapped_for_one(events: Events, random: Random) -> Events:
    """One device is shown two entries in each other's place."""
    return _swapped(events, random, lambda event: isinstance(event, e.Live))


@_red("order")
def swapped_in_a_region(events: Events, random: Random) -> Events:
    """One region has two entries in each other's place: so its histories show them."""
    return _swapped(events, random, lambda event: isinstance(event, e.Page))


def _swapped(events: Events, random: Random, among: Callable[[e.Event], bool]) -> Events:
    conversation, entry, other = pick(concurrent(events), random)
    users = sorted(
        {event.user for event in events if isinstance(event, e.Member) and event.conversation == conversation}
    )
    user = pick(users, random)
    readers = {event.op: event.user for event in events if isinstance(event, e.Invoke)}
    owners = {event.connection: event.user for event in events if isinstance(event, e.Opened)}

    def change(where: str, one: e.Sighting) -> list[e.Sighting]:
        return [in_the_place_of(one, entry, other)] if where == conversation else [one]

    changed: Events = []
    for event in events:
        who = readers.get(event.op) if isinstance(event, e.Page) else None
        who = owners.get(event.connection) if isinstance(event, e.Live) else who
        changed += everywhere([event], change) if who == user and among(event) else [event]
    return changed


@_red("order")
def overtaken_in_the_outbox(events: Events, random: Random) -> Events:
    """Two sends of one device that were under way together are numbered the other way round; an outbox keeps their order."""
    outcomes = outcomes_of(events)
    pairs = [pair for pair in concurrent(events) if pair[1].sender == pair[2].sender]
    conversation, entry, after = pick(
        [pair for pair in pairs if all(is_plain(outcomes, one) for one in pair[1:])], random
    )
    return exchanged(events, conversation, entry, after)


@_red("order")
def sender_overtaken(events: Events, random: Random) -> Events:
    """Two sends of one author, the second begun after the first was accepted, are numbered the other way round."""
    outcomes, choice = outcomes_of(events), []
    for conversation, log in logs_of(events).items():
        for seq, entry in log.items():
            after = log.get(seq + 1)
            if after is not None and after.sender == entry.sender:
                match outcomes[entry.content or ""], outcomes[after.content or ""]:
                    case [e.Invoke(), e.Ok(at=accepted)], [e.Invoke(at=invoked), e.Ok()] if accepted < invoked:
                        shown = together(events, conversation, entry, after)
                        choice += [(shown, conversation, entry, after)] if shown else []
                    case _:
                        pass
    shown, conversation, entry, after = pick(choice, random)
    return exchanged(
        [replace(event, fifo=False) if isinstance(event, e.Run) else event for event in shown],
        conversation,
        entry,
        after,
    )


@_red("hole")
def number_skipped(events: Events, random: Random) -> Events:
    """The owner leaves out a number."""
    conversation, entry, *_ = plain_entry(events, random)
    return shifted(events, conversation, entry.seq, 1)


@_red("stream")
def sent_again(events: Events, random: Random) -> Events:
    """A device is sent an entry a second time over one connection, as if a stream position was used twice."""
    place = live_entry(events, random)
    return [*events[: place + 1], *events[place:]]


@_red("stream")
def sent_late(events: Events, random: Random) -> Events:
    """A device is sent an entry after the next one."""
    lives: dict[tuple[str, str], list[int]] = {}
    for place, event in enumerate(events[: settling(events)]):
        if isinstance(event, e.Live):
            lives.setdefault((event.connection, event.conversation), []).append(place)
    pairs = [pair for places in lives.values() for pair in pairwise(places[1:])]
    one, other = pick(pairs, random)
    late = replace(events[one], at=events[other].at)
    return [*events[:one], *events[one + 1 : other + 1], late, *events[other + 1 :]]


@_red("marks")
def mark_lowered(events: Events, random: Random) -> Events:
    """A device is told a mark, then a lower one."""
    places = [place for place in places_of(events, e.Marked) if getattr(events[place], "read", 0) > 1]
    place = pick(places, random)
    marked = events[place]
    assert isinstance(marked, e.Marked)
    lower = replace(marked, read=marked.read - 1)
    return [*events[: place + 1], lower, *events[place + 1 :]]


@_red("marks")
def status_lowered(events: Events, random: Random) -> Events:
    """A message that was shown as read is shown as unread later."""
    places = [
        place
        for place in places_of(events, e.Page)
        if any(entry.status == "read" for entry in entries_of(events[place]))
    ]
    place = places[-1]
    page = events[place]
    assert isinstance(page, e.Page)
    read = pick([entry for entry in page.entries if entry.status == "read"], random)
    entries = [replace(entry, status="unread") if entry is read else entry for entry in page.entries]
    return [*events[:place], replace(page, entries=entries), *events[place + 1 :]]


@_red("entitlement")
def shown_to_a_stranger(events: Events, random: Random) -> Events:
    """A device is sent an entry of a conversation of which its user is no member."""
    place = live_entry(events, random)
    live = events[place]
    assert isinstance(live, e.Live)
    members = {
        event.user for event in events if isinstance(event, e.Member) and event.conversation == live.conversation
    }
    opened: dict[str, str] = {}
    for event in events[:place]:
        if isinstance(event, e.Opened):
            opened[event.connection] = event.user
        elif isinstance(event, e.Closed):
            opened.pop(event.connection, None)
    connection = pick(sorted(name for name, user in opened.items() if user not in members), random)
    return [*events[: place + 1], replace(live, connection=connection), *events[place + 1 :]]


@_red("entitlement")
def shown_after_leaving(events: Events, random: Random) -> Events:
    """A member is shown what was written after they had left."""
    conversation, entry, *_ = plain_entry(events, random)
    return [
        replace(event, last=entry.seq)
        if isinstance(event, e.Member) and (event.conversation, event.user) == (conversation, entry.sender)
        else event
        for event in events
    ]


@_red("entitlement")
def rests_where_nobody_lives(events: Events, random: Random) -> Events:
    """A region holds a conversation of which no member lives there."""
    place = pick(places_of(events, e.Digest), random)
    held = events[place]
    return [*events[: place + 1], replace(held, region="elsewhere"), *events[place + 1 :]]


@_red("digests")
def digest_differs(events: Events, random: Random) -> Events:
    """A region holds something else."""
    held = [event for event in events if isinstance(event, e.Digest)]
    twice = [one for one in held if sum(one.conversation == other.conversation for other in held) > 1]
    differs = pick(twice, random)
    return [replace(event, digest="0" * 16) if event is differs else event for event in events]
