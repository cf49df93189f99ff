"""A region's store is backed up while it is written, found again, and put back where nothing has gone beyond it, and nowhere else."""

import asyncio
import shutil
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path
from typing import cast

import msgspec
import pytest

from global_directory.client import DirectoryClient
from global_directory.holding.schemas import DutyView
from infra.blobs import Blobs, Place
from infra.errors import NotFoundError, UnavailableError
from infra.kafka import Producer
from infra.local import ports, postgres
from infra.local.parts import Part
from infra.local.tools import Tools, stage_of
from infra.postgres import make_pool
from infra.schema.repository import connect, tell_alive
from infra.schema.revisions import Alive
from region.backup import making, repository, restoring, verifying
from region.backup.making import NotNowError
from region.backup.manifest import Manifest
from region.backup.places import Site
from region.backup.restoring import BeyondError, NotWholeError
from region.backup.shelf import DUMP, MANIFEST, DamagedError, Shelf, reaching
from region.media.rules import key
from region.standby.repository import publishing
from region.store.repository.setup import prepare
from replication.turns.repository import drain, take_back

pytestmark = pytest.mark.integration
PARTITIONS = 2


class Directory:
    """Says what a test wants of who holds the duties."""

    def __init__(self, region: str, site: str) -> None:
        self.duty = DutyView(region, site, 1, 1, "", (), 1.0, laid_down=False)

    async def duties(self) -> tuple[DutyView, ...]:
        """Tell."""
        return (self.duty,)

    @property
    def client(self) -> DirectoryClient:
        """The same, as what is asked."""
        return cast("DirectoryClient", self)


@pytest.fixture
async def site(
    new_store: Callable[[], str], kafka: str, seaweed: Place, make_topic: Callable[..., Awaitable[str]]
) -> Site:
    """A region whose duties are held at some site, with users and blobs in its store, and a journal that is decided."""
    return await make_site(new_store(), kafka, seaweed, make_topic)


@pytest.fixture
def copied_store(
    tools: Tools, running: Callable[[Part, Tools], AbstractContextManager[Part]], tmp_path: Path
) -> Iterator[str]:
    """URL of an empty store whose server keeps changes for a copy."""
    port, data = ports.some_free(1)[0], tools.cluster(tmp_path, "copied")
    part = postgres.postgres_part(
        "copied/postgres",
        bin_directory=tools.postgres,
        data=data,
        log=tmp_path / "copied.log",
        port=port,
        publishes=True,
    )
    with running(part, tools):
        yield postgres.url(port)
    shutil.rmtree(data, ignore_errors=True)
    if tools.stage is not None:
        shutil.rmtree(stage_of(tools.stage, tmp_path), ignore_errors=True)


@pytest.fixture
async def copied(copied_store: str, kafka: str, seaweed: Place, make_topic: Callable[..., Awaitable[str]]) -> Site:
    """The same, by which another region stands, for whose copy the store keeps its changes."""
    made = replace(await make_site(copied_store, kafka, seaweed, make_topic), standby="us")
    async with await connect(made.store, name="test") as store:
        await store.execute("SELECT pg_create_logical_replication_slot('standby_us_life_1', 'pgoutput')")
    return made


async def make_site(url: str, kafka: str, seaweed: Place, make_topic: Callable[..., Awaitable[str]]) -> Site:
    """Return a region as above, on an empty store."""
    region = f"b{uuid.uuid4().hex[:6]}"
    place = replace(seaweed, bucket="test-backups")  # one, since each takes volumes
    made = Site(region, "eu", url, kafka, PARTITIONS, "", place, place, keep=2)
    await make_topic(PARTITIONS, made.journal)
    async with Producer(kafka, client="test") as producer:
        for _ in range(3):
            await producer.append(made.journal, partition=0, key=None, value=b"x")
    async with make_pool(url, size=1, name="test") as pool:
        await prepare(pool, region=region, partitions=PARTITIONS)
        async with pool.connection() as connection:
            await connection.execute("UPDATE region_state SET holder = 'eu'")
            await connection.execute("UPDATE journal_partitions SET next_offset = 3 WHERE partition = 0")
            await connection.execute(
                "INSERT INTO followers (name, partition, position, updated_at) SELECT 'x' || n, 0, n, n FROM generate_series(1, 1000) n"
            )
            await connection.execute(
                "INSERT INTO blobs (blob_id, owner, kind, name, size, content_type, checksum, state, created_at, updated_at)"
                " SELECT 'b' || n, 'u', 'file', 'f', 3, 'x', 'x', CASE WHEN n = 3 THEN 'uploading' ELSE 'ready' END, 1, 1 FROM generate_series(1, 3) n"
            )
    async with Blobs(place) as blobs:
        await blobs.make_bucket()
        for name in ("b1", "b2"):
            await blobs.write(key(name), b"abc", content_type="x")
    return made


