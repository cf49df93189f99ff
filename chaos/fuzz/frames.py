"""WebSockets of devices: frames that are none, frames that say nonsense, floods, and connections that say nothing at all."""

import asyncio
import json
from dataclasses import dataclass, field
from random import Random
from typing import Final

from chaos.fuzz.garble import BYTES, Json, garbled_bytes, garbled_object
from chaos.fuzz.tally import Tally
from chaos.fuzz.things import Things
from chaos.fuzz.wire import BINARY, CLOSE, FINAL, PATIENCE, PING, PONG, TEXT, Port, Wire, connected, handshake, masked

AT_ONCE: Final = 12
LONGEST: Final = 24
"""Frames of one connection."""
FLOOD: Final = 300
INTERNAL: Final = 1011
SWITCHING: Final = 101
STANDING: Final = 2 * PATIENCE
"""Seconds that a connection may stand in the midst of a frame: a region pings every 20 and waits 20 for the answer."""

HELLO: Final[dict[str, Json]] = {"type": "hello", "resume": None, "held": None}


@dataclass(frozen=True, slots=True)
class Script:
    """What one connection sends, in order.

    Attributes:
        headers: Of its handshake.
        path: With its query.
        hello: Its first frame.
        frames: The others; each a whole frame as bytes.
        broken: Whether one of them breaks the WebSocket protocol, so that the region may close.
    """

    path: str
    headers: tuple[str, ...]
    hello: bytes
    frames: list[bytes] = field(default_factory=list)
    broken: bool = False


async def storm(port: Port, token: str, *, things: Things, tally: Tally, seed: int, most: int) -> None:
    """Send about that many frames.

    Args:
        port: A region's public port.
        token: A good access token.
        things: What the token's user has.
        tally: Is told.
        seed: What is sent follows from it.
        most: How many frames.
    """
    random, gate = Random(seed), asyncio.Semaphore(AT_ONCE)
    scripts, left = [], most
    while left > 0:
        scripts.append(script(token, things, random, most=min(LONGEST, left)))
        left -= len(scripts[-1].frames) + 1

    async def one(wanted: Script, number: int) -> None:
        async with gate:
            await _play(port, wanted, tally, Random(f"{seed} {number}"))

    async with asyncio.TaskGroup() as group:
        for number, wanted in enumerate(scripts):
            group.create_task(one(wanted, number))


def script(token: str, things: Things, random: Random, *, most: int) -> Script:
    """Return what one connection sends, of that many frames besides its hello at most."""
    bearer, path = f"Authorization: Bearer {token}", "/ws"
    headers: tuple[str, ...] = (bearer,)
    chance = random.random()
    if chance < 0.04:  # noqa: PLR2004 — the few that no region lets in
        headers = (
            f"Authorization: Bearer {garbled_bytes(token.encode(), random).decode('latin-1')}".replace(
                "\n", ""
            ).replace("\r", ""),
        )
    elif chance < 0.08:  # noqa: PLR2004
        path, headers = f"/ws?access_token={token}", ()
    elif chance < 0.12:  # noqa: PLR2004
        headers = (
            bearer,
            "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits",
            "Sec-WebSocket-Protocol: a, b",
        )
    hello = garbled_object(HELLO, random) if random.random() < 0.15 else json.dumps(HELLO).encode()  # noqa: PLR2004 — some
    found = Script(path, headers, masked(TEXT, hello, random))
    if random.random() < 0.2:  # noqa: PLR2004 — some
        held: dict[str, Json] = {f"d{n:032x}-us": [1, n] for n in range(random.choice((1, 100, 900)))}
        found = Script(path, headers, masked(TEXT, json.dumps({**HELLO, "held": held}).encode(), random))
    broken = False
    for _ in range(random.randint(1, most)):
        if random.random() < 0.06:  # noqa: PLR2004 — it ends the connection
            found.frames.append(violation(random))
            broken = True
            break
        found.frames.append(nonsense(things, random))
    return Script(found.path, found.headers, found.hello, found.frames, broken)


