"""What a message is made of before it is submitted: its text and attachments, or another's that is forwarded; what it answers; whom it names."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import psycopg

from infra.errors import InvalidFieldError, NotFoundError, UnavailableError
from infra.postgres import STORE_FAILURES, Pool
from region.gateway import repository
from region.gateway.alterations.aftermaths import aftermaths
from region.gateway.groups.repository import sight
from region.gateway.shapes import MentionView
from region.gateway.validation import check_mentions
from region.media.attachments import Attachments
from replication.alterations import NOTHING, Aftermath, Mention, Reference
from replication.attachments import Attachment
from replication.ids import is_message_id, region_of
from replication.records import TEXTS, Entry, Text


class Wanted(Protocol):
    """A message as a device wants it, over HTTP or the WebSocket."""

    @property
    def text(self) -> str:
        """What it says."""

    @property
    def attachments(self) -> Sequence[str]:
        """Ids of blobs."""

    @property
    def reply_to(self) -> str | None:
        """The message that it answers."""

    @property
    def forward_of(self) -> str | None:
        """The message that is forwarded; then it has no text and attachments of its own."""

    @property
    def mentions(self) -> Sequence[MentionView]:
        """Whom it names."""


@dataclass(frozen=True, slots=True)
class Composed:
    """What a message is made of.

    Attributes:
        text: What it says.
        attachments: What it refers to.
        answers: What it answers.
        forwarded: Who wrote it first, if it is forwarded.
        mentions: Whom it names.
        content: What a retry must repeat exactly.
    """

    text: str
    attachments: tuple[Attachment, ...] = ()
    answers: Reference | None = None
    forwarded: str = ""
    mentions: tuple[Mention, ...] = ()
    content: tuple[str, ...] = ()


class Composer:
    """Composes messages."""

    def __init__(self, store: Pool, attachments: Attachments) -> None:
        """Say where messages are, and who pins attachments."""
        self._store = store
        self._attachments = attachments

    async def compose(self, author: str, wanted: Wanted) -> Composed:
        """Return what a message is made of; its attachments are pinned.

        Raises:
            InvalidFieldError: A mention lies outside the text; what is forwarded comes with a text, or with files that are elsewhere.
            NotFoundError: What it answers, or forwards, is not the author's to see.
            NotReadyError: An attachment is not one's own, or not ready.
            UnavailableError: The store is away.
        """
        content = (*_relations(wanted),)
        answers = None
        if wanted.reply_to is not None:
            entry, _ = await self._seen(author, wanted.reply_to)
            answers = Reference(entry.message_id)
        if wanted.forward_of is not None:
            return await self._forwarded(author, wanted, answers, content)
        check_mentions(wanted.mentions, wanted.text)
        return Composed(
            text=wanted.text,
            attachments=await self._attachments.pin(author, wanted.attachments) if wanted.attachments else (),
            answers=answers,
            mentions=tuple(Mention(one.user_id, one.offset, one.length) for one in wanted.mentions),
            content=(wanted.text, *wanted.attachments, *content),
        )

    async def _forwarded(
        self, author: str, wanted: Wanted, answers: Reference | None, content: tuple[str, ...]
    ) -> Composed:
        if wanted.text or wanted.attachments or wanted.mentions:
            raise InvalidFieldError(field="forward_of", reason="what is forwarded has no text of its own")
        entry, made = await self._seen(author, str(wanted.forward_of))
        body = entry.body
        assert isinstance(body, TEXTS)
        attachments = await self._attachments.pin_forwarded(body.attachments, home=region_of(author))
        text = made.text if made.edits else body.text
        return Composed(text, attachments, answers, body.forwarded or entry.author, (), content)

    async def _seen(self, reader: str, message_id: str) -> tuple[Entry, Aftermath]:
        """Return a message that the reader may see, and what the reader may see of what was made of it."""
        try:
            async with self._store.connection() as connection:
                entry = await repository.entry_by_message(connection, message_id) if is_message_id(message_id) else None
                seen = await sight(connection, entry.conversation_id, reader) if entry is not None else None
                if entry is None or seen is None or not seen.member.may_see(entry.seq) or not _is_text(entry):
                    raise NotFoundError(what="message")
                made = (await aftermaths(connection, [entry], seen.member.may_see)).get(entry.seq, NOTHING)
        except (*STORE_FAILURES, psycopg.Error) as error:
            raise UnavailableError(what="The store") from error
        if made.deleted:
            raise NotFoundError(what="message")
        return entry, made


def is_plain(wanted: Wanted) -> bool:
    """Whether a message has nothing but a text, so that nothing needs to be looked up."""
    return not (wanted.attachments or wanted.mentions or wanted.reply_to or wanted.forward_of)


def plain(text: str) -> Composed:
    """Return what a message is made of that has nothing but a text."""
    return Composed(text, content=(text,))


def _is_text(entry: Entry) -> bool:
    body: Text | object = entry.body
    return isinstance(body, TEXTS)


def _relations(wanted: Wanted) -> list[str]:
    found: list[str] = []
    if wanted.reply_to is not None:
        found += ["reply_to", wanted.reply_to]
    if wanted.forward_of is not None:
        found += ["forward_of", wanted.forward_of]
    return found + [f"mention {one.user_id} {one.offset} {one.length}" for one in wanted.mentions]
