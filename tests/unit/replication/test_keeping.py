"""What of the records that cannot be taken in is kept aside, and what is not: pure rules."""

from hypothesis import given
from hypothesis import strategies as st

from replication.poison.keeping import MOST_PLACE, Shelf, Why, divide
from replication.poison.records import FINAL, Amount, Kind, Poison, Room, There

TOPIC = "us.relay.eu"
ROOM = Room(records=3, size=10)


def poison(offset: int, value: bytes = b"x", *, kind: Kind = Kind.IMPOSSIBLE, source: str = TOPIC) -> Poison:
    """Return a record that cannot be taken in."""
    return Poison(source, 0, offset, kind, "why", value)


def test_no_more_is_kept_than_there_is_room_for() -> None:
    """Neither by records nor by bytes; what came in answers takes room of the same topic, and another topic has its own."""
    records = [poison(1), poison(2, source=f"{TOPIC}.repair-1.1"), poison(3), poison(3, source="ap.relay.eu")]
    kept, others = divide(records, there={}, taken={(TOPIC, FINAL): Amount(1, 1)}, room=ROOM)
    assert kept == [records[0], records[1], records[3]]
    assert others == [(records[2], Why.NO_ROOM)]

    large, small = poison(1, b"x" * 10), poison(2)
    kept, others = divide([large, small], there={}, taken={(TOPIC, FINAL): Amount(1, 1)}, room=ROOM)
    assert (kept, others) == ([small], [(large, Why.NO_ROOM)])


def test_what_waits_for_newer_software_is_always_kept() -> None:
    """It was accepted somewhere; whoever reads it stops reading when too much of it is aside."""
    waits = [poison(1, kind=Kind.NEWER), poison(2, kind=Kind.BEHIND)]
    kept, others = divide(waits, there={}, taken={(TOPIC, FINAL): Amount(3, 10)}, room=ROOM)
    assert (kept, others) == (waits, [])


def test_what_waits_above_a_gap_has_a_room_of_its_own() -> None:
    """Nothing that is aside for good takes it, and it is bounded all the same: an owner may say anything above a gap."""
    waits = [poison(offset, kind=Kind.HELD) for offset in range(1, 5)]
    other = poison(5)
    kept, others = divide([*waits, other], there={}, taken={(TOPIC, FINAL): Amount(3, 3)}, room=ROOM)
    assert kept == waits[:3]
    assert others == [(waits[3], Why.NO_ROOM), (other, Why.NO_ROOM)]


def test_another_record_at_a_place_is_not_dropped_unseen() -> None:
    """One that waits is not lost to another; one that was taken in makes place."""
    other, again, newer = poison(7, b"other"), poison(7), poison(7, b"other", kind=Kind.NEWER)
    waits, done = {again.place: There(b"x", replayed=False)}, {again.place: There(b"x", replayed=True)}

    assert divide([other, newer], there=waits, taken={}, room=ROOM) == ([], [(other, Why.TAKEN), (newer, Why.TAKEN)])
    assert divide([other], there=done, taken={}, room=ROOM) == ([other], [])
    assert divide([poison(1), poison(1, b"y")], there={}, taken={}, room=ROOM)[1] == [(poison(1, b"y"), Why.TAKEN)]


def test_a_record_that_is_there_needs_no_room() -> None:
    """It was tried again in vain, or is read once more after a crash."""
    full: dict[Shelf, Amount] = {(TOPIC, FINAL): Amount(3, 10)}
    for replayed in (False, True):
        there = {poison(7).place: There(b"x", replayed=replayed)}
        assert divide([poison(7)], there=there, taken=full, room=ROOM) == ([poison(7)], [])


def test_a_place_that_cannot_be_kept_is_told() -> None:
    """A peer may name any sequence; one that is no bigint must not stop the reader."""
    records = [poison(-1), poison(MOST_PLACE + 1), poison(MOST_PLACE)]
    kept, others = divide(records, there={}, taken={}, room=ROOM)
    assert kept == records[2:]
    assert [why for _, why in others] == [Why.NO_PLACE] * 2


@given(
    st.lists(
        st.tuples(st.integers(0, 9), st.binary(max_size=4), st.sampled_from(Kind)),
        max_size=40,
    )
)
def test_room_is_never_exceeded_and_nothing_vanishes(said: list[tuple[int, bytes, Kind]]) -> None:
    """Whatever comes, and however often. What has waited, and turns out to be of no use, keeps its place: it was bounded while it waited."""
    records = [poison(offset, value, kind=kind) for offset, value, kind in said]
    kept, others = divide(records, there={}, taken={}, room=ROOM)

    waited: set[tuple[str, int, int]] = set()
    taken: dict[tuple[Kind, ...], dict[tuple[str, int, int], bytes]] = {}
    for record in kept:
        if record.kind.roommates and record.place not in waited:
            taken.setdefault(record.kind.roommates, {})[record.place] = record.value or b""
        waited.add(record.place)
    for shelf in taken.values():
        assert len(shelf) <= ROOM.records
        assert sum(map(len, shelf.values())) <= ROOM.size
    assert len(kept) + len(others) == len(records)
