"""A rehearsed channel over three regions."""

from msgspec.structs import replace

from region.projector.rehearsal import deed
from replication import channels as c
from replication import groups as g
from replication.ids import channel_id, region_of
from replication.records import LogBody
from tests.unit.projector.world import ALICE, World

CHANNEL = channel_id(ALICE, "begin")


class Channel(World):
    """A channel of Alice's, over three regions."""

    def __init__(self, *, public: bool = True, slow: int = 0) -> None:
        """Let Alice make it."""
        super().__init__()
        self.act(ALICE, c.ChannelCreated("begin", "News", "of the day", public, slow))

    def act(self, author: str, body: LogBody, *, settle: bool = True) -> str:
        """Do something in the channel; return its id."""
        return self.do(author, body, settle=settle, conversation=CHANNEL)

    def post(self, author: str, text: str, *, at: int = 1) -> str:
        """Post; `at` is when the author's home accepts it, in microseconds."""
        wanted = replace(deed(author, CHANNEL, c.ChannelMessageSent(text, text)), submitted_at=at)
        self.regions[region_of(author)].submit(wanted)
        self.settle()
        return wanted.id

    def subscribe(self, *users: str) -> None:
        """Let somebody subscribe."""
        for user in users:
            self.act(user, g.MemberJoined(f"subscribe {user}"))

    def state(self, region: str) -> c.ChannelState:
        """Return what a region has of the channel's state."""
        found = self.regions[region].tables.conversations[CHANNEL].details.channel
        assert found is not None
        return found

    def names(self, region: str) -> list[tuple[str, ...]]:
        """Return in whose names the posts of the channel were put out in a region."""
        return [
            output.users
            for _, output in self.regions[region].outputs
            if b"channel_message_sent" in bytes(output.record)
        ]
