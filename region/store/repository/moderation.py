"""Reports, suspensions and moderators of a region."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from infra.postgres import Connection
from region.store.arrays import Texts
from region.store.reports import MOST, Key, OpenReports
from replication.moderation import (
    AccountRestored,
    AccountSuspended,
    ModerationBody,
    ModeratorNamed,
    ReportDismissed,
    UserReported,
)
from replication.records import Submission

_REPORT = (
    "SELECT report_id, user_id, reporter, message_id, text, reason, reported_at, closed_how, closed_by FROM reports"
)


@dataclass(frozen=True, slots=True)
class Report:
    """A report of somebody who lives here.

    Attributes:
        report_id: Its id.
        user_id: Who is reported.
        reporter: By whom.
        message_id: Of which message; empty for none.
        text: What it said.
        reason: What the reporter says of it.
        reported_at: Microseconds since the epoch.
        closed_how: `dismissed`, `deleted` or `suspended`; empty while it is open. One that was dismissed and deleted, by two moderators at once, is deleted.
        closed_by: Who decided.
    """

    report_id: str
    user_id: str
    reporter: str
    message_id: str
    text: str
    reason: str
    reported_at: int
    closed_how: str
    closed_by: str


async def write_moderation(
    connection: Connection, decided: Sequence[tuple[Submission, ModerationBody]], *, now: int
) -> None:
    """Write what was reported and decided, in order.

    Args:
        connection: In the batch's transaction.
        decided: Submissions and their bodies.
        now: Microseconds since the epoch.
    """
    for submission, body in decided:
        author = submission.author
        match body:
            case UserReported():
                await connection.execute(
                    "INSERT INTO reports (report_id, user_id, reporter, message_id, text, reason, reported_at)"
                    " VALUES (%s, %s, %s, %s, %s, %s, %s) ON CONFLICT DO NOTHING",
                    (
                        submission.id,
                        body.user_id,
                        author,
                        body.message_id,
                        body.text,
                        body.reason,
                        submission.submitted_at,
                    ),
                )
            case ReportDismissed():
                await connection.execute(
                    "UPDATE reports SET closed_how = %s, closed_by = %s, closed_at = %s WHERE report_id = %s AND user_id = %s"
                    " AND (closed_how = '' OR (%s = 'deleted' AND closed_how = 'dismissed'))",
                    (body.how, body.by, now, body.report_id, author, body.how),
                )
            case AccountSuspended():
                await connection.execute(
                    "INSERT INTO suspensions (user_id, why, suspended_by, suspended_at) VALUES (%s, %s, %s, %s) ON CONFLICT DO NOTHING",
                    (author, body.why, body.by, now),
                )
                await connection.execute(
                    "UPDATE reports SET closed_how = 'suspended', closed_by = %s, closed_at = %s"
                    " WHERE user_id = %s AND closed_how = ''",
                    (body.by, now, author),
                )
            case AccountRestored():
                await connection.execute("DELETE FROM suspensions WHERE user_id = %s", (author,))
            case ModeratorNamed(moderator=True):
                await connection.execute(
                    "INSERT INTO moderators (user_id, named_by) VALUES (%s, %s) ON CONFLICT DO NOTHING",
                    (author, body.by),
                )
            case ModeratorNamed():
                await connection.execute("DELETE FROM moderators WHERE user_id = %s", (author,))


def is_deleted(found: Report) -> bool:
    """Whether nothing is left to say of a report whose message was taken away: that was said, or its author is suspended."""
    return found.closed_how not in {"", "dismissed"}


async def suspended(connection: Connection, users: Collection[str]) -> dict[str, str]:
    """Return which of these users are suspended, and why."""
    cursor = await connection.execute(
        "SELECT user_id, why FROM suspensions WHERE user_id = ANY(%s::text[])", (Texts(users),)
    )
    return dict(await cursor.fetchall())


async def is_moderator(connection: Connection, user_id: str) -> bool:
    """Whether a user is a moderator here."""
    cursor = await connection.execute("SELECT 1 FROM moderators WHERE user_id = %s", (user_id,))
    return await cursor.fetchone() is not None


async def open_reports(connection: Connection, *, most: int) -> list[Report]:
    """Return the reports that nobody has decided about, the oldest first."""
    cursor = await connection.execute(
        f"{_REPORT} WHERE closed_how = '' ORDER BY reported_at, report_id LIMIT %s", (most,)
    )
    return [Report(*row) for row in await cursor.fetchall()]


async def standing(connection: Connection, asked: Collection[Key]) -> OpenReports:
    """Return which of these are open already, and how many are open, of their reporters and of each region's."""
    keys = await connection.execute(
        "SELECT r.reporter, r.user_id, r.message_id FROM unnest(%s::text[], %s::text[], %s::text[])"
        " AS a(reporter, user_id, message_id) JOIN reports r USING (reporter, user_id, message_id) WHERE r.closed_how = ''",
        tuple(Texts(key[at] for key in asked) for at in range(3)),
    )
    reporters = await connection.execute(
        "SELECT reporter, count(*) FROM reports WHERE reporter = ANY(%s::text[]) AND closed_how = '' GROUP BY reporter",
        (Texts({key[0] for key in asked}),),
    )
    regions = await connection.execute(
        "SELECT split_part(reporter, '-', 2), count(*) FROM"
        " (SELECT reporter FROM reports WHERE closed_how = '' LIMIT %s) r GROUP BY 1",
        (MOST,),
    )
    return OpenReports(await keys.fetchall(), dict(await reporters.fetchall()), dict(await regions.fetchall()))


async def count_open(connection: Connection) -> int:
    """Return how many reports nobody has decided about."""
    cursor = await connection.execute("SELECT count(*) FROM reports WHERE closed_how = ''")
    row = await cursor.fetchone()
    return 0 if row is None else int(row[0])


async def prune_reports(connection: Connection, *, before: int, most: int) -> int:
    """Take out reports that were closed; return how many.

    Args:
        connection: Where.
        before: Microseconds since the epoch; what was closed later stays. An older version says not when: then it is since it was reported.
        most: How many to take out at most; called again, it goes on.
    """
    cursor = await connection.execute(
        "DELETE FROM reports WHERE report_id IN (SELECT report_id FROM reports"
        " WHERE closed_how <> '' AND reported_at < %s AND closed_at < %s ORDER BY reported_at LIMIT %s)",
        (before, before, most),
    )
    return cursor.rowcount


async def report(connection: Connection, report_id: str) -> Report | None:
    """Return a report."""
    cursor = await connection.execute(f"{_REPORT} WHERE report_id = %s", (report_id,))
    row = await cursor.fetchone()
    return None if row is None else Report(*row)
