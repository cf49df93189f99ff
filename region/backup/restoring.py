"""Restores a backup aside, and lets it take the store's place only when it is whole, and nothing has gone beyond it."""

import asyncio
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from typing import Final

import msgspec
import psycopg
from psycopg.conninfo import conninfo_to_dict

from global_directory.client import DirectoryClient
from infra.backoff import Backoff
from infra.errors import CausewayError, UnavailableError
from infra.kafka import Consumer, KafkaError
from infra.schema.repository import alive as alive_at
from infra.schema.repository import connect, plain_url
from infra.schema.revisions import State, check
from region.backup import repository
from region.backup.manifest import Manifest, Situation, objections
from region.backup.places import Site
from region.backup.shelf import Shelf, reaching
from region.evacuation import repository as servers
from region.evacuation.copying import run_program
from region.standby.detaching import release
from region.store.revisions import SCHEMA
from replication.turns.repository import read_turn

NAME: Final = "causeway restore"
MAINTENANCE: Final = "postgres"
"""The database from which others are made and renamed."""
TRIES: Final = 10
READING: Final = frozenset({"standby"})
"""Services that only let the store be copied."""


class BeyondError(CausewayError):
    """The backup {backup_id} cannot be restored: {what}. Nothing was changed. A region that has gone beyond its backup comes back from its standby, which has more: docs/operations/incarnation.md. Where nobody stands by, this version cannot collect what others hold."""

    code = "gone-beyond"
    status = 409
    definite = True


class RestoringError(CausewayError):
    """Somebody else is restoring the store of {region} just now. Wait until they have ended; nothing was changed."""

    code = "busy"
    status = 409
    definite = True


class NotWholeError(CausewayError):
    """What was restored of {backup_id} is not what was backed up: {what}. The store was not touched."""

    code = "restored-in-part"
    status = 409
    definite = True


class Restored(msgspec.Struct, frozen=True):
    """What was done.

    Attributes:
        region: Whose store.
        backup_id: Of which backup.
        rows: In all tables.
        former: What the store that was there is called now; empty if there was none.
        forgotten: Whose copy of the store does not follow it any more; empty for nobody's.
    """

    region: str
    backup_id: str
    rows: int
    former: str
    forgotten: str


async def look(site: Site, manifest: Manifest, directory: DirectoryClient) -> None:
    """See that nothing stands against restoring a backup.

    Raises:
        BeyondError: Something does.
        SchemaError: This version does not understand its schema.
        UnavailableError: The directory, Kafka or the server of the store does not answer.
    """
    check(SCHEMA, State(manifest.revision, manifest.contracted))
    duty = next((one for one in await directory.duties() if one.region == site.region), None)
    if duty is None:
        raise BeyondError(backup_id=manifest.backup_id, what=f"the directory knows nothing of {site.region}")
    present, alive = None, list[str]()
    if await _is_there(site):
        async with await connect(site.store, name=NAME) as store:
            present = await read_turn(store)
            with suppress(psycopg.errors.UndefinedTable):  # it is new
                alive = [one.instance for one in await alive_at(store) if one.service not in READING]
    found = Situation(
        region=site.region,
        site=site.site,
        partitions=site.partitions,
        ends=await _ends(site),
        holder=duty.holder,
        epoch=duty.epoch,
        incarnation=duty.incarnation,
        laid_down=duty.laid_down,
        present=present,
        alive=alive,
    )
    if wrong := objections(manifest, found):
        raise BeyondError(backup_id=manifest.backup_id, what="; ".join(wrong))


