"""The copy of a store on a real pair of PostgreSQL servers: made, followed, cut, lost and made anew, and never replaced by less."""

import asyncio
import ssl
from pathlib import Path

import psycopg
import pytest

from infra.local.certificates import Files, ensure
from infra.local.tools import Tools
from infra.tls import MutualTls
from region.evacuation.copying import compare_sums, copy_store
from region.standby import metrics
from region.standby.cli import NoCopyError, throw_away
from region.standby.detaching import detach, release
from region.standby.judging import Step
from region.standby.publisher import CONDITION
from region.standby.repository.publishing import KEPT, OWN, ROLE
from region.store.repository.copies import WHOLE, Reach, digest_of, reach
from replication.turns.records import Phase, Turn
from replication.turns.repository import drain, hand_over, read_turn_at, take_over
from replication.turns.takeover_repository import taken_in
from tests.integration.standby.pairs import LOOK_SECONDS, SECONDS, Pair

pytestmark = [pytest.mark.integration, pytest.mark.timeout(180)]


async def test_a_copy_is_made_and_follows_and_is_the_same(pair: Pair) -> None:
    """All tables, what was there and what comes; and a difference of one row is seen."""
    await pair.until(Step.FOLLOW)
    for name in set(OWN) - {KEPT, WHOLE}:
        assert pair.run(pair.held, f"SELECT count(*) FROM {name}") != [(0,)] or name == "schema_services"
    assert pair.run(pair.store, "SELECT relname FROM pg_class WHERE relkind = 'S'") == [], "what is not followed"
    every = {name for (name,) in pair.run(pair.store, "SELECT tablename FROM pg_tables WHERE schemaname = 'public'")}
    published = {name for (name,) in pair.run(pair.store, "SELECT tablename FROM pg_publication_tables")}
    assert every - published == set(OWN) - {KEPT}
    assert pair.health.conditions[CONDITION].ok
    pair.run(pair.store, "INSERT INTO followers VALUES ('later', 1, 2, 3)")
    pair.run(pair.store, "UPDATE journal_partitions SET next_offset = 7")
    pair.run(pair.store, "DELETE FROM followers WHERE partition < 100")

    assert await pair.differs() == []
    pair.run(pair.held, "UPDATE followers SET position = 2 WHERE partition = 200")
    assert await pair.differs() == ["followers"]


async def reached(pair: Pair, standby: str = "eu") -> Reach:
    """Return what a gateway is told of how far the standby is."""
    async with await psycopg.AsyncConnection.connect(pair.store, autocommit=True) as connection:
        return await reach(connection, standby)


async def taken(pair: Pair) -> int:
    """Return what a forwarder is told of how far the standby is."""
    async with await psycopg.AsyncConnection.connect(pair.store, autocommit=True) as connection:
        return await taken_in(connection, "eu")


async def confirmed(pair: Pair, position: int) -> Reach:
    """Look after the copy until it is known to have everything up to a position."""
    seen = await reached(pair)
    async with asyncio.timeout(SECONDS):
        while seen.confirmed is None or seen.confirmed < position:
            await pair.look()
            await asyncio.sleep(LOOK_SECONDS)
            seen = await reached(pair)
    return seen


