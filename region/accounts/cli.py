"""`causeway keys`: the keys with which a region signs its users' tokens; a new one takes over without anybody being logged out."""

import asyncio
import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Final

import typer
from rich.console import Console
from rich.table import Table

from global_directory import place
from infra.errors import CausewayError, UnavailableError
from infra.local import homes
from infra.local.errors import NotRunningError
from infra.local.keys import new_signing_key, write_secret
from infra.local.topology import signing_key
from region.accounts.ring import Ring, read_ring, rotated, write_ring
from region.accounts.sessions import Lifetimes

LEAST_LEAD: Final = 30
"""Seconds; other regions ask the directory for keys every so often, and must know a key before it signs."""
PUBLISHED_SECONDS: Final = 30.0
"""How long a running gateway may take to announce a new key: it looks at the file every two seconds."""

HELP = """The keys with which regions sign their users' tokens.

A new key is announced at once, and signs after a lead, so that every region knows it by then. An old one stays until the last
token that it has signed is over. Nobody is logged out.

Examples:

  causeway keys list us

  causeway keys rotate us                           # takes over in two minutes

  causeway keys rotate us --ring /etc/causeway/signing-key.pem   # elsewhere; CAUSEWAY_DIRECTORY names the directory
"""

app = typer.Typer(help=HELP, no_args_is_help=True)
console = Console(highlight=False, width=None if Console().is_terminal else 120)

Region = Annotated[str, typer.Argument(help="The region, such as us.", show_default=False)]
RingPath = Annotated[
    Path | None,
    typer.Option("--ring", help="The file that CAUSEWAY_SIGNING_KEY names; the local federation's otherwise."),
]
Lead = Annotated[
    int,
    typer.Option(
        min=0, max=86400, help="In how many seconds the new key takes over; other regions must know it by then."
    ),
]
Lifetime = Annotated[int, typer.Option("--refresh-seconds", help="CAUSEWAY_REFRESH_SECONDS, if it is set.")]
Force = Annotated[
    bool,
    typer.Option(
        "--force",
        help=f"Take a lead below {LEAST_LEAD} seconds: tokens may be refused elsewhere until the key is known there.",
    ),
]
REFRESH = Lifetimes().refresh


class NoRingError(CausewayError):
    """There are no signing keys at {path}: {reason}. Name a region of this federation, or the file with --ring."""

    code = "no-signing-keys"
    definite = True


class ShortLeadError(CausewayError):
    """A lead of {lead} s is too short: other regions would refuse tokens of a key that they do not know yet. Take {least} s or more, or --force."""

    code = "short-lead"
    definite = True


class NotPublishedError(CausewayError):
    """The directory does not list the new key {kid} yet: {reason}. It takes over at {start} all the same; see that a gateway of {region} runs and reaches the directory before that."""

    code = "key-not-published"
    definite = False


@app.command("list")
def list_keys(region: Region, *, ring: RingPath = None, refresh_seconds: Lifetime = REFRESH) -> None:
    """List a region's signing keys: which signs, which is going to, and until when tokens of old ones may be about.

    Example: causeway keys list us
    """
    console.print(_table(_read(region, _path(region, ring)), refresh_seconds))


@app.command()
def rotate(
    region: Region,
    *,
    lead: Lead = 120,
    ring: RingPath = None,
    refresh_seconds: Lifetime = REFRESH,
    force: Force = False,
) -> None:
    """Add a key that takes over after the lead, and wait until the directory lists it.

    Examples: causeway keys rotate us; causeway keys rotate us --lead 600
    """
    if lead < LEAST_LEAD and not force:
        raise ShortLeadError(lead=lead, least=LEAST_LEAD)
    path = _path(region, ring)
    with _alone(path):
        known = _read(region, path)
        fresh = rotated(known, new_signing_key(), now=int(time.time()), lead=lead, lifetime=refresh_seconds)
        write_secret(path, write_ring(fresh))
    key = fresh.keys[-1]
    console.print(_table(fresh, refresh_seconds))
    if ring and "CAUSEWAY_DIRECTORY" not in os.environ:
        console.print(
            "Written. Give the file to every gateway of the region within the lead. With CAUSEWAY_DIRECTORY set, the directory would have been watched."
        )
        return
    if not asyncio.run(_published(region, key.signer.kid)):
        reason = f"not after {PUBLISHED_SECONDS:.0f} s"
        raise NotPublishedError(kid=key.signer.kid, reason=reason, start=_time(key.signs_from), region=region)
    console.print(f"The directory lists {key.signer.kid}; it signs from {_time(key.signs_from)}.")


def _path(region: str, ring: Path | None) -> Path:
    if ring is not None:
        return ring
    home = homes.home()
    if not (home / homes.DESCRIPTION).exists():
        raise NotRunningError(home=home)
    return signing_key(home, region)


def _read(region: str, path: Path) -> Ring:
    try:
        return read_ring(region, path.read_bytes())
    except OSError as error:
        raise NoRingError(path=path, reason=error.strerror) from error


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    """Keep others from rotating the same ring at the same time."""
    try:
        folder = os.open(path.parent, os.O_RDONLY)
    except OSError as error:
        raise NoRingError(path=path, reason=error.strerror) from error
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)
        yield
    finally:
        os.close(folder)


async def _published(region: str, kid: str) -> bool:
    async with place.directory() as directory:
        deadline = time.monotonic() + PUBLISHED_SECONDS
        while time.monotonic() < deadline:
            try:
                listed = {key.kid for one in await directory.regions() if one.region == region for key in one.keys}
            except UnavailableError:
                listed = set()
            if kid in listed:
                return True
            await asyncio.sleep(0.5)
    return False


def _table(ring: Ring, lifetime: int) -> Table:
    now = time.time()
    table = Table("key", "signs from", "until", "tokens of it may be about until", "now")
    signing = ring.signing(now)
    for key in ring.keys:
        last = None if key.signs_until is None else key.signs_until + lifetime
        state = "signs" if key is signing else "is announced" if key.signs_from > now else "verifies"
        if last is not None and last <= now:
            state = "is over"
        table.add_row(key.signer.kid, _time(key.signs_from), _time(key.signs_until), _time(last), state)
    return table


def _time(seconds: int | None) -> str:
    if not seconds:
        return "" if seconds is None else "always"
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
