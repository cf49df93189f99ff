"""What is sent follows from the seed alone, and most of it is wrong."""

import json
from collections.abc import Callable
from random import Random

import pytest

from chaos.fuzz import frames, heads, trunks
from chaos.fuzz.garble import Json, garbled_bytes, garbled_object
from chaos.fuzz.things import Things
from chaos.fuzz.wire import Port
from infra.trunk.frames import TrunkProtocolError, decode_frames

TARGET = heads.Target(
    Port("us", "http://127.0.0.1:1"), {("POST", "/messages"): {"text": "x"}, ("GET", "/regions"): None}
)
THINGS = Things(
    peer="u" + "0" * 24 + "-us",
    conversation="d" + "0" * 32 + "-us",
    group="g" + "0" * 32 + "-us",
    channel="c" + "0" * 32 + "-us",
    message="m" + "0" * 35 + "-us",
    blob="b" + "0" * 32 + "-us",
)

MAKERS: dict[str, Callable[[Random], object]] = {
    "objects": lambda random: garbled_object({"type": "send", "text": "x", "seq": 1}, random),
    "bytes": lambda random: garbled_bytes(b"some bytes", random),
    "requests": lambda random: heads.request(TARGET, random),
    "scripts": lambda random: frames.script("a.b.c", THINGS, random, most=20),
    "trunks": lambda random: trunks.message("a.b.c", random),
}


@pytest.mark.parametrize("name", MAKERS)
def test_the_seed_decides(name: str) -> None:
    """The same again for the same seed, something else for another."""

    def some(seed: int) -> list[object]:
        random = Random(seed)
        return [MAKERS[name](random) for _ in range(40)]

    assert some(1) == some(1)
    assert some(1) != some(2)


def test_objects_are_wrong_in_many_ways() -> None:
    """Some are no JSON, some are no objects, and of the others nearly none is as it was."""
    random = Random(1)
    right: dict[str, Json] = {"type": "send", "text": "x", "seq": 1}
    broken = others = 0
    for _ in range(500):
        try:
            others += json.loads(garbled_object(right, random)) != right
        except (ValueError, RecursionError):
            broken += 1

    assert broken > 50
    assert others > 200
    assert broken + others > 450


def test_some_trunk_messages_are_whole_and_some_are_none() -> None:
    """The rules behind the codec are reached, and the codec itself."""
    random, broken = Random(1), 0
    for _ in range(300):
        try:
            decode_frames(trunks.message("a.b.c", random))
        except TrunkProtocolError:
            broken += 1

    assert 30 < broken < 200
