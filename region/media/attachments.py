"""What a message may refer to: blobs of its author that were checked. Whoever accepts a message pins them first."""

import time
from collections.abc import Sequence

import psycopg

from infra.errors import UnavailableError
from infra.postgres import STORE_FAILURES, Pool
from region.media import repository
from region.media.errors import NotReadyError
from replication.attachments import Attachment


class Attachments:
    """Judges what messages refer to."""

    def __init__(self, store: Pool) -> None:
        """Prepare."""
        self._store = store

    async def pin(self, author: str, blob_ids: Sequence[str]) -> tuple[Attachment, ...]:
        """Return references to blobs, in that order, and keep them from being collected.

        Raises:
            NotReadyError: One is not the author's, or not ready.
            UnavailableError: The store is away.
        """
        if not blob_ids:
            return ()
        try:
            async with self._store.connection() as connection:
                found = await repository.pin(connection, author, blob_ids, now=time.time_ns() // 1000)
        except (*STORE_FAILURES, psycopg.Error) as error:
            raise UnavailableError(what="The store") from error
        for blob_id in blob_ids:
            if blob_id not in found:
                reason = "it is no completed upload of yours; complete it, then send the message again"
                raise NotReadyError(blob_id=blob_id, reason=reason)
        return tuple(found[blob_id].attachment for blob_id in blob_ids)
