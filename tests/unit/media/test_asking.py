"""A blob store that stands still: requests about uploads end, and only so many wait."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import cast

import pytest

from infra.blobs import Blobs, Signer
from infra.errors import BusyError, UnavailableError
from infra.postgres import Pool
from region.media import asking as module
from region.media import repository
from region.media.repository import Blob
from region.media.uploads import Allowed, Uploads
from replication.ids import new_blob_id

OWNER = "u" + "a" * 24 + "-us"


class FrozenBlobs:
    """A store that takes questions and answers none."""

    def __init__(self) -> None:
        self.asked = 0

    async def size(self, _key: str) -> int:
        """Ask for a size."""
        self.asked += 1
        await asyncio.Event().wait()
        raise AssertionError


class NoStore:
    """A pool whose connections nobody asks."""

    @contextlib.asynccontextmanager
    async def connection(self) -> AsyncIterator[None]:
        """Lend one."""
        yield


async def nobody() -> None:
    """Wake nobody."""


@pytest.fixture
def blobs() -> FrozenBlobs:
    """The blob store."""
    return FrozenBlobs()


@pytest.fixture
def uploads(blobs: FrozenBlobs, monkeypatch: pytest.MonkeyPatch) -> Uploads:
    """A gateway's uploads, all of which are of one small file."""

    async def uploading(_connection: object, blob_id: str) -> Blob:
        return Blob(blob_id, OWNER, "file", "f", 10, "text/plain", "", 0, 0, "", "uploading", "", "", 0, 0, 0)

    monkeypatch.setattr(repository, "blob", uploading)
    return Uploads(
        region="us",
        store=cast("Pool", NoStore()),
        blobs=cast("Blobs", blobs),
        signer=cast("Signer", None),
        allowed=Allowed(1, 1, 1),
        wake=nobody,
    )


async def test_a_blob_store_that_stands_still_is_given_up(
    uploads: Uploads, blobs: FrozenBlobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Definitely: nothing was done, and the same can be asked again."""
    monkeypatch.setattr(module, "SECONDS", 0.01)
    async with asyncio.timeout(30):
        for number in range(module.MOST + 1):  # each leaves room for the next
            with pytest.raises(UnavailableError) as caught:
                await uploads.complete(OWNER, new_blob_id("us"))
            assert (caught.value.code, caught.value.definite) == ("unavailable", True)
            assert blobs.asked == number + 1


async def test_only_so_many_requests_wait_for_it(
    uploads: Uploads, blobs: FrozenBlobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One more is told at once, and asks nothing."""
    monkeypatch.setattr(module, "SECONDS", 60.0)
    monkeypatch.setattr(module, "MOST", 2)
    waiting = [asyncio.create_task(uploads.complete(OWNER, new_blob_id("us"))) for _ in range(2)]
    async with asyncio.timeout(30):
        while blobs.asked < len(waiting):  # noqa: ASYNC110 — a question raises no event
            await asyncio.sleep(0)
        with pytest.raises(BusyError):
            await uploads.complete(OWNER, new_blob_id("us"))

    assert blobs.asked == len(waiting)
    for task in waiting:
        task.cancel()
    await asyncio.gather(*waiting, return_exceptions=True)