async def test_what_the_standby_confirms_counts_while_its_copy_is_whole_and_it_follows(pair: Pair) -> None:
    """Not while tables are missing from the copy, be it the first one or one that the store has got since; nor does what another one says."""
    assert (await reached(pair)).confirmed is None
    await pair.until(Step.WAIT)
    assert (await reached(pair)).confirmed is None, "it confirms positions, and lacks tables"
    assert await taken(pair) == 0
    await pair.until(Step.FOLLOW)
    pair.run(pair.store, "INSERT INTO followers VALUES ('first', 1, 2, 3)")
    written = (await reached(pair)).position
    await confirmed(pair, written)
    assert await taken(pair) >= written
    assert pair.run(pair.held, "SELECT count(*) FROM followers WHERE name = 'first'") == [(1,)]
    assert (await reached(pair, "ap")).confirmed is None

    await pair.pause()
    pair.run(pair.store, "INSERT INTO followers VALUES ('second', 1, 2, 3)")
    written = (await reached(pair)).position
    await asyncio.sleep(1)
    behind = (await reached(pair)).confirmed
    assert behind is not None
    assert behind < written
    pair.run(pair.held, "ALTER SUBSCRIPTION held ENABLE")
    await confirmed(pair, written)
    assert pair.run(pair.held, "SELECT count(*) FROM followers WHERE name = 'second'") == [(1,)]

    pair.run(pair.store, "CREATE TABLE fresh (k INT PRIMARY KEY)")
    async with asyncio.timeout(SECONDS):
        while (await reached(pair)).confirmed is not None:  # noqa: ASYNC110 — the publisher takes its time
            await asyncio.sleep(0.1)
    assert await taken(pair) == 0
    pair.run(pair.held, "CREATE TABLE fresh (k INT PRIMARY KEY)")
    written = (await reached(pair)).position
    await confirmed(pair, written)
    assert await taken(pair) >= written

    pair.run(pair.store, "ALTER TABLE fresh RENAME TO fresher")  # one table less and one more: as many as before
    assert (await reached(pair)).confirmed is None
    assert await taken(pair) == 0


async def test_the_standby_writes_one_row_and_not_more(pair: Pair) -> None:
    """Which copy is whole, as another region says it: of a bounded size, and nothing besides."""
    await pair.until(Step.FOLLOW)
    await confirmed(pair, (await reached(pair)).position)
    role = pair.store.replace("//causeway", f"//{ROLE}")
    said = pair.run(role, f"SELECT one, tables FROM {WHOLE}")
    tables = {str(name) for (name,) in pair.run(pair.store, "SELECT tablename FROM pg_publication_tables")}
    assert said == [(1, digest_of(tables))]
    for wrong, error in (
        (f"INSERT INTO {WHOLE} VALUES (2, 's', repeat('a', 64), 1)", psycopg.errors.CheckViolation),
        (f"UPDATE {WHOLE} SET one = 2", psycopg.errors.CheckViolation),
        (f"UPDATE {WHOLE} SET slot = repeat('a', 64)", psycopg.errors.CheckViolation),
        (f"UPDATE {WHOLE} SET tables = repeat('a', 1000)", psycopg.errors.CheckViolation),
        (f"DELETE FROM {WHOLE}", psycopg.errors.InsufficientPrivilege),
        ("UPDATE region_state SET epoch = 9", psycopg.errors.InsufficientPrivilege),
        ("INSERT INTO followers VALUES ('x', 1, 2, 3)", psycopg.errors.InsufficientPrivilege),
        ("UPDATE store_life SET beat_at = 0", psycopg.errors.InsufficientPrivilege),
        ("CREATE TABLE more (k INT PRIMARY KEY)", psycopg.errors.InsufficientPrivilege),
    ):
        with pytest.raises(error):
            pair.run(role, wrong)


async def test_a_copy_that_was_away_for_too_long_is_made_anew(pair: Pair) -> None:
    """The old one stays, whole as it was, until the new one is whole."""
    await pair.until(Step.FOLLOW)
    await pair.pause()
    pair.run(pair.store, "INSERT INTO followers VALUES ('late', 1, 2, 3)")
    pair.run(pair.store, "CREATE TABLE bulk (k INT, t TEXT)")
    for _ in range(12):
        pair.run(pair.store, "INSERT INTO bulk SELECT g, repeat(md5(g::text), 60) FROM generate_series(1, 10000) g")
        pair.run(pair.store, "CHECKPOINT")
    pair.run(pair.store, "DROP TABLE bulk")

    assert await pair.look() is Step.LEAVE
    assert pair.run(pair.held, "SELECT count(*) FROM followers") == [(500,)]
    await pair.until(Step.EXCHANGE)
    await pair.until(Step.FOLLOW)
    assert await pair.differs() == []
    assert pair.run(pair.server, "SELECT datname FROM pg_database WHERE datname LIKE 'held%'") == [("held_us",)]
    assert len(pair.run(pair.store, "SELECT 1 FROM pg_replication_slots")) == 1


