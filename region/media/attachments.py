"""What a message may refer to: blobs of its author that were checked. Whoever accepts a message pins them first."""

import time
from collections.abc import Sequence

import psycopg

from infra.errors import InvalidFieldError, UnavailableError
from infra.postgres import STORE_FAILURES, Pool
from region.media import repository
from region.media.errors import NotReadyError
from replication.attachments import Attachment
from replication.ids import region_of


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

    async def pin_forwarded(self, attachments: Sequence[Attachment], *, home: str) -> tuple[Attachment, ...]:
        """Return what a message that is forwarded refers to, and keep it from being collected; whoever calls knows that it may be seen.

        Who receives it asks where it was brought; that region knows who may see it only if it is the home of who forwards.

        Raises:
            InvalidFieldError: It was brought elsewhere.
            NotReadyError: It is not there any more.
            UnavailableError: The store is away.
        """
        for one in attachments:
            if region_of(one.blob_id) != home:
                reason = f"its attachment {one.name} is kept in {region_of(one.blob_id)}; bring it anew, and send it"
                raise InvalidFieldError(field="forward_of", reason=reason)
        if not attachments:
            return ()
        names = [one.blob_id for one in attachments]
        try:
            async with self._store.connection() as connection:
                found = await repository.pin_any(connection, names, now=time.time_ns() // 1000)
        except (*STORE_FAILURES, psycopg.Error) as error:
            raise UnavailableError(what="The store") from error
        for name in names:
            if name not in found:
                raise NotReadyError(blob_id=name, reason="it is not there any more")
        return tuple(attachments)
