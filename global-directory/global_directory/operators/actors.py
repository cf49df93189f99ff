"""Who asks the directory as an operator: by the session that is shown, as the store has its operators; and what is written of those who may not."""

import secrets
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from global_directory.operators import repository
from global_directory.operators.errors import NoOperatorsError, NotLoggedInError
from global_directory.operators.passes import Seal
from global_directory.operators.schemas import OperationView
from global_directory.operators.verbs import DEPLOYMENT, Role, clean, read_role
from global_directory.transactions import Transactions
from infra.errors import CausewayError

NAMELESS: Final = 30
"""Refusals a minute of whoever showed no good session that stand in the trace: they could be made without an end."""
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
    """

    name: str
    role: Role
    came_by: str = ""


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
        self._nameless: deque[int] = deque(maxlen=NAMELESS)

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
        return Actor(known.name, read_role(known.role), shown.came_by)

    async def refused_nobody(self, shown: Shown, verb: str, target: str, error: CausewayError) -> CausewayError:
        """Write the refusal of somebody who is not known into the trace, unless too many of those came lately; return it."""
        now = self.clock()
        if len(self._nameless) == NAMELESS and self._nameless[0] > now - 60_000_000:
            return error
        self._nameless.append(now)
        nobody = replace(
            self.line(None, verb, target), came_by=shown.came_by, result="refused", detail=clean(str(error))
        )
        await self.transactions.run("operation_refused", lambda c: repository.add_operation(c, nobody))
        return error

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
