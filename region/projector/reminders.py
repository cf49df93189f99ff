"""Ask again for what waits for another region: the question, the answer or the message itself may have been lost in a hole of a stream. Pure.

What is sent again is what was sent before, by the same ids, so it changes nothing where it had come: the owner answers again.
"""

from collections.abc import Collection, Iterable
from typing import Final

from region.projector.docket import Docket
from region.projector.homes import owner_of
from region.projector.messages import ASK_AGAIN
from region.store.rows import Pending
from replication.ids import partition_of
from replication.records import MessageSent, Opening

AGES: Final = tuple(ASK_AGAIN << doublings for doublings in range(16))
"""At which ages of a message a reminder is due, microseconds: after one minute, two, four, and so on for three weeks. A region that
is away for long is not showered with them."""
MOST: Final = 500
"""Messages of one look; whose turn was missed comes again."""


def due(after: int, now: int) -> list[tuple[int, int]]:
    """Return when was submitted what came of such an age since the last look, as spans: each from one time up to and without another.

    Args:
        after: When the last look was, microseconds since the epoch; 0 before the first, at which everything is due.
        now: When this one is.
    """
    return [(after - age, now - age) for age in AGES]


def drawn(*, here: int, of: int) -> int:
    """Return of how many messages of all partitions a look has about `MOST` of those that are projected here; if none is, 0.

    Args:
        here: How many partitions are.
        of: How many there are.
    """
    return MOST * of // here if here else 0


def remind(docket: Docket, pendings: Iterable[Pending], *, here: Collection[int]) -> bool:
    """Ask again, for each conversation that is not opened, its recipient's home; send other messages to their owners again.

    Args:
        docket: Of a batch without a case.
        pendings: What is due, in order.
        here: Which partitions are projected here; other processes see to what is of others.

    Returns:
        Whether there is something to commit.
    """
    asked: set[str] = set()
    sent = False
    for pending in pendings:
        message = pending.submission
        conversation_id = message.conversation_id
        partition = partition_of(conversation_id, docket.partitions)
        if partition not in here:
            continue
        if owner_of(conversation_id) != docket.here:
            sent = True
            docket.put(partition, message, known=True, to=(pending.waits_for,))
        elif isinstance(message.body, MessageSent) and conversation_id not in asked:
            sent = True
            asked.add(conversation_id)
            opening = Opening(
                conversation_id=conversation_id,
                author=message.author,
                recipient=message.body.recipient_id,
                epoch=docket.epoch,
            )
            docket.put(partition, opening, to=(pending.waits_for,))
    return sent
