"""The state of a device's WebSocket: order of frames, catching up, and telling every output once."""

import json
from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.trunk.frames import LARGEST_PAYLOAD
from region.gateway.cursors import Place, ResumeToken, read_resume, write_resume
from region.gateway.frames import ChangedConversation
from region.gateway.session import (
    MOST_BUFFERED,
    MOST_BUFFERED_CHARACTERS,
    CatchUp,
    Hangup,
    Mark,
    Phase,
    Reply,
    Session,
    Snapshot,
    Submit,
)

CONVERSATION = "d" + "0" * 32 + "-us"
USER = "u" + "0" * 24 + "-us"
HELLO = '{"type":"hello","resume":null,"held":null}'


def greeted() -> Session:
    """A session that has said hello."""
    session = Session(user_id=USER, device_id="v1", region="us")
    assert isinstance(session.receive(HELLO), CatchUp)
    return session


def live(positions: dict[int, int] | None = None) -> Session:
    """A session that has caught up."""
    session = greeted()
    session.snapshot(Snapshot(positions or {0: 10, 1: 20}, 1, [], []), reliable=True)
    return session


def read(text: str) -> dict[str, object]:
    """A frame as a device reads it."""
    return cast("dict[str, object]", json.loads(text))


def test_hello_says_where_the_device_was() -> None:
    """Both the token and what is held are passed on."""
    token = ResumeToken("us", 1, (1, 2))
    session = Session(user_id=USER, device_id="v1", region="us")

    wanted = session.receive(
        json.dumps({"type": "hello", "resume": write_resume(token), "held": {CONVERSATION: [1, 41]}})
    )

    assert wanted == CatchUp(resume=token, held={CONVERSATION: Place(1, 41)})
    assert session.phase is Phase.CATCHING_UP


@pytest.mark.parametrize(
    "frame",
    [
        '{"type":"ping","nonce":"1"}',
        '{"type":"send","client_message_id":"1","recipient_id":"x","text":"x"}',
        "garbage",
        '{"type":"hello","held":[]}',
        '{"type":"hello","held":{"x":[-1,2]}}',
        "[]",
        None,
    ],
)
def test_anything_but_a_good_hello_ends_the_greeting(frame: str | None) -> None:
    """With the problem as a frame and close code 4400."""
    session = Session(user_id=USER, device_id="v1", region="us")

    verdict = session.receive(frame)

    assert isinstance(verdict, Hangup)
    assert verdict.code == 4400
    assert read(verdict.text)["type"] == "error"


def test_a_broken_resume_token_is_passed_over() -> None:
    """The device is told what it holds another way."""
    session = Session(user_id=USER, device_id="v1", region="us")

    assert session.receive('{"type":"hello","resume":"%%%","held":{}}') == CatchUp(resume=None, held={})


@pytest.mark.parametrize(
    ("frame", "code"),
    [
        ("garbage", "malformed-request"),
        ('{"type":"unheard-of"}', "malformed-request"),
        ('{"type":"ping","nonce":1}', "malformed-request"),
        ('{"type":"read","conversation_id":"x","seq":1,"epoch":1}', "invalid-field"),
        ('{"type":"read","conversation_id":"' + CONVERSATION + '","seq":-1}', "malformed-request"),
        ('{"type":"read","conversation_id":"' + CONVERSATION + '","seq":99999999999999999999}', "malformed-request"),
        ('{"type":"send","client_message_id":"1","text":"x"}', "invalid-field"),
        ('{"type":"send","client_message_id":"1","text":"","recipient_id":"x"}', "invalid-field"),
        ('{"type":"send","client_message_id":"1","text":"\\u0000","recipient_id":"x"}', "invalid-field"),
        ('{"type":"send","client_message_id":"1","text":"\\ud800","recipient_id":"x"}', "malformed-request"),
        ('{"type":"send","client_message_id":"","text":"x","recipient_id":"x"}', "invalid-field"),
        (
            '{"type":"send","client_message_id":"1","text":"x","recipient_id":"x","conversation_id":"y"}',
            "invalid-field",
        ),
        (
            json.dumps({"type": "send", "client_message_id": "1", "text": "é" * 8193, "recipient_id": "x"}),
            "too-large",
        ),
        (HELLO, "frame-out-of-order"),
        ("[" * 20_000, "malformed-request"),
        (None, "malformed-request"),
    ],
)
def test_a_bad_frame_is_answered_and_harms_nothing(frame: str | None, code: str) -> None:
    """The connection lives on."""
    session = live()

    verdict = session.receive(frame)

    assert isinstance(verdict, Reply)
    assert (read(verdict.text)["type"], read(verdict.text)["code"]) == ("error", code)
    assert session.phase is Phase.LIVE