async def test_the_copy_of_a_store_that_was_lost_is_left_alone(pair: Pair) -> None:
    """An empty store of another life is not followed, whatever stands in it: the copy may be all that is left."""
    await pair.until(Step.FOLLOW)
    pair.run(pair.store, "UPDATE store_life SET life = 'another'")
    pair.run(pair.store, "SELECT pg_terminate_backend(active_pid) FROM pg_replication_slots WHERE active")
    pair.run(pair.store, "DELETE FROM followers")

    await asyncio.sleep(3)
    assert await pair.look() is Step.STOP
    assert await pair.look() is Step.STOP
    assert pair.run(pair.held, "SELECT count(*) FROM followers") == [(500,)]
    assert not pair.health.conditions["copy of us"].ok
    assert "another one" in pair.health.conditions["copy of us"].detail


async def test_emptying_a_table_at_once_is_not_passed_on(pair: Pair) -> None:
    """TRUNCATE leaves no rows to be told of, and nothing of ours uses it."""
    await pair.until(Step.FOLLOW)
    pair.run(pair.store, "TRUNCATE followers")
    pair.run(pair.store, "UPDATE journal_partitions SET next_offset = 9")
    await pair.has("SELECT DISTINCT next_offset FROM journal_partitions", [(9,)])

    assert await pair.differs() == ["followers"]
    assert pair.run(pair.held, "SELECT count(*) FROM followers") == [(500,)]


async def test_the_copy_is_fit_for_what_the_store_writes_next(pair: Pair) -> None:
    """A table and a column that the store has anew stop it for as long as its own schema lacks them, and no longer."""
    await pair.until(Step.FOLLOW)
    pair.run(pair.store, "CREATE TABLE fresh (k INT PRIMARY KEY)")
    pair.run(pair.store, "INSERT INTO fresh VALUES (1)")
    pair.run(pair.store, "ALTER TABLE followers ADD COLUMN more INT NOT NULL DEFAULT 5")
    pair.run(pair.store, "INSERT INTO followers VALUES ('more', 1, 2, 3, 4)")
    await asyncio.sleep(1)
    pair.run(pair.held, "CREATE TABLE fresh (k INT PRIMARY KEY)")
    pair.run(pair.held, "ALTER TABLE followers ADD COLUMN more INT NOT NULL DEFAULT 5")
    async with asyncio.timeout(SECONDS):
        while await pair.differs():
            await pair.look()
            await asyncio.sleep(1)
    assert pair.run(pair.held, "SELECT k FROM fresh") == [(1,)]


async def test_a_store_that_was_brought_back_as_it_was_is_not_followed(pair: Pair) -> None:
    """Its log ends before what was taken in: what it writes from there on would be passed over, or contradict what the copy has."""
    await pair.until(Step.FOLLOW)
    origin = "SELECT external_id FROM pg_replication_origin_status"
    await pair.pause()
    [(name,)] = pair.run(pair.held, origin)
    pair.run(pair.held, f"SELECT pg_replication_origin_advance('{name}', 'FFFF/0')")

    assert await pair.look() is Step.STOP
    assert "gone back" in pair.health.conditions["copy of us"].detail
    assert "gone back" in await pair.copy.may_follow()


