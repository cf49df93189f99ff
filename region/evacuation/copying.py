"""Copying what a region's duties stand on: a store that stands still, whole, and compared; and the blobs that are missing at the other site."""

import asyncio
import contextlib
import os
import secrets
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import IO, Final, TypeAlias

import psycopg
from psycopg.conninfo import conninfo_to_dict

from infra.backoff import Backoff
from infra.blobs import FAILURES as BLOB_FAILURES
from infra.blobs import Blobs, Place
from infra.errors import CausewayError
from infra.postgres import STORE_FAILURES, Connection
from infra.schema.repository import connect, plain_url
from region.evacuation import repository
from region.evacuation.answering import while_they_answer
from region.standby.repository.digests import digests

MAINTENANCE: Final = "postgres"
"""The database from which others are made and removed."""
_ENVIRONMENT: Final = {
    "host": "PGHOST",
    "port": "PGPORT",
    "user": "PGUSER",
    "password": "PGPASSWORD",
    "dbname": "PGDATABASE",
}
Digests: TypeAlias = dict[str, tuple[int, int]]
PLACING_TRIES: Final = 10
END_SECONDS: Final = 5.0
"""So long a program of PostgreSQL's may take to end once it is told to."""
PART: Final = 16 * 1024 * 1024


class CopyFailedError(CausewayError):
    """The store could not be copied: {reason}. Nothing has begun at the other site, and the region goes on where it was once its duties are handed back."""

    code = "copy-failed"
    status = 502
    definite = True


class CopyDiffersError(CausewayError):
    """The copy is not the same as the store: {what}. Something still writes to the store, or to the copy; nothing has begun at the other site."""

    code = "copy-differs"
    status = 409
    definite = True


async def copy_store(
    source: str,
    target: str,
    tools: Path,
    *,
    prepare: Callable[[Connection], Awaitable[None]],
    say: Callable[[str], None] = lambda _: None,
) -> dict[str, int]:
    """Copy a store that stands still, in place of what is at the target; return how many rows each table has.

    A copy that is not complete has another name, which no other run gives: so whatever is found under the target's own is whole. One that failed is thrown
    away, if not now then by the next attempt.

    Args:
        source: URL of the store.
        target: URL of the database that the copy is to be.
        tools: Where `pg_dump` and `pg_restore` are, of the same version as the servers or a later one.
        prepare: Changes in the copy what is of the other site's, before it takes its place.
        say: Told of a copy that was not completed, and what becomes of it.

    Raises:
        CopyFailedError: A program failed.
        CopyDiffersError: The copy is not the same.
        psycopg.Error: A server does not answer.
    """
    name, made = _database(target), f"{draft_of(target)}_{secrets.token_hex(4)}"
    async with await connect(target_server(target), name="evacuation") as server:
        for left in await repository.drafts(server, draft_of(target)):
            say(f"a copy that was not completed ({left}) is thrown away first")
            await repository.drop_database(server, left)
        await repository.make_database(server, made)
    try:
        counts = await while_they_answer(
            _fill(source, _with(target, made), tools, prepare), source, target_server(target)
        )
        await _put_in_place(target, made, name)
    except BaseException:
        await asyncio.shield(_throw_away(target, made, say, "the copy that was not completed"))
        raise
    await _throw_away(target, _aside(made), say, "what was there before")
    return counts


async def _fill(
    source: str, copy: str, tools: Path, prepare: Callable[[Connection], Awaitable[None]]
) -> dict[str, int]:
    """Fill an empty database with what a store has, and compare both."""
    with (
        tempfile.TemporaryFile() as dump
    ):  # it has no name: so it goes with the last who has it open, also if that dies
        file = f"/dev/fd/{dump.fileno()}"
        plain = ["--no-publications", "--no-subscriptions"]  # each site's server has its own
        options = ["--format=custom", "--compress=0", f"--file={file}", *plain]
        await run_program(tools / "pg_dump", options, source, shares=dump)
        dump.seek(0)
        options = ["--no-owner", "--no-privileges", "--exit-on-error", *plain, f"--dbname={_database(copy)}", file]
        await run_program(tools / "pg_restore", options, copy, shares=dump)
    counts = await compare(source, copy)
    async with await connect(copy, name="evacuation") as connection:
        await prepare(connection)
    return counts


async def _put_in_place(target: str, made: str, name: str) -> None:
    backoff = Backoff(first=0.05, most=1.0)
    async with await connect(target_server(target), name="evacuation") as server:
        for attempt in range(PLACING_TRIES):
            try:
                await repository.put_in_place(server, made, name, _aside(made))
            except repository.RACES as error:
                if attempt == PLACING_TRIES - 1:
                    raise CopyFailedError(reason=f"{name} is in use") from error
                await asyncio.sleep(backoff.next())
            else:
                return


async def _throw_away(target: str, made: str, say: Callable[[str], None], what: str) -> None:
    """Throw away what is not needed, such as a copy that was not completed, so that it takes no room; what does not answer now is thrown away by the next attempt."""
    try:
        async with await connect(target_server(target), name="evacuation") as server:
            if made not in await repository.databases(server):
                return
            await repository.drop_database(server, made)
    except (*STORE_FAILURES, psycopg.Error):
        say(f"{what} stays ({made}), and is thrown away by the next attempt")
    else:
        say(f"{what} is thrown away")


def _aside(made: str) -> str:
    """Return by what name that is found whose place a copy takes, until it is thrown away: the next attempt knows it for a draft."""
    return f"{made}_old"