async def restore(site: Site, tools: Path, manifest: Manifest, directory: DirectoryClient) -> Restored:
    """Restore a backup in place of the region's store, which is kept beside it under another name.

    Raises:
        RestoringError: Somebody else restores it.
        BeyondError: Something has gone beyond it, or the region's services run.
        DamagedError, CopyFailedError, NotWholeError: It is not whole, or could not be restored; the store was not touched.
        UnavailableError: Somebody who is needed does not answer.
    """
    try:
        name = _database(site.store)
        made = f"{name}_restored"
        async with await connect(_with(site.store, MAINTENANCE), name=NAME) as server:
            if not await repository.alone(server, name):
                raise RestoringError(region=site.region)
            if name in await servers.databases(server):
                await repository.open_again(server, name)  # a run that was killed may have left it shut
            await look(site, manifest, directory)
            await servers.make_database(server, made)
            await _fill(site, tools, manifest, made)
            await _compare(site, manifest, made)
            former, forgotten = await _replace(site, manifest, directory, server, made)
    except psycopg.Error as error:
        raise UnavailableError(what="The server of the region's store") from error
    except KafkaError as error:
        raise UnavailableError(what="The region's Kafka") from error
    return Restored(site.region, manifest.backup_id, sum(manifest.rows.values()), former, forgotten)


async def _fill(site: Site, tools: Path, manifest: Manifest, made: str) -> None:
    with tempfile.TemporaryDirectory(prefix="causeway-backup-") as folder:
        dump = Path(folder) / manifest.dump.name
        async with reaching(site.backups) as blobs:
            await Shelf(site.region, blobs).get(manifest.backup_id, manifest.dump, dump)
        plain = ["--no-publications", "--no-subscriptions", "--no-owner", "--no-privileges"]
        options = [*plain, "--exit-on-error", f"--dbname={made}", str(dump)]
        await run_program(tools / "pg_restore", options, _with(site.store, made))


async def _compare(site: Site, manifest: Manifest, made: str) -> None:
    async with await connect(_with(site.store, made), name=NAME) as store:
        counted, turn = await servers.row_counts(store), await read_turn(store)
        different = sorted(t for t in {*counted, *manifest.rows} if counted.get(t) != manifest.rows.get(t))
        if different or turn != manifest.turn:
            what = f"rows of {', '.join(different)}" if different else "whose turn it is"
            raise NotWholeError(backup_id=manifest.backup_id, what=what)
        await repository.begin_anew(store)


async def _replace(
    site: Site, manifest: Manifest, directory: DirectoryClient, server: psycopg.AsyncConnection, made: str
) -> tuple[str, str]:
    name = _database(site.store)
    if not await _is_there(site):
        await look(site, manifest, directory)
        await repository.rename(server, made, name)
        return "", site.standby
    await look(site, manifest, directory)
    former = f"{name}_before_{time.strftime('%Y%m%d%H%M%S', time.gmtime())}"
    await repository.shut(server, name)
    try:
        await _still_there(site, manifest)
        await _rename(server, name, former)
        try:
            await _rename(server, made, name)
        except BaseException:
            await _rename(server, former, name)
            raise
    except BaseException:
        await repository.open_again(server, name)
        raise
    await repository.open_again(server, former)
    if site.standby:  # until here it might have been refused, and the copy have followed on
        with suppress(psycopg.Error, TimeoutError):  # then changes are kept until that database is dropped
            await release(_with(site.store, former), site.standby)
    return former, site.standby


async def _still_there(site: Site, manifest: Manifest) -> None:
    if await _ends(site) != manifest.offsets:
        raise BeyondError(backup_id=manifest.backup_id, what="something was accepted just now")


async def _rename(server: psycopg.AsyncConnection, name: str, to: str) -> None:
    backoff = Backoff(first=0.05, most=1.0)
    for attempt in range(TRIES):
        try:
            await repository.rename(server, name, to)
        except repository.IN_USE:
            if attempt == TRIES - 1:
                raise
            await asyncio.sleep(backoff.next())
        else:
            return


async def _ends(site: Site) -> dict[int, int]:
    async with Consumer(site.kafka, site.journal, client="restore") as journal:
        return await journal.ends(range(site.partitions))


async def _is_there(site: Site) -> bool:
    async with await connect(_with(site.store, MAINTENANCE), name=NAME) as server:
        return _database(site.store) in await servers.databases(server)


def _database(url: str) -> str:
    return str(conninfo_to_dict(plain_url(url))["dbname"])


def _with(url: str, database: str) -> str:
    return psycopg.conninfo.make_conninfo("", **{**conninfo_to_dict(plain_url(url)), "dbname": database})
