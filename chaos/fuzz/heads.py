"""HTTP that is none, or hardly: targets, header lines, framing and bodies, each wrong in its own way."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import Final

from chaos.fuzz.garble import BYTES, Json, garbled_bytes, garbled_object
from chaos.fuzz.tally import Tally, objections
from chaos.fuzz.wire import PATIENCE, Port, connected

AT_ONCE: Final = 48
"""Many wait for the ten seconds that an unfinished head or body may take."""


@dataclass(frozen=True, slots=True)
class Target:
    """What is asked on a port.

    Attributes:
        port: The port.
        calls: Method and path to the fields of a body that is right, or None for no body.
        headers: Lines that each request has, such as who asks.
    """

    port: Port
    calls: Mapping[tuple[str, str], dict[str, Json] | None]
    headers: tuple[bytes, ...] = ()


async def storm(target: Target, tally: Tally, *, seed: int, most: int) -> None:
    """Send that many requests, each over a connection of its own."""
    random, gate = Random(seed), asyncio.Semaphore(AT_ONCE)
    raw = [request(target, random) for _ in range(most)]

    async def one(sent: bytes) -> None:
        async with gate:
            await _send(target.port, sent, tally)

    async with asyncio.TaskGroup() as group:
        for sent in raw:
            group.create_task(one(sent))


def request(target: Target, random: Random) -> bytes:
    """Return the bytes of one request."""
    method, path = random.choice(list(target.calls))
    fields = target.calls[method, path]
    body = b"" if fields is None else garbled_object(fields, random)
    head = [f"{method} {path} HTTP/1.1".encode(), b"Host: " + target.port.authority.encode(), *target.headers]
    head += [b"Content-Type: application/json"] if body else []
    return random.choice(_KINDS)(head, body, random)


async def _send(port: Port, raw: bytes, tally: Tally) -> None:
    try:
        async with connected(port) as wire:
            await wire.send(raw)
            answer = await wire.answer(body=not raw.startswith(b"HEAD "))
    except TimeoutError:
        tally.answered(port.name, "none")
        tally.find(port.name, f"neither answered nor closed within {PATIENCE:.0f} s", repr(raw))
        return
    except OSError as error:
        tally.answered(port.name, "cut")
        tally.find(port.name, f"cannot be connected to: {type(error).__name__}", repr(raw))
        return
    tally.answered(port.name, str(answer.status or "closed"))
    for objection in objections(answer.status, answer.headers, answer.body):
        tally.find(port.name, objection, repr(raw))


def _whole(head: Sequence[bytes], body: bytes) -> bytes:
    lines = [*head, b"Content-Length: " + str(len(body)).encode()] if body else head
    return b"\r\n".join((*lines, b"", body))


def _garbled_body(head: list[bytes], body: bytes, random: Random) -> bytes:
    return _whole(head, body)


def _garbled_head(head: list[bytes], body: bytes, random: Random) -> bytes:
    raw = _whole(head, b"")
    return garbled_bytes(raw[:-4], random) + raw[-4:]


def _strange_line(head: list[bytes], body: bytes, random: Random) -> bytes:
    line: bytes = random.choice(
        (
            *(
                b"Authorization: Bearer " + garbled_bytes(b"eyJhbGciOiJFZDI1NTE5In0.e30.AAAA", random),
                b"Authorization: Bearer " + b"x" * 9_000,
            ),
            *(
                b"Authorization:",
                b"Authorization: Basic dTpw",
                b"Authorization: Bearer \xff\xfe",
                b"Authorization: Bearer a.b.c",
            ),
            *(
                b"X-Forwarded-For: " + b"1, " * 500,
                b"X-Forwarded-For: \xff",
                b'Forwarded: for="_gazonk"',
                b"Causeway-Bridged: 3",
            ),
            *(
                b"Causeway-Bridged: -1",
                b"Causeway-Bridged: \xc2\xb2",
                b"Connection: authorization, content-length",
                b"Connection: close, Upgrade",
            ),
            *(
                b"Upgrade: websocket",
                b"Upgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__",
                b"Expect: 100-continue",
                b"Expect: everything",
            ),
            *(
                b"Idempotency-Key: " + b"k" * 2_000,
                b"Idempotency-Key: \x01",
                b"Content-Type: text/xml",
                b"Accept-Encoding: \xf0\x9f\x92\xa9",
            ),
            *(
                b"Origin: null",
                b"Range: bytes=0-,1-,2-",
                b"Host: other",
                b"X: " + b"y" * 70_000,
                b"No colon here",
                b" folded: x",
                b"Na me: x",
                b": x",
            ),
            *(
                b"X:\x00",
                b"X: a\nY: b",
                b"\r\nGET /healthz HTTP/1.1",
                b"Cookie: " + b"a=b; " * 2_000,
                b"\r\n".join([b"X-%d: y" % n for n in range(120)]),
            ),
        )
    )  # fmt: skip — as a table
    return _whole([head[0], line, *head[1:]], body)


def _strange_framing(head: list[bytes], body: bytes, random: Random) -> bytes:
    chunked: bytes = random.choice(
        (
            b"5\r\nhello\r\n0\r\n\r\n",
            b"zz\r\nhello\r\n0\r\n\r\n",
            b"-1\r\n\r\n",
            b"ffffffffffffffffff\r\nx",
            b"5;" + b"x" * 9_000,
        )
    )
    lines, after = random.choice(
        (
            ([b"Transfer-Encoding: chunked", b"Content-Length: 5"], chunked),
            ([b"Content-Length: 5", b"Content-Length: 6"], b"hello!"),
            ([b"Content-Length: -5"], body),
            ([b"Content-Length: +5"], b"hello"),
            ([b"Content-Length: 5, 5"], b"hello"),
            ([b"Content-Length: 99999999999999999999999"], body),
            ([b"Content-Length: 70000"], b"x" * 70_000),
            ([b"Content-Length: 70000"], b"{"),
            ([b"Transfer-Encoding: chunked"], chunked),
            ([b"Transfer-Encoding: gzip, chunked"], chunked),
            ([b"Transfer-Encoding: chunked, identity"], chunked),
            ([b"Transfer-Encoding : chunked"], chunked),
            ([b"Transfer-Encoding: \x0bchunked"], chunked),
            ([b"Transfer-Encoding: chunked"], b"1\r\nx\r\n" * 3_000),
            ([b"Content-Length: 10", b"Content-Encoding: gzip"], b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03"),
        )
    )
    return b"\r\n".join((*head, *lines, b"", after))


def _strange_target(head: list[bytes], body: bytes, random: Random) -> bytes:
    method, target, version = head[0].split(b" ", 2)
    method = random.choice(
        (
            method,
            method,
            method,
            b"get",
            b"TRACE",
            b"CONNECT",
            b"OPTIONS",
            b"HEAD",
            b"PATCH",
            b"X" * 300,
            b"G\x00T",
            b"",
        )
    )
    target = random.choice(
        (
            *(
                target + b"?limit=%ff&before=%00",
                target + b"?" + b"&".join(b"a%d=b" % n for n in range(400)),
                target + b"?handle=" + b"%F0%9F" * 40,
            ),
            *(
                target + b"/../../admin",
                target + b"%2f..%2f",
                b"//" + target,
                b"http://elsewhere/" + target,
                b"*",
                b"",
                b"/" + b"a" * 70_000,
                b"/%zz",
            ),
            *(
                b"/users/" + garbled_bytes(b"u000000000000000000000000-us", random).replace(b" ", b"%20"),
                b"/messages/m" + b"0" * 35 + b"-zz",
            ),
            *(
                b"/users?handle=" + random.choice(BYTES).hex("%").encode(),
                b"/messages?conversation_id=d" + b"f" * 32 + b"-us&after=0.0&limit=1e3",
            ),
            *(
                b"/docs",
                b"/openapi.json",
                b"/metrics",
                b"/health",
                b"/trunk",
                b"/ws",
                b"/ws?access_token=" + b"y" * 8_000,
                target + b"?access_token=x",
            ),
        )
    )  # fmt: skip — as a table
    return _whole(
        [
            b" ".join(
                (method, target, random.choice((version, version, version, b"HTTP/1.0", b"HTTP/9.9", b"HTTX/1.1", b"")))
            ),
            *head[1:],
        ],
        body,
    )


def _unfinished(head: list[bytes], body: bytes, random: Random) -> bytes:
    raw = _whole(head, body)
    return raw[: random.randrange(len(raw))]


def _pipelined(head: list[bytes], body: bytes, random: Random) -> bytes:
    one = _whole(head, body)
    return one * random.randint(2, 20) + random.choice((b"", b"garbage\r\n\r\n", one[:30]))


def _nothing_like_it(head: list[bytes], body: bytes, random: Random) -> bytes:
    return random.choice(
        (
            random.randbytes(random.randint(1, 600)),
            b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes(9),
            b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + random.randbytes(200),
            b"\r\n" * 5_000,
            b"\x00" * 4_000,
            b"SSH-2.0-OpenSSH_9.0\r\n",
        )
    )


_KINDS: Final[Sequence[Callable[[list[bytes], bytes, Random], bytes]]] = (
    *(
        _garbled_body,
        _garbled_body,
        _garbled_body,
        _garbled_head,
        _strange_line,
        _strange_line,
        _strange_framing,
        _strange_framing,
    ),
    *(_strange_target, _strange_target, _unfinished, _pipelined, _nothing_like_it),
)
