"""Asking other regions: whom, in whose name, how far an answer is read, and nothing of one that is not trusted."""

from collections.abc import AsyncIterator, Callable

import httpx
import pytest

from infra.peers import Listener, NotToldError, Peers

Answer = Callable[[httpx.Request], httpx.Response]


class Trust:
    """Tells what is told to it."""

    def __init__(self) -> None:
        self.listeners: list[Listener] = []

    def tell(self, listener: Listener) -> None:
        """Note a listener."""
        self.listeners.append(listener)

    def expel(self, *regions: str) -> None:
        """Tell them all."""
        for listener in self.listeners:
            listener(frozenset(regions))


class Eu:
    """A region that notes what it is asked."""

    def __init__(self, answer: Answer = lambda _: httpx.Response(200, content=b"yes")) -> None:
        self.asked: list[httpx.Request] = []
        self._answer = answer

    def __call__(self, request: httpx.Request) -> httpx.Response:
        """Answer."""
        self.asked.append(request)
        return self._answer(request)


def peers(eu: Answer, trust: Trust | None = None) -> Peers:
    """Return what us knows of others."""
    made = Peers("us", {"eu": "https://eu/"}, tell=trust.tell if trust else None)
    made.client = httpx.AsyncClient(transport=httpx.MockTransport(eu))
    return made


async def ask(of: Peers, region: str = "eu") -> bytes:
    """Ask for something."""
    return await of.ask(region, "/internal/it", {"a": "b"}, most=100, seconds=30)


async def test_a_region_is_asked_in_this_ones_name_and_nobody_else_may_answer() -> None:
    """By its certificate, whatever its address is."""
    eu = Eu()
    assert await ask(peers(eu)) == b"yes"

    (request,) = eu.asked
    assert str(request.url) == "https://eu/internal/it?a=b"
    assert request.headers["causeway-region"] == "us"
    assert request.extensions["sni_hostname"] == "eu.causeway.internal"


async def test_nobody_is_asked_before_it_is_known_who_is_trusted_and_nobody_who_is_not() -> None:
    """An expelled region is asked again once it is readmitted."""
    trust, eu = Trust(), Eu()
    us = peers(eu, trust)
    for tell in (None, ["eu"], [], ["eu"]):
        if tell is not None:
            trust.expel(*tell)
        if tell == []:
            assert await ask(us) == b"yes"
        else:
            with pytest.raises(NotToldError) as caught:
                await ask(us)
            assert not caught.value.asked
    assert len(eu.asked) == 1


async def test_what_comes_after_the_region_was_expelled_is_not_taken() -> None:
    """Though it was trusted when it was asked."""
    trust = Trust()

    def answer(_: httpx.Request) -> httpx.Response:
        trust.expel("eu")
        return httpx.Response(200, content=b"late")

    us = peers(answer, trust)
    trust.expel()
    with pytest.raises(NotToldError, match="expelled"):
        await ask(us)


@pytest.mark.parametrize("region", ["us", "mars"])
async def test_regions_that_nobody_knows_are_not_asked(region: str) -> None:
    """Nor this one itself."""
    eu = Eu()
    with pytest.raises(NotToldError):
        await ask(peers(eu), region)
    assert eu.asked == []


async def test_without_a_client_nobody_is_asked() -> None:
    """It is held open by `run`."""
    with pytest.raises(NotToldError) as caught:
        await ask(Peers("us", {"eu": "https://eu"}))
    assert not caught.value.asked


@pytest.mark.parametrize(("status", "content"), [(404, b""), (503, b"x")])
async def test_an_error_has_its_status(status: int, content: bytes) -> None:
    """So that who asks can tell what is not there from who is not."""
    with pytest.raises(NotToldError) as caught:
        await ask(peers(lambda _: httpx.Response(status, content=content)))
    assert (caught.value.status, caught.value.asked) == (status, True)


async def test_an_answer_is_read_no_further_than_it_may_go() -> None:
    """A region that is ill, or means ill, takes no more memory than an honest answer may."""
    pieces: list[bytes] = []

    class Endless(httpx.AsyncByteStream):
        async def __aiter__(self) -> AsyncIterator[bytes]:
            while True:
                pieces.append(b"x" * 60)
                yield pieces[-1]

    with pytest.raises(NotToldError):
        await ask(peers(lambda _: httpx.Response(200, stream=Endless())))
    assert len(pieces) == 2


@pytest.mark.parametrize(("error", "asked"), [(httpx.ConnectError("no"), True), (httpx.PoolTimeout("full"), False)])
async def test_this_process_being_crowded_is_not_the_regions_silence(error: Exception, *, asked: bool) -> None:
    """Else one crowd would keep everybody from asking it for a while."""

    def answer(_: httpx.Request) -> httpx.Response:
        raise error

    with pytest.raises(NotToldError) as caught:
        await ask(peers(answer))
    assert caught.value.asked is asked
