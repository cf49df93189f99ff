"""What is done to messages that are there, over HTTP: reactions that can be seen."""

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
