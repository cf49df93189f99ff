"""What the client library does to messages has a name, so that whoever repeats it brings nothing back."""

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, cast

import pytest

from region.client.alterations import Alterations
from region.client.edits import Edit
from region.client.frames import Message

if TYPE_CHECKING:
    from region.client.api import Api

THUMB = "\N{THUMBS UP SIGN}"
Deed = Callable[..., Awaitable[Message]]


class NamesTaken:
    """An API that notes what it is asked for, and by which name."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self.names: list[str] = []

    async def alter(self, method: str, path: str, wanted: Edit | str) -> None:
        """Note the name."""
        assert (method, path) != ("", "")
        self.names.append(wanted.client_message_id if isinstance(wanted, Edit) else wanted)


@pytest.mark.parametrize(
    ("deed", "words"),
    [
        (Alterations.edit, ("m", "text")),
        (Alterations.delete, ("m",)),
        (Alterations.react, ("m", THUMB)),
        (Alterations.unreact, ("m", THUMB)),
        (Alterations.pin, ("m",)),
        (Alterations.unpin, ("m",)),
    ],
)
async def test_every_deed_is_named_and_may_be_repeated(deed: Deed, words: tuple[str, ...]) -> None:
    """By the caller who wants to repeat it; else each call is a deed of its own."""
    api = NamesTaken()
    done = Alterations(cast("Api", api))
    for name in ("mine", "mine", None, None):
        await deed(done, *words, deed=name)

    assert api.names[:2] == ["mine", "mine"]
    assert len(set(api.names)) == 3
    assert all(api.names)
