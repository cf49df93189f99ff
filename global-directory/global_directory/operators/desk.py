"""What answers operators, put together."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Self

from global_directory.operators.accounts import Accounts
from global_directory.operators.actors import Actors
from global_directory.operators.logins import SESSION_SECONDS, Logins
from global_directory.operators.operations import Operations
from global_directory.operators.passes import Seal
from global_directory.transactions import Transactions
from infra.passwords import Passwords


@dataclass(frozen=True, slots=True)
class Desk:
    """What answers operators.

    Attributes:
        logins: Who they are.
        accounts: Who may be one.
        operations: What they do.
        actors: Who asks, and what is written of those who may not; what lets a standby take over by itself writes into the same trace.
    """

    logins: Logins
    accounts: Accounts
    operations: Operations
    actors: Actors

    @classmethod
    def on(
        cls,
        transactions: Transactions,
        seal: Seal | None,
        passwords: Passwords,
        *,
        seconds: int = SESSION_SECONDS,
        clock: Callable[[], int] | None = None,
    ) -> Self:
        """Return one that works on a store.

        Args:
            transactions: Runs transactions on it.
            seal: The deployment's key; without one no operator can act.
            passwords: Hashes and verifies them.
            seconds: How long a session is good.
            clock: Microseconds since the epoch; that of the machine by default.
        """
        actors = Actors(transactions, seal) if clock is None else Actors(transactions, seal, clock=clock)
        logins = Logins(actors, passwords, seconds=seconds)
        return cls(logins, Accounts(actors, passwords, logins), Operations(actors), actors)
