"""SQL of operators and of the trace of what they did; every function is part of a transaction that `transactions` runs, at SERIALIZABLE."""

from collections.abc import Collection
from dataclasses import asdict, dataclass
from typing import Final

from sqlalchemy import RowMapping, delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from global_directory.operators.schemas import Asked, OperationView
from global_directory.schema import OPERATIONS, OPERATORS

CLAIMED: Final = "it has claimed"
"""What stands in the trace of an operation that goes on and has begun an epoch."""
GIVEN_UP: Final = "given up: "
"""What the words begin with of one that was ended on another's word."""


@dataclass(frozen=True, slots=True)
class Operator:
    """An operator, as the store has them.

    Attributes:
        name: Their name.
        role: What they may do, a word.
        password_hash: Argon2id, in PHC string format; empty if they have no password.
        generation: Of their sessions.
        failures: Wrong passwords since the last right one.
        tried_at: When the last one was tried, microseconds since the epoch.
        added_at: Since when, microseconds since the epoch.
        added_by: By whom.
    """

    name: str
    role: str
    password_hash: str
    generation: int
    failures: int
    tried_at: int
    added_at: int
    added_by: str


async def find(connection: AsyncConnection, name: str) -> Operator | None:
    """Return the operator of that name."""
    row = (await connection.execute(select(OPERATORS).where(OPERATORS.c.name == name))).mappings().one_or_none()
    return None if row is None else Operator(**row)


async def find_all(connection: AsyncConnection) -> tuple[Operator, ...]:
    """Return all operators, sorted by name."""
    rows = (await connection.execute(select(OPERATORS).order_by(OPERATORS.c.name))).mappings().all()
    return tuple(Operator(**row) for row in rows)


async def add(connection: AsyncConnection, operator: Operator) -> None:
    """Write an operator whom there was none of."""
    await connection.execute(insert(OPERATORS).values(**asdict(operator)))


async def change(connection: AsyncConnection, operator: Operator) -> None:
    """Write an operator who was read in this transaction."""
    await connection.execute(update(OPERATORS).where(OPERATORS.c.name == operator.name).values(**asdict(operator)))


async def remove(connection: AsyncConnection, name: str) -> None:
    """Remove an operator; what they did stays in the trace."""
    await connection.execute(delete(OPERATORS).where(OPERATORS.c.name == name))


async def find_operation(connection: AsyncConnection, operation_id: str) -> OperationView | None:
    """Return one line of the trace."""
    wanted = select(OPERATIONS).where(OPERATIONS.c.operation_id == operation_id)
    row = (await connection.execute(wanted)).mappings().one_or_none()
    return None if row is None else _view(row)


async def add_operation(connection: AsyncConnection, line: OperationView) -> None:
    """Write a line of the trace."""
    await connection.execute(insert(OPERATIONS).values(**asdict(line)))


async def end_operation(connection: AsyncConnection, operation_id: str, result: str, detail: str, now: int) -> bool:
    """Write how an operation ended; return whether it had only begun. What stands there already is never changed."""
    written = update(OPERATIONS).where(OPERATIONS.c.operation_id == operation_id, OPERATIONS.c.result == "begun")
    done = await connection.execute(written.values(result=result, detail=detail, ended_at=now))
    return bool(done.rowcount)


async def note_claimed(connection: AsyncConnection, operation_id: str) -> None:
    """Write that an operation has begun an epoch: from there on it only goes forward."""
    written = update(OPERATIONS).where(OPERATIONS.c.operation_id == operation_id, OPERATIONS.c.result == "begun")
    await connection.execute(written.values(detail=CLAIMED))


async def give_up(
    connection: AsyncConnection, target: str, verbs: Collection[str], *, but: str, detail: str, now: int
) -> None:
    """End what others than that one have begun to do to a target, by some verbs, and have not claimed for."""
    written = update(OPERATIONS).where(
        OPERATIONS.c.target == target,
        OPERATIONS.c.verb.in_(sorted(verbs)),
        OPERATIONS.c.who != but,
        OPERATIONS.c.result == "begun",
        OPERATIONS.c.detail == "",
    )
    await connection.execute(written.values(result="failed", detail=f"{GIVEN_UP}{detail}", ended_at=now))


async def remove_nameless(connection: AsyncConnection, before: int) -> None:
    """Remove refusals of whoever showed no good session that are older than that."""
    nameless = (OPERATIONS.c.who == "", OPERATIONS.c.result == "refused", OPERATIONS.c.at < before)
    await connection.execute(delete(OPERATIONS).where(*nameless))


async def find_operations(connection: AsyncConnection, asked: Asked) -> tuple[OperationView, ...]:
    """Return lines of the trace, newest first."""
    chosen = select(OPERATIONS).where(OPERATIONS.c.at >= asked.since)
    named = {"verb": asked.verb, "target": asked.target, "who": asked.who, "result": asked.result}
    for column, value in named.items():
        if value:
            chosen = chosen.where(OPERATIONS.c[column] == value)
    ordered = chosen.order_by(OPERATIONS.c.at.desc(), OPERATIONS.c.operation_id).limit(asked.most)
    return tuple(_view(row) for row in (await connection.execute(ordered)).mappings().all())


async def find_work(
    connection: AsyncConnection, target: str, verbs: Collection[str], *, but: str, since: int
) -> tuple[OperationView, ...]:
    """Return what others than that one were let do to a target, of some verbs, and have begun since then."""
    chosen = select(OPERATIONS).where(
        OPERATIONS.c.at >= since,
        OPERATIONS.c.target == target,
        OPERATIONS.c.verb.in_(sorted(verbs)),
        OPERATIONS.c.who != but,
        OPERATIONS.c.result != "refused",
    )
    return tuple(_view(row) for row in (await connection.execute(chosen)).mappings().all())


def _view(row: RowMapping) -> OperationView:
    return OperationView(**row)
