"""Sessions and passes of operators: JWTs that the deployment's key has signed (Ed25519), and that the directory alone verifies.

A session says who somebody is, a pass that one operation of theirs was judged and written down. Whoever has the key can make either.
"""

import time
from pathlib import Path
from typing import Final, TypeVar

import msgspec
from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import OKPKey

from global_directory.operators.errors import NoKeyError, NoPassError, NotLoggedInError
from infra.errors import SettingsError

ALGORITHM: Final = "Ed25519"
LEEWAY: Final = 30
"""How many seconds clocks may differ."""
MOST_SESSION: Final = 12 * 3600
"""No session is good for longer, seconds; whoever has made it."""
PASS_SECONDS: Final = 12 * 3600
"""How long an operation may take: longer than any; a pass is good for that one alone."""
SHORT_SECONDS: Final = 300
"""How long one may take that is a single request."""
MOST_LENGTH: Final = 4096


class Session(msgspec.Struct, frozen=True, tag="session"):
    """Who somebody is.

    Attributes:
        sub: The operator's name.
        generation: Of the operator's sessions: those of an older one are over.
        iat: Since when, seconds since the epoch.
        exp: Until when.
    """

    sub: str
    generation: int
    iat: int
    exp: int


class Pass(msgspec.Struct, frozen=True, tag="pass"):
    """That an operation was let through.

    Attributes:
        sub: Whose.
        operation: Its id.
        verb: What.
        target: To what.
        iat: Since when, seconds since the epoch.
        exp: Until when.
        generation: Of the sessions of whose it is, as it was let through; -1 if it hangs on none.
    """

    sub: str
    operation: str
    verb: str
    target: str
    iat: int
    exp: int
    generation: int = -1


C = TypeVar("C", Session, Pass)


class Seal:
    """The deployment's key."""

    def __init__(self, pem: bytes) -> None:
        """Read it.

        Raises:
            SettingsError: It is no Ed25519 private key in PEM.
        """
        try:
            self._key = OKPKey.import_key(pem)
        except (ValueError, JoseError) as error:
            raise SettingsError(problems="CAUSEWAY_OPERATOR_KEY: not a private key in PEM") from error
        if self._key.curve_name != ALGORITHM or not self._key.is_private:
            raise SettingsError(problems="CAUSEWAY_OPERATOR_KEY: an Ed25519 private key is needed")

    @classmethod
    def read(cls, path: Path) -> "Seal":
        """Read it from its file.

        Raises:
            NoKeyError: It cannot be read, or used.
        """
        try:
            return cls(path.read_bytes())
        except OSError as error:
            raise NoKeyError(path=path, reason=error.strerror) from error
        except SettingsError as error:
            raise NoKeyError(path=path, reason="it is no Ed25519 private key in PEM") from error

    def session(self, name: str, generation: int, *, seconds: int, now: float | None = None) -> str:
        """Return a session of that operator, signed."""
        since = int(time.time() if now is None else now)
        return self._sign(Session(name, generation, since, since + min(seconds, MOST_SESSION)))

    def grant(
        self,
        name: str,
        operation: str,
        verb: str,
        target: str,
        *,
        generation: int = -1,
        seconds: int = PASS_SECONDS,
        now: float | None = None,
    ) -> str:
        """Return a pass for that operation, signed, which is over with the sessions of that generation."""
        since = int(time.time() if now is None else now)
        return self._sign(Pass(name, operation, verb, target, since, since + seconds, generation))

    def read_session(self, token: str, now: float) -> Session:
        """Return what a session says; whether its generation is over is not known here.

        Raises:
            NotLoggedInError: It is not good.
        """
        claims = self._read(token, Session)
        if claims is None:
            raise NotLoggedInError(reason="no good session was shown")
        if claims.exp <= now:
            raise NotLoggedInError(reason="the session has ended")
        if claims.iat > now + LEEWAY or claims.exp - claims.iat > MOST_SESSION:
            raise NotLoggedInError(reason="no session is good then, or for so long")
        return claims

    def read_pass(self, token: str, now: float) -> Pass:
        """Return what a pass says; whether its operation is over is not known here.

        Raises:
            NoPassError: It is not good.
        """
        claims = self._read(token, Pass)
        if claims is None:
            raise NoPassError(reason="it is missing, or no key of this deployment has signed it")
        if claims.exp <= now or claims.iat > now + LEEWAY:
            raise NoPassError(reason="it has ended")
        return claims

    def _sign(self, claims: Session | Pass) -> str:
        return jws.serialize_compact({"alg": ALGORITHM}, msgspec.json.encode(claims), self._key, algorithms=[ALGORITHM])

    def _read(self, token: str, kind: type[C]) -> C | None:
        if len(token) > MOST_LENGTH or not token.isascii():
            return None
        try:
            payload = jws.deserialize_compact(token, self._key, algorithms=[ALGORITHM]).payload
            return msgspec.json.decode(payload, type=kind)
        except (JoseError, ValueError):  # msgspec's errors among them
            return None