@pytest.fixture
def directory(site: Site) -> Directory:
    """A directory that knows what the store says."""
    return Directory(site.region, site.site)


@pytest.fixture
async def shelf(site: Site) -> AsyncIterator[Shelf]:
    """The region's backups."""
    async with reaching(site.backups) as blobs:
        yield Shelf(site.region, blobs)


async def backup(site: Site, tools: Tools) -> Manifest:
    """Make one."""
    made, _ = await making.make(site, tools.postgres, by="ada")
    return made


async def followers(url: str) -> int:
    """Return how many rows a table of a store has."""
    async with await connect(url, name="test") as store:
        row = await (await store.execute("SELECT count(*) FROM followers")).fetchone()
    assert row is not None
    return int(row[0])


async def slots(site: Site) -> list[str]:
    """Return what the store's server keeps changes by."""
    async with await connect(site.store, name="test") as store:
        rows = await (await store.execute("SELECT slot_name FROM pg_replication_slots")).fetchall()
    return [name for (name,) in rows]


async def change(site: Site) -> None:
    """Write to the store."""
    async with await connect(site.store, name="test") as store:
        await store.execute("DELETE FROM followers WHERE position > 10")


def beside(url: str, name: str) -> str:
    """Return the URL of another database of the same server."""
    return f"{url.rpartition('/')[0]}/{name}"


async def test_a_backup_is_of_one_moment_while_the_store_is_written(
    site: Site, tools: Tools, directory: Directory
) -> None:
    """What its manifest counts is what is in it, whoever writes meanwhile."""
    done = asyncio.Event()

    async def write() -> None:
        async with await connect(site.store, name="test") as store:
            number = 10_000
            while not done.is_set():
                number += 1
                await store.execute(
                    "INSERT INTO followers (name, partition, position, updated_at) VALUES (%s, 0, 1, 1)",
                    (f"w{number}",),
                )

    writing = asyncio.create_task(write())
    try:
        made = await backup(site, tools)
    finally:
        done.set()
        await writing
    assert await followers(site.store) > made.rows["followers"] >= 1_000
    restored = await restoring.restore(site, tools.postgres, made, directory.client)
    assert await followers(site.store) == made.rows["followers"]
    assert await followers(beside(site.store, restored.former)) > made.rows["followers"]


async def test_a_backup_says_of_what_it_is(site: Site, tools: Tools, shelf: Shelf) -> None:
    """Life, epoch, schema, journal, sizes and sums; and it is found again."""
    made = await backup(site, tools)
    assert (made.region, made.site, made.incarnation, made.epoch, made.made_by) == (site.region, "eu", 1, 1, "ada")
    assert (made.offsets, made.partitions, made.rows["followers"], made.blob_count) == ({0: 3, 1: 0}, 2, 1_000, 2)
    assert made.dump.size > 1_000
    assert await shelf.names() == ([made.backup_id], {})
    assert await shelf.manifest(made.backup_id) == made
    for wrong in ("20200101T000000Z-000000", "../x"):
        with pytest.raises(NotFoundError):
            await shelf.manifest(wrong)


async def test_a_store_comes_back_and_what_was_there_is_kept(site: Site, tools: Tools, directory: Directory) -> None:
    """Whole; and no service is thought to be alive on it. Again, after it was lost altogether."""
    async with await connect(site.store, name="test") as store:
        await tell_alive(store, Alive("us/front", "gateway", 1))
        made = await backup(site, tools)
        await store.execute("DELETE FROM schema_services")
    await change(site)
    done = await restoring.restore(site, tools.postgres, made, directory.client)
    assert (await followers(site.store), await followers(beside(site.store, done.former))) == (1_000, 10)
    async with await connect(beside(site.store, "postgres"), name="test") as server:
        await server.execute(f'DROP DATABASE "{site.store.rpartition("/")[2]}"'.encode())
    again = await restoring.restore(site, tools.postgres, made, directory.client)
    assert (again.former, await followers(site.store)) == ("", 1_000)


