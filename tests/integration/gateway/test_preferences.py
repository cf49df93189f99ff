"""What users want of conversations for themselves alone, through the real gateway, journal, projector and store."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

pytestmark = pytest.mark.integration

Register = Callable[..., Awaitable[Any]]


async def test_all_of_ones_devices_know_and_nobody_else(person: Register) -> None:
    """Live, after having been away, in the list of conversations; the other member is told nothing."""
    alice, bob = await person(), await person()
    conversation = (await alice.send(bob, "hi")).json()["conversation_id"]
    path = f"/conversations/{conversation}/preferences"

    async with alice.device() as away:
        await away.until("welcome")
    async with alice.device() as device, bob.device() as other:
        await device.until("welcome")
        await other.until("welcome")
        first = await alice.call("PATCH", path, json={"archived": True, "muted_until": "2027-01-01T01:00:00+01:00"})
        again = await alice.call("PATCH", path, json={"archived": True})
        drafted = await alice.call("PATCH", path, json={"draft": "I will be", "pinned": True, "version": 1})
        frame = await device.until("preferences", version=2)
        await alice.send(bob, "there")
        await other.until("entry")
        assert not [seen for seen in other.frames if seen["type"] == "preferences"]

    assert [answer.status_code for answer in (first, again, drafted)] == [200] * 3, first.text
    wanted = {
        "conversation_id": conversation, "muted_until": "2027-01-01T00:00:00.000Z", "archived": True, "marked_unread": False,
    }  # fmt: skip
    assert first.json() == again.json() == {**wanted, "draft": "", "pinned": False, "version": 1}
    now = {**wanted, "draft": "I will be", "pinned": True, "version": 2}
    assert drafted.json() == (await alice.call("GET", path)).json() == now
    assert frame == {"type": "preferences", **now}
    async with alice.device(resume=away.token) as back:
        await back.until("welcome")
        assert [seen for seen in back.frames if seen["type"] == "preferences"] == [frame]
    async with alice.device(resume=back.token) as back:
        await back.until("welcome")
        assert not [seen for seen in back.frames if seen["type"] == "preferences"]
    async with alice.device(held={conversation: [1, 1]}) as back:
        await back.until("welcome")
        assert [seen for seen in back.frames if seen["type"] == "preferences"] == [frame]
    [listed] = (await alice.call("GET", "/conversations")).json()["conversations"]
    assert listed["preferences"] == now
    [listed] = (await bob.call("GET", "/conversations")).json()["conversations"]
    assert "preferences" not in listed
    assert (await bob.call("GET", path)).json()["version"] == 0


async def test_a_late_retry_is_told_of_the_other_device(person: Register) -> None:
    """A draft that was sent meanwhile does not come back."""
    alice, bob = await person(), await person()
    path = f"/conversations/{(await alice.send(bob, 'hi')).json()['conversation_id']}/preferences"
    assert (await alice.call("PATCH", path, json={"draft": "I", "version": 0})).status_code == 200
    assert (await alice.call("PATCH", path, json={"draft": "", "version": 1})).status_code == 200

    late = await alice.call("PATCH", path, json={"draft": "I", "version": 0})

    assert (late.status_code, late.json()["code"], late.json()["definite"]) == (409, "version-conflict", True)
    assert (await alice.call("GET", path)).json()["draft"] == ""


@pytest.mark.parametrize(
    ("field", "value", "status"),
    [
        ("draft", "x" * 16_385, 413),
        ("draft", "a\x00b", 422),
        ("draft", 7, 422),
        ("archived", "yes", 422),
        ("pinned", 1, 422),
        ("muted_until", "tomorrow", 422),
        ("muted_until", "2027-01-01T00:00:00", 422),
        ("muted_until", "1900-01-01T00:00:00Z", 422),
        ("version", -1, 422),
        ("version", 2**63, 422),
    ],
)
async def test_what_is_not_acceptable_is_named_and_changes_nothing(
    person: Register, field: str, value: object, status: int
) -> None:
    """Not even what was acceptable."""
    alice, bob = await person(), await person()
    path = f"/conversations/{(await alice.send(bob, 'hi')).json()['conversation_id']}/preferences"

    answer = await alice.call("PATCH", path, json={"marked_unread": True, field: value})

    assert answer.status_code == status, answer.text
    assert field in answer.text or status == 413
    assert (await alice.call("GET", path)).json()["version"] == 0


async def test_muted_for_ever_ends_with_the_calendar(person: Register) -> None:
    """And null makes noise again."""
    alice, bob = await person(), await person()
    path = f"/conversations/{(await alice.send(bob, 'hi')).json()['conversation_id']}/preferences"

    muted = await alice.call("PATCH", path, json={"muted_until": "9999-12-31T23:59:59-05:00"})
    loud = await alice.call("PATCH", path, json={"muted_until": None})

    assert muted.json()["muted_until"] == "9999-12-31T00:00:00.000Z"
    assert loud.json()["muted_until"] is None


async def test_a_conversation_of_others_does_not_exist(person: Register) -> None:
    """Whether it is there or not."""
    alice, bob, eve = await person(), await person(), await person()
    conversation = (await alice.send(bob, "hi")).json()["conversation_id"]

    for name in (conversation, "nonsense", conversation[:-1] + "x"):
        path = f"/conversations/{name}/preferences"
        assert (await eve.call("GET", path)).status_code == 404
        assert (await eve.call("PATCH", path, json={"archived": True})).status_code == 404