def draft_of(target: str) -> str:
    """Return how the name begins by which a copy is made that is to take the place of a database."""
    return f"{_database(target)}_new"


def target_server(target: str) -> str:
    """Return the URL of the database from which others of a server are made and removed."""
    return _with(target, MAINTENANCE)


async def make_missing(url: str) -> None:
    """Make a database, empty, unless it is there.

    Raises:
        psycopg.Error: Its server does not answer.
    """
    async with await connect(_with(url, MAINTENANCE), name="evacuation") as server:
        if _database(url) not in await repository.databases(server):
            await repository.make_database(server, _database(url))


async def compare(source: str, target: str) -> dict[str, int]:
    """Compare two stores by how many rows each table has; return that.

    Raises:
        CopyDiffersError: They are not the same.
        psycopg.Error: One does not answer.
    """
    async with await connect(source, name="evacuation") as one, await connect(target, name="evacuation") as other:
        here, there = await repository.row_counts(one), await repository.row_counts(other)
    for table in sorted({*here, *there}):
        if here.get(table) != there.get(table):
            raise CopyDiffersError(what=f"{table} has {here.get(table)} rows, and {there.get(table)} in the copy")
    return here


async def compare_sums(source: str, target: str) -> int:
    """Compare a store that stands still with the copy that has followed it, by sums of all rows; return how many tables they have.

    Raises:
        CopyDiffersError: They are not the same.
        psycopg.Error: One does not answer.
    """
    async with await connect(source, name="evacuation") as one, await connect(target, name="evacuation") as other:

        async def both() -> tuple[Digests, Digests]:
            return await digests(one), await digests(other)

        here, there = await while_they_answer(both(), source, target)
    if different := sorted(table for table in {*here, *there} if here.get(table) != there.get(table)):
        raise CopyDiffersError(what=f"{', '.join(different)}: not the same rows in both")
    return len(here)


async def carry_blobs(source: Place, target: Place) -> AsyncIterator[tuple[int, int]]:
    """Copy blobs from one blob store to another one; see `copy_blobs`.

    Raises:
        CopyFailedError: One of both does not answer.
    """
    try:
        async with Blobs(source) as here, Blobs(target) as there:
            await here.make_bucket()
            await there.make_bucket()
            async for told in copy_blobs(here, there):
                yield told
    except BLOB_FAILURES as error:
        raise CopyFailedError(reason=f"the blob store: {type(error).__name__}") from error


async def copy_blobs(source: Blobs, target: Blobs, *, prefix: str = "blobs/") -> AsyncIterator[tuple[int, int]]:
    """Copy the blobs that the target lacks, or has in another size; tell after each one how many were copied, and how many there are so far.

    May be repeated, and goes on where it was left. What is only being uploaded is no blob yet.

    Raises:
        Exception: One of `infra.blobs.FAILURES`.
    """
    there = {key: size async for key, size in target.listed(prefix)}
    copied = seen = 0
    async for key, size in source.listed(prefix):
        seen += 1
        if there.get(key) != size:
            await _copy_blob(source, target, key, size)
            copied += 1
        yield copied, seen


async def _copy_blob(source: Blobs, target: Blobs, key: str, size: int) -> None:
    content_type = await source.content_type(key)
    if size <= PART:
        content = b"".join([piece async for piece in source.read(key)]) if size else b""
        await target.write(key, content, content_type=content_type)
        return
    upload_id = await target.begin_parts(key, content_type=content_type)
    for number, start in enumerate(range(0, size, PART), 1):
        pieces = [piece async for piece in source.read(key, start=start, end=min(start + PART, size))]
        await target.write_part(key, upload_id, number, b"".join(pieces))
    await target.complete_parts(key, upload_id, await target.parts(key, upload_id))


async def run_program(program: Path, options: list[str], url: str, *, shares: IO[bytes] | None = None) -> None:
    """Run one of PostgreSQL's programs on a database.

    Args:
        program: Which.
        options: What it is told.
        url: Of the database.
        shares: A file that it gets, open, under the same number.

    Raises:
        CopyFailedError: It failed; the message has its last line.
    """
    said = conninfo_to_dict(plain_url(url))
    environment = {_ENVIRONMENT[name]: str(value) for name, value in said.items() if name in _ENVIRONMENT}
    try:
        running = await asyncio.create_subprocess_exec(
            str(program),
            *options,
            env={**os.environ, "LC_ALL": "C", **environment},
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.PIPE,
            pass_fds=[] if shares is None else [shares.fileno()],
        )
    except OSError as error:
        raise CopyFailedError(reason=f"{program} cannot be run: {error.strerror}") from error
    try:
        _, said_last = await running.communicate()
    except asyncio.CancelledError:
        await _end(running)
        raise
    if running.returncode:
        lines = said_last.decode(errors="replace").strip().splitlines() or ["it said nothing"]
        raise CopyFailedError(reason=f"{program.name}: {lines[-1]}")


async def _end(running: asyncio.subprocess.Process) -> None:
    """End a program; one that waits for a server that stands still, even to tell it so, is not waited for."""
    with contextlib.suppress(ProcessLookupError):
        running.terminate()
        try:
            async with asyncio.timeout(END_SECONDS):
                await running.wait()
        except TimeoutError:
            running.kill()
            await running.wait()


def _database(url: str) -> str:
    return str(conninfo_to_dict(plain_url(url))["dbname"])


def _with(url: str, database: str) -> str:
    said = {**conninfo_to_dict(plain_url(url)), "dbname": database}
    return psycopg.conninfo.make_conninfo("", **said)