async def test_one_restores_at_a_time_and_a_store_that_a_killed_one_left_shut_is_opened(
    site: Site, tools: Tools, directory: Directory
) -> None:
    """A second one would take the first one's half-made database away."""
    made = await backup(site, tools)
    await change(site)
    name = site.store.rpartition("/")[2]
    async with await connect(beside(site.store, "postgres"), name="test") as server:
        assert await repository.alone(server, name)
        with pytest.raises(restoring.RestoringError):
            await restoring.restore(site, tools.postgres, made, directory.client)
    assert await followers(site.store) == 10
    async with await connect(beside(site.store, "postgres"), name="test") as server:
        await repository.shut(server, name)
    await restoring.restore(site, tools.postgres, made, directory.client)
    assert await followers(site.store) == 1_000


async def test_a_manifest_names_no_file_of_the_machine_that_reads_it(site: Site, tools: Tools, shelf: Shelf) -> None:
    """Who may write to the blob store could overwrite what the operator may."""
    made = await backup(site, tools)
    for name in ("/tmp/elsewhere", "../elsewhere"):
        await shelf.finish(msgspec.structs.replace(made, dump=msgspec.structs.replace(made.dump, name=name)))
        with pytest.raises(DamagedError, match="something else"):
            await shelf.manifest(made.backup_id)


async def test_a_store_that_was_copied_comes_back_as_another_life(
    site: Site, tools: Tools, directory: Directory
) -> None:
    """So that its standby's copy, which may have more, is not thrown away for it."""
    async with await connect(site.store, name="test") as store:
        await store.execute(publishing.LIFE)
        life = await publishing.make_life(store)
    made = await backup(site, tools)
    assert made.life == life
    await restoring.restore(site, tools.postgres, made, directory.client)
    async with await connect(site.store, name="test") as store:
        assert await publishing.make_life(store) != life


@pytest.mark.parametrize("why", ["accepted", "epoch", "incarnation", "elsewhere", "alive", "draining"])
async def test_what_has_gone_beyond_its_backup_is_left_as_it_is(
    site: Site, tools: Tools, directory: Directory, why: str
) -> None:
    """Refused with the reason, before anything is touched."""
    made = await backup(site, tools)
    await change(site)
    async with await connect(site.store, name="test") as store:
        if why == "accepted":
            async with Producer(site.kafka, client="test") as producer:
                await producer.append(site.journal, partition=1, key=None, value=b"x")
        elif why == "alive":
            await tell_alive(store, Alive("us/front", "gateway", 1))
        elif why == "draining":
            assert await drain(store, epoch=1)
        else:
            field: dict[str, int | str] = {"holder": "us"} if why == "elsewhere" else {why: 2}
            directory.duty = replace(directory.duty, **field)  # type: ignore[arg-type]  # tests choose
    with pytest.raises(BeyondError) as refused:
        await restoring.restore(site, tools.postgres, made, directory.client)
    said = {
        "accepted": "1 records were accepted",
        "alive": "us/front",
        "draining": "handed over",
        "elsewhere": "us holds",
    }
    assert said.get(why, f"{why} 2") in str(refused.value)
    assert await followers(site.store) == 10


async def test_one_that_is_refused_in_the_end_leaves_the_standby_its_way_to_follow(copied: Site, tools: Tools) -> None:
    """What is kept for the copy is given up only when the store that was copied has been replaced: otherwise a copy of all of it would have to be made anew."""
    made = await backup(copied, tools)
    looks = 0

    class Meanwhile(Directory):
        async def duties(self) -> tuple[DutyView, ...]:
            nonlocal looks
            looks += 1
            if looks == 2:  # the one before the store is replaced
                async with Producer(copied.kafka, client="test") as producer:
                    await producer.append(copied.journal, partition=1, key=None, value=b"x")
            return await super().duties()

    with pytest.raises(BeyondError, match="1 records were accepted"):
        await restoring.restore(copied, tools.postgres, made, Meanwhile(copied.region, copied.site).client)
    assert looks == 2
    assert await slots(copied) == ["standby_us_life_1"]
    async with await connect(copied.store, name="test") as store:
        await store.execute("UPDATE journal_partitions SET next_offset = 1 WHERE partition = 1")
    again = await backup(copied, tools)
    done = await restoring.restore(copied, tools.postgres, again, Directory(copied.region, copied.site).client)
    assert done.forgotten == "us"
    assert await slots(copied) == []


