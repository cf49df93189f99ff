"""Who types: said to the region now and then, shown for a while, and over by itself."""

from region.client.connection import Connection, Tell, Transmit
from region.client.events import Arrived, Types, Watched
from region.client.frames import Message, There, Typist, Welcome
from region.client.typists import EVERY_SECONDS, MOST, Typists


def message(sender: str, conversation: str = "d1") -> Arrived:
    """Something was written."""
    return Arrived(
        Message(
            message_id="m1",
            conversation_id=conversation,
            sender_id=sender,
            recipient_id="u1",
            text="done",
            seq=1,
            epoch=1,
            status="unread",
            sent_at="2026-01-01T00:00:00.000Z",
        )
    )


def test_the_region_is_told_now_and_then() -> None:
    """Of each conversation, however often keys are pressed."""
    now, said = [100.0], list[str]()
    typists = Typists(said.append, clock=lambda: now[0])
    for moment in (0.0, 1.0, EVERY_SECONDS - 0.1, EVERY_SECONDS, EVERY_SECONDS + 1):
        now[0] = 100.0 + moment
        typists.tell("d1")
    typists.tell("d2")

    assert said == ["d1", "d1", "d2"]


def test_typing_ends_by_itself_or_with_a_message() -> None:
    """Of that user in that conversation."""
    now = [100.0]
    typists = Typists(lambda _: None, clock=lambda: now[0])
    for user in ("u2", "u3"):
        typists.take(Types("d1", user, 6.0))
    typists.take(Types("d2", "u2", 6.0))
    assert typists.of("d1") == ("u2", "u3")
    typists.take(message("u2"))
    assert (typists.of("d1"), typists.of("d2")) == (("u3",), ("u2",))
    now[0] = 105.0
    typists.take(Types("d1", "u3", 6.0))
    now[0] = 107.0
    assert (typists.of("d1"), typists.of("d2")) == (("u3",), ())


def test_what_is_remembered_is_bounded() -> None:
    """The oldest is forgotten."""
    typists = Typists(lambda _: None, clock=lambda: 0.0)
    for number in range(MOST + 5):
        typists.take(Types(f"d{number}", "u2", 6.0))
        typists.tell(f"d{number}")

    assert typists.of("d4") == ()
    assert typists.of("d5") == ("u2",)


def test_nobody_is_told_while_there_is_no_connection() -> None:
    """Nor is it made up for later; what comes is told the user."""
    connection = Connection()
    assert connection.typing("d1") == []
    connection.opened()
    connection.received(Welcome("u1", "v1", "us"))
    assert connection.typing("d1") == [Transmit('{"type":"typing","conversation_id":"d1"}')]
    assert connection.received(Typist("d1", "u2", 6)) == [Tell(Types("d1", "u2", 6))]


def test_whom_one_watches_is_said_over_each_connection() -> None:
    """As long as somebody is watched; what the region tells of them is told the user."""
    connection, asked = Connection(), Transmit('{"type":"watch","user_ids":["u2"]}')
    assert connection.watch(["u2"]) == []
    for _ in range(2):
        connection.opened()
        assert asked in connection.received(Welcome("u1", "v1", "us"))
        connection.lost()
    connection.opened()
    connection.received(Welcome("u1", "v1", "us"))
    assert connection.watch([]) == [Transmit('{"type":"watch","user_ids":[]}')]
    assert connection.received(There("u2", "online")) == [Tell(Watched("u2", "online", None))]
    connection.lost()
    connection.opened()
    assert asked not in connection.received(Welcome("u1", "v1", "us"))
