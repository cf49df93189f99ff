"""Who is found in a region's store: in order, page by page, also those who were there before there were searches."""

import secrets
from collections.abc import Sequence

import psycopg
import pytest

from infra.postgres import Pool, make_pool
from infra.schema.worker import steps_of
from infra.schema.worker import working as work_on
from region.gateway.people import repository
from region.gateway.people.here import Here
from region.gateway.people.ranking import Found, Place, read_query
from region.store.repository.committing import commit
from region.store.repository.setup import prepare
from region.store.revisions import SCHEMA
from region.store.rows import Place as Progress
from region.store.rows import User
from region.store.writes import Move, Writes
from replication.ids import new_user_id

pytestmark = pytest.mark.integration


def user(handle: str, display_name: str, **more: bool) -> User:
    """Somebody who lives here."""
    return User(new_user_id("us"), handle, display_name, "h", "r", 1, confirmed=more.get("confirmed", True), created_at=0, findable=more.get("findable", True))  # fmt: skip


async def write(pool: Pool, users: Sequence[User], *, offset: int = 0) -> None:
    """Write users as a projector does."""
    writes = Writes(users={one.user_id: one for one in users}, renamed={one.user_id for one in users})
    async with pool.connection() as connection:
        await commit(connection, [Move(Progress(0, offset, 0), offset + 1, 0)], writes)


async def handles(here: Here, typed: str, *, most: int) -> list[str]:
    """Return the handles of all who are found, page by page."""
    found: list[str] = []
    after: Place | None = None
    while True:
        page: Found = await here.find(read_query(typed), after=after, most=most)
        assert len(page.hits) <= most
        found += [hit.handle for hit in page.hits]
        if page.upto is None:
            return found
        assert after is None or page.upto > after
        after = page.upto


@pytest.mark.parametrize("most", [1, 2, 3, 50])
async def test_people_are_found_in_order_and_once_whatever_the_page(store_url: str, most: int) -> None:
    """By what they are called now, if they want to be found and can be talked to."""
    people = [
        user("ada", "Zoe"),
        user("ada.b", "Ada"),
        user("ada_lovelace", "Ada Lovelace"),
        user("x1", "Ådå"),
        user("x2", "Ada Ada"),
        user("x3", "Adam"),
        user("x4", "Old Adaline"),
    ]
    others = [
        user("adult", "Unseen", findable=False),
        user("adverse", "Ada", confirmed=False),
        user("zed", "Canada"),
    ]
    renamed = user("x5", "Ada at first")
    async with make_pool(store_url, size=2, name="test") as pool:
        await prepare(pool, region="us", partitions=1)
        await write(pool, [*people, *others, renamed])
        renamed.display_name = "Bob"
        await write(pool, [renamed], offset=1)
        here = Here(pool)

        assert await handles(here, "ada", most=most) == [one.handle for one in people]
        assert await handles(here, "@ADULT", most=most) == ["adult"]
        assert await handles(here, "adul", most=most) == []
        assert await handles(here, "unseen", most=most) == []
        assert await handles(here, "old ada", most=most) == ["x4"]
        assert await handles(here, "bob", most=most) == ["x5"]


async def test_a_search_reads_a_bounded_number_of_rows(store_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Hundreds who are found by handle and by name alike are passed over in parts, and nobody is missed."""
    people = [user(f"ada{number:03}", "Ada") for number in range(300)]
    asked: list[int] = []
    real = repository.starts_after

    async def counting(*args: object, most: int, **more: object) -> list[Place]:
        asked.append(most)
        return await real(*args, most=most, **more)  # type: ignore[arg-type]  # as it came

    monkeypatch.setattr("region.gateway.people.here.starts_after", counting)
    async with make_pool(store_url, size=2, name="test") as pool:
        await prepare(pool, region="us", partitions=1)
        await write(pool, people)
        here = Here(pool)
        last = Place(1, 6, "ada299", people[-1].user_id)

        page = await here.find(read_query("ada"), after=last, most=10)

        assert (page.hits, len(asked)) == ([], 8)
        assert page.upto is not None
        assert await handles(here, "ada", most=50) == [one.handle for one in people]


async def test_who_was_there_before_searches_were_is_found_after_the_migration(store_url: str) -> None:
    """In batches, and safe to repeat; who wants not to be found is left out."""
    people = [user(f"old{secrets.token_hex(4)}", f"Ada {number}") for number in range(5)]
    shy = user("shy", "Ada Shy", findable=False)
    migration = next(step.number for step in steps_of(SCHEMA) if step.about.startswith("Users of before"))
    async with make_pool(store_url, size=2, name="test") as pool:
        await prepare(pool, region="us", partitions=1)
        await write(pool, [*people, shy])
        async with await psycopg.AsyncConnection.connect(store_url, autocommit=True) as connection:
            await connection.execute("DELETE FROM user_starts")
            await connection.execute("UPDATE schema_revision SET version_num = %s", (f"{migration - 1:04d}",))
        assert await handles(Here(pool), "ada", most=50) == []

        async with work_on(SCHEMA, store_url) as worker:
            done = await worker.migrate(lambda *_: None)

        assert [step.number for step in done] == [migration]
        assert sorted(await handles(Here(pool), "ada", most=50)) == sorted(one.handle for one in people)
