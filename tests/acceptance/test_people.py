"""Finding people in all regions, and without the one that cannot be reached."""

import asyncio
import contextlib
import secrets
from collections.abc import Awaitable, Callable

from chaos.federation import Federation
from chaos.people import Person
from region.client import ChangedProfile, Client

MakePerson = Callable[..., Awaitable[Person]]


async def everybody(client: Client, query: str, *, limit: int) -> tuple[list[str], set[str]]:
    """Return who is found, page by page, and which regions did not answer for any page."""
    found: list[str] = []
    missing: set[str] = set()
    cursor: str | None = None
    while True:
        page = await client.search(query, limit=limit, cursor=cursor)
        found += [user.user_id for user in page.users]
        missing |= set(page.incomplete)
        if (cursor := page.next) is None:
            return found, missing


async def test_people_of_all_regions_are_found_and_a_region_that_is_cut_off_is_named(
    make_person: MakePerson, whole: Federation
) -> None:
    """The best match first, wherever somebody lives; and what was missing is there again after healing."""
    word = f"q{secrets.token_hex(6)}"
    us, eu, ap = [await make_person(home) for home in ("us", "eu", "ap")]
    traveller = await make_person("ap", via="us")
    await us.client.change_profile(display_name=f"{word}s At Home")
    await eu.client.change_profile(display_name=f"Dr. {word.title()}")
    await ap.client.change_profile(display_name=word)
    order = [ap.id, eu.id, us.id]

    for somebody in (us, eu, traveller):
        for limit in (1, 2, 20):
            assert await everybody(somebody.client, word.upper(), limit=limit) == (order, set())

    await ap.client.change_profile(display_name=f"Very {word}", status_text="Moved down")
    assert (await us.client.user(ap.id)).status_text == "Moved down"
    order = [eu.id, ap.id, us.id]
    assert await everybody(eu.client, word, limit=1) == (order, set())

    await whole.act("local", "cut", "us-ap")
    assert await everybody(us.client, word, limit=20) == ([eu.id, us.id], {"ap"})
    assert await everybody(eu.client, word, limit=20) == (order, set())
    await whole.act("local", "heal")
    async with asyncio.timeout(60):
        while await everybody(us.client, word, limit=20) != (order, set()):  # noqa: ASYNC110 — another region raises no event
            await asyncio.sleep(0.1)


async def test_friends_and_members_in_other_regions_are_told_that_a_profile_has_changed(
    make_person: MakePerson,
) -> None:
    """Who talks to somebody and who is in a group with them; by then the new name is there to be asked for."""
    alice, boris, aki, stranger = [await make_person(home) for home in ("us", "eu", "ap", "eu")]
    await alice.write("hello", boris)
    await boris.sees("hello")
    group = (await alice.client.groups.create("Travellers", aki.id)).group_id
    await aki.shows(group, 1)
    told = ChangedProfile(alice.id)
    for attempt in range(20):  # it is dropped while a machine has too much to do, and told again with the next change
        await alice.client.change_profile(display_name=f"Alice {attempt}")
        with contextlib.suppress(TimeoutError):
            for person in (boris, aki):
                await person.until(lambda: told in person.events, within=5.0)  # noqa: B023 — awaited at once
            break
    for person in (boris, aki):
        assert told in person.events
        assert (await person.client.user(alice.id)).display_name.startswith("Alice ")
    assert told not in stranger.events