async def test_a_copy_that_became_a_store_of_its_own_is_left_alone(pair: Pair) -> None:
    """Who takes the duties over works on it; nothing that the former store says touches it again."""
    await pair.until(Step.FOLLOW)

    held = await detach(pair.server, "us")

    assert held.beat_at > 0
    assert set(held.positions) == {0, 1, 2, 3}
    pair.run(pair.store, "INSERT INTO followers VALUES ('late', 1, 2, 3)")
    for _ in range(3):
        assert await pair.look() is Step.STOP
    assert pair.run(pair.held, "SELECT count(*) FROM followers") == [(500,)]
    assert pair.run(pair.held, "SELECT count(*) FROM pg_subscription") == [(0,)]
    again = await detach(pair.server, "us")
    assert again.positions == held.positions
    assert await pair.look() is Step.STOP


async def test_duties_are_handed_over_with_the_copy_and_come_back_and_are_copied_anew(pair: Pair, tools: Tools) -> None:
    """Away from home it is no copy, and nobody is alarmed, nor throws it away; a new one takes its place once the next epoch has begun at home."""

    async def change(url: str, turn: Turn | None, *, epoch: int, to: str = "") -> None:
        async with await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
            if turn is None:
                assert await drain(connection, epoch=epoch)
                assert await hand_over(connection, epoch=epoch, to=to)
            else:
                assert await take_over(connection, turn, ended=epoch, renamed={}, offsets={})

    await pair.until(Step.FOLLOW)
    await change(pair.store, None, epoch=1, to="eu")
    handed = read_turn_at(pair.store)
    assert handed is not None
    assert handed.phase is Phase.HANDED
    async with asyncio.timeout(SECONDS):
        while read_turn_at(pair.held) != handed:  # noqa: ASYNC110 — another server
            await asyncio.sleep(0.1)
    assert await pair.look() is Step.FOLLOW, "until it is begun with it is a copy"
    assert await compare_sums(pair.store, pair.held) > 10

    await detach(pair.held, "us")
    await release(pair.store, "eu")
    assert await pair.look() is Step.HOLD
    await change(pair.held, Turn("us", 2, 2, "eu"), epoch=1)
    pair.run(pair.held, "INSERT INTO followers VALUES ('away', 1, 2, 3)")
    assert await pair.look() is Step.HOLD
    await asyncio.sleep(3)
    assert pair.health.conditions["copy of us"].ok
    assert pair.health.conditions[CONDITION].ok
    assert metrics.BEHIND_SECONDS.labels("eu")._value.get() == 0  # noqa: SLF001 — as others see it
    assert pair.run(pair.store, "SELECT count(*) FROM pg_replication_slots") == [(0,)]
    with pytest.raises(NoCopyError):
        await throw_away(pair.server, "us")

    await change(pair.held, None, epoch=2, to="us")

    async def nothing(_: object) -> None:
        pass

    await copy_store(pair.held, pair.store, tools.postgres, prepare=nothing)
    for _ in range(8):
        assert await pair.look() in {Step.HOLD, None}, "it may be handed back yet"
        await asyncio.sleep(1)
    assert pair.run(pair.held, "SELECT count(*) FROM followers") == [(501,)]
    await change(pair.store, Turn("us", 3, 3, "us"), epoch=2)
    await pair.until(Step.FOLLOW)
    assert read_turn_at(pair.held) == Turn("us", 3, 3, "us")
    assert await pair.differs() == []


async def test_the_way_may_be_cut_and_the_copy_goes_on_where_it_was(pair: Pair) -> None:
    """What follows is cut off again and again while rows are written: each comes once."""
    await pair.until(Step.FOLLOW)
    for turn in range(5):
        pair.run(
            pair.store,
            f"INSERT INTO followers SELECT 'cut', p, {turn}, 1 FROM generate_series({turn * 100}, {turn * 100 + 99}) p",
        )
        pair.run(pair.store, "SELECT pg_terminate_backend(active_pid) FROM pg_replication_slots WHERE active")
        await asyncio.sleep(0.3)

    await pair.has("SELECT count(*) FROM followers WHERE name = 'cut'", [(500,)])
    assert await pair.differs() == []


