"""Searching in one's own history over three regions, from outside: found wherever it may be seen, as it is by now."""

import asyncio
import secrets
from collections.abc import Callable

from chaos.people import Person
from region.client import Message

MakePerson = Callable[..., "asyncio.Future[Person]"]
PATIENCE = 120.0


async def post(person: Person, text: str, conversation: str) -> Message:
    """Send into a group, and wait until it is numbered."""
    handle = await person.client.send(text, conversation=conversation)
    return await asyncio.wait_for(handle.outcome(), PATIENCE)


async def found(person: Person, query: str) -> list[str]:
    """Return the texts that somebody finds."""
    return [hit.message.text async for hit in person.client.history_search.walk(query)]


async def finds(person: Person, query: str, *texts: str) -> None:
    """Wait until somebody finds just that: what others did is on its way between regions."""
    async with asyncio.timeout(PATIENCE):
        while sorted(await found(person, query)) != sorted(texts):  # noqa: ASYNC110 — a home that learns of it raises no event
            await asyncio.sleep(0.1)


async def test_a_message_is_found_in_every_region_by_who_may_see_it(make_person: MakePerson) -> None:
    """By its present words alone, before and after an edit, a deletion and a removal; and it leads to what is around it."""
    alice, eva, aki = [await make_person(region) for region in ("us", "eu", "ap")]
    traveller = await make_person("ap", via="us")
    stranger = await make_person("eu")
    word = f"q{secrets.token_hex(8)}"
    group = (await alice.client.groups.create("Travellers", eva.id, aki.id, traveller.id)).group_id
    everybody = (alice, eva, aki, traveller)
    for person in everybody:
        await person.shows(group, 1)

    await post(alice, "before", group)
    said = await post(eva, f"Café {word} frist", group)
    await post(aki, "behind", group)
    other = await post(aki, f"{word} other", group)
    for person in everybody:
        await finds(person, f"cafe {word.upper()}", f"Café {word} frist")
        (hit,) = (await person.client.history_search.page(f"{word} frist")).hits
        assert [hit.message.text[one.offset : one.offset + one.length] for one in hit.matches] == [word, "frist"]
        around = await person.client.history_search.around(hit, limit=1)
        assert [message.text for message in around] == ["before", f"Café {word} frist", "behind"]
    assert await found(stranger, word) == []

    await eva.client.messages.edit(said.message_id, f"Café {word} first")
    for person in everybody:
        await finds(person, f"{word} first", f"Café {word} first")
        assert await found(person, f"{word} frist") == []

    await alice.client.groups.remove(group, aki.id)
    await finds(aki, word, f"Café {word} first", f"{word} other")
    await asyncio.wait_for(aki.until(lambda: any(m.kind == "member_removed" for m in aki.screen[group])), PATIENCE)
    late = await post(alice, f"{word} late", group)
    for person in (alice, eva, traveller):
        await finds(person, f"{word} late", f"{word} late")
    await alice.client.messages.delete(other.message_id)
    for person in (alice, eva, traveller):
        await finds(person, word, f"Café {word} first", f"{word} late")
    assert late.text not in await found(aki, word)
    assert await found(stranger, word) == []
