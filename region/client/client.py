"""A user's device: what a user does with Causeway, and the tasks that keep it connected."""

import asyncio
import time
import uuid
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Self

from msgspec import UNSET, UnsetType

from region.client.accounts import Credentials, Device, OwnProfile, PasswordChange, People, ProfileChange, Tokens, User
from region.client.alterations import Alterations
from region.client.answers import Conversation, Page, RegionEndpoint
from region.client.api import Api
from region.client.channels import Channels
from region.client.dispatch import Dispatch
from region.client.errors import LoggedOutError
from region.client.events import Event
from region.client.frames import Mention, Message, Position, Read, Received
from region.client.friends import Friends
from region.client.groups import Groups
from region.client.handles import Handle
from region.client.link import Link
from region.client.media import Media
from region.client.outbox import Item
from region.client.preferences import Preferences, PreferencesChange
from region.client.searching import HistorySearch
from region.client.sending import check, given, place_of
from region.client.session import Session
from region.client.stores import MemoryStore, Store
from region.client.transport import Transport
from region.client.typists import Typists


class Client:
    """One device of one user.

    Use it as an async context manager. It takes up the session that its store has kept; `register` or `log_in` begin another.
    From then on it stays connected, through whichever endpoint answers, until it is closed or logged out.

    Args:
        endpoints: Base URLs of regions, the preferred one first; the others are used while it does not answer.
        store: Where session, outbox and positions rest; in memory by default.
        listen: Whether `events` is going to be read. If not, events are dropped, and only handles tell what happens.
        acknowledge: Whether to mark messages of others as received by itself, once they went through `events`.
        device_name: What the user calls this device.
        patience: How long a call is repeated, seconds, while no endpoint answers; likewise how long nothing of an upload or download may pass.
        dial: By what address a blob store's is reached, if not by itself: through a tunnel, say.
    """

    def __init__(
        self,
        endpoints: Sequence[str],
        *,
        store: Store | None = None,
        listen: bool = True,
        acknowledge: bool = True,
        device_name: str = "Python client",
        patience: float = 20.0,
        dial: Callable[[str], str] | None = None,
    ) -> None:
        self._store = MemoryStore() if store is None else store
        self._transport = Transport(endpoints, patience=patience)
        self._device_name = device_name
        self._session = Session(refresh=self._refresh, save=self._store.save_session, clock=time.time)
        self._api = Api(self._transport, self._access_token)
        self.friends = Friends(self._api)
        """What one does about friends."""
        self.groups = Groups(self._api)
        """What one does in groups."""
        self.messages = Alterations(self._api)
        """What one does to messages that are there."""
        self.history_search = HistorySearch(self._api)
        """Finds messages that one may see."""
        self.channels = Channels(self._api)
        """What one does in channels."""
        self.media = Media(self._transport, self._access_token, patience=patience, dial=dial)
        """Images and files."""
        self._dispatch = Dispatch(self._store, listen=listen)
        self._link = Link(self._transport, self._api, self._session, self._dispatch)
        self.typists = Typists(self._link.typing)
        """Who types where."""
        self._acknowledge = acknowledge
        self._typing = asyncio.Lock()

    async def __aenter__(self) -> Self:
        """Open the store, and connect if somebody is logged in."""
        await self._transport.open()
        saved = await self._store.load()
        self._session.restore(saved.session)
        self._dispatch.start()
        if self._session.is_open:
            self._link.start(saved)
        return self

    async def __aexit__(self, *_: object) -> None:
        """Disconnect; what was typed and has no outcome stays in the store."""
        await self._link.stop()
        await self._dispatch.stop()
        await self._transport.close()
        await self._store.close()

    # Who one is.

    @property
    def is_logged_in(self) -> bool:
        """Whether there is a session."""
        return self._session.is_open

    @property
    def tokens(self) -> Tokens:
        """The session's tokens, with the user's id, handle and home.

        Raises:
            LoggedOutError: Nobody is logged in.
        """
        return self._session.tokens

    @property
    def user_id(self) -> str:
        """The user's id.

        Raises:
            LoggedOutError: Nobody is logged in.
        """
        return self._session.tokens.user_id

    async def register(
        self, handle: str, password: str, *, display_name: str | None = None, home_region: str | None = None
    ) -> Tokens:
        """Make an account, and log in; its home is the endpoint's region, or the one asked for.

        Raises:
            ProblemError: It was turned down: `handle-taken`, say.
            UnreachableError: Nobody answered.
        """
        credentials = Credentials(handle, password, display_name, home_region, self._device_name)
        return await self._begin(await self._api.register(credentials))

    async def log_in(self, handle: str, password: str) -> Tokens:
        """Log in as a new device.

        Raises:
            ProblemError: It was turned down: `wrong-credentials`, say.
            UnreachableError: Nobody answered.
        """
        return await self._begin(await self._api.log_in(Credentials(handle, password, device_name=self._device_name)))

    async def log_out(self) -> None:
        """Revoke this device; what was typed and has no outcome is forgotten with it."""
        await self._api.log_out()
        await self._link.stop()
        await self._session.end()
        await self._dispatch.forget()
        await self._store.forget()
        self._link.end(LoggedOutError())

    async def online(self) -> str:
        """Wait until connected; return the region that serves the user.

        Raises:
            LoggedOutError: Nobody is logged in.
        """
        return await self._link.online()

    # What one does.

    async def send(
        self,
        text: str,
        *,
        to: str | None = None,
        conversation: str | None = None,
        client_message_id: str | None = None,
        attachments: Sequence[str] = (),
        reply_to: str | None = None,
        mentions: Sequence[Mention] = (),
    ) -> Handle:
        """Send a message; when this returns it is safe in the store, and is sent until its outcome is known.

        Args:
            text: 1 byte to 16 KiB of UTF-8; may be empty with attachments.
            to: The recipient's user id; or
            conversation: The conversation's id.
            client_message_id: What to call it; the same id never becomes a second message. A random one by default.
            attachments: Ids of up to 10 blobs that `media.upload` gave.
            reply_to: The id of the message that it answers, of the same conversation.
            mentions: Members whom it names.

        Raises:
            UnsendableError: It could never be accepted.
            LoggedOutError: Nobody is logged in.
        """
        if not self._session.is_open:
            raise LoggedOutError
        check(text, to, conversation, attachments)
        name = client_message_id or str(uuid.uuid4())
        item = Item(
            client_message_id=name,
            text=text,
            recipient_id=to,
            conversation_id=conversation,
            attachments=tuple(attachments),
            reply_to=reply_to,
            mentions=tuple(mentions),
            typed_at=time.time(),
        )
        return await self._type(item)

    async def forward(
        self,
        message_id: str,
        *,
        to: str | None = None,
        conversation: str | None = None,
        client_message_id: str | None = None,
    ) -> Handle:
        """Send on what another message says, with its attachments; see `send`."""
        if not self._session.is_open:
            raise LoggedOutError
        check("", to, conversation, (message_id,))
        item = Item(
            client_message_id=client_message_id or str(uuid.uuid4()),
            text="",
            recipient_id=to,
            conversation_id=conversation,
            forward_of=message_id,
            typed_at=time.time(),
        )
        return await self._type(item)

    async def _type(self, item: Item) -> Handle:
        async with self._typing:  # into the store in the order in which it goes out
            handle = self._dispatch.handle(item)
            await self._store.put(item)
            self._link.type(item)
        return handle

    @property
    def unsettled(self) -> tuple[Handle, ...]:
        """Handles of the messages without an outcome, those of earlier runs among them, in order."""
        return self._dispatch.unsettled

    async def events(self) -> AsyncIterator[Event]:
        """Go through what happens, in order, without an end; each entry of each conversation comes once.

        An event counts as told when the next one is asked for. After a crash the last few may come again.
        """
        async for event, message in self._dispatch.events():
            self.typists.take(event)
            yield event
            if self._acknowledge and message is not None and message.sender_id != self.user_id:
                self.mark_received(message)

    def watch(self, user_ids: Sequence[str]) -> None:
        """Have it told by `Watched` how these friends are there, 50 at most, instead of those who were named before."""
        self._link.watch(user_ids)

    def mark_received(self, message: Message) -> None:
        """Tell the sender that this device has everything up to that message."""
        self._link.mark(Received(message.conversation_id, *place_of(message)))

    def mark_read(self, message: Message) -> None:
        """Tell the sender that everything up to that message was read."""
        self._link.mark(Read(message.conversation_id, *place_of(message)))

    # What one looks up. Each raises ProblemError, UnreachableError or LoggedOutError.

    async def history(
        self,
        *,
        peer: str | None = None,
        conversation: str | None = None,
        limit: int = 50,
        before: str | None = None,
        after: str | None = None,
    ) -> Page:
        """Return a page of a conversation, newest first, or oldest first when `after` is given.

        Args:
            peer: The other user's id; or
            conversation: The conversation's id.
            limit: The most messages, 1 to 200.
            before: `next` of another page, for older ones.
            after: `previous` of another page, for newer ones.
        """
        asked = given(peer_id=peer, conversation_id=conversation, limit=str(limit), before=before, after=after)
        return await self._api.history(asked)

    async def walk(
        self, *, peer: str | None = None, conversation: str | None = None, forward: bool = False
    ) -> AsyncIterator[Message]:
        """Go through a whole conversation: from the newest message back, or from the first one forward."""
        before: str | None = None
        after: str | None = Position(0, 0).cursor if forward else None
        while True:
            page = await self.history(peer=peer, conversation=conversation, limit=200, before=before, after=after)
            for message in page.messages:
                yield message
            before, after = (None, page.previous) if forward else (page.next, None)
            if before is None and after is None:
                return

    async def message(self, message_id: str) -> Message:
        """Return one message."""
        return await self._api.message(message_id)

    def conversations(self) -> AsyncIterator[Conversation]:
        """Go through all conversations, the one with the newest change first."""
        return self._api.conversations()

    async def user(self, user_id: str) -> User:
        """Return a user by id."""
        return await self._api.user(user_id)

    async def find(self, handle: str) -> User:
        """Return a user by exact handle."""
        return await self._api.find(handle)

    async def search(self, query: str, *, limit: int = 20, cursor: str | None = None) -> People:
        """Return users of all regions whose handle, or a word of whose display name, begins so; the best match first.

        Args:
            query: The beginning, whatever case and accents.
            limit: The most users, 1 to 50; a page may have fewer though there are more.
            cursor: `next` of another page, for more.
        """
        return await self._api.search({"query": query, "limit": str(limit), **({"cursor": cursor} if cursor else {})})

    async def profile(self) -> OwnProfile:
        """Return one's own profile, and whether searches find one."""
        return await self._api.profile()

    async def change_profile(
        self,
        *,
        display_name: str | None = None,
        status_text: str | None = None,
        findable: bool | None = None,
        picture: str | UnsetType | None = UNSET,
    ) -> OwnProfile:
        """Change what others see of one, and whether searches find one; None leaves as it is, but takes the picture away.

        The picture is the blob of an image that one has brought.

        Raises:
            ProblemError: It was turned down: `invalid-field`, say.
        """
        return await self._api.change_profile(ProfileChange(display_name, status_text, findable, picture))

    async def preferences(self, conversation_id: str) -> Preferences:
        """Return what one wants of a conversation for oneself alone: muted, archived, marked unread, a draft."""
        return await self._api.preferences(conversation_id)

    async def prefer(self, conversation_id: str, change: PreferencesChange) -> Preferences:
        """Change what one wants of a conversation, on all of one's devices; return it as it is then.

        Raises:
            ProblemError: It was turned down: `version-conflict`, if the change names a version and another device was faster.
        """
        return await self._api.prefer(conversation_id, change)

    async def devices(self) -> list[Device]:
        """Return the user's devices."""
        return await self._api.devices()

    async def revoke(self, device_id: str) -> None:
        """Log one of the user's devices out."""
        await self._api.revoke(device_id)

    async def change_password(self, old: str, new: str, *, keep_this_device: bool = True) -> None:
        """Change the user's password: all other devices are logged out, and this one too unless it is kept.

        Raises:
            ProblemError: It was turned down: `wrong-credentials`, say.
        """
        await self._api.change_password(PasswordChange(old, new, keep_this_device))

    async def regions(self) -> list[RegionEndpoint]:
        """Return the federation's regions and where each is reached."""
        return (await self._api.regions()).regions

    async def _begin(self, tokens: Tokens) -> Tokens:
        await self._link.stop()
        await self._dispatch.save()
        saved = await self._store.load()
        if saved.session is not None and saved.session.tokens.user_id != tokens.user_id:
            await self._dispatch.forget()
            await self._store.forget()
        await self._session.begin(tokens)
        self._link.start(await self._store.load())
        return tokens

    async def _access_token(self, refused: str | None) -> str:
        return await self._session.access_token(unlike=refused)

    async def _refresh(self, refresh_token: str) -> Tokens:
        return await self._api.refresh(refresh_token)
