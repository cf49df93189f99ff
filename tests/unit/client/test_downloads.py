"""A download asks its region where the bytes are as often as it has to, and no oftener."""

import hashlib
from pathlib import Path
from typing import BinaryIO, cast

import pytest

from region.client.frames import Attachment
from region.client.media import Media, Told
from region.client.transport import Transport
from region.client.uploads import Opened

CONTENT = b"a file of few bytes"
FILE = Attachment(
    blob_id="b",
    kind="file",
    name="f",
    size=len(CONTENT),
    content_type="x/y",
    checksum=hashlib.sha256(CONTENT).hexdigest(),
)


async def token(_: str | None) -> str:
    """Give none."""
    return ""


class Store(Media):
    """A region and its blob store, which breaks off as often as it is told to."""

    def __init__(self, breaks: int) -> None:
        super().__init__(cast("Transport", None), token, patience=60)
        self.breaks = breaks
        self.opened: list[str] = []
        self.used: list[str] = []

    async def open(self, blob_id: str) -> Opened:
        """Give another address each time."""
        self.opened.append(f"http://blobs/{blob_id}/{len(self.opened) + 1}")
        return Opened(FILE, self.opened[-1])

    async def _get(self, url: str, sink: BinaryIO, start: int, size: int, told: Told | None) -> None:
        self.used.append(url)
        if self.breaks:
            self.breaks -= 1
            sink.write(CONTENT[start : start + 3])
            raise ConnectionResetError
        sink.write(CONTENT[start:size])


@pytest.mark.parametrize("breaks", [0, 2])
async def test_a_blob_is_opened_once_for_each_attempt(tmp_path: Path, breaks: int) -> None:
    """The first address is used, not asked for again; after a cut a fresh one is."""
    store = Store(breaks)

    await store.download("b", tmp_path / "there")

    assert (tmp_path / "there").read_bytes() == CONTENT
    assert store.used == store.opened == [f"http://blobs/b/{number}" for number in range(1, breaks + 2)]
