"""The demonstration's accounts: made by it once, kept in the home for its owner alone, and told to whoever brings the federation up."""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

import msgspec

from infra.local.homes import VISITORS
from infra.local.keeping import load, save

FILE: Final = f"{VISITORS}/demonstration.json"


class Guest(msgspec.Struct, frozen=True):
    """An account for trying things out; of a federation on one machine, whose ports nobody else reaches.

    Attributes:
        handle: Its handle.
        password: Made at random for this home.
        region: Where it lives.
    """

    handle: str
    password: str
    region: str


def read(home: Path) -> dict[str, Guest]:
    """Return who there is, by name; nobody before the first demonstration."""
    return load(home / FILE, dict[str, Guest])


def keep(home: Path, name: str, guest: Guest) -> None:
    """Keep somebody, instead of whoever had that name."""
    save(home / FILE, read(home) | {name: guest})


def invitation(guests: Mapping[str, Guest], urls: Mapping[str, str]) -> list[str]:
    """Return where to open the web app and as whom, one line each; nothing when nobody lives in a region that is up."""
    there = [guest for guest in guests.values() if guest.region in urls]
    width = max((len(guest.handle) for guest in there), default=0)
    return [
        f"{urls[guest.region]}  as  {guest.handle:<{width}}  password  {guest.password}   (lives in {guest.region})"
        for guest in there
    ]
