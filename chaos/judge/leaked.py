"""Faults planted in the channels of a good ledger, each with the checkers that must find it, and no other; see `planted`."""

from collections.abc import Callable
from itertools import pairwise
from random import Random

from msgspec.structs import replace

from chaos.judge import events as e
from chaos.judge.channels import is_channel
from chaos.judge.grafting import Events, everywhere, pick, places_of, said_by, settling, shifted
from chaos.judge.groups import ENTERS, GOES
from chaos.judge.planted import Plant, Planted

LEAKED: dict[str, Planted] = {}


def _red(*checkers: str) -> Callable[[Plant], Plant]:
    def register(plant: Plant) -> Plant:
        LEAKED[plant.__name__] = Planted(plant, frozenset(checkers))
        return plant

    return register


@_red("entitlement")
def shown_after_unsubscribing(events: Events, random: Random) -> Events:
    """A device of somebody who has left is sent what is posted before they are back, who may read it then."""
    choice = []
    for channel, who, posts in _absences(events):
        for post in posts:
            place = next(
                place for place, event in enumerate(events)
                if isinstance(event, e.Live) and event.conversation == channel and event.entry.seq == post.seq
            )  # fmt: skip
            connection = _connection(events[:place], who)
            returns = [
                event for event in events[:place]
                if isinstance(event, e.Invoke) and event.conversation == channel and event.user == who
                and event.change is not None and event.change.kind in ENTERS
            ]  # fmt: skip

            if connection and len(returns) == _returned(events, channel, who, post.seq):
                choice.append((place, connection))
    place, connection = pick(choice, random)
    live = events[place]
    assert isinstance(live, e.Live)
    return [*events[: place + 1], replace(live, connection=connection), *events[place + 1 :]]


@_red("entitlement")
def posted_by_a_subscriber(events: Events, random: Random) -> Events:
    """The owner numbers a post of somebody who only subscribes."""
    absent = {(channel, post.seq) for channel, _, posts in _absences(events) for post in posts}
    guests = {channel: who for channel, who, _ in _absences(events)}
    choice = [
        (where, one) for where, one in _numbered(events)
        if one.change is None and where in guests and (where, one.seq) not in absent
    ]  # fmt: skip
    channel, post = pick(choice, random)
    return said_by(events, channel, post, guests[channel])


@_red("lost")
def stood_for_by_the_next(events: Events, random: Random) -> Events:
    """A history lacks a post, and the next one stands for it, as if nobody was to see it."""
    choice = [
        (place, one, other)
        for place in places_of(events, e.Page) if place > settling(events)
        for one, other in pairwise(_posts(events[place]))
    ]  # fmt: skip
    place, one, other = pick(choice, random)
    page = events[place]
    assert isinstance(page, e.Page)
    entries = [replace(entry, from_seq=one.first) if entry is other else entry for entry in page.entries]
    return [
        *events[:place],
        replace(page, entries=[entry for entry in entries if entry is not one]),
        *events[place + 1 :],
    ]


@_red("stream", "lost")
def post_not_sent(events: Events, random: Random) -> Events:
    """A device is not sent a post, nor told that it lacks one, and goes on with the next."""
    lives: dict[tuple[str, str], list[int]] = {}
    for place, event in enumerate(events[: settling(events)]):
        if isinstance(event, e.Live) and is_channel(event.conversation):
            lives.setdefault((event.connection, event.conversation), []).append(place)
    often: dict[tuple[str, str, int], int] = {}
    for event in events:
        if isinstance(event, e.Live):
            told = event.connection.partition(".")[0], event.conversation, event.entry.seq
            often[told] = often.get(told, 0) + 1
    choice = []
    for places in lives.values():
        for place in places[1:-1]:
            live = events[place]
            assert isinstance(live, e.Live)
            told = live.connection.partition(".")[0], live.conversation, live.entry.seq
            if live.entry.change is None and often[told] == 1:
                choice.append(place)
    place = pick(choice, random)
    return [*events[:place], *events[place + 1 :]]


