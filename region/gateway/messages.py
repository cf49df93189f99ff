"""Messages for HTTP: sending and waiting for the outcome, pages, single messages, the list of conversations."""

import asyncio
import contextlib
import secrets
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from typing import Final, TypeVar

import psycopg
from msgspec import UNSET, UnsetType
from msgspec.structs import replace as changed

from infra.errors import ContentConflictError, InvalidFieldError, NotFoundError
from infra.postgres import STORE_FAILURES, Connection, Pool
from region.accounts.tokens import AccessClaims
from region.gateway import repository
from region.gateway.acknowledging import Acknowledging, Mode
from region.gateway.alterations.aftermaths import aftermaths
from region.gateway.alterations.composing import Composer
from region.gateway.cursors import LARGEST, Listed, Place, read_listed, read_place
from region.gateway.errors import RefusedError
from region.gateway.groups.pages import Pages, fitting
from region.gateway.groups.plain import messages_alone, newest_of_others
from region.gateway.groups.repository import sight
from region.gateway.markkeeper import MarkKeeper
from region.gateway.marks import Reader
from region.gateway.outcomes import Decided, Decision, Look, Outcomes
from region.gateway.patience import Patience
from region.gateway.pictures import shown
from region.gateway.preferences import view
from region.gateway.recipients import Recipients
from region.gateway.refusals import STATUS_OF_REFUSAL
from region.gateway.repository import Listing
from region.gateway.schemas import Conversation, Conversations, Page, SendRequest
from region.gateway.submissions import Author, Clerk
from region.gateway.validation import check_address, check_attachments, check_client_message_id, check_text
from region.gateway.views import Message, entry_view, is_tombstone, pending_view
from region.holding.kinds import kind_of
from region.holding.tenure import Tenure
from region.store.repository import preferences, unsettled
from region.store.rows import KINDS, PreferencesRow
from replication.alterations import ALTERATIONS, NOTHING
from replication.holding.deciding import Kind
from replication.ids import is_channel_id, is_message_id, region_of
from replication.records import Entry, MessageRead, MessageReceived, Outcome, Refusal, Submission

T = TypeVar("T")

MOST_PATIENT: Final = 200
"""Requests that wait a moment for what is on its way from another region."""
SETTLE_SECONDS: Final = 1.5
"""How long the owner of a conversation is waited for at most, the looks at the store included."""
AT_ONCE: Final = 20
MOST_PASSED: Final = 200
"""Entries about what a reader may not see that the list of conversations goes below, so many at a time, to the one that stands for it."""


@dataclass(frozen=True, slots=True)
class Sent:
    """A message that was sent over HTTP.

    Attributes:
        message: As its sender sees it.
        created: Whether this request made it; else an earlier one did.
    """

    message: Message
    created: bool


