"""Build submissions: ids, content hash, hop stamp."""

import secrets
import time
from dataclasses import dataclass

from region.gateway.alterations.composing import Composed
from replication.channels import ChannelMessageSent
from replication.groups import GroupMessageSent
from replication.ids import content_hash, is_channel_id, message_id
from replication.records import Body, Hop, LogBody, MessageSent, Submission


@dataclass(frozen=True, slots=True)
class Author:
    """Who submits.

    Attributes:
        user_id: The user.
        home_epoch: The user's home epoch.
        device: The user's device.
    """

    user_id: str
    home_epoch: int
    device: str = ""


def now_us() -> int:
    """Return the time, microseconds since the epoch."""
    return time.time_ns() // 1000


class Clerk:
    """Writes submissions in the name of one gateway."""

    def __init__(self, *, region: str, instance: str) -> None:
        """Say where submissions are accepted, and who waits for their outcomes."""
        self._region = region
        self._instance = instance
        self._stage = f"{region}.gateway"

    def message(
        self,
        author: Author,
        *,
        conversation_id: str,
        recipient_id: str,
        client_message_id: str,
        composed: Composed,
    ) -> Submission:
        """Return a message; the same client message id in the same conversation gives the same id.

        Args:
            author: Who sends it.
            conversation_id: Into which conversation.
            recipient_id: The other member of a 1:1 conversation; empty for a group or a channel.
            client_message_id: What the author's device calls it.
            composed: What it is made of.
        """
        text, relations = composed.text, (composed.attachments, composed.answers, composed.forwarded, composed.mentions)
        body: LogBody = GroupMessageSent(client_message_id, text, *relations)
        if is_channel_id(conversation_id):
            attachments, answers, forwarded, mentions = relations
            body = ChannelMessageSent(
                client_message_id, text, attachments, answers=answers, forwarded=forwarded, mentions=mentions
            )
        elif recipient_id:
            body = MessageSent(recipient_id, client_message_id, text, *relations)
        return self.log(author, body, conversation_id=conversation_id, content=composed.content)

    def log(self, author: Author, body: LogBody, *, conversation_id: str, content: tuple[str, ...]) -> Submission:
        """Return what is to be numbered; the same client message id in the same conversation gives the same id.

        Args:
            author: Who wants it.
            body: What is wanted.
            conversation_id: In which conversation.
            content: What a retry must repeat exactly.
        """
        at = now_us()
        return Submission(
            id=message_id(author.user_id, conversation_id, body.client_message_id),
            author=author.user_id,
            home=self._region,
            home_epoch=author.home_epoch,
            body=body,
            submitted_at=at,
            device=author.device,
            conversation_id=conversation_id,
            content_hash=content_hash(*content),
            reply_to=self._instance,
            hops=(Hop(self._stage, at),),
        )

    def other(self, author: Author, body: Body, *, conversation_id: str = "", reply: bool = False) -> Submission:
        """Return a submission with a random id: a mark, or something about the author's account."""
        at = now_us()
        return Submission(
            id=f"s{secrets.token_hex(16)}",
            author=author.user_id,
            home=self._region,
            home_epoch=author.home_epoch,
            body=body,
            submitted_at=at,
            device=author.device,
            conversation_id=conversation_id,
            reply_to=self._instance if reply else "",
            hops=(Hop(self._stage, at),),
        )
