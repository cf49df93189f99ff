"""What one deletes for oneself is gone on a device at home and on one that travels, and stays for everybody else."""

import asyncio
from collections.abc import Awaitable, Callable

from chaos.federation import Federation
from chaos.people import Person
from region.client import Concealed, Page

MakePerson = Callable[..., Awaitable[Person]]


async def texts(person: Person, conversation: str) -> list[str]:
    """What somebody's history says, the newest first."""
    async with asyncio.timeout(60):
        page: Page = await person.client.history(conversation=conversation)
    return [message.text for message in page.messages if message.kind != "hidden"]


def told(person: Person) -> list[tuple[int, int]]:
    """The runs that a device was told."""
    return [run for event in person.events if isinstance(event, Concealed) for run in event.seqs or ()]


async def test_a_message_is_gone_wherever_one_is(make_person: MakePerson, whole: Federation) -> None:
    """Live through another region; and after that region was cut off, as soon as it is back."""
    home, alice = await make_person("eu"), await make_person("us")
    away = await make_person("eu", via="ap", like=home)
    await alice.write("one", home)
    await alice.write("two", home)
    one, two = await away.sees("one"), await away.sees("two")

    await home.client.messages.delete_for_me(one.message_id)
    await away.until(lambda: Concealed(one.conversation_id, [(1, 1)]) in away.events)
    await whole.act("local", "cut", "eu-ap")
    await home.client.messages.delete_for_me(two.message_id)
    await whole.act("local", "heal")
    await away.until(lambda: (1, 2) in told(away) or (2, 2) in told(away))

    for person in (home, away):
        assert await texts(person, one.conversation_id) == []
    assert await texts(alice, one.conversation_id) == ["two", "one"]
