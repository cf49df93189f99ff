"""Friends over three regions, from outside: both regions agree, whatever crosses and whatever is cut."""

import asyncio
from collections.abc import Callable

import httpx
import pytest

from chaos.federation import Federation
from chaos.people import Person
from region.client import LoggedOutError, ProblemError
from replication.ids import direct_conversation_id

MakePerson = Callable[..., "asyncio.Future[Person]"]
RECOVERY_SECONDS = 120.0
CROSSED = ["friend_requested", "friend_accepted"]


def kinds(person: Person, other: Person) -> list[str]:
    """What a screen has shown of the conversation with somebody, in a word each."""
    return [message.kind for message in person.screen[direct_conversation_id(person.id, other.id)]]


async def lists(person: Person) -> tuple[list[str], list[str], list[str]]:
    """Friends, who waits for an answer, and whose answer is waited for."""
    found = await person.client.friends.list()
    friends, incoming, outgoing = (
        [one.user_id for one in some] for some in (found.friends, found.incoming, found.outgoing)
    )
    return friends, incoming, outgoing


async def test_friends_of_two_regions(make_person: MakePerson) -> None:
    """Asked in one, accepted in the other, ended again; screens and lists of both agree."""
    alice, eva = [await make_person(region) for region in ("us", "eu")]
    await alice.client.friends.ask(eva.id)
    await eva.until(lambda: kinds(eva, alice) == ["friend_requested"])
    assert await lists(eva) == ([], [alice.id], [])
    await eva.client.friends.accept(alice.id)
    for one, other in ((alice, eva), (eva, alice)):
        await one.until(lambda one=one, other=other: kinds(one, other)[-1:] == ["friend_accepted"])  # type: ignore[misc]
        assert await lists(one) == ([other.id], [], [])

    await alice.client.friends.remove(eva.id)
    for one, other in ((alice, eva), (eva, alice)):
        await one.until(lambda one=one, other=other: kinds(one, other)[-1:] == ["friend_removed"])  # type: ignore[misc]
        assert await lists(one) == ([], [], [])


async def test_requests_that_cross_while_the_link_is_cut_become_a_friendship(
    make_person: MakePerson, whole: Federation
) -> None:
    """Both ask while neither region hears of the other; when it is mended, they are friends in both."""
    alice, eva = [await make_person(region) for region in ("us", "eu")]
    whole.run("local", "cut", "us-eu")
    try:
        await asyncio.gather(alice.client.friends.ask(eva.id), eva.client.friends.ask(alice.id))
    finally:
        whole.run("local", "heal", "us-eu")
    for one, other in ((alice, eva), (eva, alice)):
        await one.until(lambda one=one, other=other: kinds(one, other) == CROSSED, within=RECOVERY_SECONDS)  # type: ignore[misc]
        assert await lists(one) == ([other.id], [], [])


@pytest.mark.parametrize(("blocked", "blocker"), [("us", "eu"), ("eu", "us")])
async def test_a_block_is_not_told_and_nothing_comes_through(
    make_person: MakePerson, blocked: str, blocker: str
) -> None:
    """Whichever region owns the conversation: it looks sent and unread to one, and the other never sees it."""
    alice, eva = [await make_person(region) for region in (blocked, blocker)]
    await alice.write("before", eva)
    await eva.sees("before")
    await eva.client.friends.block(alice.id)
    stopped = await alice.write("stopped", eva)
    sent = await asyncio.wait_for(stopped.outcome(), RECOVERY_SECONDS)
    async with asyncio.timeout(RECOVERY_SECONDS):  # it is judged when it comes to the blocker's home
        while [one.kind for one in (await eva.client.history(peer=alice.id)).messages][:1] != ["hidden"]:  # noqa: ASYNC110 — nothing is told of it
            await asyncio.sleep(0.05)
    await eva.client.friends.unblock(alice.id)
    await alice.write("after", eva)
    await eva.sees("after")

    assert "stopped" not in eva.texts(sent.conversation_id)
    walked = [message async for message in eva.client.walk(conversation=sent.conversation_id, forward=True)]
    assert [(message.kind, message.text) for message in walked] == [
        ("message_sent", "before"),
        ("hidden", ""),
        ("message_sent", "after"),
    ]


@pytest.mark.parametrize(("writer", "reserved"), [("us", "eu"), ("eu", "us")])
async def test_only_friends_begin_to_write_across_regions(make_person: MakePerson, writer: str, reserved: str) -> None:
    """It is judged where the recipient lives, and the refusal says so."""
    alice, eva = [await make_person(region) for region in (writer, reserved)]
    await eva.client.friends.writers("friends")
    strange = await alice.write("from a stranger", eva)
    with pytest.raises(ProblemError) as refused:
        await asyncio.wait_for(strange.outcome(), RECOVERY_SECONDS)
    assert refused.value.code == "friends-only"

    await alice.client.friends.ask(eva.id)
    await eva.until(lambda: "friend_requested" in kinds(eva, alice))
    await eva.client.friends.accept(alice.id)
    await alice.until(lambda: "friend_accepted" in kinds(alice, eva))
    await alice.write("from a friend", eva)
    await eva.sees("from a friend")


async def still_served(person: Person) -> bool:
    """Whether somebody's requests are answered."""
    try:
        await person.client.friends.list()
    except (ProblemError, LoggedOutError):
        return False
    return True


async def test_a_report_crosses_to_the_home_of_who_is_reported(
    make_person: MakePerson, whole: Federation, http: httpx.AsyncClient, urls: dict[str, str]
) -> None:
    """And a suspension there ends sessions everywhere, and says why to who logs in anew, wherever."""
    alice, eva = [await make_person(region) for region in ("us", "eu")]
    handle = eva.client.tokens.handle
    await alice.client.friends.report("rude", user_id=eva.id)
    async with asyncio.timeout(RECOVERY_SECONDS):
        while eva.id not in whole.run("moderate", "list", "eu"):  # noqa: ASYNC110 — another process tells
            await asyncio.sleep(0.5)
    whole.run("moderate", "suspend", "eu", eva.id, "--why", "You were rude.")
    async with asyncio.timeout(RECOVERY_SECONDS):
        while await still_served(eva):  # noqa: ASYNC110 — what is asked is another region
            await asyncio.sleep(0.2)
    told = await http.post(f"{urls['us']}/login", json={"handle": handle, "password": f"password of {handle}"})
    assert (told.status_code, told.json()["code"]) == (403, "account-suspended"), told.text
    assert "You were rude." in told.text
