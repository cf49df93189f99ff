"""Accounts that the fuzzer acts as: each has a good token whenever one is asked for, whatever was done to its devices meanwhile."""

import secrets
import time
from collections.abc import Callable, Mapping
from typing import Any, Final

import httpx
import msgspec

from infra.errors import CausewayError

PATIENCE: Final = 60.0
"""Seconds for which a visitor that is told to come later comes again."""
EXPIRED: Final = 401
TOO_MANY: Final = 429
AWAY: Final = 503
MADE: Final = frozenset({200, 201})


class NoVisitorError(CausewayError):
    """The fuzzer could not log in at {url} ({reason}). Is the federation well? See `causeway status`."""

    code = "no-visitor"
    definite = True


class _Tokens(msgspec.Struct):
    user_id: str
    access_token: str


class Visitor:
    """One account, used by one thread at a time; another one takes its place when its password was changed, or its handle has logged in too often."""

    def __init__(
        self, url: str, *, transport: httpx.BaseTransport | None = None, pause: Callable[[float], None] = time.sleep
    ) -> None:
        """Register at the region of that URL.

        Args:
            url: Of its public port.
            transport: Carries requests; httpx's own by default.
            pause: Waits for so many seconds.

        Raises:
            NoVisitorError: It was not possible.
        """
        self._url = url
        # A connection for each request: one that is kept may be closed just when it is used.
        self._http = httpx.Client(
            transport=transport, timeout=30, trust_env=False, limits=httpx.Limits(max_keepalive_connections=0)
        )
        self._pause = pause
        self._partner = ""
        self._handle, self._password = "", ""
        self._token = ""
        self.user_id = ""
        self._register()

    @property
    def secrets(self) -> frozenset[str]:
        """What nobody else may ever be shown."""
        return frozenset({self._password, self._token}) - {""}

    def token(self) -> str:
        """Return an access token that is good, as far as is known.

        Raises:
            NoVisitorError: None could be had.
        """
        if not self._token:
            answer = self._post("/login", {"handle": self._handle, "password": self._password}, await_turn=False)
            if answer.status_code in MADE:
                self._take(answer)
            else:
                self._register()  # what is fuzzed may change the password; and logs out more often than a handle may log in
                if self._partner:
                    self._greet()
        return self._token

    def spoil(self) -> None:
        """Note that the token is of no more use."""
        self._token = ""

    def write(self, to: "Visitor") -> str:
        """Send a message, which makes a conversation; return the conversation's id.

        Raises:
            NoVisitorError: It was not possible.
        """
        self.token()
        self._partner = to.user_id
        return self._greet()

    def travel(self, url: str) -> None:
        """Ask something at the region of that URL, which is carried home.

        Raises:
            NoVisitorError: It was not answered.
        """
        answer = self._call("GET", url + "/devices", token=self.token())
        if answer.status_code == EXPIRED:
            self.spoil()
            answer = self._call("GET", url + "/devices", token=self.token())
        if answer.status_code not in MADE:
            raise NoVisitorError(url=url, reason=f"{answer.status_code}: {answer.text[:200]}")

    def ask(self, method: str, path: str, content: Mapping[str, Any]) -> dict[str, Any]:
        """Have something made; return the answer.

        Raises:
            NoVisitorError: It was not made.
        """
        answer = self._call(method, self._url + path, content, token=self.token())
        if answer.status_code not in MADE:
            raise NoVisitorError(url=self._url + path, reason=f"{answer.status_code}: {answer.text[:200]}")
        return dict(answer.json())

    def try_once(self, method: str, path: str, content: Mapping[str, Any] | None) -> tuple[int, str]:
        """Make a request; return the status and the beginning of what was said."""
        answer = self._call(method, self._url + path, content, token=self.token())
        return answer.status_code, answer.text[:200]

    def bring(self, url: str, headers: Mapping[str, str], content: bytes) -> None:
        """Put bytes to an address of a blob store.

        Raises:
            NoVisitorError: It was not possible.
        """
        answer = self._http.put(url, headers=dict(headers), content=content)
        if not answer.is_success:
            raise NoVisitorError(url="a blob store", reason=f"{answer.status_code}: {answer.text[:200]}")

    def _greet(self) -> str:
        answer = self._post("/messages", {"recipient_id": self._partner, "text": "hello"}, token=self._token)
        if answer.status_code not in MADE:
            raise NoVisitorError(url=self._url, reason=f"{answer.status_code}: {answer.text[:200]}")
        return str(answer.json()["conversation_id"])

    def _register(self) -> None:
        self._handle, self._password = f"fuzz-{secrets.token_hex(8)}", secrets.token_urlsafe(16)
        answer = self._post("/register", {"handle": self._handle, "password": self._password})
        if answer.status_code not in MADE:
            raise NoVisitorError(url=self._url, reason=f"{answer.status_code}: {answer.text[:200]}")
        self._take(answer)

    def _take(self, answer: httpx.Response) -> None:
        tokens = msgspec.json.decode(answer.content, type=_Tokens)
        self._token, self.user_id = tokens.access_token, tokens.user_id

    def _post(self, path: str, content: dict[str, str], *, token: str = "", await_turn: bool = True) -> httpx.Response:
        return self._call("POST", self._url + path, content, token=token, await_turn=await_turn)

    def _call(
        self,
        method: str,
        url: str,
        content: Mapping[str, Any] | None = None,
        *,
        token: str = "",
        await_turn: bool = True,
    ) -> httpx.Response:
        """Make a request, and make it again as long as the region is busy or, if its turn is to be awaited, asks to come later."""
        until = time.monotonic() + PATIENCE
        later = {TOO_MANY, AWAY} if await_turn else {AWAY}
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        while True:
            try:
                answer = self._http.request(method, url, json=content, headers=headers)
            except httpx.TransportError as error:
                raise NoVisitorError(url=url, reason=str(error) or type(error).__name__) from error
            if answer.status_code not in later or time.monotonic() > until:
                return answer
            self._pause(min(10.0, float(answer.headers.get("retry-after", "1"))))
