"""The pure connection: frames in, actions out."""

import json
from typing import cast

import msgspec

from region.client import events
from region.client.connection import (
    MOST_HELD,
    Action,
    Advance,
    Compare,
    Connection,
    Keep,
    KeepMarks,
    Postpone,
    Ready,
    Repair,
    Settle,
    Tell,
    Transmit,
)
from region.client.events import Arrived, Marked, Queued, Refused
from region.client.frames import (
    Accepted,
    Changed,
    ChangedConversation,
    Entry,
    Error,
    Hop,
    Marks,
    Message,
    Pending,
    Position,
    Read,
    Received,
    Refusal,
    Resume,
    Welcome,
    Withdrawn,
    decode,
)
from region.client.handles import Stage
from region.client.marks import Seen
from region.client.outbox import Item

WELCOME = Welcome("u1", "device", "us", "token", complete=True)


def message(seq: int | None, name: str | None = None, queued_for: str | None = None) -> Message:
    """A message of conversation d1."""
    return Message(
        message_id=f"m{seq}",
        conversation_id="d1",
        sender_id="u1",
        recipient_id="u2",
        text="hello",
        seq=seq,
        epoch=1,
        client_message_id=name,
        queued_for=queued_for,
    )


def item(name: str) -> Item:
    """A typed message of that name, to somebody of its own."""
    return Item(client_message_id=name, text="hello", recipient_id=f"u-{name}")


def sent(actions: list[Action]) -> list[dict[str, object]]:
    """The frames that the actions transmit."""
    return [cast("dict[str, object]", json.loads(action.text)) for action in actions if isinstance(action, Transmit)]


def online(**options: object) -> Connection:
    """A connection that was welcomed."""
    connection = Connection(**options)  # type: ignore[arg-type]  # the test's own options
    connection.opened()
    connection.received(WELCOME)
    return connection


def test_hello_says_where_the_device_was() -> None:
    """The resume token and the positions held go out first."""
    connection = Connection(resume="before", positions={"d1": Position(1, 7)})

    assert sent(connection.opened()) == [{"type": "hello", "resume": "before", "held": {"d1": [1, 7]}}]


def test_nothing_typed_goes_out_before_the_welcome() -> None:
    """Hello must be first, and what was missed comes before what is new."""
    connection = Connection()
    connection.opened()

    assert connection.type(item("a")) == []
    actions = connection.received(WELCOME)
    assert actions[:2] == [Ready("us", complete=True), Keep("token")]
    assert [frame["client_message_id"] for frame in sent(actions)] == ["a"]


def test_an_entry_of_ones_own_settles_what_was_typed() -> None:
    """The outcome ends the outbox's duty and is told."""
    connection = online()
    connection.type(item("a"))

    accepted = connection.received(Accepted("a", "m1", "d1"))
    actions = connection.received(Entry(message(1, "a"), [Hop("us.gateway", 5)]))

    assert accepted == [Advance("a", Stage.ACCEPTED, message_id="m1", conversation_id="d1")]
    assert actions == [
        Advance("a", Stage.NUMBERED, message(1, "a"), "m1", "d1"),
        Settle("a"),
        Tell(Arrived(message(1, "a"), (Hop("us.gateway", 5),))),
    ]
    assert connection.unsettled == ()


def test_a_pending_message_is_told_and_stays_in_the_outbox() -> None:
    """Pending is no outcome."""
    connection = online(items=[item("a")])

    actions = connection.received(Pending(message(None, "a", "eu")))

    assert Tell(Queued(message(None, "a", "eu"))) in actions
    assert len(connection.unsettled) == 1


def test_a_refusal_is_an_outcome() -> None:
    """It is told with its reason, and the item is settled."""
    connection = online(items=[item("a")])

    actions = connection.received(Refusal("a", "recipient-unknown", "Nobody has that id."))

    assert actions == [Tell(Refused("a", "recipient-unknown", "Nobody has that id.")), Settle("a")]


def test_a_definite_error_about_a_message_refuses_it() -> None:
    """The same client message id with other content, say."""
    connection = online(items=[item("a")])

    actions = connection.received(Error("content-conflict", "Used before.", 409, definite=True, client_message_id="a"))

    assert actions == [Tell(Refused("a", "content-conflict", "Used before.")), Settle("a")]


