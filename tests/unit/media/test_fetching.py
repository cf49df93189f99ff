"""Whom blobs are fetched from: nobody who is not trusted."""

from typing import cast

import pytest

from infra.blobs import Blobs
from infra.peers import Listener
from infra.postgres import Pool
from region.media.fetching import Fetcher, OriginError, StoreNotes
from region.media.repository import Blob
from replication.ids import new_blob_id


async def test_nothing_is_fetched_from_a_region_that_was_expelled() -> None:
    """Nor from anybody before it is known who is trusted."""
    listeners: list[Listener] = []
    fetcher = Fetcher(
        region="us",
        peers={"eu": "http://eu.invalid"},
        notes=StoreNotes(cast("Pool", None)),
        blobs=cast("Blobs", None),
        tls=None,
        tell=listeners.append,
    )
    blob = Blob(
        blob_id=new_blob_id("eu"), owner="", kind="file", name="", size=9, content_type="text/plain", checksum="",
        width=0, height=0, blur="", state="fetching", problem="", upload_id="", received=0, created_at=0, updated_at=0,
    )  # fmt: skip
    for expelled in (None, {"eu"}):
        for listener in listeners if expelled else ():
            listener(frozenset(expelled or ()))
        with pytest.raises(OriginError, match="not trusted"):
            await fetcher.fetch(blob)
    await fetcher.close()
