"""Presence and typing over three regions, from outside: told wherever people are, not behind a cut link, and again once it is mended."""

import asyncio
from collections.abc import Awaitable, Callable

from chaos.federation import Federation
from chaos.people import Person
from region.client import Types, Watched

MakePerson = Callable[..., Awaitable[Person]]
PATIENCE = 60.0


async def befriend(one: Person, other: Person) -> None:
    """Make friends, and wait until both homes know it."""
    await one.client.friends.ask(other.id)
    async with asyncio.timeout(PATIENCE):
        while not (await other.client.friends.list()).incoming:  # noqa: ASYNC110 — it is asked over HTTP
            await asyncio.sleep(0.1)
        await other.client.friends.accept(one.id)
        for person in (one, other):
            while not (await person.client.friends.list()).friends:  # noqa: ASYNC110 — each is asked over HTTP
                await asyncio.sleep(0.1)


async def listed(viewer: Person) -> dict[str, str]:
    """How a person's friends are there, by the list and by asking for each, which say the same."""
    friends = (await viewer.client.friends.list()).friends
    asked = await viewer.client.friends.presence([friend.user_id for friend in friends])
    by_list = {friend.user_id: friend.presence for friend in friends}
    return {user: state if asked[user].presence == state else "they differ" for user, state in by_list.items()}


async def becomes(viewer: Person, wanted: dict[str, str]) -> None:
    """Wait until a person's friends are there so."""
    async with asyncio.timeout(PATIENCE):
        while await listed(viewer) != wanted:  # noqa: ASYNC110 — another region raises no event
            await asyncio.sleep(0.1)


def shown(viewer: Person) -> dict[str, str]:
    """How those are there whom a person watches, as the screen says."""
    return {event.user_id: event.presence for event in viewer.events if isinstance(event, Watched)}


async def test_presence_of_friends_in_other_regions_is_told_lost_and_found_again(
    make_person: MakePerson, whole: Federation
) -> None:
    """Through whatever region somebody is connected; a link that is cut makes those behind it unknown, and nobody else."""
    alice, eva, traveller = await make_person("us"), await make_person("eu"), await make_person("ap", via="us")
    stranger = await make_person("ap")
    await befriend(alice, eva)
    await befriend(alice, traveller)
    await becomes(alice, {traveller.id: "online", eva.id: "online"})
    await becomes(eva, {alice.id: "online"})
    await becomes(traveller, {alice.id: "online"})
    assert (await stranger.client.friends.presence([alice.id]))[alice.id].presence == "unknown"
    alice.client.watch([eva.id, traveller.id])
    await alice.until(lambda: shown(alice) == {eva.id: "online", traveller.id: "online"})

    await whole.act("local", "cut", "us-eu")
    await becomes(alice, {traveller.id: "online", eva.id: "unknown"})
    await becomes(eva, {alice.id: "unknown"})
    await alice.until(lambda: shown(alice) == {eva.id: "unknown", traveller.id: "online"})
    await whole.act("local", "heal")
    await becomes(alice, {traveller.id: "online", eva.id: "online"})
    await becomes(eva, {alice.id: "online"})
    await alice.until(lambda: shown(alice) == {eva.id: "online", traveller.id: "online"})


async def test_who_leaves_is_offline_since_then_and_who_is_blocked_learns_nothing(make_person: MakePerson) -> None:
    """In another region."""
    alice, eva = await make_person("us"), await make_person("eu")
    await befriend(alice, eva)
    await becomes(alice, {eva.id: "online"})
    await eva.client.friends.block(alice.id)
    assert (await alice.client.friends.presence([eva.id]))[eva.id].presence == "unknown"
    await eva.client.friends.unblock(alice.id)
    await becomes(alice, {eva.id: "online"})

    gone = eva.id  # who is logged out is nobody any more
    await eva.client.log_out()
    await becomes(alice, {gone: "offline"})
    (friend,) = (await alice.client.friends.list()).friends
    assert friend.last_seen is not None


async def type_until_seen(writer: Person, conversation_id: str, readers: list[Person]) -> None:
    """Press keys until everybody's screen shows it."""
    async with asyncio.timeout(PATIENCE):
        while not all(writer.id in reader.client.typists.of(conversation_id) for reader in readers):
            writer.client.typists.tell(conversation_id)
            await asyncio.sleep(0.1)


async def test_who_types_is_seen_in_all_regions_ends_by_itself_and_stops_at_a_cut_link(
    make_person: MakePerson, whole: Federation
) -> None:
    """In a group of three regions; whoever is not cut off sees it all the same."""
    people = [await make_person(region) for region in ("us", "eu", "ap")]
    alice, eva, ana = people
    group = await alice.client.groups.create("Typing", eva.id, ana.id)
    for person in people:
        await person.until(lambda person=person: bool(person.screen[group.group_id]))  # type: ignore[misc]
    for writer in people:
        await type_until_seen(writer, group.group_id, [person for person in people if person is not writer])
    async with asyncio.timeout(PATIENCE):
        while any(person.client.typists.of(group.group_id) for person in people):  # noqa: ASYNC110 — nobody says that it is over
            await asyncio.sleep(0.1)

    await whole.act("local", "cut", "us-eu")
    before = len([event for event in eva.events if isinstance(event, Types)])
    await type_until_seen(alice, group.group_id, [ana])
    assert len([event for event in eva.events if isinstance(event, Types)]) == before
    await whole.act("local", "heal")
    await type_until_seen(alice, group.group_id, [eva, ana])
