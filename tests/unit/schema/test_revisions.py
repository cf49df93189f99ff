"""Who may work on a store, and which revision is next: pure rules."""

import pytest

from infra.schema.known import UnknownSchemaError, find_schema
from infra.schema.revisions import (
    Alive,
    Kind,
    OutOfTurnError,
    Schema,
    State,
    Step,
    StoreBehindError,
    StoreContractedError,
    check,
    next_steps,
    older_than,
)
from infra.schema.worker import as_sql, steps_of

OLD = Schema("region", (), knows=1, needs=1)
NEW = Schema("region", (), knows=4, needs=2)
STEPS = [
    Step(1, Kind.EXPAND, "tables"),
    Step(2, Kind.EXPAND, "a column"),
    Step(3, Kind.MIGRATE, "fill it in"),
    Step(4, Kind.CONTRACT, "drop the old one"),
]


@pytest.mark.parametrize("revision", [1, 2, 3])
def test_the_version_before_works_until_the_store_is_contracted(revision: int) -> None:
    """It does not know what was added, and need not."""
    check(OLD, State(revision))

    with pytest.raises(StoreContractedError, match="contracted by schema revision 4, and this version knows 1 only"):
        check(OLD, State(revision, contracted=4))


def test_the_next_version_waits_for_what_it_needs() -> None:
    """And says what to run."""
    with pytest.raises(StoreBehindError, match=r"needs 2\. Run its `causeway schema expand` first"):
        check(NEW, State(1))

    for revision in (2, 3, 4):
        check(NEW, State(revision, contracted=4 if revision == 4 else 0))


def test_revisions_are_carried_out_in_order_and_by_kind() -> None:
    """Each kind has its moment of the upgrade; none is skipped."""
    assert next_steps(STEPS, State(0), Kind.EXPAND) == STEPS[:2]
    assert next_steps(STEPS, State(2), Kind.EXPAND) == []
    assert next_steps(STEPS, State(2), Kind.MIGRATE) == [STEPS[2]]
    assert next_steps(STEPS, State(3), Kind.CONTRACT) == [STEPS[3]]
    assert next_steps(STEPS, State(4), Kind.CONTRACT) == []
    with pytest.raises(OutOfTurnError, match=r"Revision 3 \(migrate\) comes first"):
        next_steps(STEPS, State(2), Kind.CONTRACT)


def test_who_does_not_know_a_revision_is_named() -> None:
    """Before anything is taken away, everybody has to know of it."""
    old, new = Alive("us/front", "gateway", 1), Alive("us/projector", "projector", 4)

    assert older_than(4, [old, new]) == [old]
    assert older_than(1, [old, new]) == []


@pytest.mark.parametrize("name", ["region", "directory"])
def test_a_version_knows_all_revisions_that_it_brings(name: str) -> None:
    """What a service says of itself agrees with the files; they are numbered without holes, and needs what is there."""
    schema = find_schema(name)
    numbers = [step.number for step in steps_of(schema)]

    assert numbers == list(range(1, schema.knows + 1))
    assert 1 <= schema.needs <= schema.knows
    assert all(step.about for step in steps_of(schema))


@pytest.mark.parametrize("name", ["region", "directory"])
def test_revisions_can_be_written_down(name: str) -> None:
    """For whoever reviews them, or must run them by hand; nothing in them asks a store first."""
    schema = find_schema(name)

    assert "CREATE TABLE IF NOT EXISTS" in as_sql(schema, after=0, upto=schema.knows)


def test_an_unknown_schema_is_named() -> None:
    """As everything that a person can get wrong."""
    with pytest.raises(UnknownSchemaError, match="none"):
        find_schema("none")
