"""The use cases of operators' accounts: each one transaction, in which the store is read, and the change stands in the trace, or why it was refused."""

import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Final, TypeVar

from sqlalchemy.ext.asyncio import AsyncConnection

from global_directory.operators import repository
from global_directory.operators.actors import Actor, Actors, Shown
from global_directory.operators.errors import (
    LastAdminError,
    NoSuchOperatorError,
    NotEnoughError,
    NotLoggedInError,
    OperatorExistsError,
    TooManyTriesError,
    WrongOperatorError,
)
from global_directory.operators.repository import Operator
from global_directory.operators.schemas import LoggedIn, LoginRequest, NewOperator, OperatorsView, OperatorView
from global_directory.operators.tries import must_wait
from global_directory.operators.verbs import Role, check_name, check_password, clean, read_role
from infra.errors import CausewayError
from infra.passwords import Passwords

SESSION_SECONDS: Final = 3600
_LONGEST: Final = 128

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class _Change:
    """What is changed about whom, and who may.

    Attributes:
        verb: As it stands in the trace.
        target: Whom; empty: who asks.
        least: The role that it needs.
        detail: What becomes of them.
    """

    verb: str
    target: str
    least: Role = Role.ADMIN
    detail: str = ""


class Accounts:
    """Answers what is asked about operators."""

    def __init__(self, actors: Actors, passwords: Passwords, *, seconds: int = SESSION_SECONDS) -> None:
        """Work on a store.

        Args:
            actors: Who asks.
            passwords: Hashes and verifies them.
            seconds: How long a session is good.
        """
        self._actors = actors
        self._passwords = passwords
        self._seconds = seconds

    async def login(self, wanted: LoginRequest, shown: Shown) -> LoggedIn:
        """Give a session to who knows the password.

        Raises:
            WrongOperatorError: There is no such operator, or that is not the password.
            TooManyTriesError: Wrong ones were tried too often.
        """
        seal, now = self._actors.seal(), self._actors.clock()

        async def begin(connection: AsyncConnection) -> Operator | int | None:
            """Count the try before it is made: so many at once count, too."""
            known = await repository.find(connection, wanted.name[:_LONGEST])
            if known is None:
                return None
            if seconds := must_wait(known.failures, known.tried_at, now):
                return seconds
            await repository.change(connection, replace(known, failures=known.failures + 1, tried_at=now))
            return known

        known = await self._actors.transactions.run("operator_try", begin)
        if isinstance(known, int):
            raise TooManyTriesError(seconds=known)
        stored = None if known is None else known.password_hash or None
        if not await self._passwords.verify(wanted.password, stored) or known is None:
            raise await self._actors.refused_nobody(
                shown, "operator-login", known.name if known else "unknown", WrongOperatorError()
            )

        async def finish(connection: AsyncConnection) -> Operator:
            current = await repository.find(connection, known.name)
            if current is None or current.password_hash != stored:
                raise WrongOperatorError  # changed in between
            await repository.change(connection, replace(current, failures=0))
            actor = Actor(current.name, read_role(current.role), shown.came_by)
            await repository.add_operation(connection, self._actors.line(actor, "operator-login", current.name))
            return current

        current = await self._actors.transactions.run("operator_login", finish)
        session = seal.session(current.name, current.generation, seconds=self._seconds, now=now / 1e6)
        return LoggedIn(current.name, current.role, session, now // 1_000_000 + self._seconds)

    async def logout(self, shown: Shown) -> None:
        """End all sessions of who asks."""

        async def operation(connection: AsyncConnection, actor: Actor) -> None:
            known = await repository.find(connection, actor.name)
            if known is not None:
                await repository.change(connection, replace(known, generation=known.generation + 1))

        await self._change(shown, _Change("operator-logout", "", Role.VIEWER), operation)

    async def operators(self, shown: Shown) -> OperatorsView:
        """Return who the operators are."""

        async def operation(connection: AsyncConnection) -> OperatorsView:
            await self._actors.find(connection, shown)
            return OperatorsView(tuple(_view(one) for one in await repository.find_all(connection)))

        return await self._actors.transactions.run("operators", operation, changes=False)

    async def add(self, shown: Shown, wanted: NewOperator) -> OperatorView:
        """Make a new operator.

        Raises:
            InvalidFieldError: Name or password keep no rules.
            UnknownRoleError: There is no such role.
            OperatorExistsError: There is one of that name.
        """
        check_name(wanted.name)
        role = read_role(wanted.role)
        hashed = await self._hash(wanted.password) if wanted.password else ""

        async def operation(connection: AsyncConnection, actor: Actor) -> OperatorView:
            if await repository.find(connection, wanted.name) is not None:
                raise OperatorExistsError(name=wanted.name)
            generation = secrets.randbelow(2**30)  # not one of somebody who was called so before
            made = Operator(wanted.name, role.word, hashed, generation, 0, 0, self._actors.clock(), actor.name)
            await repository.add(connection, made)
            return _view(made)

        return await self._change(shown, _Change("operator-add", wanted.name, detail=f"as {role.word}"), operation)

    async def set_role(self, shown: Shown, name: str, word: str) -> None:
        """Let an operator do more, or less, from now on; also within sessions that they have.

        Raises:
            UnknownRoleError, NoSuchOperatorError, LastAdminError: As they say.
        """
        role = read_role(word)

        async def operation(connection: AsyncConnection, actor: Actor) -> None:
            known = await self._another(connection, name, stays_admin=role is Role.ADMIN)
            await repository.change(connection, replace(known, role=role.word))

        await self._change(shown, _Change("operator-role", name, detail=f"now {role.word}"), operation)

    async def set_password(self, shown: Shown, name: str, password: str) -> None:
        """Give an operator another password, which ends their sessions; everybody may for themselves, an admin for all.

        Raises:
            InvalidFieldError: It keeps no rules.
            NoSuchOperatorError: There is none.
        """
        hashed = await self._hash(password)

        async def operation(connection: AsyncConnection, actor: Actor) -> None:
            if actor.name != name and actor.role < Role.ADMIN:
                raise NotEnoughError(verb="operator-password", role=actor.role.word, needed=Role.ADMIN.word)
            known = await self._another(connection, name, stays_admin=True)
            changed = replace(known, password_hash=hashed, generation=known.generation + 1, failures=0)
            await repository.change(connection, changed)

        await self._change(shown, _Change("operator-password", name, Role.VIEWER), operation)

    async def remove(self, shown: Shown, name: str) -> None:
        """Remove an operator: their sessions and passes are good for nothing more.

        Raises:
            NoSuchOperatorError, LastAdminError: As they say.
        """

        async def operation(connection: AsyncConnection, actor: Actor) -> None:
            known = await self._another(connection, name, stays_admin=False)
            await repository.remove(connection, known.name)

        await self._change(shown, _Change("operator-remove", name), operation)

    async def _hash(self, password: str) -> str:
        check_password(password)
        return await self._passwords.hash(password)

    async def _change(
        self, shown: Shown, change: _Change, operation: Callable[[AsyncConnection, Actor], Awaitable[T]]
    ) -> T:
        """Change something about operators, and write it into the trace in the same transaction; refusals, too."""

        async def run(connection: AsyncConnection) -> T | CausewayError:
            try:
                actor = await self._actors.find(connection, shown)
            except NotLoggedInError as error:
                return error
            line = self._actors.line(actor, change.verb, change.target or actor.name)
            try:
                if actor.role < change.least:
                    raise NotEnoughError(verb=change.verb, role=actor.role.word, needed=change.least.word)
                done = await operation(connection, actor)  # which looks before it writes
            except CausewayError as error:
                await repository.add_operation(connection, replace(line, result="refused", detail=clean(str(error))))
                return error
            await repository.add_operation(connection, replace(line, detail=change.detail))
            return done

        found = await self._actors.transactions.run(change.verb.replace("-", "_"), run)
        if isinstance(found, NotLoggedInError):
            raise await self._actors.refused_nobody(shown, change.verb, change.target or "oneself", found)
        if isinstance(found, CausewayError):
            raise found
        return found

    async def _another(self, connection: AsyncConnection, name: str, *, stays_admin: bool) -> Operator:
        """Return an operator who is to be changed; one admin is always left."""
        known = await repository.find(connection, name)
        if known is None:
            raise NoSuchOperatorError(name=name[:_LONGEST])
        admins = [one.name for one in await repository.find_all(connection) if one.role == Role.ADMIN.word]
        if admins == [name] and not stays_admin:
            raise LastAdminError(name=name)
        return known


def _view(operator: Operator) -> OperatorView:
    return OperatorView(operator.name, operator.role, operator.generation, operator.added_at, operator.added_by)
