"""How soon a device that was logged out at home is turned away by another region, which verifies its token without asking."""

import asyncio
import secrets
import time
from collections.abc import Iterator
from math import inf

import httpx
import msgspec

from chaos.bench.measure import Machine, machine
from infra.errors import CausewayError

LIMIT_SECONDS = 5.0
PATIENCE_SECONDS = 60.0
BETWEEN_SECONDS = 0.02
"""Between two looks: the other region is asked anew each time."""


class NotAnsweredError(CausewayError):
    """{what} was answered {status}; the measurement needs it. Look at `causeway status`."""

    code = "bench-not-answered"
    definite = True


class Revoked(msgspec.Struct, frozen=True):
    """What was measured.

    Attributes:
        home: Where the devices live, and are logged out.
        away: Who goes on serving them until it knows.
        seconds: From when it was asked for until the other region turned the device away, in order; infinite if never.
        machine: What it ran on.
    """

    home: str
    away: str
    seconds: list[float]
    machine: Machine

    @property
    def in_time(self) -> bool:
        """Whether each was effective within the limit."""
        return bool(self.seconds) and self.seconds[-1] <= LIMIT_SECONDS


class _Device(msgspec.Struct):
    user_id: str
    device_id: str
    access_token: str

    @property
    def bearer(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.access_token}"}


async def measure(urls: dict[str, str], *, home: str, away: str, times: int) -> Revoked:
    """Log devices out one after another, and ask the other region in their name until it refuses.

    Args:
        urls: Region to public URL.
        home: Where they live.
        away: Whom they ask.
        times: How many devices.

    Raises:
        NotAnsweredError: A user could not be made, or a device not be logged in or out.
    """
    before = machine()
    async with httpx.AsyncClient(timeout=30, trust_env=False) as http:
        who, there = _credentials(), _credentials()
        owner = _device(await http.post(f"{urls[home]}/register", json=who))
        known = _device(await http.post(f"{urls[away]}/register", json=there))
        look = f"{urls[away]}/users/{known.user_id}"
        took = sorted([await _one(http, urls[home], look, who, owner) for _ in range(times)])
    return Revoked(home, away, [round(seconds, 3) for seconds in took], before)


def describe(found: Revoked) -> Iterator[str]:
    """Yield what a person wants to know, line by line."""
    count = len(found.seconds)
    yield (
        f"{count} devices of {found.home} were turned away by {found.away} after {found.seconds[count // 2]:.2f} s at the median, "
        f"{found.seconds[-1]:.2f} s at most (limit {LIMIT_SECONDS:.0f} s); load before {found.machine.load_before}."
    )


async def _one(http: httpx.AsyncClient, home: str, look: str, who: dict[str, str], owner: _Device) -> float:
    device = _device(await http.post(f"{home}/login", json=who))
    _check(await http.get(look, headers=device.bearer), "A device that is logged in")
    began = time.monotonic()
    _check(await http.delete(f"{home}/devices/{device.device_id}", headers=owner.bearer), "Logging a device out")
    while time.monotonic() - began < PATIENCE_SECONDS:
        if (await http.get(look, headers=device.bearer)).status_code == httpx.codes.UNAUTHORIZED:
            return time.monotonic() - began
        await asyncio.sleep(BETWEEN_SECONDS)
    return inf


def _credentials() -> dict[str, str]:
    return {"handle": f"revoked-{secrets.token_hex(6)}", "password": secrets.token_urlsafe(12)}


def _device(answer: httpx.Response) -> _Device:
    _check(answer, "A registration or login")
    return msgspec.json.decode(answer.content, type=_Device)


def _check(answer: httpx.Response, what: str) -> None:
    if not answer.is_success:
        raise NotAnsweredError(what=what, status=answer.status_code)
