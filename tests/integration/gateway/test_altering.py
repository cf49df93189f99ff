"""What is done to messages that are there, over HTTP: reactions that can be seen, and what comes again late."""

from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import quote

import pytest

pytestmark = pytest.mark.integration

Register = Callable[..., Awaitable[Any]]
THUMB = "\N{THUMBS UP SIGN}"


@pytest.mark.parametrize(
    "text", ["\N{ZERO WIDTH SPACE}", "\N{RIGHT-TO-LEFT OVERRIDE}", "\N{BRAILLE PATTERN BLANK}", " ", "ok", THUMB * 2]
)
async def test_a_reaction_that_is_no_emoji_is_refused(person: Register, text: str) -> None:
    """With a sentence that says what to use; nothing of it is kept, and there is nothing to take back."""
    alice, bob = await person(), await person()
    said = (await alice.send(bob, "hello")).json()["message_id"]
    for method in ("PUT", "DELETE"):
        refused = await bob.call(method, f"/messages/{said}/reactions/{quote(text)}")
        assert (refused.status_code, refused.json()["code"]) == (422, "invalid-field"), refused.text
        assert "use one emoji that can be seen" in refused.json()["detail"]
    assert (await bob.call("PUT", f"/messages/{said}/reactions/{quote(THUMB)}")).status_code == 201

    reactions = (await bob.call("GET", f"/messages/{said}")).json()["reactions"]
    assert reactions == [{"emoji": THUMB, "user_ids": [bob.id]}]


async def test_a_named_request_that_comes_again_late_brings_nothing_back(person: Register) -> None:
    """An edit behind another edit, a reaction and a pin that were taken away; each is answered with what became of it."""
    alice, bob = await person(), await person()
    said = (await alice.send(bob, "first")).json()["message_id"]
    path = f"/messages/{said}"
    reaction, pin = f"{path}/reactions/{quote(THUMB)}", f"{path}/pin"
    named = {"client_message_id": "mine"}

    async def edit(text: str, **more: str) -> Any:
        return await alice.call("PATCH", path, json={"text": text, **more})

    first = [
        await edit("second", client_message_id="edit"),
        await alice.call("PUT", f"{reaction}?client_message_id=react"),
    ]
    first.append(await alice.call("PUT", pin, params=named))
    assert [one.status_code for one in first] == [201, 201, 201]
    for done in (await edit("third"), await alice.call("DELETE", reaction), await alice.call("DELETE", pin)):
        assert done.status_code == 201, done.text

    again = [
        await edit("second", client_message_id="edit"),
        await alice.call("PUT", f"{reaction}?client_message_id=react"),
    ]
    again.append(await alice.call("PUT", pin, params=named))
    assert [one.status_code for one in again] == [200, 200, 200]
    assert [one.json()["seq"] for one in again] == [one.json()["seq"] for one in first]
    now = (await bob.call("GET", path)).json()
    assert (now["text"], now.get("reactions", [])) == ("third", [])
    conversation = now["conversation_id"]
    assert (await bob.call("GET", f"/conversations/{conversation}/pins")).json()["pins"] == []
