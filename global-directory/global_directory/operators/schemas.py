"""What requests about operators and operations look like, and their answers. Times are microseconds since the epoch unless said otherwise."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class LoginRequest:
    """Asks for a session."""

    name: str
    password: str


@dataclass(frozen=True, slots=True)
class LoggedIn:
    """A session.

    Attributes:
        name: Whose.
        role: What they may do.
        session: What is shown with each request.
        expires_at: Until when it is good, seconds since the epoch.
    """

    name: str
    role: str
    session: str
    expires_at: int


@dataclass(frozen=True, slots=True)
class NewOperator:
    """Asks for a new operator; without a password nobody can log in as that one until one is given."""

    name: str
    role: str
    password: str = ""


@dataclass(frozen=True, slots=True)
class RoleRequest:
    """Asks for another role."""

    role: str


@dataclass(frozen=True, slots=True)
class PasswordRequest:
    """Asks for another password.

    Attributes:
        password: The new one.
        old: The present one; needed for one's own.
    """

    password: str
    old: str = ""


@dataclass(frozen=True, slots=True)
class OperatorView:
    """An operator.

    Attributes:
        name: Their name.
        role: What they may do.
        generation: Of their sessions.
        added_at: Since when.
        added_by: By whom.
    """

    name: str
    role: str
    generation: int
    added_at: int
    added_by: str


@dataclass(frozen=True, slots=True)
class OperatorsView:
    """All operators, sorted by name."""

    operators: tuple[OperatorView, ...]


@dataclass(frozen=True, slots=True)
class OperationRequest:
    """Asks whether something may be done.

    Attributes:
        operation_id: Chosen by who asks, so that asking again is safe: `o` and 32 hexadecimal digits.
        verb: What.
        target: To what.
        why: For the trace.
        confirmed: The target's name, typed again.
    """

    operation_id: str
    verb: str
    target: str
    why: str = ""
    confirmed: str = ""


@dataclass(frozen=True, slots=True)
class Granted:
    """It may be done.

    Attributes:
        operation_id: As asked.
        who: By whom.
        token: The pass, which is shown with what is asked for in its course.
    """

    operation_id: str
    who: str
    token: str


@dataclass(frozen=True, slots=True)
class OperationEnd:
    """How an operation ended.

    Attributes:
        done: Whether what was wanted is so.
        detail: In words.
    """

    done: bool
    detail: str = ""


@dataclass(frozen=True, slots=True)
class OperationView:
    """One line of the trace.

    Attributes:
        operation_id: Its id.
        at: When it was asked for.
        who: By whom; empty if nobody showed a good session.
        role: What they might do then.
        came_by: Whose certificate the connection showed; empty without TLS.
        verb: What.
        target: To what.
        why: As they have said.
        result: `begun` (and not ended: it runs, or who carried it out ended before it did), `done`, `failed`, `refused`.
        detail: What came of it.
        ended_at: When; 0 if it was not told.
    """

    operation_id: str
    at: int
    who: str
    role: str
    came_by: str
    verb: str
    target: str
    why: str
    result: str
    detail: str = ""
    ended_at: int = 0


@dataclass(frozen=True, slots=True)
class Trace:
    """Lines of the trace, newest first."""

    operations: tuple[OperationView, ...]


@dataclass(frozen=True, slots=True)
class Asked:
    """Which lines of the trace are asked for; what is empty is not chosen by.

    Attributes:
        verb: What was done.
        target: To what.
        who: By whom.
        result: What came of it.
        since: Not older than that.
        most: Lines, the newest.
    """

    verb: str = ""
    target: str = ""
    who: str = ""
    result: str = ""
    since: int = 0
    most: int = 100