class Messages:
    """What HTTP does with messages."""

    def __init__(
        self,
        *,
        store: Pool,
        recipients: Recipients,
        clerk: Clerk,
        outcomes: Outcomes,
        marks: MarkKeeper,
        pages: Pages,
        composer: Composer,
        tenure: Tenure,
        acknowledging: Acknowledging,
    ) -> None:
        """Prepare."""
        self._acknowledging = acknowledging
        self._settling, self._seeking = Patience(MOST_PATIENT), Patience(MOST_PATIENT)
        self._pages = pages
        self._store = store
        self._recipients = recipients
        self._clerk = clerk
        self._outcomes = outcomes
        self._marks = marks
        self._composer = composer
        self._tenure = tenure

    async def send(self, caller: AccessClaims, wanted: SendRequest) -> Sent:
        """Send a message and wait until it is numbered, queued or refused.

        Raises:
            InvalidFieldError: A field is not acceptable.
            TooLargeError: The text is.
            NotReadyError: An attachment is not one's own, or not ready.
            RecipientUnknownError: There is no such user.
            NotFoundError: There is no such conversation, or no such message to answer or to forward.
            ContentConflictError: The client message id was used for other content.
            RefusedError: The conversation's owner refused it.
            UnavailableError: The journal is away, or too many wait; nothing was sent.
            OutcomeUnknownError: It was sent, and what became of it is not known yet, or the standby does not have it yet and is to be waited for.
        """
        client_message_id = wanted.client_message_id
        if client_message_id is None:
            client_message_id = secrets.token_hex(16)
        check_client_message_id(client_message_id)
        check_address(wanted.recipient_id, wanted.conversation_id)
        check_attachments(wanted.attachments)
        check_text(wanted.text, may_be_empty=bool(wanted.attachments or wanted.forward_of))
        conversation_id, recipient_id = await self._recipients.find(
            caller.sub, recipient_id=wanted.recipient_id, conversation_id=wanted.conversation_id, patiently=True
        )
        submission = self._clerk.message(
            Author(caller.sub, caller.epoch, caller.device),
            conversation_id=conversation_id,
            recipient_id=recipient_id,
            client_message_id=client_message_id,
            composed=await self._composer.compose(caller.sub, wanted),
        )
        return await self.submit(submission, client_message_id)

    async def submit(self, submission: Submission, client_message_id: str) -> Sent:
        """Append what is to be numbered, and wait until it is, or refused, or queued for a region that does not answer at once; see `send`."""

        async def look() -> Decision | None:
            async with self._store.connection() as connection:
                return await _decision(connection, submission.id)

        clock, mode = self._acknowledging.now, self._acknowledging.mode(submission.conversation_id)
        since = clock()
        replicated: bool | UnsetType = UNSET
        if mode is Mode.REPLICATED:
            with self._acknowledging.requests:
                queued = await self._outcomes.submit(submission, look)
                took = clock() - since
                decided = await self._settled(submission, queued, look)
                replicated = await self._acknowledging.confirm(
                    clock() - took, submission.id
                )  # the owner's time is none of the standby's
        else:
            decided = await self._settled(submission, await self._outcomes.submit(submission, look), look)
        sent = await self._sent(submission, decided.decision, client_message_id)
        if replicated is not UNSET:
            sent = replace(sent, message=changed(sent.message, replicated=replicated))
        return self._certain(decided.decision, sent) if isinstance(decided.decision, Entry) else sent

    async def _settled(self, submission: Submission, decided: Decided, look: Look) -> Decided:
        """Wait a moment for the region that what was queued waits for: as a rule the answer has the number, or the reason why not."""
        if not isinstance(decided.decision, Submission):
            return decided

        async def settled() -> Decision | None:
            decision = await self._outcomes.look(look)
            return None if isinstance(decision, Submission) else decision

        owner = region_of(submission.conversation_id)
        if owner == self._tenure.region:  # it is asked whether the conversation may begin
            owner = region_of(getattr(submission.body, "recipient_id", submission.author))
        decision: Decision | None = None
        with contextlib.suppress(TimeoutError):  # the store is slow: that it is queued is known already
            async with asyncio.timeout(SETTLE_SECONDS):
                decision = await self._settling.find(settled, region=owner)
        return decided if decision is None else replace(decided, decision=decision)

    def _certain(self, entry: Entry, sent: Sent) -> Sent:
        """Say of what was decided here whether that is certain by now.

        Raises:
            OutcomeUnknownError: It lets somebody in, and this region may not have held its duties when it was decided.
        """
        kind = kind_of(entry.body)
        if kind is Kind.MESSAGE or region_of(entry.conversation_id) != self._tenure.region:
            return sent
        unconfirmed = self._tenure.tell(kind, "The change", epoch=entry.epoch, message_id=entry.message_id)
        return replace(sent, message=changed(sent.message, unconfirmed=True)) if unconfirmed else sent

    async def page(self, caller: AccessClaims, asked: "Asked") -> Page:
        """Return a page of a conversation, of its messages or of its whole log; what it shows is marked as received.

        Raises:
            BrokenCursorError: A cursor is none of ours.
            InvalidFieldError: Two cursors, or not exactly one of peer and conversation, were given.
            NotFoundError: There is no such conversation, or the caller is no member.
            RecipientUnknownError: There is no such user.
        """
        if asked.before is not None and asked.after is not None:
            raise InvalidFieldError(field="after", reason="give either before or after")
        before = None if asked.before is None else read_place(asked.before, field="before")
        after = None if asked.after is None else read_place(asked.after, field="after")
        conversation_id, _ = await self._recipients.peer(
            caller.sub, peer_id=asked.peer_id, conversation_id=asked.conversation_id
        )

        async def read(start: Place | None, most: int) -> tuple[Page, Place | None]:
            if after is not None:
                return await self._pages.forwards(caller.sub, conversation_id, start or after, most)
            return await self._pages.backwards(caller.sub, conversation_id, start, most)

        start = before if after is None else after
        if asked.log:
            page, newest = await read(start, asked.limit)
        else:
            page = await messages_alone(read, start, asked.limit, forwards=after is not None)
            newest = newest_of_others(page, caller.sub)
        if newest is not None:
            self._marks.raise_mark(_reader(caller), conversation_id, newest, read=False)
        return page

    async def one(self, caller: AccessClaims, message_id: str, *, marks: bool = True) -> Message:
        """Return a message of a conversation that the caller is a member of, or a queued one of the caller's own; it is marked as received.

        Args:
            caller: Who asks.
            message_id: Of the message.
            marks: Whether it is marked: not if it is looked at for another purpose.

        Raises:
            NotFoundError: There is none, or it is not the caller's to see.
        """

        async def look() -> Message | None:
            return await self._shown(caller, message_id, marks=marks)

        return await self._found(message_id, look)

    async def _shown(self, caller: AccessClaims, message_id: str, *, marks: bool) -> Message | None:
        async with self._store.connection() as connection:
            entry = await _entry(connection, caller, message_id)
            queued = None if entry is not None else await unsettled.queued_by_message(connection, message_id)
            if entry is None and queued is None:
                entry = await _entry(connection, caller, message_id)  # it was numbered between the two looks
            if entry is not None:
                if marks and entry.author != caller.sub and not is_channel_id(entry.conversation_id):
                    place = Place(entry.epoch, entry.seq)
                    self._marks.raise_mark(_reader(caller), entry.conversation_id, place, read=False)
                return await seen_view(connection, caller.sub, entry)
        if queued is None or queued.submission.author != caller.sub:
            return None
        return pending_view(queued.submission, waits_for=queued.waits_for)

    async def mark(self, caller: AccessClaims, message_id: str, *, read: bool) -> None:
        """Raise the caller's mark to a message, and wait until it is applied; nothing happens if it is as high already.

        Raises:
            NotFoundError: There is none, or it is not the caller's to see.
            UnavailableError: The journal is away; nothing was done.
            OutcomeUnknownError: It was not applied in time.
        """

        async def found() -> Entry | None:
            async with self._store.connection() as connection:
                return await _entry(connection, caller, message_id)

        entry = await self._found(message_id, found)
        if not read and is_channel_id(entry.conversation_id):
            return
        conversation_id, seq = entry.conversation_id, entry.seq

        async def look() -> Decision | None:
            async with self._store.connection() as connection:
                seen = await sight(connection, conversation_id, caller.sub)
            own = seen.member if seen is not None and seen.member.active else None
            reached = 0 if own is None else own.read if read else max(own.received, own.read)
            return Outcome(id="") if seq <= reached else None

        if await look() is not None:
            return
        body = (MessageRead if read else MessageReceived)(epoch=entry.epoch, seq=seq)
        author = Author(caller.sub, caller.epoch, caller.device)
        submission = self._clerk.other(author, body, conversation_id=conversation_id, reply=True)
        decision = (await self._outcomes.submit(submission, look)).decision
        if isinstance(decision, Outcome) and decision.code:
            raise NotFoundError(what="message")

    async def _found(self, message_id: str, look: Callable[[], Awaitable[T | None]]) -> T:
        """Return what a look finds of a message; one in a conversation of another region may be on its way here.

        Raises:
            NotFoundError: That is no message's id, or nothing is found.
        """
        if not is_message_id(message_id):
            raise NotFoundError(what="message")
        found, owner = await look(), region_of(message_id)
        if found is None and owner != self._tenure.region and owner in self._recipients.regions:
            found = await self._seeking.find(look)
        if found is None:
            raise NotFoundError(what="message")
        return found

    async def conversations(self, caller: AccessClaims, *, before: str | None, limit: int) -> Conversations:
        """Return a page of the caller's conversations, the most recently changed first.

        Raises:
            BrokenCursorError: The cursor is none of ours.
        """
        place = Listed(LARGEST, "") if before is None else read_listed(before, field="before")
        async with self._store.connection() as connection:
            found = await repository.listings(
                connection, caller.sub, before=(place.updated_at, place.conversation_id), most=limit + 1
            )
            shown = found[:limit]
            entries = await repository.entries_at(connection, [replace(one.head, seq=one.last) for one in shown])
            about = {name: one for name, one in entries.items() if isinstance(one.body, ALTERATIONS)}
            altered: dict[str, Message] = {}
            for name, one in about.items():
                if (last_shown := await _newest_shown(connection, caller.sub, one)) is None:
                    del entries[name]
                else:
                    altered[name] = await seen_view(connection, caller.sub, last_shown)
            names = [listing.head.conversation_id for listing in shown]
            queued = await unsettled.newest_queued(connection, caller.sub, names)
            preferred = await preferences.load(connection, [(caller.sub, name) for name in names])
        newest = altered | {name: pending_view(q.submission, waits_for=q.waits_for) for name, q in queued.items()}
        views = [_conversation(listing, caller.sub, entries, newest, preferred) for listing in shown]
        views = views[: fitting(view.last_message.text if view.last_message else "" for view in views)]
        last = shown[len(views) - 1] if len(found) > len(views) else None
        return Conversations(
            views,
            None if last is None else str(Listed(last.updated_at, last.head.conversation_id)),
        )

    async def _sent(self, submission: Submission, decision: Decision, client_message_id: str) -> Sent:
        match decision:
            case Entry() | Submission():
                if decision.content_hash != submission.content_hash:
                    raise ContentConflictError(client_message_id=client_message_id)
                created = submission.submitted_at == (
                    decision.sent_at if isinstance(decision, Entry) else decision.submitted_at
                )
                return Sent(await self._view(decision), created)
            case Refusal():
                status = STATUS_OF_REFUSAL.get(decision.code, 422)
                raise RefusedError(decision.code, status, decision.detail, message_id=submission.id)
            case Outcome(code="content-conflict"):
                raise ContentConflictError(client_message_id=client_message_id)
            case Outcome():
                status = STATUS_OF_REFUSAL.get(decision.code, 422)
                raise RefusedError(decision.code, status, decision.detail, message_id=submission.id)

    async def _view(self, decision: Entry | Submission) -> Message:
        """Return the message; a repeated one may have been read since, which the store tells if it can."""
        if isinstance(decision, Submission):
            return pending_view(decision)
        try:
            async with self._store.connection() as connection:
                return await seen_view(connection, decision.author, decision)
        except (*STORE_FAILURES, psycopg.Error):
            return entry_view(decision, reader=decision.author, marks={})