def test_the_entry_of_an_earlier_message_of_that_name_is_no_outcome() -> None:
    """The name was used before, for another text; what was sent first stands, and this one is going to be refused."""
    connection = online(items=[Item(client_message_id="a", text="other text", recipient_id="u2")])

    assert connection.received(Entry(message(1, "a"))) == [Tell(Arrived(message(1, "a")))]
    assert len(connection.unsettled) == 1


def test_a_forward_has_the_text_of_what_it_forwards() -> None:
    """Its item has none; and a message of that name that is no forward is not its outcome."""
    connection = online(items=[Item(client_message_id="a", text="", recipient_id="u2", forward_of="m9")])

    connection.received(Entry(message(1, "a")))
    assert connection.unsettled
    told = msgspec.structs.replace(message(2, "a"), forwarded_from="u3")
    assert Settle("a") in connection.received(Entry(told))
    assert not connection.unsettled


def test_what_was_edited_or_deleted_before_its_outcome_came_is_settled() -> None:
    """Sent, then away; another device edits one and deletes the other: neither is sent for ever."""
    connection = online(items=[item("a"), item("b")])

    connection.received(Entry(msgspec.structs.replace(message(1, "a"), text="other", edited=3)))
    connection.received(Entry(msgspec.structs.replace(message(2, "b"), text="", deleted=True)))
    assert connection.unsettled == ()


def test_a_region_that_cannot_take_it_now_is_asked_again() -> None:
    """Indefinite errors and 503 postpone; then everything without an outcome goes out again, in order."""
    connection = online(items=[item("a"), item("b")])

    assert connection.received(Error("unavailable", "", 503, definite=True, client_message_id="a")) == [Postpone()]
    assert [frame["client_message_id"] for frame in sent(connection.retry())] == ["a", "b"]


def test_many_that_are_turned_down_wait_once_and_nothing_goes_out_meanwhile() -> None:
    """Otherwise every refused frame would repeat all the others; and what is typed later would overtake them."""
    connection = online(items=[item("a"), item("b")])
    busy = [Error("unavailable", "", 503, definite=True, client_message_id=name) for name in "ab"]

    assert [action for frame in busy for action in connection.received(frame)] == [Postpone()]
    assert connection.type(item("c")) == []
    connection.lost()
    connection.opened()
    assert sent(connection.received(WELCOME)) == []
    assert [frame["client_message_id"] for frame in sent(connection.retry())] == ["a", "b", "c"]


def test_a_region_that_asks_for_a_pause_gets_it() -> None:
    """For as long as it says; what it has accepted is not sent again over the same connection, which would count as well."""
    connection = online(items=[item("a"), item("b"), item("c")])
    connection.received(Accepted("a", "m1", "d1"))
    limited = Error("rate-limited", "", 429, definite=True, client_message_id="b", retry_after=7.0)

    assert connection.received(limited) == [Postpone(7.0)]
    assert [frame["client_message_id"] for frame in sent(connection.retry())] == ["b", "c"]


def test_a_region_that_asks_to_stay_away_is_heeded() -> None:
    """It says so before it closes the connection; the next one begins without that."""
    connection = online()
    assert connection.received(Error("busy", "", 503, definite=True, retry_after=3.5)) == []
    connection.lost()

    assert connection.away_for == 3.5
    connection.opened()
    assert connection.away_for == 0


def test_a_lost_connection_sends_again_under_the_same_name() -> None:
    """What was accepted but has no outcome is repeated, too."""
    connection = online(items=[item("a"), item("b")])
    connection.received(Accepted("a", "m1", "d1"))

    connection.lost()
    connection.opened()

    assert [frame["client_message_id"] for frame in sent(connection.received(WELCOME))] == ["a", "b"]


def test_a_skipped_number_is_fetched_once_and_then_everything_is_told_in_order() -> None:
    """A gap asks for one repair, whatever else arrives meanwhile."""
    connection = online(positions={"d1": Position(1, 1)})

    assert connection.received(Entry(message(3))) == [Repair("d1", Position(1, 1))]
    assert connection.received(Entry(message(4))) == []
    told = [action.event for action in connection.page("d1", [message(2), message(3)]) if isinstance(action, Tell)]
    assert [event.message.seq for event in told if isinstance(event, Arrived)] == [2, 3, 4]


