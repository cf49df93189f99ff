"""Reports in a real store: which stand, how many are open, and which closed ones are forgotten."""

import pytest

from infra.postgres import Connection
from region.projector.rehearsal import submission
from region.store.reports import MOST_OF_ONE
from region.store.repository.moderation import (
    count_open,
    is_deleted,
    open_reports,
    prune_reports,
    report,
    standing,
    write_moderation,
)
from replication.moderation import AccountSuspended, ModerationBody, ReportDismissed, UserReported

pytestmark = pytest.mark.integration

ALICE, BOB = "u100000000000000000000001-us", "u200000000000000000000002-us"
EVA = "u300000000000000000000003-eu"


async def do(connection: Connection, author: str, body: ModerationBody, name: str = "s", *, now: int = 1) -> None:
    """Write what a projector has judged."""
    await write_moderation(connection, [(submission(author, body, identifier=name), body)], now=now)


async def test_what_stands_is_known_and_counted(connection: Connection) -> None:
    """By who reported whom and what; of each reporter, and of all in a region."""
    for number in range(MOST_OF_ONE):
        await do(connection, EVA, UserReported(ALICE, "rude", f"m{number}"), f"e{number}")
    await do(connection, BOB, UserReported(ALICE, "rude"), "b")

    found = await standing(connection, [(EVA, ALICE, "m0"), (EVA, ALICE, "mx"), (BOB, ALICE, ""), (BOB, EVA, "")])
    assert [found.stands(key) for key in [(EVA, ALICE, "m0"), (EVA, ALICE, "mx"), (BOB, ALICE, "")]] == [
        True,
        False,
        True,
    ]
    assert not found.take((EVA, ALICE, "mx"), here="us")
    assert found.take((BOB, ALICE, "mx"), here="us")
    assert await count_open(connection) == MOST_OF_ONE + 1


async def test_what_was_closed_goes_after_a_while(connection: Connection) -> None:
    """Since it was closed, not since it was reported; what is open stays."""
    for name in ("early", "late", "open"):
        await do(connection, EVA, UserReported(ALICE if name != "open" else BOB, "rude", name), name)
    await do(connection, ALICE, ReportDismissed("early", BOB), now=10)
    await do(connection, ALICE, AccountSuspended("Enough.", BOB), now=20)

    assert await prune_reports(connection, before=20, most=10) == 1
    assert await report(connection, "early") is None
    kept = await report(connection, "late")
    assert kept is not None
    assert (kept.closed_how, kept.closed_by) == ("suspended", BOB)
    assert await prune_reports(connection, before=100, most=10) == 1
    assert [one.report_id for one in await open_reports(connection, most=10)] == ["open"]


@pytest.mark.parametrize("first", ["dismissed", "deleted"])
async def test_what_two_moderators_decide_at_once_is_told_as_it_ended(connection: Connection, first: str) -> None:
    """A message that was taken away is gone, whoever dismissed its report before or after; so the report says."""
    await do(connection, EVA, UserReported(ALICE, "rude", "m1"))
    for how in (first, "deleted" if first == "dismissed" else "dismissed"):
        await do(connection, ALICE, ReportDismissed("s", f"who {how}", how), now=10)
    kept = await report(connection, "s")
    assert kept is not None
    assert (kept.closed_how, kept.closed_by, is_deleted(kept)) == ("deleted", "who deleted", True)


async def test_closing_all_of_a_user_looks_at_that_users_alone(connection: Connection) -> None:
    """By an index, however many others' are open."""
    await do(connection, EVA, UserReported(ALICE, "rude"))
    await connection.execute(
        "INSERT INTO reports (report_id, user_id, reporter, message_id, text, reason, reported_at)"
        " SELECT concat('s', n), concat('u', n), concat('r', n), '', 'a text', 'rude', n FROM generate_series(1, 5000) n"
    )
    await connection.execute("ANALYZE reports")
    cursor = await connection.execute(
        "EXPLAIN UPDATE reports SET closed_by = '' WHERE user_id = %s AND closed_how = ''", (ALICE,)
    )
    plan = "\n".join(row[0] for row in await cursor.fetchall())
    assert "reports_open_by_user" in plan, plan
