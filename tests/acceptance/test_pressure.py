"""A device that reads nothing, and a store that stands still: others go on, and what was accepted arrives."""

import asyncio
import secrets
from collections.abc import Callable

import httpx

from chaos.federation import Federation
from chaos.people import Person
from chaos.pressure.abusers import Deaf
from region.client import Stage

MakePerson = Callable[..., "asyncio.Future[Person]"]
As = Callable[[Person], dict[str, str]]
LIMIT_SECONDS = 120.0
MUCH = 450
LARGE = 15_000


async def test_a_device_that_reads_nothing_is_cut_off_and_its_user_misses_nothing(
    make_person: MakePerson, urls: dict[str, str]
) -> None:
    """More is sent to it than may wait for one device; the user's other device is shown all of it meanwhile."""
    alice, boris = await make_person("us"), await make_person("us")
    opening = await alice.write("opening", boris)
    await opening.reach(Stage.READ)
    deaf = Deaf(urls["us"], boris.client.tokens.access_token)

    async with deaf.connected(), asyncio.timeout(LIMIT_SECONDS):
        for _ in range(MUCH):
            await alice.write(secrets.token_hex(LARGE // 2), boris)
        await boris.shows(opening.conversation_id, MUCH + 1, within=LIMIT_SECONDS)
        while not deaf.cut:  # noqa: ASYNC110 — only the kernel knows
            await asyncio.sleep(0.05)

    assert boris.texts(opening.conversation_id) == alice.texts(opening.conversation_id)


async def test_while_the_store_stands_still_sends_are_accepted_and_requests_told_the_truth(
    make_person: MakePerson, whole: Federation, http: httpx.AsyncClient, urls: dict[str, str], as_: As
) -> None:
    """A WebSocket's send needs the journal alone; a request's outcome is unknown, and repeating it later settles it."""
    alice, boris = await make_person("us"), await make_person("us")
    opening = await alice.write("opening", boris)
    await opening.reach(Stage.READ)
    await whole.act("local", "pause", "us/postgres")

    handles = [await alice.write(f"sent {number}", boris) for number in range(10)]
    for handle in handles:
        await asyncio.wait_for(handle.reach(Stage.ACCEPTED), LIMIT_SECONDS)
    body = {"recipient_id": boris.id, "text": "posted", "client_message_id": "posted"}
    answer = await http.post(f"{urls['us']}/messages", json=body, headers=as_(alice))
    assert (answer.status_code, answer.json()["code"]) == (503, "outcome-unknown")
    assert int(answer.headers["Retry-After"]) > 0
    assert all(handle.stage < Stage.NUMBERED for handle in handles)
    await whole.act("local", "resume", "us/postgres")

    again = await http.post(f"{urls['us']}/messages", json=body, headers=as_(alice))
    assert again.status_code in {200, 201}
    await boris.shows(opening.conversation_id, 12, within=LIMIT_SECONDS)
    assert sorted(boris.texts(opening.conversation_id)) == sorted(
        ["opening", "posted", *(f"sent {number}" for number in range(10))]
    )