def test_an_error_about_a_send_names_it() -> None:
    """So that the device knows which of its messages it is about."""
    verdict = live().receive('{"type":"send","client_message_id":"mine","text":"","recipient_id":"x"}')

    assert isinstance(verdict, Reply)
    assert read(verdict.text)["client_message_id"] == "mine"


@given(text=st.text() | st.recursive(st.none() | st.text(), st.lists).map(json.dumps))
def test_no_text_breaks_a_session(text: str) -> None:
    """Whatever a device sends, it gets an answer."""
    assert isinstance(live().receive(text), Reply | Submit | Mark)


def test_frames_become_instructions() -> None:
    """Sends, marks and pings."""
    session = live()

    submit = session.receive('{"type":"send","client_message_id":"1","recipient_id":"x","text":"hi"}')
    mark = session.receive('{"type":"received","conversation_id":"' + CONVERSATION + '","seq":4,"epoch":2}')
    pong = session.receive('{"type":"ping","nonce":"n"}')

    assert isinstance(submit, Submit)
    assert submit.send.text == "hi"
    assert mark == Mark(CONVERSATION, Place(2, 4), read=False)
    assert isinstance(pong, Reply)
    assert read(pong.text) == {"type": "pong", "nonce": "n"}


def test_what_was_missed_comes_before_the_welcome() -> None:
    """And what came live meanwhile comes after it, unless the snapshot had it."""
    session = greeted()
    assert not session.live(0, 10, "in the snapshot")
    assert not session.live(0, 11, "after it")

    frames = session.snapshot(Snapshot({0: 10, 1: 20}, 3, ["missed"], []), reliable=True)

    assert frames[0] == "missed"
    welcome = read(frames[1])
    assert (welcome["type"], welcome["complete"]) == ("welcome", True)
    assert read_resume(cast("str", welcome["resume"])) == ResumeToken("us", 3, (10, 20))
    assert frames[2:] == ["after it"]


def test_too_much_is_told_by_conversation() -> None:
    """The device pages them."""
    frames = greeted().snapshot(Snapshot({0: 1}, 1, [], [ChangedConversation(CONVERSATION, 900, 1)]), reliable=True)

    assert [read(text)["type"] for text in frames] == ["changed", "welcome"]
    assert read(frames[1])["complete"] is False


def test_many_that_changed_are_named_in_frames_that_a_trunk_carries() -> None:
    """Somebody in ten thousand conversations travels, too."""
    changed = [ChangedConversation(f"d{number:024x}-us", 1_000_000, 1) for number in range(10_000)]

    frames = greeted().snapshot(Snapshot({0: 1}, 1, [], changed), reliable=True)

    assert max(len(text) for text in frames) <= LARGEST_PAYLOAD
    named = [cast("list[dict[str, object]]", read(text)["conversations"]) for text in frames[:-1]]
    assert [one["conversation_id"] for page in named for one in page] == [one.conversation_id for one in changed]


def test_an_interrupted_session_is_told_nothing_until_it_has_caught_up() -> None:
    """From the last position at which nothing was missing."""
    session = live({0: 10})
    session.interrupt({0: 15})

    assert not session.live(0, 17, "after a gap")
    assert session.restore() == CatchUp(told={0: 15})
    assert not session.live(0, 18, "while reading")
    frames = session.snapshot(Snapshot({0: 17}, 1, ["16", "17"], []), reliable=True)

    assert frames[:2] == ["16", "17"]
    assert read(frames[2])["type"] == "resume"
    assert frames[3:] == ["while reading"]


def test_an_interruption_while_catching_up_is_made_up_for() -> None:
    """The snapshot that is being read may be too old; it is told, and another follows."""
    session = greeted()
    session.interrupt({0: 9})

    session.snapshot(Snapshot({0: 10}, 1, [], []), reliable=True)

    assert session.phase is Phase.SUSPENDED
    assert session.restore() == CatchUp(told={0: 10})