@dataclass(frozen=True, slots=True)
class Asked:
    """Which page is asked for.

    Attributes:
        peer_id: The other member; or give the conversation.
        conversation_id: The conversation; or give the peer.
        limit: The most messages.
        before: Cursor: older ones than that.
        after: Cursor: newer ones than that.
        log: Whether what else happened is shown, and what one may not see as tombstones; else messages alone.
    """

    peer_id: str | None
    conversation_id: str | None
    limit: int
    before: str | None
    after: str | None
    log: bool = False


async def seen_view(connection: Connection, reader: str, entry: Entry) -> Message:
    """Return an entry that a reader may see, with all marks, and what was made of it."""
    seen = await sight(connection, entry.conversation_id, reader)
    marks = await repository.members(connection, entry.conversation_id)
    if seen is None:
        return entry_view(entry, reader=reader, marks=marks)
    sees = seen.member.may_see
    made = await aftermaths(connection, [entry], sees)
    return entry_view(entry, reader=reader, marks=marks, aftermath=made.get(entry.seq, NOTHING), sees=sees)


async def _newest_shown(connection: Connection, reader: str, entry: Entry) -> Entry | None:
    """Return an entry, or the newest below it that is no tombstone to a reader; None if none is near: see `MOST_PASSED`."""
    seen = await sight(connection, entry.conversation_id, reader)
    if seen is None:
        return entry
    looked_at, passed = [entry], 0
    while looked_at and passed < MOST_PASSED:
        for one in looked_at:
            if not is_tombstone(one.body, seen.member.may_see):
                return one
        passed += len(looked_at)
        looked_at = await repository.entries_below(
            connection, entry.conversation_id, seq=looked_at[-1].seq, most=AT_ONCE, hidden=seen.hidden
        )
    return None


