"""What is done to messages over HTTP: checked as far as can be told here, submitted, and waited for; the conversation's owner decides."""

import contextlib
from dataclasses import dataclass
from typing import Final

from infra.errors import CausewayError, InvalidFieldError, NotFoundError
from infra.postgres import Connection, Pool
from region.accounts.tokens import AccessClaims
from region.gateway import repository
from region.gateway.alterations.aftermaths import aftermath_of, edits_of
from region.gateway.alterations.schemas import EditRequest, Edits, EditView, Pins, PinView
from region.gateway.errors import RefusedError
from region.gateway.groups.pages import Pages
from region.gateway.groups.repository import Sight, sight
from region.gateway.messages import Messages, Sent, seen_view
from region.gateway.refusals import STATUS_OF_REFUSAL
from region.gateway.repository import Head
from region.gateway.shapes import MentionView
from region.gateway.submissions import Author, Clerk
from region.gateway.validation import check_client_message_id, check_mentions, check_text
from region.gateway.views import rfc3339
from region.store.repository import unsettled
from replication import alterations as a
from replication import objections, runs
from replication.emoji import is_emoji, spelled
from replication.groups import RANKS
from replication.ids import is_channel_id, is_conversation_id, is_group_id, is_message_id, message_id
from replication.records import TEXTS, Entry, MessageSent, attachments_of

MOST_ATTEMPTS: Final = 16
"""How often what was refused may be asked for again without a name of one's own."""


@dataclass(frozen=True, slots=True)
class Target:
    """A message that somebody wants to do something to.

    Attributes:
        entry: The message.
        sight: What the caller may see of its conversation.
        aftermath: What was made of it.
        recipient_id: The other member of a 1:1 conversation; empty in a group or a channel.
    """

    entry: Entry
    sight: Sight
    aftermath: a.Aftermath
    recipient_id: str


class Alterations:
    """Does what people want with messages. Each of what changes something raises as `Messages.send` does."""

    def __init__(self, *, store: Pool, clerk: Clerk, messages: Messages, pages: Pages) -> None:
        """Prepare."""
        self._pages = pages
        self._store = store
        self._clerk = clerk
        self._messages = messages

    async def edit(self, caller: AccessClaims, message: str, wanted: EditRequest) -> Sent:
        """Give a message of one's own another text; nothing happens if it says so already."""
        check_mentions(wanted.mentions, wanted.text)
        mentions = tuple(a.Mention(one.user_id, one.offset, one.length) for one in wanted.mentions)
        async with self._store.connection() as connection:
            target = await _target(connection, caller, message)
            _object(target, objections.DELETED, target.aftermath.deleted > 0)
            _object(target, objections.NOT_THE_AUTHOR, target.entry.author != caller.sub)
            posts = not is_channel_id(target.entry.conversation_id) or target.sight.member.rank >= RANKS["admin"]
            _object(target, objections.NOT_ALLOWED, not posts)
            check_text(wanted.text, may_be_empty=bool(attachments_of(target.entry.body)))
            after = target.aftermath
            if after.edits and not wanted.client_message_id and (after.text, after.mentions) == (wanted.text, mentions):
                return await _as_it_is(connection, caller, target, after.edited)
            content = ("edit", target.entry.message_id, wanted.text, *_spelled(wanted.mentions))
            name = await _named(connection, caller, target, wanted.client_message_id, *content, str(after.edited))
        body = a.MessageEdited(name, message, wanted.text, mentions, target.recipient_id)
        return await self._submit(caller, target, body, *content)

    async def delete(self, caller: AccessClaims, message: str, name: str | None) -> Sent:
        """Take a message away from everybody; nothing happens if somebody has."""
        async with self._store.connection() as connection:
            target = await _target(connection, caller, message)
            if target.aftermath.deleted and not name:
                return await _as_it_is(connection, caller, target, target.aftermath.deleted)
            other = target.entry.author != caller.sub
            _object(target, objections.NOT_THE_AUTHOR, other and bool(target.recipient_id))
            _object(target, objections.NOT_ALLOWED, other and target.sight.member.rank < RANKS["admin"])
            content = ("delete", target.entry.message_id)
            name = await _named(connection, caller, target, name, *content)
        body = a.MessageDeleted(name, message, target.recipient_id)
        return await self._submit(caller, target, body, *content)

    async def react(self, caller: AccessClaims, message: str, emoji: str, name: str | None, *, on: bool) -> Sent:
        """React to a message, or take a reaction back; nothing happens if it is so already.

        Raises:
            InvalidFieldError: It is no emoji; nor did the caller react with it when anything was taken.
        """
        if on:
            _check_emoji(emoji)
        async with self._store.connection() as connection:
            target = await _target(connection, caller, message)
            _object(target, objections.NOT_IN_CHANNELS, is_channel_id(target.entry.conversation_id))
            _object(target, objections.DELETED, target.aftermath.deleted > 0)
            there = spelled(emoji, (one.emoji for one in target.aftermath.reactions))  # as its owner will spell it
            known = target.aftermath.reaction(caller.sub, there)
            if known is None:
                _check_emoji(emoji)
            if not name and (known.on if known else False) == on:
                return await _as_it_is(connection, caller, target, known.seq if known else target.entry.seq)
            content = ("react" if on else "unreact", target.entry.message_id, emoji)
            name = await _named(connection, caller, target, name, *content, str(known.seq if known else 0))
        kind = a.ReactionAdded if on else a.ReactionRemoved
        return await self._submit(caller, target, kind(name, message, emoji, target.recipient_id), *content)

    async def pin(self, caller: AccessClaims, message: str, name: str | None, *, on: bool) -> Sent:
        """Put a message where all members find it, or take it from there; nothing happens if it is so already."""
        async with self._store.connection() as connection:
            target = await _target(connection, caller, message)
            _object(target, objections.DELETED, target.aftermath.deleted > 0)
            in_group = not target.recipient_id
            _object(target, objections.NOT_ALLOWED, in_group and target.sight.member.rank < RANKS["admin"])
            details = target.sight.details
            known = next((one for one in details.pins if one.seq == target.entry.seq), None)
            if not name and (known is not None) == on:
                return await _as_it_is(connection, caller, target, known.at if known else target.entry.seq)
            content = ("pin" if on else "unpin", target.entry.message_id)
            name = await _named(connection, caller, target, name, *content, str(details.pinned))
        kind = a.MessagePinned if on else a.MessageUnpinned
        return await self._submit(caller, target, kind(name, message, target.recipient_id), *content)

    async def pins(self, caller: AccessClaims, conversation_id: str) -> Pins:
        """Return what is pinned in a conversation, as far as the caller may see it; what was said before anybody here was a member is brought here.

        Raises:
            NotFoundError: There is no such conversation, or the caller is no member.
        """
        async with self._store.connection() as connection:
            seen = await sight(connection, conversation_id, caller.sub) if is_conversation_id(conversation_id) else None
        if seen is None or not seen.member.active:
            raise NotFoundError(what="conversation")
        direct = not is_group_id(conversation_id) and not is_channel_id(conversation_id)
        hidden = seen.member.hidden if direct else ()  # it is what was stopped: the caller blocks its author
        pins = [p for p in seen.details.pins if seen.member.may_see(p.seq) and not runs.holds(hidden, p.at)]
        with contextlib.suppress(CausewayError):  # they are listed all the same
            await self._pages.bring(caller.sub, conversation_id, seen, [one.seq for one in pins])
        return Pins([PinView(message_id=one.message_id, seq=one.seq, pinned_by=one.user_id) for one in pins])

    async def edits(self, caller: AccessClaims, message: str) -> Edits:
        """Return what a message said, as far as the caller may see that.

        Raises:
            NotFoundError: There is no such message, or it is not the caller's to see.
        """
        async with self._store.connection() as connection:
            target = await _target(connection, caller, message)
            view = await seen_view(connection, caller.sub, target.entry)
            seqs = [edit.seq for edit in target.aftermath.edits if target.sight.member.may_see(edit.seq)]
            found = await edits_of(connection, target.entry.conversation_id, seqs)
        if target.aftermath.deleted:
            return Edits(view, [])
        first = EditView(seq=target.entry.seq, text=target.entry.text, sent_at=rfc3339(target.entry.sent_at))
        later = [
            EditView(seq=entry.seq, text=entry.body.text, sent_at=rfc3339(entry.sent_at))
            for entry in found
            if isinstance(entry.body, a.MessageEdited)
        ]
        return Edits(view, [first, *later])

    async def _submit(self, caller: AccessClaims, target: Target, body: a.Alteration, *content: str) -> Sent:
        author = Author(caller.sub, caller.epoch, caller.device)
        submission = self._clerk.log(author, body, conversation_id=target.entry.conversation_id, content=content)
        return await self._messages.submit(submission, body.client_message_id)