def nonsense(things: Things, random: Random) -> bytes:
    """Return a whole message, in one frame or in several, whose content is wrong."""
    peer, conversation = things.peer, things.conversation
    valid: tuple[dict[str, Json], ...] = (
        {"type": "send", "client_message_id": f"c{random.randrange(50)}", "recipient_id": peer, "text": "x"},
        {"type": "send", "client_message_id": f"d{random.randrange(50)}", "conversation_id": conversation, "text": "y"},
        {"type": "received", "conversation_id": conversation, "seq": random.randrange(9), "epoch": 1},
        {"type": "read", "conversation_id": conversation, "seq": random.randrange(9), "epoch": 1},
        {"type": "typing", "conversation_id": conversation},
        {"type": "watch", "user_ids": [peer]},
        {"type": "ping", "nonce": "n"},
        HELLO,
        *things.frames(random.randrange(50)),
    )
    content = garbled_object(random.choice(valid), random)
    chance = random.random()
    if chance < 0.08:  # noqa: PLR2004
        return masked(BINARY, content, random)
    if chance < 0.2 and len(content) > 2:  # noqa: PLR2004
        return _fragments(_clean(content), random)
    if chance < 0.24:  # noqa: PLR2004
        return masked(PING, random.randbytes(random.randrange(126)), random) + masked(TEXT, _clean(content), random)
    return masked(TEXT, _clean(content), random)


def violation(random: Random) -> bytes:
    """Return bytes that break the WebSocket protocol, or its bounds."""
    return random.choice(
        (
            masked(0x3, b"reserved", random),
            masked(0xB, b"reserved", random),
            masked(
                TEXT, b"{}", random, flags=FINAL | 0x40
            ),  # says that it is compressed: a bomb, if anybody unpacked it
            masked(TEXT, b"x\x9c" + bytes(30_000), random, flags=FINAL | 0x70),
            masked(0x0, b"continues nothing", random),
            masked(PING, b"x" * 126, random),
            masked(PING, b"", random, flags=0),
            masked(CLOSE, b"\x03", random),
            masked(CLOSE, (999).to_bytes(2) + b"no such code", random),
            masked(CLOSE, (1005).to_bytes(2), random),
            masked(CLOSE, (1000).to_bytes(2) + b"\xff\xfe", random),
            masked(CLOSE, b"", random),
            masked(TEXT, b"{}", random, claimed=2**63 - 1),
            masked(TEXT, b"{}", random, claimed=2**64 - 1),
            masked(TEXT, b"x" * 70_000, random),
            masked(TEXT, b"[" * 65_000, random) + masked(TEXT, b"x" * 200_000, random),
            b"".join(masked(0x0 if n else TEXT, b"y" * 8_000, random, flags=0) for n in range(12)),
            masked(TEXT, b"begun", random, flags=0) + masked(TEXT, b"and begun again", random),
            bytes((0x81, 0x02)) + b"{}",  # not masked
            *(masked(TEXT, spoilt, random) for spoilt in BYTES[1:5]),  # no UTF-8
            random.randbytes(random.randint(2, 300)),
            b"GET / HTTP/1.1\r\n\r\n",
        )
    )


def _clean(content: bytes) -> bytes:
    """Return it as UTF-8, which a text message must be."""
    return content.decode(errors="replace").encode()


def _fragments(content: bytes, random: Random) -> bytes:
    cuts = sorted(random.randrange(len(content)) for _ in range(random.randint(1, 6)))
    pieces = [content[a:b] for a, b in zip([0, *cuts], [*cuts, len(content)], strict=True)]
    sent = b""
    for number, piece in enumerate(pieces):
        last = number == len(pieces) - 1
        sent += masked(0x0 if number else TEXT, piece, random, flags=FINAL if last else 0)
        if not last and random.random() < 0.3:  # noqa: PLR2004 — control frames may stand between
            sent += masked(PONG, b"unasked", random)
    return sent


