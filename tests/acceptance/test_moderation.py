"""A moderator takes a message away that another region numbered, though its author has been removed."""

import asyncio
from collections.abc import Callable

import httpx

from chaos.federation import Federation
from chaos.people import Person

MakePerson = Callable[..., "asyncio.Future[Person]"]
As = Callable[[Person], dict[str, str]]
RECOVERY_SECONDS = 120.0


async def test_a_reported_message_goes_from_all_regions(
    make_person: MakePerson, http: httpx.AsyncClient, urls: dict[str, str], as_: As, whole: Federation
) -> None:
    """Reported from one region, decided where its author lives, judged where the group is; queued while that is cut off."""
    alice, eva, aki = [await make_person(region) for region in ("us", "eu", "ap")]
    moderator = await make_person("eu")
    group = (await alice.client.groups.create("Travellers", eva.id, aki.id)).group_id
    await eva.until(lambda: bool(eva.screen.get(group)))  # her region knows the group
    handle = await eva.client.send("rude", conversation=group)
    said = await asyncio.wait_for(handle.outcome(), RECOVERY_SECONDS)
    await aki.sees("rude")
    await alice.client.groups.remove(group, eva.id)
    await eva.until(lambda: any(one.kind == "member_removed" for one in eva.screen[group]))
    wanted = {"reason": "rude", "message_id": said.message_id}
    assert (await http.post(f"{urls['ap']}/reports", json=wanted, headers=as_(aki))).status_code == 204
    await whole.act("moderate", "moderator", "eu", moderator.id)

    async def queue() -> list[str]:
        found = await http.get(f"{urls['eu']}/moderation/reports", headers=as_(moderator))
        return [one["report_id"] for one in found.json()["reports"] if one["message_id"] == said.message_id]

    async with asyncio.timeout(RECOVERY_SECONDS):
        while not (reports := await queue()):  # noqa: ASYNC110 — another process brings it
            await asyncio.sleep(0.2)
    await whole.act("local", "cut", "us-eu")
    try:
        path = f"{urls['eu']}/moderation/reports/{reports[0]}/delete"
        assert (await http.post(path, headers=as_(moderator))).status_code == 204
    finally:
        await whole.act("local", "heal", "us-eu")
    for person in (alice, aki):
        await person.until(
            lambda: any(one.kind == "message_deleted" for one in person.screen[group]),  # noqa: B023 — awaited at once
            within=RECOVERY_SECONDS,
        )
        shown = await person.client.message(said.message_id)
        assert (shown.text, shown.deleted) == ("", True)
    async with asyncio.timeout(RECOVERY_SECONDS):
        while (await eva.client.message(said.message_id)).text:  # noqa: ASYNC110 — another process changes it
            await asyncio.sleep(0.2)
