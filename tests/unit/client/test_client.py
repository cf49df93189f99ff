"""The client as a whole, over real sockets: messages, marks and positions, through whatever fails."""

import asyncio
from pathlib import Path

import pytest

from region.client import Arrived, Offline, SqliteStore, Stage, UnsendableError
from region.client.fakes import BORIS, CONVERSATION, LIMIT, FakeRegion, device


async def test_a_message_goes_out_and_comes_back_as_an_entry() -> None:
    """The handle follows it, and the screen shows it."""
    region = FakeRegion()
    async with region.serve() as url, device(url) as (alice, screen):
        message = await (await alice.send("hello", to=BORIS)).outcome()

        assert (message.seq, message.text) == (1, "hello")
        await screen.until(lambda: screen.seqs == [1])
        assert alice.unsettled == ()


async def test_everything_is_shown_once_and_in_order_though_the_connection_breaks_and_entries_are_lost() -> None:
    """Breaks and gaps are repaired; nothing comes twice."""
    region = FakeRegion()
    region.skip = {3, 4, 5, 9}
    async with region.serve() as url, device(url) as (_, screen):
        for number in range(1, 13):
            await region.write(f"message {number}")
            if number % 6 == 0:
                await region.cut()
        await region.write("the last")
        await screen.until(lambda: 13 in screen.seqs)

        assert screen.seqs == list(range(1, 14))
        assert any(isinstance(event, Offline) for event in screen.events)


async def test_what_was_not_acked_is_sent_again_under_the_same_name() -> None:
    """A region that dies before it acks makes no second message, and loses none."""
    region = FakeRegion()
    region.deaf = True
    async with region.serve() as url, device(url) as (alice, screen):
        handles = [await alice.send(f"message {number}", to=f"u{number}") for number in range(3)]
        async with asyncio.timeout(LIMIT):
            while len(region.sends) < 3:
                await region.changed.wait()
        region.deaf = False
        await region.cut()
        for handle in handles:
            await asyncio.wait_for(handle.outcome(), LIMIT)

        assert region.sends == [handle.client_message_id for handle in handles] * 2
        await screen.until(lambda: screen.seqs == [1, 2, 3])


async def test_the_outbox_outlives_the_process(tmp_path: Path) -> None:
    """What was typed without an outcome goes out when the next process takes the store up."""
    region = FakeRegion()
    region.deaf = True
    async with region.serve() as url:
        async with device(url, SqliteStore(tmp_path / "alice.sqlite")) as (alice, _):
            first = await alice.send("typed before the crash", to=BORIS)
        region.deaf = False
        async with device(url, SqliteStore(tmp_path / "alice.sqlite")) as (alice, screen):
            await screen.until(lambda: screen.seqs == [1])

            assert alice.unsettled == ()
            assert set(region.sends) == {first.client_message_id}


async def test_positions_outlive_the_process(tmp_path: Path) -> None:
    """The next process is told what came since, and nothing again."""
    region = FakeRegion()
    async with region.serve() as url:
        async with device(url, SqliteStore(tmp_path / "alice.sqlite")) as (_, screen):
            await region.write("first")
            await screen.until(lambda: screen.seqs == [1])
        await region.write("second")
        async with device(url, SqliteStore(tmp_path / "alice.sqlite")) as (_, screen):
            await screen.until(lambda: screen.seqs == [2])
            await region.write("third")
            await screen.until(lambda: screen.seqs == [2, 3])

        assert region.hellos[-1]["held"] == {CONVERSATION: [1, 1]}


async def test_what_there_was_before_the_first_log_in_is_history() -> None:
    """A new device is told of what comes from now on."""
    region = FakeRegion()
    for number in range(5):
        await region.write(f"old {number}")
    async with region.serve() as url, device(url) as (_, screen):
        await region.write("new")
        await screen.until(lambda: screen.seqs == [6])


async def test_messages_of_others_are_marked_as_received_by_themselves_and_read_on_demand() -> None:
    """Marks go out for what others wrote, not for one's own."""
    region = FakeRegion()
    async with region.serve() as url, device(url) as (alice, screen):
        await (await alice.send("mine", to=BORIS)).outcome()
        await region.write("theirs")
        await screen.until(lambda: screen.seqs == [1, 2])
        shown = next(event for event in reversed(screen.events) if isinstance(event, Arrived))
        alice.mark_read(shown.message)
        async with asyncio.timeout(LIMIT):
            while len(region.marks) < 2:
                await region.changed.wait()

        assert {(mark["type"], mark["seq"]) for mark in region.marks} == {("received", 2), ("read", 2)}


@pytest.mark.parametrize("text", ["", "x" * 16385, "ä" * 8193, "\ud800", "\x01" * 11_000])
async def test_what_can_never_be_accepted_is_not_queued(text: str) -> None:
    """It is an error at once, and the outbox stays clean."""
    region = FakeRegion()
    async with region.serve() as url, device(url) as (alice, _):
        with pytest.raises(UnsendableError):
            await alice.send(text, to=BORIS)
        with pytest.raises(UnsendableError):
            await alice.send("to whom?")
        assert alice.unsettled == ()
        assert Stage.QUEUED < Stage.NUMBERED


async def test_marks_outlive_the_process(tmp_path: Path) -> None:
    """What the region has not confirmed is marked again by the next one."""
    region = FakeRegion()
    async with region.serve() as url:
        async with device(url, SqliteStore(tmp_path / "alice.sqlite")) as (_, screen):
            await region.write("theirs")
            await screen.until(lambda: screen.seqs == [1])
            async with asyncio.timeout(LIMIT):
                while not region.marks:
                    await region.changed.wait()
        region.marks.clear()
        async with device(url, SqliteStore(tmp_path / "alice.sqlite")):
            async with asyncio.timeout(LIMIT):
                while not region.marks:
                    await region.changed.wait()

    assert [(mark["type"], mark["seq"]) for mark in region.marks] == [("received", 1)]
