"""`causeway moderate`: the reports of a region, what is decided about them, and who its moderators are.

It reads the region's store and appends to its journal, whose URLs are those of the local federation, or `CAUSEWAY_STORE` and
`CAUSEWAY_KAFKA` when `CAUSEWAY_REGION` names the region; the projector does what is wanted.
"""

import asyncio
import getpass
import os
import secrets
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Annotated, Final, TypeVar

import psycopg
import typer
from rich.console import Console
from rich.table import Table

from infra.errors import NotFoundError, OutcomeUnknownError, UnavailableError
from infra.kafka import Producer
from infra.postgres import Connection
from region.accounts.repository import user_by_id
from region.gateway.moderation.removing import content_of, deletion_of, is_taken_away
from region.gateway.views import rfc3339
from region.store.repository import moderation
from replication.alterations import MessageDeleted
from replication.codec import encode
from replication.ids import content_hash, message_id, partition_of
from replication.moderation import AccountRestored, AccountSuspended, ModerationBody, ModeratorNamed, ReportDismissed
from replication.poison.cli import store_of
from replication.records import Journaled, Submission
from replication.topics import journal_topic
from replication.turns.places import environment_of

PATIENCE: Final = 15.0
"""How long to wait for the projector, seconds."""
MOST_SHOWN: Final = 100

app = typer.Typer(
    help="Look at what users have reported, decide about it, and say who is a moderator.", no_args_is_help=True
)
console = Console(highlight=False, width=None if Console().is_terminal else 140)
Region = Annotated[str, typer.Argument(help="Such as eu.", show_default=False)]
ReportId = Annotated[str, typer.Argument(help="`list` shows them.", show_default=False)]
UserId = Annotated[str, typer.Argument(help="Of a user who lives there.", show_default=False)]
T = TypeVar("T")
Holds = Callable[[Connection], Awaitable[bool]]


@app.command("list")
def list_reports(region: Region) -> None:
    """List the open reports, the oldest first; 100 at most.

    Example: causeway moderate list eu
    """
    found = asyncio.run(_read(region, lambda connection: moderation.open_reports(connection, most=MOST_SHOWN)))
    table = Table("report", "user", "since", "reason", box=None, header_style="bold")
    for one in found:
        table.add_row(one.report_id, one.user_id, _when(one.reported_at), one.reason[:60])
    console.print(table if found else f"Nothing is reported in {region}.")


@app.command()
def show(region: Region, report_id: ReportId) -> None:
    """Show one report, with what the message said.

    Example: causeway moderate show eu s3f2a…
    """
    found = asyncio.run(_read(region, lambda connection: moderation.report(connection, report_id)))
    if found is None:
        raise NotFoundError(what="report")
    lines = {
        "report": found.report_id,
        "user": found.user_id,
        "reporter": found.reporter,
        "reported": _when(found.reported_at),
        "reason": found.reason,
        "message": found.message_id or "none",
        "text": found.text or "none",
        "state": f"{found.closed_how} by {found.closed_by}" if found.closed_how else "open",
    }
    for what, value in lines.items():
        console.print(f"{what + ':':<10}{value}", markup=False)


@app.command()
def dismiss(region: Region, report_id: ReportId) -> None:
    """Close a report; nothing follows.

    Example: causeway moderate dismiss eu s3f2a…
    """
    found = asyncio.run(_read(region, lambda connection: moderation.report(connection, report_id)))
    if found is None:
        raise NotFoundError(what="report")

    async def holds(connection: Connection) -> bool:
        kept = await moderation.report(connection, report_id)
        return kept is not None and kept.closed_how != ""

    asyncio.run(_decide(region, found.user_id, ReportDismissed(report_id, _operator()), holds))


@app.command()
def delete(region: Region, report_id: ReportId) -> None:
    """Take the reported message away from everybody, and close the report.

    The region that owns the conversation does it; if that is away, it does when it is back.

    Example: causeway moderate delete eu s3f2a…
    """
    found = asyncio.run(_read(region, lambda connection: moderation.report(connection, report_id)))
    if found is None:
        raise NotFoundError(what="report")
    entry, body = asyncio.run(_read(region, lambda connection: deletion_of(connection, found)))
    identifier = message_id(found.user_id, entry.conversation_id, body.client_message_id)

    async def taken(connection: Connection) -> bool:
        return await is_taken_away(connection, entry, identifier)

    async def holds(connection: Connection) -> bool:
        kept = await moderation.report(connection, report_id)
        return kept is not None and moderation.is_deleted(kept)

    named = _Named(identifier, entry.conversation_id, content_hash(*content_of(body)))
    asyncio.run(_decide(region, found.user_id, body, taken, named))
    asyncio.run(_decide(region, found.user_id, ReportDismissed(report_id, _operator(), "deleted"), holds))