def test_a_page_that_does_not_help_is_asked_for_again_patiently() -> None:
    """Reads may lag behind; the repair is not given up."""
    connection = online()
    connection.received(Entry(message(3)))

    assert connection.page("d1", []) == [Repair("d1", Position(0, 0), patiently=True)]
    assert connection.page("d1", [message(1)])[-1] == Repair("d1", Position(1, 1), patiently=False)


def test_changed_conversations_are_fetched() -> None:
    """What was missed in bulk is paged over HTTP."""
    connection = online(positions={"d1": Position(1, 1), "d2": Position(1, 9)})

    actions = connection.received(Changed([ChangedConversation("d1", 5), ChangedConversation("d2", 9)]))

    assert actions == [Repair("d1", Position(1, 1))]


def test_an_incomplete_welcome_compares_everything() -> None:
    """When too much was missed, the list of conversations says what."""
    connection = Connection(positions={"d1": Position(1, 1)})
    connection.opened()

    actions = connection.received(Welcome("u1", "device", "us", "token", complete=False))

    assert Compare() in actions
    assert connection.heads([("d1", 1), ("d9", 2)]) == [Repair("d9", Position(0, 0))]


def test_a_hello_names_so_many_positions_and_the_rest_is_compared() -> None:
    """A WebSocket message is bounded."""
    connection = Connection(positions={f"d{number}": Position(1, 1) for number in range(MOST_HELD + 1)})

    held = sent(connection.opened())[0]["held"]

    assert isinstance(held, dict)
    assert len(held) == MOST_HELD
    assert Compare() in connection.received(WELCOME)


def test_marks_go_out_once_and_again_over_a_new_connection() -> None:
    """Marks are merged by maximum, so repeating them is harmless, and a lower one says nothing."""
    connection = online()

    assert sent(connection.mark(Read("d1", 4, 1))) == [{"type": "read", "conversation_id": "d1", "seq": 4, "epoch": 1}]
    assert connection.mark(Read("d1", 3, 1)) == []
    connection.lost()
    assert sent(connection.mark(Received("d1", 5, 1))) == []
    connection.opened()
    assert [frame["type"] for frame in sent(connection.received(WELCOME))] == ["received", "read"]


def test_marks_are_kept_until_the_region_shows_them() -> None:
    """One row a conversation; what is confirmed is neither kept nor repeated."""
    connection = online()
    seen = Seen(received=Position(1, 5), read=Position(1, 4))

    connection.mark(Read("d1", 4, 1))
    assert KeepMarks("d1", seen) in connection.mark(Received("d1", 5, 1))
    assert connection.received(Marks("d1", "u1", 5, 3, 1)) == [Tell(Marked("d1", "u1", 5, 3))]
    assert KeepMarks("d1", None) not in connection.received(Marks("d1", "u2", 9, 9, 1))
    assert KeepMarks("d1", None) in connection.received(Marks("d1", "u1", 5, 4, 1))
    assert connection.mark(Received("d1", 5, 1)) == []
    connection.lost()
    connection.opened()
    assert sent(connection.received(WELCOME)) == []


def test_marks_of_an_earlier_run_go_out_again() -> None:
    """The process may have ended before they did."""
    marks = {"d1": Seen(received=Position(1, 5)), "d2": Seen(read=Position(2, 4))}
    connection = Connection(marks=marks)
    connection.opened()

    assert sent(connection.received(WELCOME)) == [
        {"type": "received", "conversation_id": "d1", "seq": 5, "epoch": 1},
        {"type": "read", "conversation_id": "d2", "seq": 4, "epoch": 2},
    ]


def test_marks_of_others_are_told() -> None:
    """Statuses come back to the sender."""
    assert online().received(Marks("d1", "u2", 4, 3)) == [Tell(Marked("d1", "u2", 4, 3))]


def test_a_newer_resume_token_is_kept_and_used() -> None:
    """The next hello carries it."""
    connection = online()

    assert connection.received(Resume("newer")) == [Keep("newer")]
    connection.lost()
    assert sent(connection.opened())[0]["resume"] == "newer"


