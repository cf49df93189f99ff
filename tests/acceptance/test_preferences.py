"""What one wants of a conversation is the same on a device at home and on one that travels."""

import asyncio
from collections.abc import Awaitable, Callable

from chaos.federation import Federation
from chaos.people import Person
from region.client import PreferencesChange, Preferred

MakePerson = Callable[..., Awaitable[Person]]


def told(person: Person) -> list[tuple[str | None, int]]:
    """The drafts and versions that a device was told."""
    return [
        (event.preferences.draft, event.preferences.version) for event in person.events if isinstance(event, Preferred)
    ]


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
