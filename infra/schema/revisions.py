"""What a schema revision is, what a store says of its own schema, and who may work on it.

Pure. A component numbers its revisions from 1, each in a file of its own, and never changes one that was released. Each is of
one kind. Software of the version before works on what `expand` and `migrate` leave, though it does not know them; what
`contract` takes away it may need. So a service says which revisions it needs and knows, and a store says how far it has come
and by which revision it was last contracted.
"""

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from infra.errors import CausewayError


class Kind(StrEnum):
    """What a revision does to those who work on the store while it runs."""

    EXPAND = "expand"
    """Adds what the version before may ignore; before the roll."""

    MIGRATE = "migrate"
    """Fills in, in batches, what was added; after the roll."""

    CONTRACT = "contract"
    """Takes away what only the version before has needed; when none of its services is left."""


class SchemaError(CausewayError):
    """The schema does not allow this: {reason}."""

    code = "schema"
    definite = True


class StoreBehindError(SchemaError):
    """The {name} store is at schema revision {revision}, and this version needs {needs}. Run its `causeway schema expand` first; nothing was touched."""

    code = "store-behind"


class StoreContractedError(SchemaError):
    """The {name} store was contracted by schema revision {contracted}, and this version knows {knows} only. Run a newer version; nothing was touched."""

    code = "store-contracted"


class OlderServicesError(SchemaError):
    """Services of an older version are alive: {services}. Roll them to the next version first (`causeway local roll`), or stop them; one that was killed counts as alive for {seconds} s."""

    code = "older-services"


class OutOfTurnError(SchemaError):
    """Revision {number} ({kind}) comes first. Run `causeway schema {kind}`, then this again."""

    code = "out-of-turn"


@dataclass(frozen=True, slots=True)
class Schema:
    """What a component's software knows of its store.

    Attributes:
        name: Of the store, for people: `region`, `directory`.
        directories: Where its revisions lie, one file each.
        knows: The newest revision that this software was made with.
        needs: The revision that a store must have for this software to work on it.
    """

    name: str
    directories: tuple[Path, ...]
    knows: int
    needs: int = 1


@dataclass(frozen=True, slots=True)
class State:
    """What a store says of its schema.

    Attributes:
        revision: The last revision that was carried out; 0 for none.
        contracted: The last one that took something away, or began to; 0 for none.
        cursor: How far a migration has come, in its own words; empty at its beginning.
    """

    revision: int = 0
    contracted: int = 0
    cursor: str = ""


@dataclass(frozen=True, slots=True)
class Step:
    """A revision that a store has not had yet.

    Attributes:
        number: Its number.
        kind: What it does.
        about: Its own first sentence.
    """

    number: int
    kind: Kind
    about: str


@dataclass(frozen=True, slots=True)
class Alive:
    """A service that has told the store of itself.

    Attributes:
        instance: Its process.
        service: Its name.
        knows: The newest revision that its software knows.
    """

    instance: str
    service: str
    knows: int


def check(schema: Schema, state: State) -> None:
    """Check that software may work on a store.

    Raises:
        StoreBehindError: What it needs is not there yet.
        StoreContractedError: What it needs may not be there any more.
    """
    if state.revision < schema.needs:
        raise StoreBehindError(name=schema.name, revision=state.revision, needs=schema.needs)
    if state.contracted > schema.knows:
        raise StoreContractedError(name=schema.name, contracted=state.contracted, knows=schema.knows)


def next_steps(steps: list[Step], state: State, kind: Kind) -> list[Step]:
    """Return the steps of that kind that are next, in order; none if there are none left of it.

    Raises:
        OutOfTurnError: One of another kind stands before them.
    """
    due = [step for step in steps if step.number > state.revision]
    if not any(step.kind is kind for step in due):
        return []
    if due[0].kind is not kind:
        raise OutOfTurnError(number=due[0].number, kind=due[0].kind)
    run = []
    for step in due:
        if step.kind is not kind:
            break
        run.append(step)
    return run


def older_than(number: int, alive: list[Alive]) -> list[Alive]:
    """Return who does not know a revision."""
    return [one for one in alive if one.knows < number]
