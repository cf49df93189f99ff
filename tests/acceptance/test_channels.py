"""Channels over three regions, from outside: one log everywhere, live and after returning, and nobody sees beyond their subscription."""

import asyncio
import secrets
from collections.abc import Callable

import httpx
import pytest

from chaos.federation import Federation
from chaos.people import Person
from region.client import Message, ProblemError

MakePerson = Callable[..., "asyncio.Future[Person]"]
As = Callable[[Person], dict[str, str]]
RECOVERY_SECONDS = 120.0


async def post(person: Person, channel: str, text: str) -> Message:
    """Post, and wait until it is numbered."""
    handle = await person.client.send(text, conversation=channel)
    return await asyncio.wait_for(handle.outcome(), RECOVERY_SECONDS)


async def texts(person: Person, channel: str) -> list[str]:
    """The whole history as the person may see it, the oldest first."""
    walked = [message async for message in person.client.walk(conversation=channel, forward=True)]
    return [message.text for message in walked if message.text]


async def subscribe(person: Person, channel: str, token: str | None = None) -> None:
    """Subscribe, and wait until the owner has said so."""
    await person.client.channels.subscribe(channel, token)
    await person.until(lambda: any(one.kind == "member_joined" for one in person.screen[channel]))


async def test_a_post_is_on_the_screens_of_three_regions(make_person: MakePerson) -> None:
    """What was posted before somebody subscribed is fetched, what comes later is live; all see one order."""
    alice, eva, aki = [await make_person(region) for region in ("us", "eu", "ap")]
    channel = (await alice.client.channels.create("News")).channel_id
    await post(alice, channel, "before anybody")
    await subscribe(eva, channel)
    await post(alice, channel, "before Aki")
    await subscribe(aki, channel)
    await post(alice, channel, "to all")
    for person in (alice, eva, aki):
        await person.sees("to all")
        assert await texts(person, channel) == ["before anybody", "before Aki", "to all"]
    assert (await aki.client.channels.get(channel)).subscriber_count == 3


async def test_a_poster_elsewhere_and_a_new_owner(make_person: MakePerson) -> None:
    """Roles are judged by the owner's region, wherever somebody lives."""
    alice, eva = await make_person("us"), await make_person("eu")
    channel = (await alice.client.channels.create("News")).channel_id
    await subscribe(eva, channel)
    await alice.client.channels.give_role(channel, eva.id, "owner", hand_over=True)
    await eva.until(lambda: any(one.kind == "role_changed" for one in eva.screen[channel]))
    await post(eva, channel, "mine now")
    await alice.sees("mine now")
    await alice.client.channels.remove(channel, alice.id)
    async with asyncio.timeout(RECOVERY_SECONDS):
        while len(await eva.client.channels.staff(channel)) > 1:  # noqa: ASYNC110 — nobody else is told who goes
            await asyncio.sleep(0.2)
    assert [(one.user_id, one.role) for one in await eva.client.channels.staff(channel)] == [(eva.id, "owner")]


async def test_nobody_sees_a_private_channel_without_a_link(make_person: MakePerson) -> None:
    """From no region; and who was removed sees nothing more."""
    alice, eva, aki = [await make_person(region) for region in ("us", "eu", "ap")]
    channel = (await alice.client.channels.create("Closed", public=False)).channel_id
    await post(alice, channel, "secret")
    for stranger in (eva, aki):
        with pytest.raises(ProblemError) as hidden:
            await texts(stranger, channel)
        assert hidden.value.code == "not-found"
    link = await alice.client.channels.invite(channel)
    await subscribe(eva, channel, link.token)
    assert await texts(eva, channel) == ["secret"]
    await alice.client.channels.remove(channel, eva.id)
    await eva.until(lambda: any(one.kind == "member_removed" for one in eva.screen[channel]))
    await post(alice, channel, "without Eva")
    assert await texts(eva, channel) == ["secret"]


async def test_a_public_channel_is_found_and_looked_into_from_everywhere(
    make_person: MakePerson, http: httpx.AsyncClient, urls: dict[str, str], as_: As
) -> None:
    """By its name, with its posts, from a region that holds nothing of it; and nothing of it rests there by that."""
    alice, aki = await make_person("us"), await make_person("ap")
    word = f"zz{secrets.token_hex(6)}"
    channel = (await alice.client.channels.create(f"All about {word}")).channel_id
    await post(alice, channel, "look at this")
    found = await aki.client.channels.find(word[:8])
    assert ([one.channel_id for one in found.channels], found.incomplete) == ([channel], [])
    assert (await aki.client.channels.get(channel)).subscriber_count == 1
    shown = await http.get(f"{urls['ap']}/channels/{channel}/messages", headers=as_(aki))
    assert [one["text"] for one in shown.json()["messages"]] == ["look at this"]
    assert [one async for one in aki.client.conversations()] == []