async def _entry(connection: Connection, caller: AccessClaims, message_id: str) -> Entry | None:
    """Return the entry of a message if the caller may see it."""
    entry = await repository.entry_by_message(connection, message_id)
    if entry is None:
        return None
    seen = await sight(connection, entry.conversation_id, caller.sub)
    return entry if seen is not None and seen.member.may_see(entry.seq) else None


async def _decision(connection: Connection, message_id: str) -> Decision | None:
    """Return what the store knows of a message."""
    entry = await repository.entry_by_message(connection, message_id)
    if entry is not None:
        return entry
    refusal = await unsettled.refusal_by_message(connection, message_id)
    if refusal is not None:
        return refusal
    queued = await unsettled.queued_by_message(connection, message_id)
    return None if queued is None else queued.submission


def _reader(caller: AccessClaims) -> Reader:
    return Reader(caller.sub, caller.epoch, caller.device)


def _conversation(
    listing: Listing,
    reader: str,
    entries: Mapping[str, Entry],
    queued: Mapping[str, Message],
    preferred: Mapping[tuple[str, str], PreferencesRow],
) -> Conversation:
    conversation_id = listing.head.conversation_id
    last = queued.get(conversation_id)
    entry = entries.get(conversation_id)
    wanted = preferred.get((reader, conversation_id))
    if last is None and entry is not None:
        marks = {reader: listing.own} | ({listing.peer_id: listing.peer} if listing.peer_id else {})
        last = entry_view(entry, reader=reader, marks=marks)
    return Conversation(
        conversation_id=conversation_id,
        kind=KINDS[conversation_id[0]],
        peer_id=listing.peer_id,
        name=listing.name,
        last_message=last,
        unread=listing.unread,
        received=listing.own.received,
        read=listing.own.read,
        head=listing.head.seq,
        epoch=listing.head.epoch,
        preferences=UNSET if wanted is None else view(wanted),
        picture=shown(listing.picture),
    )