def test_frames_of_a_later_version_are_passed_over() -> None:
    """Unknown types and fields harm nobody."""
    assert decode('{"type":"typing","user_id":"u2"}') is None
    assert decode('{"type":"pong","nonce":"1","more":true}') == decode('{"type":"pong","nonce":"1"}')
    assert online().received(None) == []


def test_pending_messages_have_no_epoch() -> None:
    """Null fields of a pending message are understood."""
    frame = {"type": "pending", "message": {**msgspec.to_builtins(message(None, "a", "eu")), "epoch": None}}

    assert isinstance(decode(json.dumps(frame)), Pending)


CAREFUL = Welcome("u1", "device", "us", "token", complete=True, until_accepted=True)


def test_where_a_region_says_so_an_entry_alone_settles_nothing() -> None:
    """It could be lost with the region: what was typed stays until it is accepted, and only then is anybody told that it has come so far."""
    connection = Connection()
    connection.opened()
    connection.received(CAREFUL)
    connection.type(Item(client_message_id="c1", text="hello", recipient_id="u2"))

    shown = connection.received(Entry(message(1, "c1"), []))
    assert [type(action) for action in shown] == [Tell]
    assert [item.client_message_id for item in connection.unsettled] == ["c1"]

    actions = connection.received(Accepted("c1", "m1", "d1", replicated=True))
    assert actions[0] == Advance("c1", Stage.NUMBERED, message(1, "c1"), "m1", "d1", replicated=True)
    assert Settle("c1") in actions
    assert connection.unsettled == ()


def test_an_entry_holds_up_nothing_that_was_typed_after_it() -> None:
    """The next one follows it, whether or not it is accepted."""
    connection = Connection()
    connection.opened()
    connection.received(CAREFUL)
    connection.type(Item(client_message_id="c1", text="hello", conversation_id="d1"))
    assert connection.type(Item(client_message_id="c2", text="hello", conversation_id="d1")) == []

    actions = connection.received(Entry(message(1, "c1"), []))
    assert [action for action in actions if isinstance(action, Transmit) and b'"c2"' in action.text.encode()]


def test_what_was_shown_and_not_accepted_is_sent_again() -> None:
    """After the answer that its outcome is unknown, and over a new connection, whose first frames show it once more before the welcome."""
    connection = Connection()
    connection.opened()
    connection.received(CAREFUL)
    connection.type(Item(client_message_id="c1", text="hello", recipient_id="u2"))
    connection.received(Entry(message(1, "c1"), []))
    connection.received(Error("outcome-unknown", "", 503, definite=False, client_message_id="c1"))
    again = [action for action in connection.retry() if isinstance(action, Transmit)]
    assert len(again) == 1

    connection.lost()
    connection.opened()
    connection.received(Entry(message(1, "c1"), []))
    again = [action for action in connection.received(CAREFUL) if isinstance(action, Transmit)]
    assert len(again) == 1
    assert connection.unsettled


def test_a_region_that_asks_for_no_such_care_gets_none() -> None:
    """What was shown before its welcome is settled by that."""
    connection = Connection(items=[Item(client_message_id="c1", text="hello", recipient_id="u2")])
    connection.opened()
    connection.received(Entry(message(1, "c1"), []))

    actions = connection.received(WELCOME)

    assert Settle("c1") in actions
    assert not [action for action in actions if isinstance(action, Transmit)]


def test_what_a_lost_holder_had_numbered_is_withdrawn() -> None:
    """The user is told, marks go down to what stands, and what takes its place is taken in."""
    connection = Connection(positions={"d1": Position(1, 3)})
    connection.received(WELCOME)
    connection.mark(Read("d1", 3, 1))

    assert connection.received(Withdrawn("d1", 2, 1)) == [Tell(events.Withdrawn("d1", 2, 1))]
    assert connection.received(Withdrawn("d2", 2, 1)) == [], "nothing of it was told"
    assert connection.positions["d1"] == Position(1, 2)
    anew = msgspec.structs.replace(message(3), epoch=2)
    assert Tell(Arrived(anew)) in connection.received(Entry(anew))
    connection.lost()
    assert {"type": "read", "conversation_id": "d1", "seq": 2, "epoch": 1} in sent(connection.received(WELCOME))
