"""A region's store has a copy at its standby: whole after cuts and kills, the same in every table, read by nobody, and never replaced by less."""

import asyncio
import contextlib
import json
import secrets
import shutil
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest

from chaos.federation import CommandError, Federation
from infra.local import homes, postgres, toolchain
from infra.local.numbering import Ports
from infra.local.topology import lay_out
from infra.observability.names import missing
from tests.acceptance.gauges import Gauges

PATIENCE = 240.0
POLL_SECONDS, COMMAND_SECONDS = 0.2, 1.0
"""How often another process is asked again: it tells only who asks; and how often by a command, which costs more than the answer."""
SCANS = "SELECT seq_scan, coalesce(idx_scan, 0) FROM pg_stat_user_tables WHERE relname = 'entries'"
"""How often entries were looked for; what follows only puts them in."""
LOOKS = "SELECT xact_commit FROM pg_stat_database WHERE datname = 'held_us'"
"""How often anybody has come to the copy: who follows, or does not any more, looks at it once a second, in several transactions; asked elsewhere on that server, not to be counted."""
ENOUGH_LOOKS = 20
RULES = Path(__file__).parents[2] / "infra/observability/prometheus/rules/standby.yml"
pytestmark = pytest.mark.timeout(1200)


class Talk:
    """Two people of a region who write to each other, whatever happens."""

    def __init__(self, http: httpx.AsyncClient, url: str) -> None:
        self._http = http
        self._url = url
        self._bearers: list[dict[str, str]] = []
        self._ids: list[str] = []
        self.written = 0
        self._wrote = asyncio.Event()

    async def begin(self) -> None:
        """Register both."""
        for _ in range(2):
            credentials = {"handle": f"u{secrets.token_hex(8)}", "password": "a good password"}
            async with asyncio.timeout(PATIENCE):
                while (answer := await self._http.post(f"{self._url}/register", json=credentials)).status_code != 201:  # noqa: ASYNC110 — another process
                    await asyncio.sleep(POLL_SECONDS)
            self._bearers.append({"Authorization": f"Bearer {answer.json()['access_token']}"})
            self._ids.append(answer.json()["user_id"])

    async def write(self, messages: int = 10) -> None:
        """Write some messages, each until it is accepted."""
        for number in range(messages):
            body = {
                "recipient_id": self._ids[(number + 1) % 2],
                "text": secrets.token_hex(1000),
                "client_message_id": secrets.token_hex(8),
            }
            async with asyncio.timeout(PATIENCE):
                while True:
                    with contextlib.suppress(httpx.HTTPError):
                        answer = await self._http.post(
                            f"{self._url}/messages", json=body, headers=self._bearers[number % 2]
                        )
                        if answer.status_code in {200, 201}:
                            break
                    await asyncio.sleep(POLL_SECONDS)
            self.written += 1
            self._wrote.set()

    async def goes_on(self, messages: int) -> None:
        """Wait until so many more were accepted of what is being written."""
        until = self.written + messages
        async with asyncio.timeout(PATIENCE):
            while self.written < until:
                self._wrote.clear()
                await self._wrote.wait()


@contextlib.asynccontextmanager
async def going_on(talk: Talk) -> AsyncIterator[None]:
    """Write while something is done."""

    async def write() -> None:
        while True:
            await talk.write(1)  # each is answered when it is decided, which is pace enough

    task = asyncio.create_task(write())
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def told(stood_by: Federation) -> dict[str, Any]:
    """Return what an operator is told of the copy."""
    found = json.loads(await stood_by.act("region", "status", "--json"))["regions"]
    return dict(next(one for one in found if one["region"] == "us")["copy"] or {})


