"""The client as a whole, over real sockets: sessions that end and change, tokens that are over, endpoints that are away."""

import asyncio

import pytest

from region.client import Client, LoggedOut, LoggedOutError, MemoryStore, UnreachableError
from region.client.fakes import BORIS, LIMIT, FakeRegion, device


async def test_a_token_that_is_over_is_exchanged_by_itself() -> None:
    """HTTP and WebSocket alike: the user notices nothing."""
    region = FakeRegion()
    async with region.serve() as url, device(url) as (alice, screen):
        region.valid = "something else"
        assert [one async for one in alice.conversations()] == []
        assert region.refreshed == 1
        region.valid = "yet something else"
        await region.cut(4401)
        await region.write("after")
        await screen.until(lambda: screen.seqs == [1])

        assert region.refreshed == 2


async def test_a_session_that_was_ended_elsewhere_is_told() -> None:
    """The user is told, and calls say so."""
    region = FakeRegion()
    async with region.serve() as url, device(url) as (alice, screen):
        region.valid, region.logged_out = "revoked", True
        await region.cut(4401)
        await screen.until(lambda: any(isinstance(event, LoggedOut) for event in screen.events))

        assert not alice.is_logged_in
        with pytest.raises(LoggedOutError):
            await alice.send("too late", to=BORIS)
        with pytest.raises(LoggedOutError):
            await alice.online()


@pytest.mark.parametrize("by_hand", [True, False])
async def test_nothing_of_one_user_is_left_to_the_next_one(*, by_hand: bool) -> None:
    """Neither the outbox nor positions, whether the first one logged out or was logged out elsewhere."""
    region, store = FakeRegion(), MemoryStore()
    async with region.serve() as url:
        await region.write("secret")
        async with device(url, store) as (alice, screen):
            region.deaf = True
            typed = await alice.send("of Alice", to=BORIS)
            if by_hand:
                await alice.log_out()
                with pytest.raises(LoggedOutError):
                    await typed.outcome()
            else:
                region.valid, region.logged_out = "revoked", True
                await region.cut(4401)
            await screen.until(lambda: any(isinstance(event, LoggedOut) for event in screen.events))
            with pytest.raises(LoggedOutError):
                await alice.online()
        region.deaf, region.logged_out, region.user = False, False, "u3"
        region.sends.clear()
        async with device(url, store) as (clara, _):
            assert clara.unsettled == ()
            await (await clara.send("of Clara", to=BORIS)).outcome()

        assert len(region.sends) == 1
        assert region.hellos[-1]["resume"] is None


async def test_what_the_same_user_typed_outlives_a_session_that_ended_elsewhere() -> None:
    """It is sent after the next log-in, and who waits for it is answered."""
    region = FakeRegion()
    async with region.serve() as url, device(url) as (alice, screen):
        region.deaf = True
        typed = await alice.send("still mine", to=BORIS)
        region.valid, region.logged_out = "revoked", True
        await region.cut(4401)
        await screen.until(lambda: any(isinstance(event, LoggedOut) for event in screen.events))
        region.deaf = region.logged_out = False
        await alice.log_in("alice", "password")
        async with asyncio.timeout(LIMIT):
            assert (await typed.outcome()).text == "still mine"


async def test_the_next_endpoint_is_used_when_one_does_not_answer() -> None:
    """For HTTP and for the WebSocket."""
    region = FakeRegion()
    async with region.serve() as url, Client(["http://127.0.0.1:9", url], patience=5, listen=False) as alice:
        await alice.log_in("alice", "password")
        async with asyncio.timeout(LIMIT):
            assert await alice.online() == "us"


async def test_nobody_answering_is_an_error_that_says_whether_it_is_definite() -> None:
    """Refused connections did certainly nothing."""
    async with Client(["http://127.0.0.1:9"], patience=0.1) as alice:
        with pytest.raises(UnreachableError) as caught:
            await alice.log_in("alice", "password")
    assert caught.value.definite
