"""Faults planted in what a good ledger says of altered messages; see `planted`."""

from collections.abc import Callable
from random import Random

from msgspec.structs import replace

from chaos.judge import events as e
from chaos.judge.grafting import Events, everywhere, pick, settling, sightings
from chaos.judge.planted import Plant, Planted

MANGLED: dict[str, Planted] = {}


def _alone(plant: Plant) -> Plant:
    MANGLED[plant.__name__] = Planted(plant, frozenset({"alterations"}))
    return plant


@_alone
def edit_without_effect(events: Events, random: Random) -> Events:
    """One history shows a message as it was sent, though it was edited."""
    return _in_one_history(
        events, random, lambda one: one.edited > 0,
        lambda entry, first: replace(entry, content=first, aftermath=None),
    )  # fmt: skip


@_alone
def deleted_and_still_there(events: Events, random: Random) -> Events:
    """One history shows what was deleted."""
    return _in_one_history(
        events, random, lambda one: one.emptied,
        lambda entry, first: replace(entry, content=first, aftermath=None),
    )  # fmt: skip


@_alone
def gone_in_one_history(events: Events, random: Random) -> Events:
    """One history shows nothing of a message that was edited, and never deleted."""
    return _in_one_history(
        events, random, lambda one: one.edited > 0,
        lambda entry, _: replace(entry, aftermath=e.Aftermath(emptied=True)),
    )  # fmt: skip


@_alone
def reaction_forgotten(events: Events, random: Random) -> Events:
    """One history lacks a reaction."""
    return _in_one_history(
        events, random, lambda one: bool(one.reacted),
        lambda entry, _: replace(entry, aftermath=replace(entry.aftermath or e.Aftermath(), reacted=())),
    )  # fmt: skip


@_alone
def older_edit_shown(events: Events, random: Random) -> Events:
    """One history shows the text of an edit before the last one, as if edits were taken in as they come."""
    texts: dict[str, dict[int, str]] = {}
    for _, entry in _seen(events):
        if entry.change is not None and entry.change.text:
            texts.setdefault(entry.change.target, {})[entry.seq] = entry.change.text

    def older(entry: e.Sighting, _: str) -> e.Sighting:
        seq, text = min(texts[entry.message].items())
        return replace(entry, content=text, aftermath=replace(entry.aftermath or e.Aftermath(), edited=seq))

    twice = {message for message, of_it in texts.items() if len(of_it) > 1}
    return _in_one_history(events, random, lambda one: one.edited > 0, older, among=twice)


@_alone
def text_never_given(events: Events, random: Random) -> Events:
    """An edit has another text than its author gave, for everybody."""
    entry = _edit(events, random)
    assert entry.change is not None
    text, other = entry.change.text, "0" * 16

    def change(_: str, one: e.Sighting) -> list[e.Sighting]:
        if one.change is not None and one.change.text == text:
            return [replace(one, change=replace(one.change, text=other))]
        return [replace(one, content=other)] if one.content == text else [one]

    return everywhere(events, change)


@_alone
def edited_by_another(events: Events, random: Random) -> Events:
    """Somebody edits what another has sent, and the owner lets them."""
    entry = _edit(events, random)
    assert entry.change is not None
    text = entry.change.text
    where = next(where for where, one in _seen(events) if one.message == entry.message)
    people = {event.user for event in events if isinstance(event, e.Member) and event.conversation == where}
    other = pick(sorted(people - {entry.sender}), random)
    made = [
        event for event in events
        if isinstance(event, e.Invoke) and event.change is not None and event.change.text == text
    ]  # fmt: skip
    changed = everywhere(events, lambda _, one: [replace(one, sender=other)] if one.message == entry.message else [one])
    return [replace(event, user=other) if event in made else event for event in changed]


def _seen(events: Events) -> list[tuple[str, e.Sighting]]:
    return [pair for event in events for pair in sightings(event)]


def _edit(events: Events, random: Random) -> e.Sighting:
    """Choose an edit whose author was told its id."""
    told = {event.message for event in events if isinstance(event, e.Ok)}
    edits = {
        one.message: one
        for _, one in _seen(events)
        if one.change is not None and one.change.text and one.message in told
    }
    return edits[pick(sorted(edits), random)]


def _in_one_history(
    events: Events,
    random: Random,
    wanted: Callable[[e.Aftermath], bool],
    instead: Callable[[e.Sighting, str], e.Sighting],
    *,
    among: set[str] | None = None,
) -> Events:
    """Let one whole history show one message otherwise: given that and the digest of what it said at first."""
    firsts = {
        event.change.target: event.change.of
        for event in events
        if isinstance(event, e.Invoke) and event.change is not None
    }
    choice = [
        (place, entry)
        for place, event in enumerate(events) if place > settling(events) and isinstance(event, e.Page)
        for entry in event.entries
        if entry.aftermath is not None and wanted(entry.aftermath) and (among is None or entry.message in among)
    ]  # fmt: skip
    place, entry = pick(choice, random)
    page = events[place]
    assert isinstance(page, e.Page)
    entries = [instead(one, firsts[one.message]) if one is entry else one for one in page.entries]
    return [*events[:place], replace(page, entries=entries), *events[place + 1 :]]
