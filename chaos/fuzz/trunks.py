"""Trunks between regions: messages that are none, frames out of order, credit that was never owed, openings of any kind."""

import asyncio
from collections.abc import Sequence
from random import Random
from typing import Final

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake

from chaos.fuzz.garble import garbled_bytes, garbled_object
from chaos.fuzz.tally import Tally
from chaos.fuzz.wire import PATIENCE, Port
from infra.trunk.frames import (
    LARGEST_MESSAGE,
    PATH,
    Accepted,
    Binary,
    Close,
    Credit,
    Frame,
    Open,
    Text,
    TrunkProtocolError,
    decode_frames,
    encode_frames,
)

AT_ONCE: Final = 8
LONGEST: Final = 12
"""Messages of one trunk."""
INTERNAL: Final = 1011


async def storm(port: Port, token: str, tally: Tally, *, seed: int, most: int) -> None:
    """Send about that many messages to a gateway's internal port, over trunks of a dozen each."""
    random, gate = Random(seed), asyncio.Semaphore(AT_ONCE)
    scripts = [[message(token, random) for _ in range(min(LONGEST, most - sent))] for sent in range(0, most, LONGEST)]

    async def one(messages: list[bytes]) -> None:
        async with gate:
            await _play(port, messages, tally)

    async with asyncio.TaskGroup() as group:
        for messages in scripts:
            group.create_task(one(messages))


def message(token: str, random: Random) -> bytes:
    """Return one message of a trunk: frames that are right each for itself, out of any order; some of them spoilt."""
    raw = encode_frames([_frame(token, random) for _ in range(random.randint(1, 6))])
    return garbled_bytes(raw, random) if random.random() < 0.4 else raw  # noqa: PLR2004 — some


def _frame(token: str, random: Random) -> Frame:
    channel = random.choice((1, 2, 3, 7, 0, -1, 2**31, 2**63 - 1))
    bearer = (b"authorization", b"Bearer " + random.choice((token.encode(), b"none", b"\xff\xfe", b"x" * 9_000)))
    return random.choice(
        (
            Open(channel, "/ws", headers=(bearer,)),
            Open(
                channel,
                "/ws",
                query=b"access_token=" + random.randbytes(30),
                headers=((b"", b""), (b"a\r\nb", b"\x00")),
            ),
            Open(
                channel,
                random.choice(("", "/", "/trunk", "/ws/../ws", "\x00", "/" + "x" * 5_000)),
                client=("\ud7ff" * 9, -1),
            ),
            Open(
                channel, "/ws", headers=tuple((b"n%d" % n, b"v") for n in range(300)), subprotocols=("a", "", "b" * 900)
            ),
            Accepted(channel, random.choice((None, "", "x" * 200))),
            Text(channel, '{"type":"hello","resume":null,"held":null}'),
            Text(
                channel,
                garbled_object({"type": "send", "client_message_id": "c", "text": "x"}, random).decode(
                    errors="replace"
                ),
            ),
            Text(channel, "x" * random.choice((0, 100, 70_000))),
            Binary(channel, random.randbytes(40)),
            Close(channel, random.choice((1000, 0, -5, 4999, 2**40)), random.choice(("", "r" * 500))),
            Credit(channel, random.choice((0, -1, 1, 2**20, 2**62))),
        )
    )


async def _play(port: Port, messages: Sequence[bytes], tally: Tally) -> None:
    target, how = f"{port.name} /trunk", repr(messages[-1])
    try:
        async with asyncio.timeout(PATIENCE):
            async with connect(
                port.url.replace("http", "ws", 1) + PATH,
                ssl=port.tls,
                server_hostname=port.server,
                compression=None,
                max_size=LARGEST_MESSAGE,
                close_timeout=1,
                ping_interval=None,
                proxy=None,
            ) as trunk:
                await _converse(trunk, messages, target, tally)
    except ConnectionClosed as closed:
        code = closed.rcvd.code if closed.rcvd else 0
        tally.answers[target, f"closed {code or 'without a code'}"] += 1
        if code == INTERNAL:
            tally.find(target, "closed as an internal error (1011)", how)
    except TimeoutError:
        tally.find(target, f"neither answered nor closed within {PATIENCE:.0f} s", how)
    except (OSError, InvalidHandshake) as error:
        tally.find(target, f"cannot be connected to: {type(error).__name__}: {error}", how)


async def _converse(trunk: ClientConnection, messages: Sequence[bytes], target: str, tally: Tally) -> None:
    reading = asyncio.create_task(_read(trunk, target, tally))
    try:
        for raw in messages:
            tally.sent[target] += 1
            await trunk.send(raw)
        await (await trunk.ping())
        tally.answers[target, "stands"] += 1
    finally:
        reading.cancel()
        await asyncio.gather(reading, return_exceptions=True)


async def _read(trunk: ClientConnection, target: str, tally: Tally) -> None:
    async for raw in trunk:
        try:
            frames = decode_frames(raw if isinstance(raw, bytes) else raw.encode())
        except TrunkProtocolError as error:
            tally.find(target, f"answers what is no trunk message: {error}", repr(raw))
            continue
        for frame in frames:
            tally.answers[
                target,
                f"{type(frame).__name__.lower()} {frame.code}"
                if isinstance(frame, Close)
                else type(frame).__name__.lower(),
            ] += 1
            if isinstance(frame, Close) and frame.code == INTERNAL:
                tally.find(target, "a channel is closed as an internal error (1011)", "see the gateway's log")
