"""Who has received and read a message of a group, as the endpoint tells it."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

pytestmark = pytest.mark.integration

Register = Callable[..., Awaitable[Any]]


async def test_one_has_read_one_has_received_and_one_was_never_there(person: Register) -> None:
    """Each stands in one list; whoever came later in none; the status is that of the slowest, and strangers are told nothing."""
    alice, reader, receiver, offline, later, stranger = [await person() for _ in range(6)]
    made = await alice.call("POST", "/groups", json={"name": "G", "member_ids": [reader.id, receiver.id, offline.id]})
    group = made.json()["group_id"]
    sent = (await alice.call("POST", f"/groups/{group}/message", json={"text": "hello"})).json()
    assert (await alice.call("POST", f"/groups/{group}/members", json={"user_id": later.id})).status_code == 201
    path, receipts = f"/messages/{sent['message_id']}", f"/groups/{group}/messages/{sent['message_id']}/receipts"

    before = (await alice.call("GET", receipts)).json()
    assert (before["read_by"], before["received_by"]) == ([], [])
    assert set(before["unread_by"]) == {reader.id, receiver.id, offline.id}
    assert (await reader.call("POST", f"{path}/read")).status_code == 204
    assert (await receiver.call("POST", f"{path}/received")).status_code == 204

    wanted = {"read_by": [reader.id], "received_by": [receiver.id], "unread_by": [offline.id]}
    for asking in (alice, offline):
        assert (await asking.call("GET", receipts)).json() == wanted
    assert (await alice.call("GET", path)).json()["status"] == "unread"
    assert (await stranger.call("GET", receipts)).status_code == 404
    assert (await offline.call("POST", f"{path}/received")).status_code == 204
    assert (await alice.call("GET", path)).json()["status"] == "received"
