"""Tells an operator where one message has been, as far as this region knows; bodies stay out."""

import msgspec
import psycopg

from infra.errors import MalformedRequestError, UnavailableError
from infra.observability.trace.answers import Trace
from infra.postgres import STORE_FAILURES, Pool
from region.gateway.sightings import Sighting, Sightings
from region.store.repository.tracing import Passage, Taken, Whereabouts, passage, taken, whereabouts
from replication.ids import is_group_id, is_message_id


class Tracer:
    """Answers `/trace/MESSAGE_ID` on the admin port."""

    def __init__(self, *, region: str, instance: str, partitions: int, store: Pool, sightings: Sightings) -> None:
        """Say who asks which store, and how many partitions the journal has."""
        self._region = region
        self._instance = instance
        self._partitions = partitions
        self._store = store
        self._sightings = sightings

    async def answer(self, message_id: str) -> bytes:
        """Return what is known of a message, as JSON.

        Raises:
            MalformedRequestError: That is no message id.
            UnavailableError: The store cannot be asked.
        """
        if not is_message_id(message_id):
            raise MalformedRequestError(reason=f"{message_id[:64]!r} is no message id")
        found = came = group = None
        try:
            async with self._store.connection() as connection:
                found = await whereabouts(connection, message_id)
                if found is not None and found.position:
                    came = await passage(connection, found, message_id=message_id, partitions=self._partitions)
                if found is not None and found.seq and is_group_id(found.conversation_id):
                    group = await taken(connection, found)
        except (*STORE_FAILURES, psycopg.Error) as error:
            raise UnavailableError(what="The store") from error
        return msgspec.json.encode(self._trace(message_id, found, came, group))

    def _trace(self, message_id: str, found: Whereabouts | None, came: Passage | None, group: Taken | None) -> Trace:
        seen = self._sightings.of(message_id) or Sighting()
        found = found or Whereabouts("unknown", "", "")
        return Trace(
            region=self._region,
            instance=self._instance,
            state=found.state,
            conversation_id=found.conversation_id,
            author=found.author,
            recipient=found.recipient,
            seq=found.seq,
            waits_for=found.waits_for,
            code=found.code,
            received=bool(found.seq) and found.received >= found.seq,
            read=bool(found.seq) and found.read >= found.seq,
            hops=tuple((hop.stage, hop.at) for hop in came.hops) if came else (),
            committed_at=came.committed_at if came else 0,
            accepted_at=seen.accepted_at,
            published_at=seen.published_at,
            delivered_at=seen.delivered_at,
            devices=seen.devices,
            had_at=self._had_at(found) if found.seq else 0,
            members=group.members if group else 0,
            received_by=group.received if group else 0,
            read_by=group.read if group else 0,
        )

    def _had_at(self, found: Whereabouts) -> int:
        if found.recipient:
            return self._sightings.had_at(found.conversation_id, found.recipient, found.seq)
        return self._sightings.first_had_at(found.conversation_id, found.seq, but=found.author)
