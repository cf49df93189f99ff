"""What one wants of a conversation is the same on a device at home and on one that travels."""

import asyncio
from collections.abc import Awaitable, Callable

from chaos.federation import Federation
from chaos.people import Person
from region.client import PreferencesChange, Preferred, Stage

MakePerson = Callable[..., Awaitable[Person]]


def told(person: Person) -> list[tuple[str | None, int]]:
    """The drafts and versions that a device was told."""
    return [
        (event.preferences.draft, event.preferences.version) for event in person.events if isinstance(event, Preferred)
    ]


def marks(person: Person) -> list[bool]:
    """Whether it was marked as unread, by each that a device was told."""
    return [event.preferences.marked_unread for event in person.events if isinstance(event, Preferred)]


async def test_a_draft_goes_on_where_one_is(make_person: MakePerson, whole: Federation) -> None:
    """Live through another region; and after that region was cut off, as soon as it is back."""
    home, alice = await make_person("eu"), await make_person("us")
    away = await make_person("eu", via="ap", like=home)
    await home.write("hello", alice)
    conversation = (await away.sees("hello")).conversation_id

    await home.client.prefer(conversation, PreferencesChange(draft="I will", archived=True))
    await away.until(lambda: told(away) == [("I will", 1)])

    await whole.act("local", "cut", "eu-ap")
    await home.client.prefer(conversation, PreferencesChange(draft="I will be there", version=1))
    await whole.act("local", "heal")
    await away.until(lambda: ("I will be there", 2) in told(away))
    assert await away.client.preferences(conversation) == await home.client.preferences(conversation)
    async with asyncio.timeout(60):
        [listed] = [one async for one in alice.client.conversations()]
    assert listed.preferences is None


async def test_what_is_marked_unread_is_so_on_all_of_ones_devices(make_person: MakePerson) -> None:
    """Told live, also through another region, shown in the list, and taken back; what is unread and its marks stay as they are."""
    home, alice = await make_person("eu"), await make_person("us")
    away = await make_person("eu", via="ap", like=home)
    handle = await alice.write("read me", home)
    conversation = (await home.sees("read me")).conversation_id
    await asyncio.wait_for(handle.reach(Stage.READ), 60)

    for marked in (True, False):
        await home.client.prefer(conversation, PreferencesChange(marked_unread=marked))
        await away.until(lambda: marks(away)[-1:] == [marked])  # noqa: B023 — awaited at once
        for device in (home, away):
            [listed] = [one async for one in device.client.conversations()]
            assert listed.preferences is not None
            assert (listed.preferences.marked_unread, listed.unread) == (marked, 0)
    [other] = [one async for one in alice.client.conversations()]
    assert other.preferences is None