@app.command()
def suspend(
    region: Region, user_id: UserId, *, why: Annotated[str, typer.Option(help="What the account's owner is told.")]
) -> None:
    """Suspend an account: its devices are logged out everywhere, none logs in, and its open reports are closed.

    Example: causeway moderate suspend eu u3f2a…-eu --why "You sold what was not yours."
    """

    async def holds(connection: Connection) -> bool:
        return user_id in await moderation.suspended(connection, [user_id])

    asyncio.run(_decide(region, user_id, AccountSuspended(why, _operator()), holds))


@app.command()
def unsuspend(region: Region, user_id: UserId) -> None:
    """Let a suspended account log in again.

    Example: causeway moderate unsuspend eu u3f2a…-eu
    """

    async def holds(connection: Connection) -> bool:
        return user_id not in await moderation.suspended(connection, [user_id])

    asyncio.run(_decide(region, user_id, AccountRestored(_operator()), holds))


@app.command()
def moderator(
    region: Region,
    user_id: UserId,
    *,
    remove: Annotated[bool, typer.Option("--remove", help="No moderator any more.")] = False,
) -> None:
    """Say that a user is a moderator of the region where they live, or no more.

    Examples: causeway moderate moderator eu u3f2a…-eu; causeway moderate moderator eu u3f2a…-eu --remove
    """

    async def holds(connection: Connection) -> bool:
        return await moderation.is_moderator(connection, user_id) != remove

    asyncio.run(_decide(region, user_id, ModeratorNamed(not remove, _operator()), holds))


@dataclass(frozen=True, slots=True)
class _Named:
    """Of what is to be numbered in a conversation: its id, where, and what a retry repeats."""

    identifier: str
    conversation_id: str
    content_hash: bytes


def _operator() -> str:
    return f"operator {getpass.getuser()}"


def _journal_of(region: str) -> tuple[str, str]:
    """Return the Kafka in which a region's journal is, and what it is called there."""
    if os.environ.get("CAUSEWAY_REGION") == region and (named := os.environ.get("CAUSEWAY_KAFKA")):
        return named, journal_topic(region, os.environ.get("CAUSEWAY_SITE") or region)
    if (env := environment_of(region)) is None:
        raise UnavailableError(what=f"The journal of {region}")
    return env["CAUSEWAY_KAFKA"], journal_topic(region, env.get("CAUSEWAY_SITE") or region)


async def _connect(url: str) -> Connection:
    try:
        return await psycopg.AsyncConnection.connect(url, autocommit=True, connect_timeout=5)
    except psycopg.OperationalError as error:  # without its text, which may tell how to connect
        raise UnavailableError(what="The region's store") from error


async def _read(region: str, question: Callable[[Connection], Awaitable[T]]) -> T:
    async with await _connect(store_of(region)) as connection:
        return await question(connection)


async def _decide(
    region: str, user_id: str, body: ModerationBody | MessageDeleted, holds: Holds, named: _Named | None = None
) -> None:
    async with await _connect(store_of(region)) as connection:
        user = await user_by_id(connection, user_id)
        if user is None or not user.confirmed:
            raise NotFoundError(what="user")
        if await holds(connection):
            console.print("It is so already.")
            return
        cursor = await connection.execute("SELECT partitions FROM region_state")
        row = await cursor.fetchone()
        assert row is not None, "a store with users was prepared"
        wanted = Submission(
            id=named.identifier if named else f"s{secrets.token_hex(16)}",
            author=user_id,
            home=region,
            home_epoch=user.home_epoch,
            body=body,
            submitted_at=time.time_ns() // 1000,
            conversation_id=named.conversation_id if named else "",
            content_hash=named.content_hash if named else b"",
        )
        kafka, journal = _journal_of(region)
        async with Producer(kafka, client="moderate") as producer:
            await producer.append(
                journal,
                partition=partition_of(wanted.key, row[0]),
                key=wanted.key.encode(),
                value=encode(Journaled(record=wanted)),
            )
        deadline = time.monotonic() + PATIENCE
        while not await holds(connection):
            if time.monotonic() >= deadline:
                raise OutcomeUnknownError(what="It")
            await asyncio.sleep(0.1)
    console.print("Done.")


def _when(at: int) -> str:
    return f"{rfc3339(at)[:19].replace('T', ' ')}Z"
