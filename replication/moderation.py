"""Reports, and what moderators do: bodies of submissions. Codec version 4.

All but a report are submitted in the name of the account concerned, at its home, by whoever may: a moderator, or the operator.
"""

from typing import Final, TypeAlias

import msgspec


class UserReported(msgspec.Struct, frozen=True, tag="user_reported"):
    """The author reports somebody, or a message of theirs; it goes to the home of who is reported.

    Attributes:
        user_id: Who is reported.
        reason: What the author says of it.
        message_id: The message; empty for none.
        text: What the message said.
    """

    user_id: str
    reason: str
    message_id: str = ""
    text: str = ""


class ReportDismissed(msgspec.Struct, frozen=True, tag="report_dismissed"):
    """A report of the author was looked at, and is closed; nothing follows beyond what was done already.

    Attributes:
        report_id: Which.
        by: Who decided.
        how: `dismissed`, or `deleted` if the message was taken away.
    """

    report_id: str
    by: str
    how: str = "dismissed"


class AccountSuspended(msgspec.Struct, frozen=True, tag="account_suspended"):
    """The author's account is suspended: all devices are logged out, and none logs in.

    Attributes:
        why: What its owner is told.
        by: Who decided.
    """

    why: str
    by: str


class AccountRestored(msgspec.Struct, frozen=True, tag="account_restored"):
    """The author's account is suspended no more."""

    by: str


class ModeratorNamed(msgspec.Struct, frozen=True, tag="moderator_named"):
    """The author is a moderator of their home from now on, or no more.

    Attributes:
        moderator: Whether.
        by: Who decided.
    """

    moderator: bool
    by: str


ModerationBody: TypeAlias = UserReported | ReportDismissed | AccountSuspended | AccountRestored | ModeratorNamed
MODERATION_BODIES: Final = ModerationBody.__args__
"""The classes of `ModerationBody`."""
