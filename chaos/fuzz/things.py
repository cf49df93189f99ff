"""What the fuzzer's writer has (a conversation of each kind, a message, a blob), so that requests and frames name what is there."""

import hashlib
import secrets
import time
from dataclasses import dataclass
from typing import Final, Self

from chaos.fuzz.garble import Json
from chaos.fuzz.tally import Tally
from chaos.fuzz.visitors import MADE, PATIENCE, NoVisitorError, Visitor
from chaos.fuzz.wire import Port

NAME: Final = "client_message_id"
FILE: Final = b"fuzz"
CHECKED: Final = 202
"""It is still being checked."""


@dataclass(frozen=True, slots=True)
class Things:
    """Ids of what is there.

    Attributes:
        peer: Another user.
        conversation: The 1:1 conversation with that user.
        group: A group of both, which the writer owns.
        channel: A channel, which the writer owns.
        message: A message in the group.
        blob: A file that the writer has brought.
    """

    peer: str
    conversation: str
    group: str
    channel: str
    message: str
    blob: str

    @classmethod
    def make(cls, writer: Visitor, peer: Visitor, conversation: str) -> Self:
        """Have the writer make them.

        Raises:
            NoVisitorError: It was not possible.
        """
        group = str(writer.ask("POST", "/groups", {"name": "Fuzz", "member_ids": [peer.user_id]})["group_id"])
        channel = str(writer.ask("POST", "/channels", {"name": "Fuzz"})["channel_id"])
        message = str(writer.ask("POST", f"/groups/{group}/message", {"text": "hello"})["message_id"])
        announced = {"name": "fuzz", "size": len(FILE), "checksum": hashlib.sha256(FILE).hexdigest()}
        upload = writer.ask("POST", "/uploads", announced)
        blob = str(upload["blob_id"])
        writer.bring(str(upload["url"]), upload["headers"], FILE)
        until = time.monotonic() + PATIENCE
        while (done := writer.try_once("POST", f"/uploads/{blob}/complete", None))[
            0
        ] == CHECKED and time.monotonic() < until:
            time.sleep(0.2)
        if done[0] not in MADE:
            raise NoVisitorError(url="/uploads", reason=f"{done[0]}: {done[1]}")
        return cls(peer.user_id, conversation, group, channel, message, blob)

    @property
    def told(self) -> dict[str, Json]:
        """What a message may have beside its text."""
        mention: dict[str, Json] = {"user_id": self.peer, "offset": 0, "length": 1}
        return {"text": "x", "reply_to": self.message, "mentions": [mention], "attachments": [self.blob], NAME: "c"}

    def calls(self) -> dict[tuple[str, str], dict[str, Json] | None]:
        """Return method and path to the fields of a body that is right, or None for no body; each of them succeeds."""
        group, channel, message = f"/groups/{self.group}", f"/channels/{self.channel}", f"/messages/{self.message}"
        return {
            ("GET", group): None,
            ("GET", f"{group}/messages?limit=3&log=true"): None,
            ("GET", f"{group}/members"): None,
            ("POST", f"{group}/message"): self.told,
            ("GET", channel): None,
            ("GET", f"{channel}/messages?limit=3"): None,
            ("POST", f"{channel}/message"): {"text": "x", "attachments": [self.blob], NAME: "p"},
            ("GET", message): None,
            ("GET", f"{message}/edits"): None,
            ("PUT", f"{message}/reactions/%F0%9F%91%8D"): {},
            ("GET", f"/messages/search?query=hello&conversation_id={self.group}"): None,
            ("POST", "/messages"): {"conversation_id": self.conversation, "forward_of": self.message, NAME: "f"},
            ("GET", f"/uploads/{self.blob}"): None,
            ("GET", f"/blobs/{self.blob}"): None,
        }

    def frames(self, number: int) -> tuple[dict[str, Json], ...]:
        """Return frames that are right, under names with that number."""
        return (
            {"type": "send", "conversation_id": self.group, **self.told, NAME: f"g{number}"},
            {"type": "send", "conversation_id": self.conversation, "forward_of": self.message, NAME: f"f{number}"},
            {
                "type": "send",
                "conversation_id": self.channel,
                "text": "post",
                "attachments": [self.blob],
                NAME: f"p{number}",
            },
            {"type": "read", "conversation_id": self.group, "seq": number, "epoch": 1},
            {"type": "typing", "conversation_id": self.group},
        )

    def check(self, port: Port, writer: Visitor, tally: Tally) -> None:
        """Make each call once, as it is right: whoever names what is not there fuzzes the way to a 404 and nothing behind it."""
        for (method, path), fields in self.calls().items():
            named = {**fields, NAME: secrets.token_hex(8)} if fields and NAME in fields else fields
            status, said = writer.try_once(method, path, named)
            tally.answered(by_id(port), str(status))
            if status not in MADE:
                tally.find(by_id(port), f"{method} {path.partition('?')[0]} answers {status} to what is right", said)


def by_id(port: Port) -> str:
    """Return what such calls are counted as."""
    return f"{port.name}, by id"
