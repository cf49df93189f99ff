"""What a projector keeps in memory between batches; safe because its commits are fenced, and dropped when one fails."""

from collections import OrderedDict
from collections.abc import Iterable, Mapping

from region.projector.docket import Docket, advanced
from region.store.rows import Conversation, Place, User
from region.store.writes import Move
from replication.records import Stream

TAIL = 32
"""How many entries' counts a conversation keeps in memory, so that a read mark close to the head needs no look-up."""


MOST_SUBSCRIBERS = 1_000
"""How many members of a channel may stay in memory, of those whom batches named; more, and all but owners and posters go."""


MOST_HELD_BYTES = 64 * 1024 * 1024
"""Of entries above gaps, of all conversations that are kept; with more, those that hold some go, the oldest first, and are read anew."""


class Memory:
    """Places, stream heads, and the conversations and users that were seen last."""

    def __init__(self, *, conversations: int, users: int) -> None:
        """Begin empty.

        Args:
            conversations: The most conversations kept.
            users: The most users kept; only confirmed ones are, since that never changes again.
        """
        self._most_conversations = conversations
        self._most_users = users
        self.places: dict[int, Place] = {}
        self.heads: dict[Stream, int] = {}
        self.conversations: OrderedDict[str, Conversation] = OrderedDict()
        self.users: OrderedDict[str, User] = OrderedDict()
        self._holding: OrderedDict[str, int] = OrderedDict()

    def forget(self) -> None:
        """Drop everything that the store may know better: a commit failed, or may have."""
        self.places.clear()
        self.heads.clear()
        self.forget_state()

    def forget_state(self) -> None:
        """Drop what judging changes in place: it was judged in vain."""
        self.conversations.clear()
        self._holding.clear()
        self.users.clear()

    def take(self, conversations: Iterable[str]) -> tuple[dict[str, Conversation], list[str]]:
        """Return what is known of those conversations, and which are not in memory."""
        found: dict[str, Conversation] = {}
        missing: list[str] = []
        for conversation_id in conversations:
            conversation = self.conversations.get(conversation_id)
            if conversation is None:
                missing.append(conversation_id)
            else:
                found[conversation_id] = conversation
        return found, missing

    def take_users(self, users: Iterable[str]) -> tuple[dict[str, User], list[str]]:
        """Return what is known of those users, and which are not in memory."""
        wanted = list(users)
        found = {user_id: self.users[user_id] for user_id in wanted if user_id in self.users}
        return found, [user_id for user_id in wanted if user_id not in found]

    def keep(self, docket: Docket, moves: Iterable[Move]) -> None:
        """Take over what a committed batch has made of the state."""
        for move in moves:
            place = move.before
            self.places[place.partition] = Place(place.partition, move.next_offset, move.position)
        self.heads.update(advanced(docket.writes.relay_rows))
        self._keep_conversations(docket.state.conversations)
        for conversation_id in docket.writes.removed:
            self._drop(conversation_id)
        for user_id, user in docket.state.users.items():
            if user.confirmed:
                self.users[user_id] = user
                self.users.move_to_end(user_id)
        while len(self.users) > self._most_users:
            self.users.popitem(last=False)

    def _keep_conversations(self, conversations: Mapping[str, Conversation]) -> None:
        kept = self.conversations
        for conversation_id, conversation in conversations.items():
            conversation.trim(TAIL)
            if conversation.is_channel and len(conversation.members) > MOST_SUBSCRIBERS:
                conversation.forget_subscribers()
            kept[conversation_id] = conversation
            kept.move_to_end(conversation_id)
            self._holding.pop(conversation_id, None)
            if conversation.held:
                self._holding[conversation_id] = conversation.held_bytes()
        while len(kept) > self._most_conversations:
            self._drop(next(iter(kept)))
        held = sum(self._holding.values())
        while held > MOST_HELD_BYTES:
            oldest, size = next(iter(self._holding.items()))
            self._drop(oldest)
            held -= size

    def _drop(self, conversation_id: str) -> None:
        self.conversations.pop(conversation_id, None)
        self._holding.pop(conversation_id, None)