def test_without_live_events_a_session_waits() -> None:
    """While fan-out is dead, the device is welcome all the same, and looks into the store."""
    session = greeted()

    frames = session.snapshot(Snapshot({0: 10}, 1, [], []), reliable=False)

    assert read(frames[0])["type"] == "welcome"
    assert session.phase is Phase.SUSPENDED


def test_an_answer_waits_for_a_snapshot_that_goes_beyond_it() -> None:
    """One that was begun before may end below it; without live events nothing else would bring what lies between."""
    session = live({0: 5})
    session.interrupt({0: 5})
    assert session.restore() is not None
    assert not session.answer("answer")  # the snapshot is being read

    assert session.snapshot(Snapshot({0: 6}, 1, ["6"], []), reliable=False)[0] == "6"
    assert session.buffered == len("answer")
    session.restore()
    told = session.snapshot(Snapshot({0: 8}, 1, ["7", "8"], []), reliable=False)

    assert [text for text in told if '"resume"' not in text] == ["7", "8", "answer"]
    assert (session.phase, session.buffered) == (Phase.SUSPENDED, 0)


def test_an_answer_comes_after_the_live_events_that_waited() -> None:
    """They tell what lies between the snapshot and it."""
    session = live({0: 5})
    session.interrupt({0: 5})
    session.restore()
    session.answer("answer")
    session.live(0, 7, "7")

    told = session.snapshot(Snapshot({0: 6}, 1, ["6"], []), reliable=True)

    assert [text for text in told if '"resume"' not in text] == ["6", "7", "answer"]
    assert session.answer("now")


def test_answers_are_bounded() -> None:
    """What is left out is repeated by the device when it reconnects; events that wait are worth more."""
    session = live({0: 5})
    session.interrupt({0: 5})

    for _ in range(MOST_BUFFERED + 1):
        session.answer("x")

    assert session.buffered == MOST_BUFFERED
    session.close()
    assert session.buffered == 0


@pytest.mark.parametrize(
    ("count", "size"), [(MOST_BUFFERED + 1, 1), (3, MOST_BUFFERED_CHARACTERS // 2)], ids=["many", "large"]
)
def test_too_many_events_while_catching_up_are_read_again(count: int, size: int) -> None:
    """What waits is bounded, by number and by size."""
    session = greeted()
    for position in range(count):
        session.live(0, 100 + position, "x" * size)
    assert session.buffered <= MOST_BUFFERED_CHARACTERS

    session.snapshot(Snapshot({0: 10}, 1, [], []), reliable=True)

    assert session.phase is Phase.SUSPENDED
    assert session.buffered == 0


@given(data=st.data(), count=st.integers(1, 40))
def test_every_output_is_told_once_whatever_is_lost(data: st.DataObject, count: int) -> None:
    """Outputs come live or are lost, snapshots come late, breaks are seen afterwards: each is told exactly once, in order."""
    session, told = greeted(), list[str]()
    read_at, covered = 0, 0
    reading = True

    def finish() -> None:
        missed = [str(number) for number in range(session.told.get(0, 0) + 1, read_at + 1)]
        frames = session.snapshot(Snapshot({0: read_at}, 1, missed, []), reliable=True)
        told.extend(frame for frame in frames if frame.isdigit())

    for position in range(1, count + 1):
        happens = data.draw(st.sampled_from(["live", "lost", "snapshot"]))
        if happens == "snapshot" and reading:
            finish()
            reading = False
        if happens == "lost":
            session.interrupt({0: covered})
            if (session.restore()) is not None or reading:
                read_at, reading = position, True
        elif session.live(0, position, str(position)):
            told.append(str(position))
        covered = position
        if not reading and session.restore() is not None:
            read_at, reading = position, True
    while session.phase is not Phase.LIVE:
        finish()
        if session.restore() is not None:
            read_at = count

    assert told == [str(number) for number in range(1, count + 1)]


def test_what_stands_in_a_frame_is_not_repeated_by_the_error() -> None:
    """Whoever looks over a shoulder, or keeps errors, reads no message in them."""
    session = greeted()

    for frame in ('{"type": "dear diary"}', '{"type": "send", "text": "dear diary", "recipient_id": 7}'):
        answer = session.receive(frame)
        assert isinstance(answer, Reply)
        assert "diary" not in answer.text
