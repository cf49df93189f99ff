"""What is shown becomes what the ledger records: texts, changes of groups, and what is hidden."""

from msgspec.structs import replace

from chaos.drill.sightings import admits, sighting
from chaos.drill.tally import Tally
from chaos.judge.events import Aftermath, Change
from chaos.judge.ledger import digest
from region.client.frames import Change as Told
from region.client.frames import Message, Reacted


def message(
    kind: str, *, seq: int = 5, text: str = "", change: Told | None = None, from_seq: int | None = None
) -> Message:
    """Return what a device is shown."""
    return Message(
        message_id="m1", conversation_id="g1-us", sender_id="a", kind=kind, text=text, change=change,
        seq=seq, from_seq=from_seq, epoch=1,
    )  # fmt: skip


def test_a_text_is_known_by_its_digest() -> None:
    """Whatever id it has."""
    assert sighting(message("group_message_sent", text="hi")).content == digest("hi")


def test_a_change_is_known_by_all_that_is_told_of_it() -> None:
    """So regions that tell it differently differ; what membership follows from stands beside it."""
    one = sighting(message("member_removed", change=Told(user_id="b")))
    other = sighting(message("member_removed", change=Told(user_id="c")))

    assert one.change == Change("member_removed", ("b",))
    assert one.content is not None
    assert one.content != other.content


def test_what_is_hidden_is_a_run_without_content() -> None:
    """From its first number to its last."""
    seen = sighting(message("hidden", seq=9, from_seq=4))

    assert (seen.content, seen.first, seen.seq, seen.status) == (None, 4, 9, "")


def test_a_post_stands_for_what_nobody_is_shown_before_it() -> None:
    """From the first number that it says."""
    assert sighting(message("channel_message_sent", text="hi", seq=9, from_seq=7)).first == 7
    assert sighting(message("channel_message_sent", text="hi", seq=9)).first == 9


def test_a_message_shows_what_it_has_come_to() -> None:
    """Which edit gave it its text, who has reacted; and that its text is gone, whether it is said or not."""
    plain = message("message_sent", text="hi")
    reacted = [Reacted(emoji="x", user_ids=["b", "a"])]

    assert sighting(plain).aftermath is None
    assert sighting(replace(plain, edited=7, reactions=reacted)).aftermath == Aftermath(7, reacted=("a", "b"))
    assert sighting(replace(plain, text="", deleted=True)).aftermath == Aftermath(emptied=True)
    assert sighting(replace(plain, text="")).aftermath == Aftermath(emptied=True)


def test_an_edit_is_the_same_entry_when_its_text_is_gone() -> None:
    """So a region that has emptied it agrees with one that has not yet."""
    told = sighting(message("message_edited", change=Told(message_id="m0", message_seq=1, text="ho")))
    emptied = sighting(message("message_edited", change=Told(message_id="m0", message_seq=1)))

    assert told.change == Change("message_edited", target="m0", text=digest("ho"))
    assert emptied.change == Change("message_edited", target="m0")
    assert told.content == emptied.content


def test_who_is_admitted_by_what() -> None:
    """Whoever is named, or who joins; nobody by a text."""
    assert admits(message("member_added", change=Told(user_id="b")), "b")
    assert admits(message("member_joined", change=Told(invite_id="i")), "a")
    assert admits(message("group_created", change=Told(user_ids=["b", "c"])), "c")
    assert not admits(message("member_removed", change=Told(user_id="b")), "b")
    assert not admits(message("group_message_sent", text="hi"), "a")


def test_a_post_is_under_way_until_all_who_stay_were_shown_it() -> None:
    """Or it was refused; a change that waits, until its author was."""
    tally = Tally()
    tally.sent("x", ["b", "c"])
    tally.sent("y", ["b"])
    tally.queued("m9", "a")
    tally.arrived("x", "b")
    tally.arrived("x", "guest")
    assert tally.under_way == 3

    tally.arrived("x", "c")
    tally.turned_down("y")
    tally.came("m9", "a")
    assert tally.under_way == 0
