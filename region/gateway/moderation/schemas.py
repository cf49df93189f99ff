"""What requests about moderation and their answers look like."""

from typing import Final

import msgspec


class ReportRequest(msgspec.Struct, frozen=True):
    """Reports a user, or a message that one can see.

    Attributes:
        reason: What is wrong, 1 to 1,000 characters.
        user_id: Who is reported; or name a message.
        message_id: The message; its sender is reported, and its text told.
    """

    reason: str
    user_id: str | None = None
    message_id: str | None = None


class ReportView(msgspec.Struct, frozen=True, kw_only=True):
    """A report as moderators see it.

    Attributes:
        report_id: Its id.
        user_id: Who is reported; lives here.
        reporter_id: By whom.
        message_id: Of which message; empty for none.
        text: What the message said.
        reason: What the reporter says of it.
        reported_at: RFC 3339 in UTC.
        closed_how: `dismissed` or `suspended`; empty while it is open.
        closed_by: Who decided.
    """

    report_id: str
    user_id: str
    reporter_id: str
    message_id: str
    text: str
    reason: str
    reported_at: str
    closed_how: str
    closed_by: str


class ReportsView(msgspec.Struct, frozen=True):
    """The open reports of users who live here, the oldest first; 100 at most."""

    reports: list[ReportView]


class SuspendRequest(msgspec.Struct, frozen=True):
    """Suspends an account.

    Attributes:
        why: What its owner is told, 1 to 1,000 characters.
    """

    why: str


SHOWN: Final = (ReportRequest, ReportView, ReportsView, SuspendRequest)
