"""Faults planted in the groups of a good ledger, each with the checkers that must find it, and no other; see `planted`."""

from collections.abc import Callable
from itertools import pairwise
from random import Random

from msgspec.structs import replace

from chaos.judge import events as e
from chaos.judge.grafting import Events, everywhere, logs_of, pick, places_of, said_by, settling, shifted
from chaos.judge.groups import ENTERS, GOES
from chaos.judge.planted import Plant, Planted

USURPED: dict[str, Planted] = {}


def _red(*checkers: str) -> Callable[[Plant], Plant]:
    def register(plant: Plant) -> Plant:
        USURPED[plant.__name__] = Planted(plant, frozenset(checkers))
        return plant

    return register


@_red("entitlement")
def removed_member_posts(events: Events, random: Random) -> Events:
    """The owner numbers a post of somebody who had been removed."""
    group, guest, entry = _away(events, random)
    return said_by(events, group, entry, guest)


@_red("entitlement")
def shown_after_removal(events: Events, random: Random) -> Events:
    """A device of somebody who was removed is sent what is posted afterwards."""
    group, guest, entry = _away(events, random)
    place = next(
        place for place, event in enumerate(events)
        if isinstance(event, e.Live) and event.conversation == group and event.entry.seq == entry.seq
    )  # fmt: skip
    opened = ""
    for event in events[:place]:
        if isinstance(event, e.Opened) and event.user == guest:
            opened = event.connection
        elif isinstance(event, e.Closed) and event.connection == opened:
            opened = ""
        elif isinstance(event, e.Live) and (event.connection, event.conversation) == (opened, group):
            opened = "" if event.entry.seq > entry.seq else opened  # it would go back besides
    connection = pick([opened] if opened else [], random)
    return [*events[: place + 1], e.Live(events[place].at, connection, group, entry), *events[place + 1 :]]


@_red("entitlement")
def tombstone_lifted(events: Events, random: Random) -> Events:
    """A history shows what was posted while its reader did not belong to the group."""
    choice = [
        (place, one) for place in places_of(events, e.Page) for one in _entries(events[place]) if one.content is None
    ]
    place, tombstone = pick(choice, random)
    page = events[place]
    assert isinstance(page, e.Page)
    log = logs_of([event for event in events if event is not page])[page.conversation]
    hidden = {one.seq: one for _, one in _numbered(events, page.conversation)}
    below = [hidden.get(seq, log.get(seq)) for seq in range(tombstone.first, tombstone.seq + 1)]
    entries = [shown for one in page.entries for shown in (below if one is tombstone else [one]) if shown is not None]
    return [*events[:place], replace(page, entries=entries), *events[place + 1 :]]


@_red("lost")
def hidden_from_a_member(events: Events, random: Random) -> Events:
    """A history hides what was posted while its reader belonged to the group."""
    choice = [
        (place, one)
        for place in places_of(events, e.Page) if place > settling(events)
        for one in _entries(events[place]) if one.content is not None and one.change is None
    ]  # fmt: skip
    place, entry = pick(choice, random)
    page = events[place]
    assert isinstance(page, e.Page)
    tombstone = e.Sighting(0, entry.seq, "", "", None, "", entry.seq)
    entries = [tombstone if one is entry else one for one in page.entries]
    return [*events[:place], replace(page, entries=entries), *events[place + 1 :]]


@_red("lost")
def change_never_numbered(events: Events, random: Random) -> Events:
    """A change that was accepted is nowhere, and its author was told nothing."""
    group, entry = _link(events, random)
    without = everywhere(events, lambda where, one: [] if (where, one.seq) == (group, entry.seq) else [one])
    return shifted(without, group, entry.seq, -1)


@_red("phantom")
def change_of_nobody(events: Events, random: Random) -> Events:
    """A change is numbered that nobody made."""
    group, entry = _link(events, random)
    made = {
        event.op for event in events
        if isinstance(event, e.Invoke) and event.conversation == group and event.change == entry.change
    }  # fmt: skip
    told = {event.op for event in events if isinstance(event, e.Ok) and event.message != entry.message}
    nobodys = made - told  # with those of which nobody was told, any of which might explain it
    return [event for event in events if not (isinstance(event, e.Invoke | e.Ok | e.Info) and event.op in nobodys)]


@_red("phantom")
def refused_change_numbered(events: Events, random: Random) -> Events:
    """An author was told that a change is refused, and it is in the log."""
    _, entry = _link(events, random)
    place = next(p for p in places_of(events, e.Ok) if getattr(events[p], "message", "") == entry.message)
    ok = events[place]
    assert isinstance(ok, e.Ok)
    return [*events[: place + 1], e.Refused(ok.at, ok.op, "", "not-allowed"), *events[place + 1 :]]


