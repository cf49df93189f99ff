"""Reports, the moderators' queue, and their decisions, each waited for."""

from collections.abc import Awaitable, Callable
from typing import Final

from infra.errors import CausewayError, InvalidFieldError, NotFoundError
from infra.postgres import Connection, Pool
from region.accounts.ports import Journal
from region.accounts.repository import user_by_id
from region.accounts.tokens import AccessClaims
from region.gateway.errors import RefusedError
from region.gateway.messages import Messages
from region.gateway.moderation.removing import Remover
from region.gateway.moderation.schemas import ReportRequest, ReportsView, ReportView
from region.gateway.recipients import Recipients
from region.gateway.validation import check_name
from region.gateway.views import rfc3339
from region.holding.errors import ISLANDED, IslandedError
from region.holding.kinds import kind_of
from region.holding.tenure import Tenure
from region.store.reports import TOO_MANY
from region.store.repository import moderation
from region.store.repository.moderation import Report
from replication.alterations import MessageDeleted
from replication.moderation import AccountRestored, AccountSuspended, ModerationBody, ReportDismissed, UserReported
from replication.objections import DELETED
from replication.records import Outcome

LONGEST: Final = 1_000
MOST_SHOWN: Final = 100

Holds = Callable[[Connection], Awaitable[bool]]


class NotModeratorError(CausewayError):
    """Only moderators of this region may do that. Its operator says who is one."""

    code = "not-a-moderator"
    status = 403
    definite = True


class TooManyReportsError(CausewayError):
    """So many reports are open that no more are taken now. Report again when moderators have looked at some."""

    code = TOO_MANY
    status = 429
    definite = True


