"""What is sent: JSON that is none, frames that say nonsense, heads that are no HTTP. Pure: everything follows from the random source."""

import json
from collections.abc import Callable, Sequence
from random import Random
from typing import Final

Json = None | bool | int | float | str | list["Json"] | dict[str, "Json"]

STRANGE: Final[Sequence[str]] = (
    *("null", "true", "-1", "0", "1e400", "-1e400", "NaN", "Infinity", "1.5", "9" * 400, str(2**63), str(2**64 - 1)),
    *(
        '""',
        '"\\ud800"',
        '"\\u0000"',
        '"\\udfff\\ud800"',
        '"\u202e\u0000"',
        '"' + "x" * 20_000 + '"',
        '"' + "\u00e4" * 9_000 + '"',
    ),
    *("[]", "{}", "[[[]]]", "[" * 400 + "]" * 400, '{"a":' * 400 + "1" + "}" * 400, '{"":""}', "[null,null]"),
    *(
        '"../../etc/passwd"',
        '"\'; DROP TABLE users; --"',
        '"%00%0a%0d"',
        '"u000000000000000000000000-us"',
        '"${jndi:ldap://x}"',
    ),
    *('"' + "d" * 64 + '-us"', '"d' + "0" * 32 + '-zz"', '"1.1"', '"0.0"', f'"{2**31}.{2**63}"'),
)
"""Values, as JSON text, that a field may be given instead of its own."""

BYTES: Final[Sequence[bytes]] = (
    b"\x00",
    b"\xff\xfe",
    b"\xc3\x28",
    b"\xed\xa0\x80",
    b"\xf8\x88\x80\x80\x80",
    b"\r\n",
    b"\\",
    b'"',
    b"{",
    b"]",
)


def garbled_object(fields: dict[str, Json], random: Random) -> bytes:
    """Return an object like that one as JSON, with something wrong: often one thing, sometimes several."""
    parts = {name: json.dumps(value) for name, value in fields.items()}
    for _ in range(random.choice((1, 1, 1, 2, 3))):
        random.choice(_CHANGES)(parts, random)
    text = "{" + ",".join(f"{json.dumps(name)}:{value}" for name, value in parts.items()) + "}"
    raw = text.encode(errors="surrogatepass")
    return random.choice(_SPOILS)(raw, random) if random.random() < 0.35 else raw  # noqa: PLR2004 — a third


def garbled_bytes(raw: bytes, random: Random) -> bytes:
    """Return those bytes with a few of them changed, cut, doubled or put elsewhere."""
    for _ in range(random.randint(1, 4)):
        raw = random.choice(_SPOILS)(raw, random)
    return raw


def _replace(parts: dict[str, str], random: Random) -> None:
    if parts:
        parts[random.choice(list(parts))] = random.choice(STRANGE)


def _drop(parts: dict[str, str], random: Random) -> None:
    if parts:
        del parts[random.choice(list(parts))]


def _add(parts: dict[str, str], random: Random) -> None:
    parts[random.choice(("type", "extra", "", "text", "seq", "__proto__", "held", "\ud800", "x" * 300))] = (
        random.choice(STRANGE)
    )


def _wrap(parts: dict[str, str], random: Random) -> None:
    if parts:
        name = random.choice(list(parts))
        parts[name] = random.choice((f"[{parts[name]}]", f'{{"value":{parts[name]}}}'))


_CHANGES: Final[Sequence[Callable[[dict[str, str], Random], None]]] = (_replace, _replace, _replace, _drop, _add, _wrap)


def _cut(raw: bytes, random: Random) -> bytes:
    return raw[: random.randrange(len(raw) + 1)]


def _insert(raw: bytes, random: Random) -> bytes:
    at = random.randrange(len(raw) + 1)
    return raw[:at] + random.choice(BYTES) + raw[at:]


def _flip(raw: bytes, random: Random) -> bytes:
    if not raw:
        return raw
    at = random.randrange(len(raw))
    return raw[:at] + bytes([raw[at] ^ (1 << random.randrange(8))]) + raw[at + 1 :]


def _double(raw: bytes, random: Random) -> bytes:
    at = random.randrange(len(raw) + 1)
    return raw[:at] + raw[at:][:2_000] + raw[at:]


def _noise(raw: bytes, random: Random) -> bytes:
    return random.randbytes(random.randint(0, 200))


def _deep(raw: bytes, random: Random) -> bytes:
    return random.choice((b"[", b'{"a":', b'[{"a":[')) * random.choice((50, 1_000, 5_000))


_SPOILS: Final[Sequence[Callable[[bytes, Random], bytes]]] = (
    _cut,
    _insert,
    _insert,
    _flip,
    _flip,
    _double,
    _noise,
    _deep,
)