@_red("duplicate")
def change_numbered_twice(events: Events, random: Random) -> Events:
    """A repeated change is numbered again."""
    group, entry = _link(events, random)
    return everywhere(
        shifted(events, group, entry.seq, 1),
        lambda where, one: (
            [one, replace(one, seq=one.seq + 1)] if (where, one.content) == (group, entry.content) else [one]
        ),
    )


@_red("order")
def swapped_in_a_region(events: Events, random: Random) -> Events:
    """A region has two posts of a group in each other's place."""
    choice = [
        (place, one, other)
        for place in places_of(events, e.Page) if place > settling(events)
        for one, other in pairwise(_entries(events[place]))
        if one.content is not None and other.content is not None and one.change is None and other.change is None
    ]  # fmt: skip
    place, one, other = pick(choice, random)
    page = events[place]
    assert isinstance(page, e.Page)
    instead = {one.seq: replace(other, seq=one.seq), other.seq: replace(one, seq=other.seq)}
    entries = [instead.get(entry.seq, entry) for entry in page.entries]
    return [*events[:place], replace(page, entries=entries), *events[place + 1 :]]


@_red("hole")
def number_skipped(events: Events, random: Random) -> Events:
    """The owner leaves out a number while somebody is away, who is shown a tombstone in its place all the same."""
    group, _, entry = _away(events, random)
    return shifted(events, group, entry.seq, 1)


@_red("marks")
def mark_lowered(events: Events, random: Random) -> Events:
    """A device is told how far a member of a group has read, then less."""
    places = [place for place in places_of(events, e.Marked) if getattr(events[place], "conversation", "")[0] == "g"]
    place = pick([place for place in places if getattr(events[place], "read", 0) > 1], random)
    marked = events[place]
    assert isinstance(marked, e.Marked)
    return [*events[: place + 1], replace(marked, read=marked.read - 1), *events[place + 1 :]]


@_red("membership")
def left_without_an_owner(events: Events, random: Random) -> Events:
    """The last owner becomes a member."""
    _, entry = _link(events, random)
    return _instead(events, entry, entry.sender, e.Change("role_changed", (entry.sender,), "member"))


@_red("membership")
def acted_without_rank(events: Events, random: Random) -> Events:
    """A member does what is for admins."""
    group, entry = _link(events, random)
    others = {one.sender for _, one in _numbered(events, group)} - {entry.sender}
    founding = next(one.change for _, one in _numbered(events, group) if one.seq == 1)
    assert founding is not None
    return _instead(events, entry, pick(sorted(others & {founding.users[0]}), random), e.Change("invite_made"))


def _entries(event: e.Event) -> list[e.Sighting]:
    """Return the entries of a page of a group."""
    return event.entries if isinstance(event, e.Page) and event.conversation.startswith("g") else []


def _numbered(events: Events, group: str = "g") -> list[tuple[str, e.Sighting]]:
    """Return what stands in groups' logs, each once, in order."""
    found: dict[tuple[str, int], e.Sighting] = {}
    for event in events:
        if isinstance(event, e.Live) and event.conversation.startswith(group) and event.entry.content is not None:
            found.setdefault((event.conversation, event.entry.seq), event.entry)
    return [(where, found[where, seq]) for where, seq in sorted(found)]


def _link(events: Events, random: Random) -> tuple[str, e.Sighting]:
    """Choose the making of a link that was accepted, on which nobody's membership depends."""
    known = {event.message for event in events if isinstance(event, e.Ok)}
    made = [
        (group, one) for group, one in _numbered(events) if one.change is not None and one.change.kind == "invite_made"
    ]
    return pick([(group, one) for group, one in made if one.message in known], random)


def _away(events: Events, random: Random) -> tuple[str, str, e.Sighting]:
    """Choose a group, somebody who is away, and a post meanwhile that is not the last thing before they are back."""
    choice: list[tuple[str, str, e.Sighting]] = []
    log = _numbered(events)
    away: dict[str, str] = {}
    for (group, one), (following, after) in pairwise(log):
        if one.change is not None and one.change.kind in GOES:
            away[group] = (one.change.users or (one.sender,))[0]
        elif one.change is not None and one.change.kind in ENTERS:
            away.pop(group, None)
        elif (
            one.change is None
            and group in away
            and following == group
            and (after.change is None or after.change.kind not in ENTERS)
        ):
            choice.append((group, away[group], one))
    return pick(choice, random)


def _instead(events: Events, entry: e.Sighting, author: str, change: e.Change) -> Events:
    """Let somebody have done something else in the place of a change."""
    ops = {event.op for event in events if isinstance(event, e.Ok) and event.message == entry.message}
    done = next(event for event in events if isinstance(event, e.Invoke) and event.op in ops)
    changed = everywhere(
        events,
        lambda _, one: [replace(one, sender=author, change=change)] if one.content == entry.content else [one],
    )
    return [replace(event, user=author, change=change) if event is done else event for event in changed]