async def _play(port: Port, wanted: Script, tally: Tally, random: Random) -> None:
    target, how = f"{port.name} /ws", repr(b" | ".join((wanted.hello, *wanted.frames[-3:])))
    try:
        async with connected(port) as wire:
            await wire.send(handshake(port, wanted.path, random, *wanted.headers))
            if (answer := await wire.answer()).status != SWITCHING:
                tally.answered(target, str(answer.status or "closed"))
                return
            await wire.send(wanted.hello)
            tally.answered(target, "hello")
            for frame in wanted.frames:
                await wire.send(frame)
                tally.sent[target] += 1
            if random.random() < 0.1:  # noqa: PLR2004 — a flood, uncounted
                await wire.send(masked(TEXT, b'{"type":"ping","nonce":"flood"}', random) * FLOOD)
            await wire.send(masked(TEXT, b'{"type":"ping","nonce":"the last"}', random))
            await _until_answered(wire, target, tally, random, how)
    except TimeoutError:
        tally.find(target, f"neither answered nor closed within {PATIENCE:.0f} s", how)
    except OSError as error:
        tally.find(target, f"cannot be connected to: {type(error).__name__}", how)


async def _until_answered(wire: Wire, target: str, tally: Tally, random: Random, how: str) -> None:
    """Read until the last ping is answered, or the connection is closed."""
    while True:
        frame = await wire.frame()
        if frame is None:
            tally.answers[target, "cut"] += 1
            return
        if frame.opcode == PING:
            await wire.send(masked(PONG, frame.payload, random))
        elif frame.opcode == CLOSE:
            tally.answers[target, f"closed {frame.close_code}"] += 1
            if frame.close_code == INTERNAL:
                tally.find(target, "closed as an internal error (1011)", how)
            return
        elif frame.opcode == TEXT and _note(frame.payload, target, tally, how):
            return


def _note(payload: bytes, target: str, tally: Tally, how: str) -> bool:
    """Note a frame of the region; return whether it is the last ping's answer."""
    said: dict[str, object] = json.loads(payload)
    kind = str(said.get("type"))
    if kind == "error":
        kind = f"error {said.get('code')}"
        if not said.get("code") or not isinstance(said.get("definite"), bool) or "Traceback" in str(said.get("detail")):
            tally.find(target, "an error without a code, or with a traceback", how)
        if said.get("code") == "internal":
            tally.find(target, "an internal error", how)
    tally.answers[target, kind] += 1
    return kind == "pong" and said.get("nonce") == "the last"


async def stand(port: Port, token: str, tally: Tally, *, seed: int) -> None:
    """Open connections that say nothing, or stop in the midst of something: each must be closed, which takes up to 40 seconds."""
    random = Random(seed)
    head = handshake(port, "/ws", random, f"Authorization: Bearer {token}")
    hello = masked(TEXT, json.dumps(HELLO).encode(), random)
    begun = masked(TEXT, b"{", random, claimed=60_000)
    async with asyncio.TaskGroup() as group:
        for what, raw in (
            ("nothing", b""),
            ("half a handshake", head[:60]),
            ("no hello", head),
            ("half a hello", head + hello[:9]),
            ("half a frame", head + hello + begun),
        ):
            group.create_task(_wait_for_end(port, what, raw, tally))


async def _wait_for_end(port: Port, what: str, raw: bytes, tally: Tally) -> None:
    target = f"{port.name} /ws"
    try:
        async with connected(port) as wire:
            await wire.send(raw)
            tally.answered(target, f"stands: {what}")
            await wire.gone(STANDING)
    except TimeoutError:
        tally.find(target, f"a connection that says {what} is not closed within {STANDING:.0f} s", repr(raw))
    except OSError as error:
        tally.find(target, f"cannot be connected to: {type(error).__name__}", what)