async def test_nobody_comes_in_but_the_standby_and_no_further_than_its_role(pair: Pair, tmp_path: Path) -> None:
    """Not in plain text, not by a certificate of another authority or region, not as the superuser, and not to write."""
    await pair.until(Step.FOLLOW)
    connect = psycopg.AsyncConnection.connect  # in this loop: the gate is in it, too
    plain = f"host=127.0.0.1 port={pair.gate} dbname=causeway connect_timeout=5 sslmode=disable"
    with pytest.raises(psycopg.OperationalError):
        await connect(f"{plain} user=standby")
    own = f"{pair.source} connect_timeout=5 sslmode=disable"
    for refused in ("user=causeway", "user=standby replication=true", "user=standby dbname=postgres"):
        with pytest.raises(psycopg.OperationalError, match=r"offered here|comes in here"):
            await connect(f"{own} {refused}")
    async with await connect(f"{own} user=standby", autocommit=True) as connection:
        assert await (await connection.execute("SELECT count(*) FROM followers")).fetchone() == (500,)
        for statement in ("DELETE FROM followers", "CREATE TABLE t (k INT)", "UPDATE store_life SET life = ''"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                await connection.execute(statement.encode())
    for name, home in (("ap", tmp_path), ("eu", tmp_path / "strangers")):
        ensure(home, ["us", "eu", "ap"])
        files = Files.of(home, name)
        tls = MutualTls(files.certificate, files.key, files.authorities)
        assert await asks(pair.gate, tls) in {b"", b"E"}, name


async def asks(gate: int, tls: MutualTls) -> bytes:
    """Begin a session at the gate as the right role, and return the kind of the first answer; nothing if none comes."""
    said = (196608).to_bytes(4, "big") + b"user\0standby\0database\0causeway\0\0"
    tls.client.check_hostname = False
    tls.client.verify_mode = ssl.CERT_NONE
    try:
        reader, writer = await asyncio.open_connection("127.0.0.1", gate, ssl=tls.client)
        writer.write((len(said) + 4).to_bytes(4, "big") + said)
        first = await reader.read(1)
        writer.close()
    except (ssl.SSLError, ConnectionError):
        return b""
    return first


async def test_a_table_that_no_standby_can_be_given_is_told_of_and_harms_nobody(pair: Pair) -> None:
    """Without a primary key, changes of it could not be followed; it is left out, with an alert, and may be written."""
    await pair.until(Step.FOLLOW)
    pair.run(pair.store, "CREATE TABLE keyless (k INT)")
    pair.run(pair.store, "INSERT INTO keyless VALUES (1)")

    async with asyncio.timeout(SECONDS):
        while pair.health.conditions[CONDITION].ok:  # noqa: ASYNC110 — health has no event
            await asyncio.sleep(0.1)
    assert "keyless" in pair.health.conditions[CONDITION].detail
    pair.run(pair.store, "UPDATE keyless SET k = 2")
    assert await pair.look() is Step.FOLLOW
    assert await pair.differs() == ["keyless"]


async def test_a_standby_that_was_expelled_is_cut_off_at_once_and_goes_on_when_it_is_readmitted(pair: Pair) -> None:
    """What it follows by is cut, and it is not let in again until then."""
    await pair.until(Step.FOLLOW)
    read = "SELECT count(*) FROM pg_stat_replication"
    assert pair.run(pair.store, read) == [(1,)]

    pair.door.expel(["eu"])
    pair.run(pair.store, "INSERT INTO followers VALUES ('expelled', 1, 2, 3)")
    async with asyncio.timeout(SECONDS):
        while pair.run(pair.store, read) != [(0,)]:  # noqa: ASYNC110 — another process
            await asyncio.sleep(0.1)
    await asyncio.sleep(2)
    assert await pair.look() is None
    assert "expelled" in pair.health.conditions["copy of us"].detail
    assert pair.run(pair.held, "SELECT count(*) FROM followers WHERE name = 'expelled'") == [(0,)]

    pair.door.expel([])
    await pair.until(Step.FOLLOW)
    assert await pair.differs() == []
