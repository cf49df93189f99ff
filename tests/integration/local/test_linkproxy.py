"""The link proxy on real sockets: bytes pass whole, delays pipeline, cuts hold back and lose nothing."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator

import pytest

from infra.local import ports
from infra.local.link import Shape
from infra.local.linkproxy import Passage, Proxy

PATIENCE = 10
TIMER_EARLY = 0.002  # seconds: an event loop counts in milliseconds, and may wake that much before its time


async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Send back what comes, and the end too."""
    with contextlib.closing(writer):
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()


@pytest.fixture
async def proxy() -> AsyncIterator[Proxy]:
    """A proxy on one link, us to eu, with an echo server behind it."""
    listen, port = ports.some_free(2)
    server = await asyncio.start_server(echo, "127.0.0.1", port)
    one = Proxy((Passage("us-eu/echo", "us", "eu", listen, port),), {})
    await one.open()
    yield one
    await one.close()
    server.close()


async def connect(proxy: Proxy) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """Connect through the proxy."""
    return await asyncio.open_connection("127.0.0.1", proxy.passages[0].listen)


async def test_everything_passes_whole_and_the_end_too(proxy: Proxy) -> None:
    """Ten megabytes come back as they went, then the end of the stream, and nothing is left behind."""
    sent = bytes(range(256)) * 40_000
    reader, writer = await connect(proxy)

    async def send() -> None:
        writer.write(sent)
        await writer.drain()
        writer.write_eof()

    async with asyncio.timeout(PATIENCE):
        _, received = await asyncio.gather(send(), reader.read(-1))
    writer.close()

    assert received == sent
    assert proxy.tallies["us-eu/echo"].sent == len(sent)


async def test_a_delay_does_not_throttle(proxy: Proxy) -> None:
    """With 100 ms each way, many chunks come back after not many more round trips than one chunk does."""
    proxy.set_shapes({"us>eu": Shape(latency=0.1), "eu>us": Shape(latency=0.1)})
    reader, writer = await connect(proxy)

    async def there_and_back(chunks: int) -> float:
        started = time.monotonic()
        for _ in range(chunks):
            writer.write(b"x" * 10_000)
            await asyncio.sleep(0)
        async with asyncio.timeout(PATIENCE):
            await reader.readexactly(chunks * 10_000)
        return time.monotonic() - started

    one, many = await there_and_back(1), await there_and_back(40)
    writer.close()

    assert one >= 2 * (0.1 - TIMER_EARLY)
    assert many < 10 * one  # one after the other they would take forty times as long


@pytest.mark.parametrize("cut", [("us>eu",), ("eu>us",), ("us>eu", "eu>us")])
async def test_a_cut_holds_back_and_loses_nothing(proxy: Proxy, cut: tuple[str, ...]) -> None:
    """Bytes that meet a cut arrive once it is lifted, on the connection that they were sent on."""
    reader, writer = await connect(proxy)
    async with asyncio.timeout(PATIENCE):
        writer.write(b"before")
        assert await reader.readexactly(6) == b"before"
        proxy.set_shapes({name: Shape(cut=True) for name in cut})
        writer.write(b"during")
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(reader.readexactly(6), 0.1)
        proxy.set_shapes({})
        assert await reader.readexactly(6) == b"during"
    writer.close()


async def test_who_connects_during_a_cut_is_served_after_it(proxy: Proxy) -> None:
    """A connection that is made while the link is cut reaches the other side when it is healed."""
    proxy.set_shapes({"eu>us": Shape(cut=True)})
    reader, writer = await connect(proxy)
    writer.write(b"hello")
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(reader.readexactly(5), 0.1)
    assert proxy.tallies["us-eu/echo"].connections == 0
    proxy.set_shapes({})
    async with asyncio.timeout(PATIENCE):
        assert await reader.readexactly(5) == b"hello"
    writer.close()


async def test_who_gives_up_during_a_cut_leaves_nothing_behind(proxy: Proxy) -> None:
    """No socket, or a long cut would use them all up; and nothing is delivered for which no handshake was ever answered."""
    proxy.set_shapes({"us>eu": Shape(cut=True)})
    async with asyncio.timeout(PATIENCE):
        for _ in range(20):
            _, writer = await connect(proxy)
            writer.write(b"too late")
            while not proxy.sides:  # noqa: ASYNC110 — it has no event for that, nor for the end
                await asyncio.sleep(0.01)
            writer.close()
            while proxy.sides:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
    proxy.set_shapes({})
    reader, writer = await connect(proxy)
    writer.write(b"now")
    async with asyncio.timeout(PATIENCE):
        assert await reader.readexactly(3) == b"now"
    writer.close()

    assert proxy.tallies["us-eu/echo"].sent == len(b"now")


async def test_a_dead_target_is_told(proxy: Proxy) -> None:
    """Who connects to a target that is not there is disconnected."""
    gone = Proxy((Passage("us-eu/gone", "us", "eu", *ports.some_free(2)),), {})
    await gone.open()
    try:
        reader, writer = await connect(gone)
        async with asyncio.timeout(PATIENCE):
            with pytest.raises((ConnectionError, asyncio.IncompleteReadError)):
                await reader.readexactly(1)
        writer.close()
    finally:
        await gone.close()
