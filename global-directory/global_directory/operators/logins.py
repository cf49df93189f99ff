"""The use cases of passwords: logging in, and proving once more who one is; guesses are counted before they are made, and hashed only so often."""

from dataclasses import dataclass, replace
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from global_directory.operators import repository
from global_directory.operators.actors import Actor, Actors, Refusal, Shown
from global_directory.operators.bounds import Allowances
from global_directory.operators.errors import TooManyLoginsError, TooManyTriesError, WrongOperatorError
from global_directory.operators.repository import Operator
from global_directory.operators.schemas import LoggedIn, LoginRequest
from global_directory.operators.tries import must_wait
from global_directory.operators.verbs import MOST_PASSWORD, is_name, read_role
from infra.passwords import Passwords

SESSION_SECONDS: Final = 3600
LOGINS: Final = 20
"""So many may log in at once by way of one certificate."""
LOGIN_MICROSECONDS: Final = 2_000_000
"""After that one more each while: hashing takes what the same process needs for leases."""
VERB: Final = "operator-login"


@dataclass(frozen=True, slots=True)
class Trial:
    """A try that was counted.

    Attributes:
        name: Whose password is tried; empty if nobody is called so, or who is has none.
        password_hash: What it is compared with.
        wait: Seconds to wait first; 0 if it may be tried now.
    """

    name: str = ""
    password_hash: str = ""
    wait: int = 0


class Logins:
    """Knows operators by their passwords."""

    def __init__(self, actors: Actors, passwords: Passwords, *, seconds: int = SESSION_SECONDS) -> None:
        """Work on a store.

        Args:
            actors: Who asks.
            passwords: Verifies them.
            seconds: How long a session is good.
        """
        self._actors = actors
        self._passwords = passwords
        self._seconds = seconds
        self._allowed = Allowances(burst=LOGINS, every=LOGIN_MICROSECONDS)

    async def login(self, wanted: LoginRequest, shown: Shown) -> LoggedIn:
        """Give a session to who knows the password.

        Raises:
            WrongOperatorError: There is no such operator, or that is not the password.
            TooManyTriesError: Wrong ones were tried too often.
            TooManyLoginsError: Too many log in with that certificate.
        """
        seal, now, trial = self._actors.seal(), self._actors.clock(), Trial()
        try:
            self._let(shown.came_by, now)
            trial = await self.count(wanted.name, now)
            await self.verify(trial, wanted.password)
            current = await self._actors.transactions.run("operator_login", lambda c: self._begin(c, trial, shown))
        except (TooManyLoginsError, TooManyTriesError, WrongOperatorError) as error:
            line = self._actors.nobodys(shown, VERB, trial.name or "unknown")
            raise await self._actors.refused(Refusal(line, error)) from None
        session = seal.session(current.name, current.generation, seconds=self._seconds, now=now / 1e6)
        return LoggedIn(current.name, current.role, session, now // 1_000_000 + self._seconds)

    def _let(self, came_by: str, now: int) -> None:
        if wait := self._allowed.take(came_by, now):
            raise TooManyLoginsError(came_by=came_by or "this network", seconds=-(-wait // 1_000_000))

    async def count(self, name: str, now: int) -> Trial:
        """Count a try before it is made: so many at once count, too."""
        if not is_name(name):
            return Trial()

        async def operation(connection: AsyncConnection) -> Trial:
            known = await repository.find(connection, name)
            if known is None:
                return Trial()
            if seconds := must_wait(known.failures, known.tried_at, now):
                return Trial(name, wait=seconds)
            await repository.change(connection, replace(known, failures=known.failures + 1, tried_at=now))
            return Trial(name, known.password_hash)

        return await self._actors.transactions.run("operator_try", operation)

    async def verify(self, trial: Trial, password: str) -> None:
        """See that a password is the one that is tried.

        Raises:
            WrongOperatorError: It is not; it takes as long to find out that there is none.
            TooManyTriesError: It is not the time for another try.
        """
        if trial.wait:
            raise TooManyTriesError(seconds=trial.wait)
        if len(password) > MOST_PASSWORD or not await self._passwords.verify(password, trial.password_hash or None):
            raise WrongOperatorError

    async def _begin(self, connection: AsyncConnection, trial: Trial, shown: Shown) -> Operator:
        current = await repository.find(connection, trial.name)
        if current is None or current.password_hash != trial.password_hash:
            raise WrongOperatorError  # changed in between
        await repository.change(connection, replace(current, failures=0))
        actor = Actor(current.name, read_role(current.role), shown.came_by)
        await repository.add_operation(connection, self._actors.line(actor, VERB, current.name))
        return current
