"""The use cases of operations: each is judged, written down, let through by a pass, and ended in the trace."""

from dataclasses import replace
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from global_directory.holding import repository as holding
from global_directory.holding.duties import Guard
from global_directory.operators import repository
from global_directory.operators.actors import Actor, Actors, Refusal, Shown
from global_directory.operators.errors import GivenUpError, KeyAloneError, NoPassError, OperationOverError
from global_directory.operators.passes import PASS_SECONDS, SHORT_SECONDS
from global_directory.operators.schemas import Asked, Granted, OperationEnd, OperationRequest, OperationView, Trace
from global_directory.operators.verbs import (
    DEPLOYMENT,
    DETECTOR,
    GIVES_UP,
    VERBS,
    check_target,
    clean,
    judge,
    read_role,
)
from infra.errors import CausewayError, InvalidFieldError

MOST_LINES: Final = 1_000
"""Lines of the trace that are told at a time."""
AT_ONCE: Final = frozenset({"expel", "readmit"})
"""Verbs that are one request, so that a pass for them need not be good for long."""
_ID: Final = frozenset("0123456789abcdef")


class Operations:
    """Answers what is asked about operations."""

    def __init__(self, actors: Actors) -> None:
        """Work on a store; `actors` know who asks."""
        self._actors = actors

    async def begin(self, shown: Shown, wanted: OperationRequest) -> Granted:
        """Judge an operation, write it down, and give a pass for it; asked again with the same id, the same is answered.

        Raises:
            NotLoggedInError: No good session was shown.
            CausewayError: One of what `verbs.judge` raises, or of `verbs.check_target`.
            OperationOverError: That id is another operation's, or one's that has ended.

            The trace has all of those.
        """
        seal = self._actors.seal()
        if len(wanted.operation_id) != 33 or wanted.operation_id[0] != "o" or set(wanted.operation_id[1:]) - _ID:  # noqa: PLR2004
            raise InvalidFieldError(field="operation_id", reason="use `o` and 32 hexadecimal digits")
        verb = wanted.verb if wanted.verb in VERBS else "unknown"

        async def operation(connection: AsyncConnection) -> Actor | Refusal:
            line = self._actors.nobodys(shown, verb, wanted.target)
            try:
                actor = await self._actors.find(connection, shown)
                line = replace(self._actors.line(actor, verb, wanted.target), why=clean(wanted.why))
                known = await repository.find_operation(connection, wanted.operation_id)
                if known is not None:
                    same = (known.who, known.verb, known.target, known.result)
                    if same != (actor.name, wanted.verb, wanted.target, "begun"):
                        raise OperationOverError(operation_id=wanted.operation_id)
                    return actor
                if actor.name == DEPLOYMENT:
                    raise KeyAloneError
                check_target(wanted.target)
                judge(actor.role, wanted.verb, wanted.target, why=wanted.why, confirmed=wanted.confirmed)
            except CausewayError as error:
                return Refusal(line, error)
            await self._give_up(connection, actor.name, wanted)
            begun = replace(line, operation_id=wanted.operation_id, result="begun", detail="", ended_at=0)
            await repository.add_operation(connection, begun)
            return actor

        found = await self._actors.transactions.run("operation_begin", operation)
        if isinstance(found, Refusal):
            raise await self._actors.refused(found)
        granted = seal.grant(
            found.name,
            wanted.operation_id,
            wanted.verb,
            wanted.target,
            generation=found.generation,
            seconds=SHORT_SECONDS if wanted.verb in AT_ONCE else PASS_SECONDS,
            now=self._actors.clock() / 1e6,
        )
        return Granted(wanted.operation_id, found.name, granted)

    async def _give_up(self, connection: AsyncConnection, who: str, wanted: OperationRequest) -> None:
        """End what that gives up, wherever it runs, while it can be given up; so it finds no epoch begun, nor lease laid down, behind that."""
        verbs = GIVES_UP.get(wanted.verb, frozenset())
        duty = await holding.find_duty(connection, wanted.target) if verbs else None
        if duty is None or duty.laid_down:
            return
        detail = f"{who} asked for `{wanted.verb}`" + (f": {clean(wanted.why)}" if clean(wanted.why) else "")
        now = self._actors.clock()
        await repository.give_up(connection, wanted.target, verbs, but=DETECTOR, detail=clean(detail), now=now)

    async def end(self, shown: Shown, operation_id: str, ended: OperationEnd) -> None:
        """Write down how an operation ended; may be repeated.

        Raises:
            NoPassError: No good pass was shown.
            OperationOverError: It is another's.
        """
        granted = self._actors.seal().read_pass(shown.token, self._actors.clock() / 1e6)
        if granted.operation != operation_id:
            raise OperationOverError(operation_id=operation_id)
        result = "done" if ended.done else "failed"

        async def operation(connection: AsyncConnection) -> bool:
            detail = clean(ended.detail)
            if await repository.end_operation(connection, operation_id, result, detail, self._actors.clock()):
                return True
            known = await repository.find_operation(connection, operation_id)
            return known is not None and known.result == result

        if not await self._actors.transactions.run("operation_end", operation):
            raise OperationOverError(operation_id=operation_id)

    async def admit(self, shown: Shown, target: str, *, verbs: frozenset[str]) -> None:
        """Let what an operation consists of be done: see that the pass is good for it, and that who has it still may.

        Raises:
            NoPassError: It is missing, forged, of another verb or target, or its operation is over; a GivenUpError if another one ended that.
        """
        try:
            await self._admit(shown, target, verbs)
        except NoPassError as error:
            line = self._actors.nobodys(shown, ",".join(sorted(verbs)), target)
            raise await self._actors.refused(Refusal(line, error)) from None

    async def _admit(self, shown: Shown, target: str, verbs: frozenset[str]) -> None:
        granted = self._actors.seal().read_pass(shown.token, self._actors.clock() / 1e6)
        if granted.verb not in verbs or granted.target != target:
            raise NoPassError(reason=f"it is for `{granted.verb}` of {granted.target}")

        async def operation(connection: AsyncConnection) -> str:
            known = await repository.find(connection, granted.sub)
            line = await repository.find_operation(connection, granted.operation)
            if known is None or read_role(known.role) < VERBS[granted.verb].least:
                return f"{granted.sub} may not do that any more"
            if known.generation != granted.generation:
                return f"{granted.sub}'s sessions of that time were ended"
            _see_that_it_goes_on(line)
            return ""

        if reason := await self._actors.transactions.run("operation_admit", operation, changes=False):
            raise NoPassError(reason=reason)

    def guard(self, shown: Shown, *, claims: bool) -> Guard:
        """Return what is to be looked at in the transaction of what an operation that was admitted consists of: that it still goes on.

        Args:
            shown: The pass.
            claims: Whether an epoch is begun, which is noted: it cannot be given up any more.

        Raises:
            NoPassError: The pass is missing, or forged.
        """
        granted = self._actors.seal().read_pass(shown.token, self._actors.clock() / 1e6)

        async def look(connection: AsyncConnection) -> None:
            _see_that_it_goes_on(await repository.find_operation(connection, granted.operation))
            if claims:
                await repository.note_claimed(connection, granted.operation)

        return look

    async def trace(self, shown: Shown, asked: Asked) -> Trace:
        """Return lines of the trace, newest first.

        Raises:
            NotLoggedInError: No good session was shown.
            InvalidFieldError: What is chosen by is no word.
        """
        for field in ("verb", "target", "who", "result"):
            if "\0" in getattr(asked, field):
                raise InvalidFieldError(field=field, reason="it holds a NUL, which nothing that is kept does")

        async def operation(connection: AsyncConnection) -> Trace:
            await self._actors.find(connection, shown)
            bounded = replace(asked, most=max(1, min(asked.most, MOST_LINES)))
            return Trace(await repository.find_operations(connection, bounded))

        return await self._actors.transactions.run("operations", operation, changes=False)


def _see_that_it_goes_on(line: OperationView | None) -> None:
    if line is None or line.result != "begun":
        said = "" if line is None else line.detail
        if line is not None and said.startswith(repository.GIVEN_UP):
            raise GivenUpError(verb=line.verb, target=line.target, what=said.removeprefix(repository.GIVEN_UP))
        raise NoPassError(reason="its operation is over")