async def test_one_that_is_damaged_replaces_nothing(
    site: Site, tools: Tools, directory: Directory, shelf: Shelf
) -> None:
    """A byte that is another, a dump that is gone, one that counts otherwise; verifying tells the same."""
    made = await backup(site, tools)
    await change(site)
    lying = msgspec.structs.replace(made, rows={**made.rows, "followers": 999})
    with pytest.raises(NotWholeError, match="rows of followers"):
        await restoring.restore(site, tools.postgres, lying, directory.client)
    where = f"backups/{site.region}/{made.backup_id}/{DUMP}"
    async with Blobs(site.backups) as blobs:
        content = bytearray(b"".join([piece async for piece in blobs.read(where)]))
        content[len(content) // 2] ^= 1
        await blobs.write(where, bytes(content), content_type="x")
        for what in ("not what was written", "missing"):
            with pytest.raises(DamagedError, match=what):
                await restoring.restore(site, tools.postgres, made, directory.client)
            with pytest.raises(DamagedError, match=what):
                await verifying.verify(site, tools.postgres, made)
            await blobs.remove([where])
    assert await followers(site.store) == 10
    assert (await shelf.names())[0] == [made.backup_id]


async def test_verifying_tells_which_blobs_are_missing(site: Site, tools: Tools) -> None:
    """Gone, or of another size; a blob that was never complete is not asked for."""
    made = await backup(site, tools)
    assert (await verifying.verify(site, tools.postgres, made)).missing == []
    async with Blobs(site.backups) as blobs:
        await blobs.remove([key("b1")])
        await blobs.write(key("b2"), b"abcd", content_type="x")
    found = await verifying.verify(site, tools.postgres, made)
    assert (found.rows, found.blobs, found.missing) == (sum(made.rows.values()), 2, [key("b1"), key("b2")])


async def test_old_ones_go_and_one_that_is_not_whole_is_no_backup(site: Site, tools: Tools, shelf: Shelf) -> None:
    """So many whole ones are kept; without its manifest none is listed, and what is being made is left alone."""
    made = [await backup(site, tools) for _ in range(3)]
    by_time = sorted(one.backup_id for one in made)
    assert (await shelf.names())[0] == by_time[-2:]
    async with Blobs(site.backups) as blobs:
        await blobs.remove([f"backups/{site.region}/{by_time[-1]}/{MANIFEST}"])
    whole, unfinished = await shelf.names()
    assert (whole, list(unfinished)) == (by_time[1:2], by_time[2:])
    assert await making.prune(shelf, keep=1) == []


async def test_nothing_is_backed_up_that_is_being_handed_over(site: Site, tools: Tools, shelf: Shelf) -> None:
    """It would come back as something that nobody serves."""
    async with await connect(site.store, name="test") as store:
        assert await drain(store, epoch=1)
        with pytest.raises(NotNowError, match="handed over"):
            await backup(site, tools)
        assert await take_back(store, epoch=1, holder="eu")
    assert (await shelf.names())[0] == []
    with pytest.raises(UnavailableError):
        await making.make(replace(site, store=beside(site.store, "nowhere")), Path("/nowhere"), by="ada")


async def test_a_large_one_goes_in_parts(site: Site, shelf: Shelf, tmp_path: Path) -> None:
    """And comes back the same."""
    path = tmp_path / "large"
    path.write_bytes(bytes(range(256)) * 4 * 1024 * 33)  # 33 MiB
    piece = await shelf.put("20261126T150000Z-0a1b2c", DUMP, path)
    await shelf.get("20261126T150000Z-0a1b2c", piece, tmp_path / "again")
    assert piece.size == path.stat().st_size
    assert (tmp_path / "again").read_bytes() == path.read_bytes()
