"""One call of the directory over HTTP: tried again with jitter, since every call may be repeated, and clear about its outcome."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final, TypeVar

import httpx
import msgspec
from tenacity import AsyncRetrying, RetryCallState, retry_if_exception_type, stop_after_attempt, wait_random_exponential

from global_directory import errors, metrics
from global_directory.operators import errors as operator_errors
from infra.errors import (
    BusyError,
    CausewayError,
    InvalidFieldError,
    MalformedRequestError,
    NotFoundError,
    NotTheHolderError,
    OutcomeUnknownError,
    UnavailableError,
)
from replication.holding.errors import (
    EpochOverError,
    LaidDownError,
    LeaseRunsError,
    NotTheKeeperError,
    NotTheStandbyError,
)

T = TypeVar("T")
Sleep = Callable[[float], Awaitable[None]]

WHAT: Final = "The directory"
_KINDS: Final[tuple[type[CausewayError], ...]] = (
    errors.HandleTakenError,
    errors.ReservationLostError,
    errors.AlreadyConfirmedError,
    errors.UnknownRegionError,
    errors.StaleAnnouncementError,
    errors.IncarnationConflictError,
    errors.KeyConflictError,
    errors.NotYoursError,
    errors.ExpelledError,
    *operator_errors.REFUSALS,
    LaidDownError,
    EpochOverError,
    LeaseRunsError,
    NotTheKeeperError,
    NotTheStandbyError,
    BusyError,
    InvalidFieldError,
    MalformedRequestError,
    NotFoundError,
    NotTheHolderError,
)
_REFUSALS: Final = {kind.code: kind for kind in _KINDS}
_STANDARD: Final = frozenset({"type", "title", "status", "detail", "code", "definite"})
_NEVER_SENT: Final = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)


class Transport:
    """Calls the directory; connections are kept alive."""

    def __init__(self, http: httpx.AsyncClient, *, attempts: int, sleep: Sleep = asyncio.sleep) -> None:
        """Use an HTTP client whose base URL is the directory's.

        Args:
            http: The HTTP client.
            attempts: The most attempts for one call.
            sleep: Waits between attempts.
        """
        self._http = http
        self._attempts = attempts
        self._sleep = sleep

    async def call(
        self, method: str, path: str, answer: type[T], *, name: str, body: object = None, changes: bool = False
    ) -> T:
        """Call the directory and return its answer.

        Args:
            method: The HTTP method.
            path: Relative to the base URL.
            answer: What the answer's JSON is read as; `type(None)` if it has none.
            name: Names the call in metrics.
            body: Sent as JSON.
            changes: Whether the call changes something.

        Raises:
            CausewayError: The directory refused; the error is its own.
            UnavailableError: It could not be reached; nothing was done.
            OutcomeUnknownError: A change may have happened.
        """
        maybe_done = False

        def count(_: RetryCallState) -> None:
            metrics.CLIENT_RETRIES.labels(name).inc()

        try:
            async for attempt in AsyncRetrying(
                retry=retry_if_exception_type((UnavailableError, OutcomeUnknownError)),
                stop=stop_after_attempt(self._attempts),
                wait=wait_random_exponential(multiplier=0.05, max=1.0),
                before_sleep=count,
                sleep=self._sleep,
                reraise=True,
            ):
                with attempt:
                    try:
                        return await self._once(method, path, answer, body, changes=changes)
                    except OutcomeUnknownError:
                        maybe_done = True
                        raise
        except UnavailableError as error:
            if maybe_done:
                raise OutcomeUnknownError(what="The change of the directory") from error
            raise
        raise UnavailableError(what=WHAT)

    async def _once(self, method: str, path: str, answer: type[T], body: object, *, changes: bool) -> T:
        content = None if body is None else msgspec.json.encode(body)
        headers = None if body is None else {"content-type": "application/json"}
        try:
            response = await self._http.request(method, path, content=content, headers=headers)
        except _NEVER_SENT as error:
            raise UnavailableError(what=WHAT) from error
        except httpx.TransportError as error:
            raise _lost(changes=changes) from error
        if response.is_success:
            return _read(response, answer)
        raise read_refusal(response.status_code, response.content, changes=changes)


def read_refusal(status: int, content: bytes, *, changes: bool) -> CausewayError:
    """Return the error that an answer other than 2xx stands for.

    Args:
        status: The HTTP status.
        content: The body; RFC 9457 problem details if the directory itself answered.
        changes: Whether the call would have changed something.
    """
    try:
        problem = msgspec.json.decode(content, type=dict[str, object])
    except msgspec.DecodeError:
        problem = {}
    kind = _REFUSALS.get(str(problem.get("code")))
    if kind is not None:
        try:
            return kind(**{name: value for name, value in problem.items() if name not in _STANDARD})
        except KeyError:  # a detail that the message needs is missing: another version
            return errors.UnexpectedAnswerError(status_code=status)
    if problem.get("definite") is True and problem.get("code") == UnavailableError.code:
        return UnavailableError(what=WHAT)
    if status >= httpx.codes.INTERNAL_SERVER_ERROR:
        return _lost(changes=changes)
    return errors.UnexpectedAnswerError(status_code=status)


def _lost(*, changes: bool) -> CausewayError:
    return OutcomeUnknownError(what="The change of the directory") if changes else UnavailableError(what=WHAT)


def _read(response: httpx.Response, answer: type[T]) -> T:
    content = response.content or b"null"
    try:
        return msgspec.json.decode(content, type=answer)
    except msgspec.DecodeError as error:
        raise errors.UnexpectedAnswerError(status_code=response.status_code) from error