class ModerationDesk:
    """Does what users and moderators want. Each of what changes something raises as `Appearance.change` does."""

    def __init__(
        self,
        *,
        store: Pool,
        journal: Journal,
        recipients: Recipients,
        messages: Messages,
        remover: Remover,
        tenure: Tenure,
    ) -> None:
        """Prepare."""
        self._tenure = tenure
        self._remover = remover
        self._store = store
        self._journal = journal
        self._recipients = recipients
        self._messages = messages

    async def report(self, caller: AccessClaims, wanted: ReportRequest) -> None:
        """Report somebody, or a message; it goes to the moderators where who is reported lives.

        Raises:
            InvalidFieldError: Both or neither is named, or it is one's own.
            NotFoundError: There is no such message, or it is not the caller's to see.
            RecipientUnknownError: There is no such user.
            TooManyReportsError: Too many are open, of the caller's or of all, where who is reported lives, which is here.
        """
        check_name("reason", wanted.reason, least=1, most=LONGEST)
        if (wanted.user_id is None) == (wanted.message_id is None):
            raise InvalidFieldError(field="user_id", reason="give either user_id or message_id")
        named, message_id, text = wanted.user_id or "", wanted.message_id or "", ""
        if message_id:
            message = await self._messages.one(caller, message_id, marks=False)
            named, text = message.sender_id, message.text
        _, user_id = await self._recipients.other(caller.sub, named)

        async def settled() -> Outcome | None:
            return None  # it has a random id; should the answer not come, it is reported anew

        body = UserReported(user_id, wanted.reason, message_id, text)
        outcome = await self._journal.decide(
            caller.sub, home_epoch=caller.epoch, body=body, settled=settled, device=caller.device
        )
        if outcome.code == TOO_MANY:
            raise TooManyReportsError

    async def queue(self, caller: AccessClaims) -> ReportsView:
        """Return the open reports."""
        async with self._store.connection() as connection:
            await _check(connection, caller)
            return ReportsView([_view(one) for one in await moderation.open_reports(connection, most=MOST_SHOWN)])

    async def one(self, caller: AccessClaims, report_id: str) -> ReportView:
        """Return a report, decided or not."""
        async with self._store.connection() as connection:
            await _check(connection, caller)
            return _view(await _found(connection, report_id))

    async def dismiss(self, caller: AccessClaims, report_id: str) -> None:
        """Close a report; nothing follows."""
        async with self._store.connection() as connection:
            await _check(connection, caller)
            found = await _found(connection, report_id)

        async def holds(connection: Connection) -> bool:
            return (await _found(connection, report_id)).closed_how != ""

        await self._decide(found.user_id, ReportDismissed(report_id, caller.sub), holds)

    async def delete(self, caller: AccessClaims, report_id: str) -> None:
        """Take the reported message away from everybody, and close the report; if its conversation's owner is away, it is queued for it.

        Raises:
            NotFoundError: There is no such report, or it is of no message that is here.
            RefusedError: The conversation's owner refused it, as no honest one does.
            UnavailableError: The journal is away; nothing was done, or the message is gone and the report still open: the same again is safe.
            OutcomeUnknownError: It was not decided in time; likewise.
        """
        async with self._store.connection() as connection:
            await _check(connection, caller)
            found = await _found(connection, report_id)
        removal = await self._remover.removal(found)
        assert isinstance(removal.body, MessageDeleted)
        try:
            await self._messages.submit(removal, removal.body.client_message_id)
        except RefusedError as error:
            if error.refusal_code != DELETED:
                raise

        async def holds(connection: Connection) -> bool:
            return moderation.is_deleted(await _found(connection, report_id))

        await self._decide(found.user_id, ReportDismissed(report_id, caller.sub, "deleted"), holds)

    async def suspend(self, caller: AccessClaims, user_id: str, why: str) -> None:
        """Suspend an account: its devices are logged out everywhere, and none logs in; its open reports are closed. Nobody does that to oneself."""
        check_name("why", why, least=1, most=LONGEST)
        await self._check_resident(caller, user_id)
        if user_id == caller.sub:
            raise InvalidFieldError(field="user_id", reason="that is yourself; another moderator can, or the operator")

        async def holds(connection: Connection) -> bool:
            return user_id in await moderation.suspended(connection, [user_id])

        await self._decide(user_id, AccountSuspended(why, caller.sub), holds)

    async def restore(self, caller: AccessClaims, user_id: str) -> None:
        """Let a suspended account log in again.

        Raises:
            IslandedError: Nobody knows whether this region still holds its duties; nothing was done.
            OutcomeUnknownError: It was done, and nobody knows whether this region held them then.
        """
        await self._check_resident(caller, user_id)

        async def holds(connection: Connection) -> bool:
            return user_id not in await moderation.suspended(connection, [user_id])

        await self._decide(user_id, AccountRestored(caller.sub), holds)

    async def _check_resident(self, caller: AccessClaims, user_id: str) -> None:
        async with self._store.connection() as connection:
            await _check(connection, caller)
            user = await user_by_id(connection, user_id)
        if user is None or not user.confirmed:
            raise NotFoundError(what="user")

    async def _decide(self, user_id: str, body: ModerationBody, holds: Holds) -> None:
        async def settled() -> Outcome | None:
            async with self._store.connection() as connection:
                return Outcome(id="") if await holds(connection) else None

        if await settled() is None:
            outcome = await self._journal.decide(user_id, home_epoch=1, body=body, settled=settled)
            if outcome.code == ISLANDED:
                raise IslandedError
            if outcome.code:
                raise NotFoundError(what="user")
        self._tenure.tell(kind_of(body), "The change")


async def _check(connection: Connection, caller: AccessClaims) -> None:
    if not await moderation.is_moderator(connection, caller.sub):
        raise NotModeratorError


async def _found(connection: Connection, report_id: str) -> Report:
    found = await moderation.report(connection, report_id)
    if found is None:
        raise NotFoundError(what="report")
    return found


def _view(report: Report) -> ReportView:
    return ReportView(
        report_id=report.report_id,
        user_id=report.user_id,
        reporter_id=report.reporter,
        message_id=report.message_id,
        text=report.text,
        reason=report.reason,
        reported_at=rfc3339(report.reported_at),
        closed_how=report.closed_how,
        closed_by=report.closed_by,
    )
