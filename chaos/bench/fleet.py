"""Many devices of few users: logged in once, since that is slow on purpose, and kept in the federation's home for later runs."""

import asyncio
import time
from collections.abc import Callable
from pathlib import Path

import aiohttp
import msgspec

from chaos.bench.accounts import Account, AccountError, Accounts
from infra.local.keeping import load, save

AT_ONCE = 6
LASTS_SECONDS = 300.0
BUSY = 503


class Pass(msgspec.Struct, frozen=True):
    """What one device is let in with."""

    user_id: str
    device_id: str
    access_token: str
    refresh_token: str
    expires_at: float


class _Grant(msgspec.Struct, frozen=True):
    user_id: str
    device_id: str
    access_token: str
    refresh_token: str
    expires_in: float


class Fleet:
    """The devices of a region's users of the load, with the file that keeps them.

    Args:
        home: The federation's home.
        region: Where the users live.
        url: The region's public URL.
    """

    def __init__(self, home: Path, region: str, url: str) -> None:
        self._file = home / "chaos" / f"storm-{region}.json"
        self._accounts = Accounts(home, {region: url})
        self._region = region
        self._url = url

    async def provide(
        self, users: int, devices: int, *, progress: Callable[[str, int, int], None]
    ) -> dict[str, list[Pass]]:
        """Return devices by user, each with an access token that lasts.

        Args:
            users: Of how many users.
            devices: How many in all.
            progress: Called with (what is made, done, all).

        Raises:
            AccountError: A user could not be made, or a device not be logged in.
        """
        provided = await self._accounts.provide(
            {self._region: users}, progress=lambda done, total: progress("users", done, total)
        )
        accounts = provided[self._region]
        known = load(self._file, dict[str, list[Pass]])
        limit, done, fleet = asyncio.Semaphore(AT_ONCE), 0, {account.user_id: list[Pass]() for account in accounts}
        async with aiohttp.ClientSession() as http:

            async def one(account: Account, kept: Pass | None) -> None:
                nonlocal done
                async with limit:
                    fleet[account.user_id].append(await self._fresh(http, account, kept))
                done += 1
                progress("devices", done, devices)

            while True:
                async with asyncio.TaskGroup() as group:
                    for number in range(devices):
                        account = accounts[number % len(accounts)]
                        place, mine = number // len(accounts), known.get(account.user_id, [])
                        group.create_task(one(account, mine[place] if place < len(mine) else None))
                save(self._file, {**known, **fleet})
                if all(_lasts(one_pass) for passes in fleet.values() for one_pass in passes):
                    return fleet
                # It took so long that the first are nearly over: they are refreshed, which is quicker.
                known, done = fleet, 0
                fleet = {account.user_id: [] for account in accounts}

    async def _fresh(self, http: aiohttp.ClientSession, account: Account, kept: Pass | None) -> Pass:
        if kept is not None and _lasts(kept):
            return kept
        if kept is not None:
            try:
                return await self._ask(http, "/token", {"refresh_token": kept.refresh_token})
            except AccountError:
                pass  # it was used before, by a run whose end nobody saw; or this is another federation in the same home
        return await self._ask(http, "/login", {"handle": account.handle, "password": account.password})

    async def _ask(self, http: aiohttp.ClientSession, path: str, body: dict[str, str]) -> Pass:
        url = self._url + path
        while True:
            async with http.post(url, json=body) as response:
                content = await response.read()
                if response.status == BUSY:
                    await asyncio.sleep(float(response.headers.get("Retry-After", "1")))
                    continue
                if not response.ok:
                    raise AccountError(url=url, status=response.status, answer=content.decode(errors="replace")[:300])
            grant = msgspec.json.decode(content, type=_Grant)
            return Pass(
                grant.user_id,
                grant.device_id,
                grant.access_token,
                grant.refresh_token,
                time.time() + grant.expires_in,
            )


def _lasts(one: Pass) -> bool:
    return one.expires_at - time.time() > LASTS_SECONDS
