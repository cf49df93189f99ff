"""Why something may not be done to a message: codes and sentences, the same where it can be told at home and at the owner."""

from typing import Final

from replication.alterations import MOST_EDITS, MOST_EMOJI, MOST_PINS, MOST_REACTIONS

UNKNOWN: Final = "message-unknown"
DELETED: Final = "message-deleted"
NOT_ALLOWED: Final = "not-allowed"
NOT_THE_AUTHOR: Final = "not-the-author"
TOO_LATE: Final = "too-late-to-edit"
FORWARDED: Final = "forwarded"
UNCHANGED: Final = "unchanged"
EMPTY: Final = "text-missing"
TOO_MANY_EDITS: Final = "too-many-edits"
TOO_MANY_REACTIONS: Final = "too-many-reactions"
TOO_MANY_PINS: Final = "too-many-pins"
NOT_IN_CHANNELS: Final = "not-in-channels"

DETAILS: Final = {
    UNKNOWN: "There is no such message in this conversation, or it is not yours to see.",
    DELETED: "The message was deleted.",
    NOT_ALLOWED: "Your role here does not allow that. Ask an admin or an owner.",
    NOT_THE_AUTHOR: "Only who wrote a message may edit it; in a 1:1 conversation, only they delete it for both.",
    TOO_LATE: "The message is too old to be edited. Write a new one.",
    FORWARDED: "What was forwarded are the words of another; it cannot be edited.",
    UNCHANGED: "It is as you want it already.",
    EMPTY: "A message without attachments needs a text.",
    TOO_MANY_EDITS: f"The message was edited {MOST_EDITS} times, which is the most. Write a new one.",
    NOT_IN_CHANNELS: "Nobody reacts to posts of a channel: that would be kept for each of its subscribers.",
    TOO_MANY_PINS: f"The conversation has {MOST_PINS} pinned messages, which is the most. Take one away first.",
    TOO_MANY_REACTIONS: f"You may use {MOST_REACTIONS} emoji on a message, and all together {MOST_EMOJI}. Take one back first, or use one that was there before.",
}
"""What a refusal's author reads, by code."""
