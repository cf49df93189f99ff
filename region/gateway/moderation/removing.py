"""Taking a reported message away from everybody: a moderator does it in the name of its author, and the conversation's owner decides."""

from infra.errors import NotFoundError
from infra.postgres import Connection, Pool
from region.gateway import repository
from region.gateway.alterations.aftermaths import aftermath_of
from region.gateway.submissions import Author, Clerk
from region.store.repository import unsettled
from region.store.repository.moderation import Report
from replication import alterations as a
from replication.ids import is_message_id
from replication.records import TEXTS, Entry, MessageSent, Submission


class Remover:
    """Makes submissions of what is to be taken away."""

    def __init__(self, store: Pool, clerk: Clerk) -> None:
        """Say where messages are, and who writes submissions."""
        self._store = store
        self._clerk = clerk

    async def removal(self, report: Report) -> Submission:
        """Return the deletion of a reported message; of the same message always the same one.

        Raises:
            NotFoundError: The report is of no message, or it is not here.
        """
        async with self._store.connection() as connection:
            entry, body = await deletion_of(connection, report)
        author = Author(report.user_id, 1)
        return self._clerk.log(author, body, conversation_id=entry.conversation_id, content=content_of(body))


async def deletion_of(connection: Connection, report: Report) -> tuple[Entry, a.MessageDeleted]:
    """Return a reported message, and what takes it away; see `Remover.removal`."""
    known = is_message_id(report.message_id)
    entry = await repository.entry_by_message(connection, report.message_id) if known else None
    if entry is None or entry.author != report.user_id or not isinstance(entry.body, TEXTS):
        raise NotFoundError(what="message")
    recipient = entry.body.recipient_id if isinstance(entry.body, MessageSent) else ""
    name = a.named("moderate", report.message_id)
    return entry, a.MessageDeleted(name, report.message_id, recipient, moderated=True)


async def is_taken_away(connection: Connection, entry: Entry, identifier: str) -> bool:
    """Whether a message is deleted, or the deletion of that id waits for the conversation's owner."""
    made = await aftermath_of(connection, (entry.conversation_id, entry.seq))
    return made.deleted > 0 or await unsettled.queued_by_message(connection, identifier) is not None


def content_of(body: a.MessageDeleted) -> tuple[str, ...]:
    """Return what a retry repeats."""
    return "moderate", body.target
