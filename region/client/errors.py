"""What can go wrong for a client; each error has a stable code and says whether it is definite: certainly not done."""


class ClientError(Exception):
    """The root of the client's errors.

    Attributes:
        code: Stable, for programs.
        status: The HTTP status that it came with; 0 if it came with none.
        detail: A sentence for a person.
        definite: Whether the operation certainly did not happen.
    """

    def __init__(self, code: str, detail: str, *, status: int = 0, definite: bool = True) -> None:
        """Say what went wrong."""
        super().__init__(f"{detail} ({code})")
        self.code = code
        self.status = status
        self.detail = detail
        self.definite = definite


class ProblemError(ClientError):
    """A region answered with a problem (RFC 9457)."""


class UnreachableError(ClientError):
    """No endpoint answered in time."""

    def __init__(self, detail: str, *, definite: bool) -> None:
        """Say which endpoint failed last, and how."""
        super().__init__("unreachable", detail, definite=definite)


class LoggedOutError(ClientError):
    """Nobody is logged in here, or the session was ended elsewhere."""

    def __init__(self, detail: str = "Nobody is logged in here; log in or register first.") -> None:
        """Say how it ended."""
        super().__init__("logged-out", detail, status=401)


class UnsendableError(ClientError):
    """The message can never be accepted as it is, so it was not queued."""

    def __init__(self, detail: str) -> None:
        """Say what is wrong with it."""
        super().__init__("unsendable", detail)