async def test_who_has_read_a_post_in_another_region_is_counted(make_person: MakePerson) -> None:
    """By the owner's region, which asks; who subscribes and has not read it is not."""
    alice, eva, edi = await make_person("us"), await make_person("eu"), await make_person("eu", reads=False)
    channel = (await alice.client.channels.create("News")).channel_id
    await subscribe(eva, channel)
    await subscribe(edi, channel)
    said = await post(alice, channel, "read me")
    for person in (eva, edi):
        await person.sees("read me")
    async with asyncio.timeout(RECOVERY_SECONDS):
        while (found := await alice.client.channels.views(said)).views == 0:  # noqa: ASYNC110 — nothing is told of it
            await asyncio.sleep(0.2)
    assert (found.views, found.incomplete) == (1, [])


async def test_posts_of_a_cut_come_when_it_has_healed(make_person: MakePerson, whole: Federation) -> None:
    """A region that was cut off has every post in the end, each once."""
    alice, eva = await make_person("us"), await make_person("eu")
    channel = (await alice.client.channels.create("News")).channel_id
    await subscribe(eva, channel)
    await whole.act("local", "cut", "us-eu")
    try:
        for number in range(5):
            await post(alice, channel, f"cut {number}")
    finally:
        await whole.act("local", "heal", "us-eu")
    await eva.until(lambda: "cut 4" in eva.texts(channel), within=RECOVERY_SECONDS)
    assert [text for text in eva.texts(channel) if text.startswith("cut")] == [f"cut {number}" for number in range(5)]


async def test_what_is_done_to_posts_is_the_same_everywhere(make_person: MakePerson, whole: Federation) -> None:
    """By a poster and an owner of two regions, while a third is cut off; of a deleted one nothing is left, and nobody reacts."""
    alice, eva, aki = [await make_person(region) for region in ("us", "eu", "ap")]
    channel = (await alice.client.channels.create("News")).channel_id
    await subscribe(eva, channel)
    await subscribe(aki, channel)
    await alice.client.channels.give_role(channel, eva.id, "poster")
    await eva.until(lambda: any(one.kind == "role_changed" for one in eva.screen[channel]))
    kept, gone = await post(eva, channel, "frist"), await post(eva, channel, "secret")
    await aki.sees("secret")
    await whole.act("local", "cut", "us-ap")
    try:
        await eva.client.messages.edit(kept.message_id, "first")
        await alice.client.messages.delete(gone.message_id)
        await alice.client.messages.pin(kept.message_id)
    finally:
        await whole.act("local", "heal", "us-ap")
    for person in (alice, eva, aki):
        await person.until(
            lambda: any(one.kind == "message_pinned" for one in person.screen[channel]),  # noqa: B023 — awaited at once
            within=RECOVERY_SECONDS,
        )
        assert await texts(person, channel) == ["first"]
    with pytest.raises(ProblemError) as refused:
        await aki.client.messages.react(kept.message_id, "\N{THUMBS UP SIGN}")
    assert refused.value.code == "not-in-channels"


async def test_who_subscribes_and_who_is_banned_while_a_link_is_cut(make_person: MakePerson, whole: Federation) -> None:
    """After healing all regions show one history; who was banned sees it up to there, and does not come back."""
    alice, eva, aki, edi = [await make_person(region) for region in ("us", "eu", "ap", "eu")]
    channel = (await alice.client.channels.create("News")).channel_id
    await subscribe(eva, channel)
    await subscribe(aki, channel)
    await post(alice, channel, "while all is well")
    await eva.sees("while all is well")
    await whole.act("local", "cut", "us-eu")
    try:
        asked = await edi.client.channels.subscribe(channel)
        assert (asked.seq, asked.queued_for) == (None, "us")
        await alice.client.channels.ban(channel, eva.id)
        await post(alice, channel, "without Eva")
        await aki.sees("without Eva")
        assert "without Eva" not in eva.texts(channel)
    finally:
        await whole.act("local", "heal", "us-eu")
    for person, kind in ((edi, "member_joined"), (eva, "member_banned")):
        await person.until(
            lambda: any(one.kind == kind for one in person.screen[channel]),  # noqa: B023 — awaited at once
            within=RECOVERY_SECONDS,
        )
    await post(alice, channel, "to all who are left")
    for person in (alice, aki, edi):
        await person.sees("to all who are left", within=RECOVERY_SECONDS)
        assert await texts(person, channel) == ["while all is well", "without Eva", "to all who are left"]
    assert await texts(eva, channel) == ["while all is well"]
    assert (await aki.client.channels.get(channel)).subscriber_count == 3

    await eva.client.channels.subscribe(channel, deed="again")
    await eva.until(lambda: bool(eva.refused), within=RECOVERY_SECONDS)
    assert [(one.client_message_id, one.code) for one in eva.refused] == [("again", "banned")]
