"""One of the commands that move a region's duties, which dies by SIGKILL at a place that its caller names; run by `test_killed`.

python mortal.py VERB PLACE SITES: the place is `module:name` of a function, after whose first call it dies, or `-module:name`, before it; empty for never.
"""

import importlib
import os
import signal
import sys
from collections.abc import Mapping
from contextlib import nullcontext
from types import SimpleNamespace
from typing import Any

import msgspec

from region.evacuation import checks, seats
from region.evacuation import cli as evacuation
from region.evacuation.seats import Seat
from region.failover import cli as failover
from region.failover import late, reached


class Where(msgspec.Struct, frozen=True):
    """Where a region's duties can be."""

    store: str
    kafka: str
    partitions: int
    services: tuple[str, ...]


def plant(place: str) -> None:
    """Let that function be the last that is called."""
    module, _, path = place.removeprefix("-").partition(":")
    owner: Any = importlib.import_module(module)
    *outer, name = path.split(".")
    for one in outer:
        owner = getattr(owner, one)
    true = getattr(owner, name)

    async def last(*given: Any, **named: Any) -> None:
        if not place.startswith("-"):
            await true(*given, **named)
        os.kill(os.getpid(), signal.SIGKILL)

    setattr(owner, name, last)


def prepare(sites: Mapping[str, Where]) -> None:
    """Let the command find these sites; who may do it, and whether all is as it must be before, are other tests' matter."""
    found = {
        site: Seat("us", site, one.store, one.kafka, one.partitions, (), None, frozenset(one.services), ())
        for site, one in sites.items()
    }

    async def nothing(*_: object) -> list[checks.Check]:
        return []

    places: list[tuple[Any, str, Any]] = [
        (seats, "find", lambda _: found),
        (checks, "look", nothing),  # they find nothing wrong
        (late, "look", nothing),
        (reached, "find", lambda _: None),
        *(
            (one, "operation", lambda *_, **__: nullcontext(SimpleNamespace(detail="")))
            for one in (evacuation, failover)
        ),
    ]
    for owner, name, instead in places:
        setattr(owner, name, instead)


def main(verb: str, place: str, sites: str) -> None:
    """Do it."""
    prepare(msgspec.json.decode(sites, type=dict[str, Where]))
    if place:
        plant(place)
    match verb:
        case "evacuate":
            evacuation.evacuate("us", why="a test", confirm="us", as_json=True)
        case "fail":
            failover.fail("us", why="a test", confirm="us", as_json=True)
        case "restore":
            failover.restore("us", why="a test", confirm="us", as_json=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