@_red("hole")
def number_skipped(events: Events, random: Random) -> Events:
    """The owner leaves out a number, which the next post stands for as if somebody had come or gone."""
    numbered = _numbered(events)
    posts = [
        (where, one) for (where, one), (following, _) in pairwise(numbered) if one.change is None and where == following
    ]
    channel, post = pick(posts, random)

    def stands_for_it(where: str, one: e.Sighting) -> list[e.Sighting]:
        next_one = where == channel and one.change is None and one.content is not None and one.seq > post.seq + 1
        before = [seq for at, shown in numbered if at == channel and shown.change is None for seq in (shown.seq,)]
        first = next_one and not any(post.seq < seq < one.seq - 1 for seq in before)
        return [replace(one, from_seq=post.seq + 1)] if first else [one]

    return everywhere(shifted(events, channel, post.seq, 1), stands_for_it)


@_red("marks")
def receipt_told(events: Events, random: Random) -> Events:
    """Somebody is told that a post was read."""
    choice = [
        place for place in places_of(events, e.Live)
        if is_channel(getattr(events[place], "conversation", "")) and _live(events[place]).entry.change is None
    ]  # fmt: skip
    place = pick(choice, random)
    live = _live(events[place])
    told = replace(live, entry=replace(live.entry, status="read"))
    return [*events[:place], told, *events[place + 1 :]]


@_red("membership")
def removed_by_a_poster(events: Events, random: Random) -> Events:
    """A poster removes a subscriber, which is for owners."""
    choice = [
        (where, one)
        for where, one in _numbered(events)
        if one.change is not None and one.change.kind == "member_removed"
    ]
    channel, removal = pick(choice, random)
    poster = next(
        one.change.users[0] for where, one in _numbered(events)
        if where == channel and one.change is not None and one.change.kind == "role_changed"
    )  # fmt: skip
    ops = {event.op for event in events if isinstance(event, e.Ok) and event.message == removal.message}
    theirs = everywhere(
        events, lambda _, one: [replace(one, sender=poster)] if one.message == removal.message else [one]
    )
    return [
        replace(event, user=poster) if isinstance(event, e.Invoke) and event.op in ops else event for event in theirs
    ]


def _live(event: e.Event) -> e.Live:
    assert isinstance(event, e.Live)
    return event


def _posts(event: e.Event) -> list[e.Sighting]:
    """Return the posts of a page of a channel."""
    if not isinstance(event, e.Page) or not is_channel(event.conversation):
        return []
    return [one for one in event.entries if one.content is not None and one.change is None]


def _numbered(events: Events) -> list[tuple[str, e.Sighting]]:
    """Return what stands in channels' logs, each once, in order."""
    found: dict[tuple[str, int], e.Sighting] = {}
    for event in events:
        shown = [event.entry] if isinstance(event, e.Live) else event.entries if isinstance(event, e.Page) else []
        for one in shown:
            if is_channel(getattr(event, "conversation", "")) and one.content is not None:
                found.setdefault((getattr(event, "conversation", ""), one.seq), one)
    return [(where, found[where, seq]) for where, seq in sorted(found)]


def _absences(events: Events) -> list[tuple[str, str, list[e.Sighting]]]:
    """Return of each time that somebody was away from a channel what was posted meanwhile."""
    found: list[tuple[str, str, list[e.Sighting]]] = []
    away: dict[str, tuple[str, str, list[e.Sighting]]] = {}
    for channel, one in _numbered(events):
        if one.change is not None and one.change.kind in GOES:
            away[channel] = channel, (one.change.users or (one.sender,))[0], []
            found.append(away[channel])
        elif one.change is not None and one.change.kind in ENTERS:
            away.pop(channel, None)
        elif one.change is None and channel in away:
            away[channel][2].append(one)
    return found


def _returned(events: Events, channel: str, who: str, seq: int) -> int:
    """Return how often somebody had subscribed below that seq."""
    return sum(
        where == channel
        and one.seq < seq
        and one.sender == who
        and one.change is not None
        and one.change.kind in ENTERS
        for where, one in _numbered(events)
    )


def _connection(events: Events, user: str) -> str:
    """Return the connection of a user's device at the end of these events; nothing if it has none."""
    opened = ""
    for event in events:
        if isinstance(event, e.Opened) and event.user == user:
            opened = event.connection
        elif isinstance(event, e.Closed) and event.connection == opened:
            opened = ""
    return opened
