"""The outbox keeps what was typed, in order, until its outcome is known."""

from hypothesis import given
from hypothesis import strategies as st

from region.client.outbox import WINDOW, Item, Outbox


def item(name: str, to: str = "") -> Item:
    """A message of that name; each goes to somebody else by default."""
    return Item(client_message_id=name, text="hello", recipient_id=to or f"u{name}")


def names(items: list[Item] | tuple[Item, ...]) -> list[str]:
    """Their names."""
    return [one.client_message_id for one in items]


def test_items_are_due_once_and_in_order() -> None:
    """What was taken as sent is not due again over the same connection."""
    outbox = Outbox([item("a")])
    outbox.add(item("b"))
    outbox.add(item("b"))

    assert names(outbox.due()) == ["a", "b"]
    assert outbox.due() == []


def test_a_new_connection_sends_everything_without_an_outcome_again() -> None:
    """Accepted is no outcome; an entry or a refusal is."""
    outbox = Outbox([item("a"), item("b"), item("c")])
    outbox.due()
    outbox.accepted("b")
    outbox.settle("a")

    outbox.rewind()

    assert names(outbox.due()) == ["b", "c"]


def test_only_so_many_are_under_way() -> None:
    """The window opens as items are accepted."""
    outbox = Outbox(item(str(number)) for number in range(WINDOW + 2))

    assert len(outbox.due()) == WINDOW
    outbox.accepted("0")
    assert names(outbox.due()) == [str(WINDOW)]


def test_one_at_a_time_goes_to_one_destination() -> None:
    """By whatever name: if the first were turned down for a while, the second would stand above it for good."""
    outbox = Outbox([item("a", "u2"), item("b", "u2")])

    assert names(outbox.due()) == ["a"]
    outbox.accepted("a", "d1")
    outbox.add(Item(client_message_id="c", text="hello", conversation_id="d1"))
    assert names(outbox.due()) == ["b"]
    outbox.settle("b")
    assert names(outbox.due()) == ["c"]


def test_what_was_accepted_before_holds_nothing_up() -> None:
    """Its place is certain; hundreds may wait for a region that is away."""
    outbox = Outbox([item("a", "u2"), item("b", "u2"), item("c", "u2")])
    for name in "ab":
        outbox.due()
        outbox.accepted(name)

    outbox.rewind()

    assert names(outbox.due()) == ["a", "b", "c"]


def test_what_is_repeated_keeps_to_the_window_too() -> None:
    """Otherwise a reconnect would bring everything at once."""
    outbox = Outbox(item(str(number), "u2") for number in range(WINDOW + 2))
    for number in range(WINDOW + 2):
        outbox.due()
        outbox.accepted(str(number))

    outbox.rewind()

    assert len(outbox.due()) == WINDOW


@given(st.lists(st.sampled_from(["type", "send", "accept", "settle", "break"]), max_size=60))
def test_nothing_typed_is_lost_whatever_happens(steps: list[str]) -> None:
    """What was typed and not settled is there, in order, and is sent over the last connection."""
    outbox, typed, settled, sent = Outbox(), 0, 0, set[str]()
    for step in steps:
        match step:
            case "type":
                outbox.add(item(str(typed)))
                typed += 1
            case "send":
                sent.update(names(outbox.due()))
            case "accept":
                outbox.accepted(str(settled))
            case "settle" if settled < typed:
                assert outbox.settle(str(settled))
                settled += 1
            case _:
                outbox.rewind()
                sent.clear()

    assert names(outbox.items) == [str(number) for number in range(settled, typed)]
    assert {*names(outbox.due()), *sent} >= {*names(outbox.items)}