async def _target(connection: Connection, caller: AccessClaims, message: str) -> Target:
    entry = await repository.entry_by_message(connection, message) if is_message_id(message) else None
    if entry is None or not isinstance(entry.body, TEXTS):
        raise NotFoundError(what="message")
    seen = await sight(connection, entry.conversation_id, caller.sub)
    if seen is None or not seen.member.may_see(entry.seq):
        raise NotFoundError(what="message")
    recipient = ""
    if isinstance(entry.body, MessageSent):
        recipient = entry.body.recipient_id if entry.author == caller.sub else entry.author
    return Target(entry, seen, await aftermath_of(connection, (entry.conversation_id, entry.seq)), recipient)


def _check_emoji(text: str) -> None:
    if not is_emoji(text):
        reason = f"use one emoji that can be seen, up to {a.LONGEST_EMOJI} bytes of UTF-8"
        raise InvalidFieldError(field="emoji", reason=reason)


def _object(target: Target, code: str, applies: bool) -> None:  # noqa: FBT001 — the condition
    """Say at once what the owner would say.

    Raises:
        RefusedError: It applies.
    """
    if applies:
        details = objections.DETAILS[code]
        raise RefusedError(code, STATUS_OF_REFUSAL.get(code, 422), details, message_id=target.entry.message_id)


async def _as_it_is(connection: Connection, caller: AccessClaims, target: Target, seq: int) -> Sent:
    """Return the entry by which it is so, or the message itself, where that is not here."""
    conversation_id = target.entry.conversation_id
    found = await repository.entries_at(connection, [Head(conversation_id, seq, 0)])
    entry = found.get(conversation_id, target.entry)
    shown = entry if target.sight.member.may_see(entry.seq) else target.entry
    return Sent(await seen_view(connection, caller.sub, shown), created=False)


async def _named(connection: Connection, caller: AccessClaims, target: Target, name: str | None, *parts: str) -> str:
    """Return what the operation is called: as its device says, or by what it does; what was refused before may be asked for anew."""
    if name is not None:
        check_client_message_id(name)
        return name
    for attempt in range(MOST_ATTEMPTS):
        name = a.named(*parts, str(attempt))
        identifier = message_id(caller.sub, target.entry.conversation_id, name)
        if await unsettled.refusal_by_message(connection, identifier) is None:
            return name
    return a.named(*parts, str(MOST_ATTEMPTS))


def _spelled(mentions: list[MentionView]) -> list[str]:
    return [f"{one.user_id} {one.offset} {one.length}" for one in mentions]
