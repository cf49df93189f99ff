"""Users of the load: made once, since hashing passwords is slow on purpose, and kept in the federation's home for later runs."""

import asyncio
import secrets
import time
from collections.abc import Callable
from pathlib import Path

import aiohttp
import msgspec

from infra.errors import CausewayError
from infra.local.keeping import load, save

AT_ONCE = 6
NEARLY_OVER = 0.5


class AccountError(CausewayError):
    """No account for the load could be made at {url}: it answered {status}, {answer}"""  # noqa: D415  # the answer ends it

    code = "bench-account"
    definite = False


class Account(msgspec.Struct, frozen=True):
    """One user of the load."""

    region: str
    handle: str
    password: str
    user_id: str
    access_token: str
    refresh_token: str
    expires_at: float
    lifetime: float


class Grant(msgspec.Struct, frozen=True):
    """What registering, logging in and refreshing give."""

    user_id: str
    handle: str
    access_token: str
    refresh_token: str
    expires_in: float


class Accounts:
    """The accounts of a federation, with the file that keeps them.

    Args:
        home: The federation's home.
        urls: Region to public URL.
    """

    def __init__(self, home: Path, urls: dict[str, str]) -> None:
        self._file = home / "chaos" / "bench-accounts.json"
        self._urls = urls
        self._known: dict[str, list[Account]] = {}

    async def provide(
        self, wanted: dict[str, int], *, progress: Callable[[int, int], None]
    ) -> dict[str, list[Account]]:
        """Return that many accounts of each region, with access tokens that last.

        Args:
            wanted: Region to number.
            progress: Called with (done, all).

        Raises:
            AccountError: One could not be made.
        """
        self._known = load(self._file, dict[str, list[Account]])
        kept = [account for region, count in wanted.items() for account in self._known.get(region, [])[:count]]
        missing = [region for region, count in wanted.items() for _ in range(count - len(self._known.get(region, [])))]
        limit, done, ready = asyncio.Semaphore(AT_ONCE), 0, list[Account]()
        async with aiohttp.ClientSession() as http:

            async def one(account: Account | None, region: str) -> None:
                nonlocal done
                async with limit:
                    ready.append(await self._fresh(http, account) if account else await self._register(http, region))
                done += 1
                progress(done, len(kept) + len(missing))

            async with asyncio.TaskGroup() as group:
                for account in kept:
                    group.create_task(one(account, account.region))
                for region in missing:
                    group.create_task(one(None, region))
        provided = {
            region: sorted((a for a in ready if a.region == region), key=lambda a: a.handle) for region in wanted
        }
        save(self._file, {**self._known, **{r: _merged(provided[r], self._known.get(r, [])) for r in wanted}})
        return provided

    async def _fresh(self, http: aiohttp.ClientSession, account: Account) -> Account:
        if account.expires_at - time.time() > account.lifetime * NEARLY_OVER:
            return account
        body = {"refresh_token": account.refresh_token}
        try:
            return _account(account.region, account.password, await self._post(http, account.region, "/token", body))
        except AccountError:
            # The session is not known any more: the account may be, or this is another federation in the same home.
            credentials = {"handle": account.handle, "password": account.password}
            try:
                grant = await self._post(http, account.region, "/login", credentials)
            except AccountError:
                return await self._register(http, account.region)
            return _account(account.region, account.password, grant)

    async def _register(self, http: aiohttp.ClientSession, region: str) -> Account:
        handle, password = f"bench-{region}-{secrets.token_hex(5)}", secrets.token_urlsafe(12)
        body = {"handle": handle, "password": password, "display_name": "Load"}
        return _account(region, password, await self._post(http, region, "/register", body))

    async def _post(self, http: aiohttp.ClientSession, region: str, path: str, body: dict[str, str]) -> Grant:
        url = self._urls[region] + path
        async with http.post(url, json=body) as response:
            content = await response.read()
            if response.status >= 300:  # noqa: PLR2004  # what HTTP calls success
                raise AccountError(url=url, status=response.status, answer=content.decode(errors="replace")[:300])
            return msgspec.json.decode(content, type=Grant)


def _account(region: str, password: str, grant: Grant) -> Account:
    return Account(
        region=region,
        handle=grant.handle,
        password=password,
        user_id=grant.user_id,
        access_token=grant.access_token,
        refresh_token=grant.refresh_token,
        expires_at=time.time() + grant.expires_in,
        lifetime=grant.expires_in,
    )


def _merged(fresh: list[Account], old: list[Account]) -> list[Account]:
    known = {account.handle for account in fresh}
    return [*fresh, *(account for account in old[len(fresh) :] if account.handle not in known)]
