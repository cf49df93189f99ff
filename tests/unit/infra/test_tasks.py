"""A task that was asked to end does, even if something on the way swallowed the request."""

import asyncio

import pytest

from infra.tasks import EndedError, beside, heed_cancellation, meanwhile, run_for_ever


async def swallowing() -> None:
    """Wait, and take a request to end for nothing, as `asyncio.wait_for` may."""
    try:
        await asyncio.Event().wait()
    except asyncio.CancelledError:
        return


async def test_a_swallowed_request_is_heeded_at_the_next_turn() -> None:
    """The loop ends, though the call within it returned as if nothing had been asked."""

    async def loop() -> None:
        while True:
            heed_cancellation()
            await swallowing()

    task = asyncio.create_task(loop())
    await asyncio.sleep(0)
    task.cancel()
    async with asyncio.timeout(5):
        with pytest.raises(asyncio.CancelledError):
            await task


async def test_a_task_that_nobody_asked_to_end_goes_on() -> None:
    """Time limits within a task are not requests to end it."""
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.001):
            await asyncio.Event().wait()

    heed_cancellation()


async def test_work_that_a_library_cancelled_is_told_from_work_that_was_asked_to_end() -> None:
    """A task group would take both for the same, and go on without the first."""

    async def stray() -> None:
        raise asyncio.CancelledError

    with pytest.raises(EndedError, match="nobody asked"):
        await run_for_ever(stray())

    asked = asyncio.create_task(run_for_ever(asyncio.sleep(3600)))
    await asyncio.sleep(0)
    asked.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asked


async def test_work_that_returns_is_an_error() -> None:
    """It was to run for ever."""
    with pytest.raises(EndedError, match="returned"):
        await run_for_ever(asyncio.sleep(0))


async def test_what_runs_beside_is_over_when_the_context_is() -> None:
    """And has run meanwhile."""
    ran, over = asyncio.Event(), asyncio.Event()

    async def work() -> None:
        ran.set()
        try:
            await asyncio.Event().wait()
        finally:
            over.set()

    async with beside(work(), work()):
        await asyncio.wait_for(ran.wait(), 10)
        assert not over.is_set()

    assert over.is_set()


async def test_what_fails_beside_is_told_at_the_end() -> None:
    """A watcher that has ended does not look like one that saw nothing."""
    failed = asyncio.Event()

    async def work() -> None:
        failed.set()
        reason = "blind"
        raise ValueError(reason)

    async def watched() -> None:
        async with beside(work()):
            await asyncio.wait_for(failed.wait(), 10)

    with pytest.raises(ValueError, match="blind"):
        await watched()


async def test_what_is_done_meanwhile_is_waited_for() -> None:
    """Both go on at the same time; what it fails by is told once the other is done."""
    done, first = list[str](), asyncio.Event()

    async def work() -> None:
        first.set()
        await asyncio.sleep(0)
        done.append("work")
        raise ValueError("too late")

    async def both() -> None:
        async with meanwhile(work()):
            await first.wait()
            done.append("within")

    with pytest.raises(ValueError, match="too late"):
        await both()
    assert done == ["within", "work"]


@pytest.mark.parametrize("swallows", [False, True])
async def test_what_fails_meanwhile_ends_what_is_done_within(*, swallows: bool) -> None:
    """It is told at once, not after what may take minutes; and whoever goes on is not taken for one that was asked to end."""

    async def work() -> None:
        raise ValueError("no room")

    async def both() -> None:
        async with meanwhile(work()):
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                if not swallows:
                    raise

    with pytest.raises(ValueError, match="no room"):
        await both()
    task = asyncio.current_task()
    assert task is not None
    assert not task.cancelling()
    await asyncio.sleep(0)


async def test_who_was_asked_to_end_does_so_whatever_fails_meanwhile() -> None:
    """Else whoever waits for its end would hang."""
    begun = asyncio.Event()

    async def work() -> None:
        await begun.wait()
        running.cancel()
        raise ValueError

    async def both() -> None:
        async with meanwhile(work()):
            begun.set()
            await asyncio.Event().wait()

    running = asyncio.create_task(both())
    with pytest.raises(asyncio.CancelledError):
        await running


async def test_what_is_done_meanwhile_ends_with_what_fails_within() -> None:
    """Nothing of it goes on unseen."""
    ended = asyncio.Event()

    async def work() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    async def both() -> None:
        async with meanwhile(work()):
            await asyncio.sleep(0)
            raise KeyError

    with pytest.raises(KeyError):
        await both()
    assert ended.is_set()
