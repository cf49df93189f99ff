"""Which users who have a device at this gateway follow which channels, so that a post that comes in a channel's name reaches them. Pure.

It is read from the store, then kept by the entries that come by. When some may not have come, it is in doubt until it was read again: who joined
meanwhile would be told nothing, and who was removed would be told on.
"""

from collections.abc import Callable, Iterable
from typing import Final

from replication.channels import ChannelCreated
from replication.groups import MemberBanned, MemberJoined, MemberLeft, MemberRemoved
from replication.ids import is_channel_id
from replication.records import Entry

MOST_FOLLOWED: Final = 1_000
"""How many channels a user may belong to, and at most follows here: each is an interest of the gateway's, and read with each device that comes."""

_ENDS: Final = MemberLeft | MemberRemoved | MemberBanned


class Following:
    """Channels by user, and users by channel.

    Attributes:
        began: Told (user, channel, partition, position) of an entry by which a user belongs to a channel.
        ended: Told of a channel that nobody here follows any more.
    """

    def __init__(self) -> None:
        """Begin with nobody."""
        self._channels: dict[str, set[str]] = {}
        self._users: dict[str, dict[str, None]] = {}
        self._changes: dict[str, int] = {}
        self._doubted: set[str] = set()
        self.began: Callable[[str, str, int, int], None] = lambda *_: None
        self.ended: Callable[[str], None] = lambda _: None

    def knows(self, user: str) -> bool:
        """Whether it was said what the user follows, and nothing was missed since that might have changed it."""
        return user in self._channels and user not in self._doubted

    def changes(self, user: str) -> int:
        """Return how often what the user follows has changed; what was read before a change is not to be believed."""
        return self._changes.setdefault(user, 0)

    def begin(self, user: str, channels: Iterable[str]) -> None:
        """Take in all that a user follows."""
        self._doubted.discard(user)
        wanted, known = list(channels), self._channels.setdefault(user, set())
        for channel in known.difference(wanted):
            known.discard(channel)
            self._leave(user, channel)
        for channel in wanted:
            self._follow(user, channel)

    def doubt(self, users: Iterable[str] | None = None) -> None:
        """Take in that entries by which people come and go may have been missed: until it is said anew what they follow, they follow nothing.

        Args:
            users: Whom it may be about; by default, all.
        """
        for user in list(self._channels) if users is None else users:
            self._changed(user)
            if user in self._channels:
                self._doubted.add(user)

    def followed(self, user: str) -> list[str]:
        """Return the channels that a user follows."""
        return list(self._channels.get(user, ()))

    def forget(self, user: str) -> None:
        """The user has no device here any more."""
        self._doubted.discard(user)
        for channel in self._channels.pop(user, set()):
            self._leave(user, channel)
        self._changes.pop(user, None)

    def channels(self) -> list[str]:
        """Return all channels that somebody here follows."""
        return list(self._users)

    def of(self, name: str) -> Iterable[str]:
        """Return the users who are meant by a name: a channel's followers, or the user alone."""
        if not is_channel_id(name):
            return (name,)
        return tuple(user for user in self._users.get(name, ()) if user not in self._doubted)

    def note(self, partition: int, position: int, entry: Entry) -> None:
        """Take in an entry that may be about who belongs to a channel."""
        body, channel = entry.body, entry.conversation_id
        if not is_channel_id(channel):
            return
        if isinstance(body, MemberJoined | ChannelCreated):
            self._changed(entry.author)
            if entry.author in self._channels:
                self._follow(entry.author, channel)
            if channel in self._channels.get(entry.author, ()):
                self.began(entry.author, channel, partition, position)
        elif isinstance(body, _ENDS):
            user: str = getattr(body, "user_id", entry.author)
            self._changed(user)
            if channel in self._channels.get(user, ()):
                self._channels[user].discard(channel)
                self._leave(user, channel)

    def _changed(self, user: str) -> None:
        if user in self._changes:
            self._changes[user] += 1

    def _follow(self, user: str, channel: str) -> None:
        """Follow it, unless the user follows as many as may be: what is posted there is read from the store then, later."""
        if channel not in self._channels[user] and len(self._channels[user]) >= MOST_FOLLOWED:
            return
        self._channels[user].add(channel)
        self._users.setdefault(channel, {})[user] = None

    def _leave(self, user: str, channel: str) -> None:
        users = self._users.get(channel, {})
        users.pop(user, None)
        if not users and channel in self._users:
            del self._users[channel]
            self.ended(channel)