async def until(stood_by: Federation, right: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
    """Wait until an operator is told so."""
    copy: dict[str, Any] = {}
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(PATIENCE):
            while not right(copy := await told(stood_by)):  # noqa: ASYNC110 — another process
                await asyncio.sleep(COMMAND_SECONDS)
    assert right(copy), copy
    return copy


def follows(copy: dict[str, Any]) -> bool:
    """Whether the copy is whole, and late by no more than a beat or two."""
    return bool(copy.get("state") == "follow" and copy["whole"] and copy["connected"] and copy["behind_seconds"] < 3)


def servers(stood_by: Federation) -> tuple[str, str]:
    """Return the URLs of the store of us, and of its copy."""
    base = homes.read_federation(Path(stood_by.status().home)).base_port
    us, eu = (Ports.of(base, region).postgres for region in ("us", "eu"))
    return postgres.url(us), postgres.url(eu, "held_us")


def ask(url: str, statement: str) -> list[tuple[Any, ...]]:
    """Run a statement."""
    with psycopg.connect(url, autocommit=True) as connection:
        cursor = connection.execute(statement)
        return list(cursor.fetchall()) if cursor.description else []


async def tells_all_its_rules_name(stood_by: Federation, http: httpx.AsyncClient) -> None:
    """Wait until the parts tell every metric that the alerts of standbys look at; one that was just killed is not up at once."""
    gauges = Gauges(http, stood_by.status())
    lacking = {"all"}
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(PATIENCE):
            while lacking:
                lacking = missing([RULES.read_text()], await gauges.pages())
                await asyncio.sleep(POLL_SECONDS)
    assert not lacking


async def test_the_copy_is_the_same_after_a_cut_and_a_kill_and_a_difference_is_found(
    stood_by: Federation, http: httpx.AsyncClient
) -> None:
    """Whoever writes does not notice; what was missed is caught up with; a row that differs turns the comparison red."""
    us = stood_by.status().regions["us"].public_url
    talk = Talk(http, us)
    await talk.begin()
    await until(stood_by, follows)
    await talk.write()
    store, copy = servers(stood_by)

    async with going_on(talk):
        await stood_by.act("local", "cut", "us-eu")
        away = await until(stood_by, lambda one: one["behind_seconds"] > 4)
        assert away["behind_bytes"] > 10_000
        assert away["complete_until"], "what it has, it can tell while it is cut off"
        await stood_by.act("local", "heal", "us-eu")
        await until(stood_by, follows)

        await stood_by.act("local", "kill", "eu/postgres", "--stay-down")
        await until(stood_by, lambda one: one["behind_seconds"] > 4)
        with contextlib.suppress(CommandError):  # it may take longer than the command waits; what follows waits, too
            await stood_by.act("local", "heal", "eu/postgres")
        await until(stood_by, follows)
        read = ask(copy, SCANS)  # not before: a server that was killed has forgotten such counts

        await talk.goes_on(5)
        await stood_by.act("local", "kill", "us/postgres")
        await until(stood_by, follows)
        await talk.goes_on(5)
    assert ask(copy, SCANS) == read, "nobody reads what is only held"

    assert "is the same" in await stood_by.act("standby", "verify", "us")
    assert ask(store, "SELECT count(*) FROM entries") == ask(copy, "SELECT count(*) FROM entries")
    await tells_all_its_rules_name(stood_by, http)
    ask(copy, "UPDATE users SET display_name = 'somebody else' WHERE user_id = (SELECT min(user_id) FROM users)")
    with pytest.raises(CommandError, match="users"):
        await stood_by.act("standby", "verify", "us")
    assert "--why" in str(await _refused(stood_by, "standby", "forget", "us"))
    assert "--confirm us" in str(await _refused(stood_by, "standby", "forget", "us", "--why", "a test"))
    await stood_by.act("standby", "forget", "us", "--why", "a test", "--confirm", "us")
    await until(stood_by, follows)
    assert "is the same" in await stood_by.act("standby", "verify", "us")


async def _refused(stood_by: Federation, *arguments: str) -> CommandError:
    with pytest.raises(CommandError) as refused:
        await stood_by.act(*arguments)
    return refused.value


async def the_copy_stays(stood_by: Federation, copy: str) -> None:
    """Start us with an empty store, and see that nothing is begun in it, and that of the copy nothing is lost."""
    held = ask(copy, "SELECT count(*) FROM users")
    life = ask(copy, "SELECT life FROM store_life")
    with contextlib.suppress(CommandError):
        await stood_by.act("local", "heal", "us/postgres")
    await stood_by.act("local", "heal", "us/back", "--no-wait")  # it is not well before the disk is found

    async with asyncio.timeout(PATIENCE):
        while "us has lived" not in await stood_by.act("status", "--json"):  # noqa: ASYNC110 — another process
            await asyncio.sleep(COMMAND_SECONDS)
    kept = await told(stood_by)
    assert kept["whole"]
    assert kept["complete_until"]
    beside = copy.replace("held_us", "postgres")
    looks = ask(beside, LOOKS)[0][0]
    async with asyncio.timeout(PATIENCE):
        while ask(beside, LOOKS)[0][0] < looks + ENOUGH_LOOKS:  # noqa: ASYNC110 — another process
            await asyncio.sleep(POLL_SECONDS)
    assert not follows(await told(stood_by))
    assert ask(copy, "SELECT count(*) FROM users") == held
    assert held[0][0] >= 2
    assert ask(copy, "SELECT life FROM store_life") == life


async def test_a_region_that_lost_its_store_does_not_empty_the_copy(
    stood_by: Federation, http: httpx.AsyncClient
) -> None:
    """Its server comes back with an empty store: nothing is begun in it, and what eu holds, which is the only copy then, stays as it is; once its disk is found, all goes on."""
    status = stood_by.status()
    talk = Talk(http, status.regions["us"].public_url)
    await talk.begin()
    await talk.write()
    await until(stood_by, follows)
    _, copy = servers(stood_by)
    layout = lay_out(homes.read_federation(Path(status.home)), toolchain.find())
    life = ask(copy, "SELECT life FROM store_life")

    await stood_by.act("local", "kill", "us/back", "us/front", "us/postgres", "--stay-down")
    disk = layout.parts["us/postgres"].directory
    elsewhere = disk.with_name("elsewhere")
    disk.rename(elsewhere)
    try:
        await the_copy_stays(stood_by, copy)
    finally:  # the disk is found: what is there is better than anything
        await stood_by.act("local", "kill", "us/back", "us/postgres", "--stay-down")
        shutil.rmtree(disk, ignore_errors=True)
        elsewhere.rename(disk)
        with contextlib.suppress(CommandError):
            await stood_by.act("local", "heal")
    await until(stood_by, follows)
    assert ask(copy, "SELECT life FROM store_life") == life
    await talk.write(2)
    await until(stood_by, follows)
    assert "is the same" in await stood_by.act("standby", "verify", "us")
