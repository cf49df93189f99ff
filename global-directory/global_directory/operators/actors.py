"""Who asks the directory as an operator: by the session that is shown, as the store has its operators; and what is written of those who may not."""

import asyncio
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from global_directory.metrics import OPERATORS_REFUSED
from global_directory.operators import repository
from global_directory.operators.bounds import Kind, Refusals
from global_directory.operators.errors import NoOperatorsError, NotLoggedInError
from global_directory.operators.passes import Seal
from global_directory.operators.schemas import OperationView
from global_directory.operators.verbs import DEPLOYMENT, Role, clean, read_role
from global_directory.transactions import Transactions
from infra.errors import CausewayError
from infra.tasks import heed_cancellation

log = structlog.get_logger()

LOOK_SECONDS: Final = 60.0
"""How often it is written how many refusals were left out of the trace."""
NAMELESS_DAYS: Final = 90
"""For so long refusals of whoever showed no good session stand in the trace: they could be made without an end."""
_LONGEST: Final = 128


@dataclass(frozen=True, slots=True)
class Shown:
    """What comes with a request.

    Attributes:
        token: The bearer token: a session, or a pass; empty if none.
        came_by: Whose certificate the connection showed; empty without TLS.
    """

    token: str
    came_by: str = ""


@dataclass(frozen=True, slots=True)
class Actor:
    """Who asks.

    Attributes:
        name: The operator.
        role: What they may do.
        came_by: Whose certificate the connection showed; empty without TLS.
        generation: Of the operator's sessions.
    """

    name: str
    role: Role
    came_by: str = ""
    generation: int = 0


@dataclass(frozen=True, slots=True)
class Refusal:
    """What is refused.

    Attributes:
        line: What is to stand in the trace.
        error: Why.
    """

    line: OperationView
    error: CausewayError


def _now() -> int:
    return time.time_ns() // 1000


class Actors:
    """Knows who asks.

    Attributes:
        transactions: Runs transactions on the store.
        clock: Microseconds since the epoch.
    """

    def __init__(self, transactions: Transactions, seal: Seal | None, *, clock: Callable[[], int] = _now) -> None:
        """Work on a store.

        Args:
            transactions: Runs transactions on it.
            seal: The deployment's key; without one no operator can act.
            clock: Microseconds since the epoch.
        """
        self.transactions = transactions
        self.clock = clock
        self._sealed = seal
        self._refusals = Refusals()

    def seal(self) -> Seal:
        """Return the deployment's key.

        Raises:
            NoOperatorsError: There is none.
        """
        if self._sealed is None:
            raise NoOperatorsError
        return self._sealed

    async def find(self, connection: AsyncConnection, shown: Shown) -> Actor:
        """Return who shows a session.

        Raises:
            NotLoggedInError: It is not good, or not any more.
        """
        session = self.seal().read_session(shown.token, self.clock() / 1e6)
        if session.sub == DEPLOYMENT:
            return Actor(DEPLOYMENT, Role.ADMIN, shown.came_by)
        known = await repository.find(connection, session.sub)
        if known is None or known.generation != session.generation:
            raise NotLoggedInError(reason="the session was ended")
        return Actor(known.name, read_role(known.role), shown.came_by, known.generation)

    async def refused(self, refusal: Refusal) -> CausewayError:
        """Write a refusal into the trace, or count it if too many like it came lately; return the error."""
        line = refusal.line
        OPERATORS_REFUSED.labels(line.verb).inc()
        left_out = self._refusals.let(Kind(line.who, line.came_by, line.verb), self.clock())
        if left_out is not None:
            more = f" (and {left_out} more before, which were left out)" if left_out else ""
            await self._write(replace(line, result="refused", detail=clean(f"{refusal.error}{more}")))
        return refusal.error

    async def keep_trace(self) -> None:
        """Write how many refusals were left out of the trace, and remove old ones of nobody known, again and again until cancelled."""
        while True:
            heed_cancellation()
            await asyncio.sleep(LOOK_SECONDS)
            try:
                await self.tidy()
            except CausewayError as error:
                log.warning("the trace of operators cannot be kept", problem=str(error))

    async def tidy(self) -> None:
        """Write how many refusals were left out, a line for each kind; remove those of nobody known that are too old.

        Raises:
            CausewayError: The store cannot be used; what was not written is not written again.
        """
        now = self.clock()
        for kind, left_out in self._refusals.due(now):
            line = replace(self.line(None, kind.verb, "several"), who=kind.who, came_by=kind.came_by, result="refused")
            log.warning("refusals of operators were left out", who=kind.who, came_by=kind.came_by, count=left_out)
            await self._write(replace(line, detail=f"{left_out} refusals like those before were left out"))
        before = now - NAMELESS_DAYS * 86_400_000_000
        await self.transactions.run("operations_remove", lambda c: repository.remove_nameless(c, before))

    async def _write(self, line: OperationView) -> None:
        await self.transactions.run("operation_refused", lambda c: repository.add_operation(c, line))

    def nobodys(self, shown: Shown, verb: str, target: str) -> OperationView:
        """Return a line of the trace about somebody who is not known."""
        return replace(self.line(None, verb, target), came_by=shown.came_by)

    def line(self, actor: Actor | None, verb: str, target: str) -> OperationView:
        """Return a line of the trace about something that is done by now."""
        now = self.clock()
        return OperationView(
            operation_id=f"o{secrets.token_hex(16)}",
            at=now,
            who=actor.name if actor else "",
            role=actor.role.word if actor else "",
            came_by=actor.came_by if actor else "",
            verb=clean(verb)[:_LONGEST],
            target=clean(target)[:_LONGEST],
            why="",
            result="done",
            ended_at=now,
        )
