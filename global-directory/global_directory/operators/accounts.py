"""The use cases of operators' accounts: each one transaction, in which the store is read, and the change stands in the trace; or else why it was refused does."""

import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Final, TypeVar

from sqlalchemy.ext.asyncio import AsyncConnection

from global_directory.operators import repository
from global_directory.operators.actors import Actor, Actors, Refusal, Shown
from global_directory.operators.errors import (
    LastAdminError,
    NoSuchOperatorError,
    NotEnoughError,
    OldPasswordError,
    OperatorExistsError,
    TooManyTriesError,
    WrongOperatorError,
)
from global_directory.operators.logins import Logins
from global_directory.operators.repository import Operator
from global_directory.operators.schemas import NewOperator, OperatorsView, OperatorView, PasswordRequest
from global_directory.operators.verbs import Role, check_name, check_password, is_name, read_role
from infra.errors import CausewayError
from infra.passwords import Passwords

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

    def __init__(self, actors: Actors, passwords: Passwords, logins: Logins) -> None:
        """Work on a store.

        Args:
            actors: Who asks.
            passwords: Hashes new ones.
            logins: Verifies old ones.
        """
        self._actors = actors
        self._passwords = passwords
        self._logins = logins

    async def logout(self, shown: Shown) -> None:
        """End all sessions of who asks."""

        async def operation(connection: AsyncConnection, actor: Actor) -> None:
            known = await repository.find(connection, actor.name)
            if known is not None:
                await repository.change(connection, replace(known, generation=known.generation + 1))

        await self._run(shown, _Change("operator-logout", "", Role.VIEWER), operation)

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
        change = _Change("operator-add", wanted.name, detail=f"as {wanted.role}")

        async def judge(connection: AsyncConnection, actor: Actor) -> Role:
            check_name(wanted.name)
            if wanted.password:
                check_password(wanted.password)
            if await repository.find(connection, wanted.name) is not None:
                raise OperatorExistsError(name=wanted.name)
            return read_role(wanted.role)

        role = await self._run(shown, change, judge, only_looks=True)
        hashed = await self._passwords.hash(wanted.password) if wanted.password else ""

        async def operation(connection: AsyncConnection, actor: Actor) -> OperatorView:
            await judge(connection, actor)
            generation = secrets.randbelow(2**30)  # not one of somebody who was called so before
            made = Operator(wanted.name, role.word, hashed, generation, 0, 0, self._actors.clock(), actor.name)
            await repository.add(connection, made)
            return _view(made)

        return await self._run(shown, change, operation)

    async def set_role(self, shown: Shown, name: str, word: str) -> None:
        """Let an operator do more, or less, from now on; also within sessions that they have.

        Raises:
            UnknownRoleError, NoSuchOperatorError, LastAdminError: As they say.
        """

        async def operation(connection: AsyncConnection, actor: Actor) -> None:
            role = read_role(word)
            known = await self._another(connection, name, stays_admin=role is Role.ADMIN)
            await repository.change(connection, replace(known, role=role.word))

        await self._run(shown, _Change("operator-role", name, detail=f"now {word}"), operation)

    async def set_password(self, shown: Shown, name: str, wanted: PasswordRequest) -> None:
        """Give an operator another password, which ends their sessions; everybody may for themselves who knows the present one, an admin for all others.

        Raises:
            InvalidFieldError: It keeps no rules.
            NoSuchOperatorError: There is none.
            OldPasswordError: It is one's own, and the present one was not said.
            TooManyTriesError: Wrong ones were said too often.
        """
        change = _Change("operator-password", name, Role.VIEWER)

        async def judge(connection: AsyncConnection, actor: Actor) -> tuple[Actor, Operator]:
            if actor.name != name and actor.role < Role.ADMIN:
                raise NotEnoughError(verb=change.verb, role=actor.role.word, needed=Role.ADMIN.word)
            check_password(wanted.password)
            return actor, await self._another(connection, name, stays_admin=True)

        actor, before = await self._run(shown, change, judge, only_looks=True)
        own = actor.name == name and bool(before.password_hash)
        if own:
            await self._prove(actor, before, wanted.old)
        hashed = await self._passwords.hash(wanted.password)

        async def operation(connection: AsyncConnection, actor: Actor) -> None:
            _, known = await judge(connection, actor)
            if own and known.password_hash != before.password_hash:
                raise OldPasswordError  # changed in between
            changed = replace(known, password_hash=hashed, generation=known.generation + 1, failures=0)
            await repository.change(connection, changed)

        await self._run(shown, change, operation)

    async def remove(self, shown: Shown, name: str) -> None:
        """Remove an operator: their sessions and passes are good for nothing more.

        Raises:
            NoSuchOperatorError, LastAdminError: As they say.
        """

        async def operation(connection: AsyncConnection, actor: Actor) -> None:
            known = await self._another(connection, name, stays_admin=False)
            await repository.remove(connection, known.name)

        await self._run(shown, _Change("operator-remove", name), operation)

    async def _prove(self, actor: Actor, known: Operator, password: str) -> None:
        """See that who has a session knows the password, too: it may have been copied; guesses count as those at a login do."""
        trial = await self._logins.count(known.name, self._actors.clock())
        try:
            await self._logins.verify(trial, password)
        except (WrongOperatorError, TooManyTriesError) as error:
            refused = OldPasswordError() if isinstance(error, WrongOperatorError) else error
            line = self._actors.line(actor, "operator-password", known.name)
            raise await self._actors.refused(Refusal(line, refused)) from None

    async def _run(
        self,
        shown: Shown,
        change: _Change,
        operation: Callable[[AsyncConnection, Actor], Awaitable[T]],
        *,
        only_looks: bool = False,
    ) -> T:
        """Change something about operators, and write that into the trace in the same transaction; what is refused is written afterwards.

        Args:
            shown: Who asks.
            change: What they ask for.
            operation: Does it; it looks before it writes.
            only_looks: It is only looked whether it may be done, before a password is hashed for it.
        """
        self._actors.seal()

        async def run(connection: AsyncConnection) -> T | Refusal:
            line = self._actors.nobodys(shown, change.verb, change.target or "oneself")
            try:
                actor = await self._actors.find(connection, shown)
                line = self._actors.line(actor, change.verb, change.target or actor.name)
                if actor.role < change.least:
                    raise NotEnoughError(verb=change.verb, role=actor.role.word, needed=change.least.word)
                done = await operation(connection, actor)
            except CausewayError as error:
                return Refusal(line, error)
            if not only_looks:
                await repository.add_operation(connection, replace(line, detail=change.detail))
            return done

        found = await self._actors.transactions.run(change.verb.replace("-", "_"), run, changes=not only_looks)
        if isinstance(found, Refusal):
            raise await self._actors.refused(found)
        return found

    async def _another(self, connection: AsyncConnection, name: str, *, stays_admin: bool) -> Operator:
        """Return an operator who is to be changed; one admin is always left."""
        known = await repository.find(connection, name) if is_name(name) else None
        if known is None:
            raise NoSuchOperatorError(name=name[:_LONGEST])
        admins = [one.name for one in await repository.find_all(connection) if one.role == Role.ADMIN.word]
        if admins == [name] and not stays_admin:
            raise LastAdminError(name=name)
        return known


def _view(operator: Operator) -> OperatorView:
    return OperatorView(operator.name, operator.role, operator.generation, operator.added_at, operator.added_by)
