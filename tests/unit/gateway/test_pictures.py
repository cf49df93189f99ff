"""Pictures of other regions: what their origin says is believed of what it is asked for, and remembered for a while; and what devices name and see."""

from collections.abc import Callable
from typing import cast

import httpx
import msgspec
import pytest
from msgspec import UNSET

from infra.errors import UnavailableError
from infra.peers import Peers
from infra.postgres import Pool
from region.gateway.pictures import content_of, shown, wished
from region.gateway.views import change_of
from region.media.pictures.origins import KNOWN_SECONDS, UNKNOWN_SECONDS, Origins
from replication.channels import ChannelChanged
from replication.groups import GroupChanged, GroupCreated
from replication.ids import new_blob_id
from replication.pictures import NO_PICTURE, Picture

EVAS = Picture(new_blob_id("eu"), 1000, "image/webp", "0" * 64, 320, 200, "blur")
Told = Callable[[httpx.Request], httpx.Response]


class Clock:
    """A clock that is set by hand."""

    now = 0.0

    def __call__(self) -> float:
        """Return the time."""
        return self.now


class Eu:
    """The region eu, which answers so, and counts how often it was asked."""

    def __init__(self, status: int, content: object = b"") -> None:
        self.answer = status, content if isinstance(content, bytes) else msgspec.json.encode(content)
        self.asked: list[str] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        """Answer."""
        self.asked.append(request.url.params["blob_id"])
        return httpx.Response(self.answer[0], content=self.answer[1])


def peer(told: Told) -> Peers:
    """Return eu, as us asks it."""
    made = Peers("us", {"eu": "http://eu"})
    made.client = httpx.AsyncClient(transport=httpx.MockTransport(told))
    return made


def origins(told: Told, clock: Clock | None = None, peers: Peers | None = None) -> Origins:
    """Return who asks eu, from us."""
    return Origins(region="us", peers=peers or peer(told), store=cast("Pool", None), clock=clock or Clock())


async def test_an_origin_is_asked_once_in_a_while() -> None:
    """What it says is remembered for a minute, then asked again: by then it may be somebody's picture no more."""
    eu, clock = Eu(200, EVAS), Clock()
    us = origins(eu, clock)
    for _ in range(3):
        assert await us.find(EVAS.blob_id) == EVAS
    assert eu.asked == [EVAS.blob_id]

    clock.now, eu.answer = KNOWN_SECONDS + 1, (404, b"")
    assert await us.find(EVAS.blob_id) is None
    eu.answer = 200, msgspec.json.encode(EVAS)
    assert await us.find(EVAS.blob_id) is None
    assert len(eu.asked) == 2, "who asks for what is not there is no reason to ask again at once"
    clock.now += UNKNOWN_SECONDS
    assert await us.find(EVAS.blob_id) == EVAS


async def test_nobody_else_is_asked() -> None:
    """Not this region itself, nor one that nobody knows, nor one that is expelled, until it is trusted again."""
    eu = Eu(200, EVAS)
    peers = peer(eu)
    us = origins(eu, peers=peers)
    for other in ("us", "mars"):
        assert await us.find(new_blob_id(other)) is None
    peers.expel(frozenset({"eu"}))
    assert await us.find(EVAS.blob_id) is None
    assert eu.asked == []
    peers.expel(frozenset())
    assert await us.find(EVAS.blob_id) == EVAS


@pytest.mark.parametrize(
    "told",
    [
        msgspec.structs.replace(EVAS, blob_id=new_blob_id("eu")),
        msgspec.structs.replace(EVAS, content_type="text/html"),
        msgspec.structs.replace(EVAS, size=10**9),
        {},
    ],
)
async def test_what_is_no_answer_to_the_question_is_not_believed(told: object) -> None:
    """Another blob, what a browser would run, what would fill the blob store: then there is no such picture."""
    assert await origins(Eu(200, told)).find(EVAS.blob_id) is None


@pytest.mark.parametrize(
    ("status", "content"), [(503, b""), (200, b"{"), (200, b"[]"), (200, b'{"size": "x"}'), (200, b" " * 10_000)]
)
async def test_who_does_not_answer_says_nothing(status: int, content: bytes) -> None:
    """Then it is not known whether there is such a picture."""
    with pytest.raises(UnavailableError):
        await origins(Eu(status, content)).find(EVAS.blob_id)


async def test_a_wish_may_be_to_have_none() -> None:
    """Missing leaves a picture, null takes it away; and what a repeated request must name as well follows from it."""

    async def choose(owner: str, blob_id: str) -> Picture:
        return EVAS if (owner, blob_id) == ("eva", EVAS.blob_id) else NO_PICTURE

    assert await wished(choose, "eva", UNSET) is None
    assert await wished(choose, "eva", None) == NO_PICTURE
    assert await wished(choose, "eva", EVAS.blob_id) == EVAS
    assert [content_of(one) for one in (None, NO_PICTURE, EVAS)] == [(), ("picture", ""), ("picture", EVAS.blob_id)]


def test_a_change_tells_of_the_picture_only_if_it_is_one() -> None:
    """Null says that there is none any more."""
    assert (shown(None), shown(NO_PICTURE)) == (None, None)
    seen = shown(EVAS)
    assert seen is not None
    assert (seen.blob_id, seen.size, seen.width, seen.height, seen.blur, seen.home_region) == (
        EVAS.blob_id,
        1000,
        320,
        200,
        "blur",
        "eu",
    )
    for body in (
        GroupCreated("c", "n", picture=EVAS),
        GroupChanged("c", picture=EVAS),
        ChannelChanged("c", picture=EVAS),
    ):
        change = change_of(body)
        assert change is not UNSET
        assert change.picture == seen
    renamed, taken = (
        msgspec.json.encode(change_of(body)) for body in (GroupChanged("c", "n"), GroupChanged("c", picture=NO_PICTURE))
    )
    assert (renamed, taken) == (b'{"name":"n"}', b'{"picture":null}')
