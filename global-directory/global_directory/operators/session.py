"""The session that an operator has on this machine: a file of mode 600; and a local federation's own operator, who needs no password.

Who is at a local federation has its deployment's key in its home, and can do everything with it anyway. So where nobody is logged in there,
commands act as the operator `local`, whom the first of them makes.
"""

import asyncio
import os
import secrets
import stat
import time
from contextlib import suppress
from pathlib import Path
from typing import Final

import msgspec

from global_directory.operators.client import OperatorsClient
from global_directory.operators.errors import (
    NotLoggedInError,
    OpenFileError,
    OperatorExistsError,
)
from global_directory.operators.passes import Seal
from global_directory.operators.verbs import DEPLOYMENT
from global_directory.place import is_named, where
from infra.local import homes
from infra.local.errors import NotRunningError
from infra.local.keys import write_secret
from infra.local.topology import operator_key

LOCAL: Final = "local"
"""A local federation's own operator."""
OWN_SECONDS: Final = 300
"""How long what this machine signs itself is good."""
FILE: Final = "operator-session.json"


class Kept(msgspec.Struct, frozen=True):
    """What the file holds.

    Attributes:
        directory: For which directory it is good: no other is ever shown it.
        name: Whose.
        role: What they might do at that time.
        session: What is shown.
        expires_at: Until when, seconds since the epoch.
    """

    directory: str
    name: str
    role: str
    session: str
    expires_at: int

    def __repr__(self) -> str:
        return f"Kept({self.name!r}, …)"


def path() -> Path:
    """Return where the session lies: as `CAUSEWAY_OPERATOR_SESSION` says, in the local federation's home, or in the user's own state."""
    if named := os.environ.get("CAUSEWAY_OPERATOR_SESSION"):
        return Path(named)
    if not is_named():
        return homes.home() / homes.OPERATORS / FILE
    state = os.environ.get("XDG_STATE_HOME") or str(Path.home() / ".local" / "state")
    return Path(state) / "causeway" / FILE


def keep(kept: Kept) -> None:
    """Write the session down, for its owner's eyes alone."""
    path().parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    write_secret(path(), msgspec.json.encode(kept))


def read_kept() -> Kept | None:
    """Return the session that was kept; None if there is none.

    Raises:
        OpenFileError: Others can read it.
        NotLoggedInError: It is no session.
    """
    try:
        with path().open("rb") as file:
            mode = stat.S_IMODE(os.fstat(file.fileno()).st_mode)
            content = file.read()
    except FileNotFoundError:
        return None
    if mode & 0o077:
        raise OpenFileError(path=path(), mode=f"{mode:o}")
    try:
        return msgspec.json.decode(content, type=Kept)
    except msgspec.DecodeError:
        raise NotLoggedInError(reason=f"{path()} holds no session") from None


def forget() -> None:
    """Throw the file away."""
    path().unlink(missing_ok=True)


def session() -> str:
    """Return the session with which a command acts.

    Raises:
        NotLoggedInError: Nobody is logged in, or not any more.
        OpenFileError: Others can read the file.
        CausewayError: The directory cannot be asked, or there is no local federation.
    """
    url, _ = where()
    kept = read_kept()
    if kept is not None and kept.directory == url:
        if kept.expires_at <= time.time():
            raise NotLoggedInError(reason=f"the session of {kept.name} has ended")
        return kept.session
    if is_named():
        raise NotLoggedInError(reason="there is no session for this directory")
    return asyncio.run(own())


def by_key(key: Path) -> str:
    """Return a session of the deployment itself, which makes operators and does nothing else.

    Args:
        key: The deployment's key.

    Raises:
        NoKeyError: It cannot be used.
    """
    return Seal.read(key).session(DEPLOYMENT, 0, seconds=OWN_SECONDS)


async def own() -> str:
    """Return a session of the local federation's own operator, who is made if there are no operators yet.

    Raises:
        NotLoggedInError: That operator was removed: then whoever acts here is to log in.
        NoKeyError: The home has no key; the next `causeway up` makes it.
    """
    home = homes.home()
    if not (home / homes.DESCRIPTION).exists():
        raise NotRunningError(home=home)
    key = operator_key(home)
    seal, (url, tls) = Seal.read(key), where()
    async with OperatorsClient(url, tls=tls, token=by_key(key)) as client:
        known = await client.operators()
        if not known:
            with suppress(OperatorExistsError):  # another command was quicker
                await client.add(LOCAL, "admin")
            known = await client.operators()
    generations = {one.name: one.generation for one in known}
    if LOCAL not in generations:
        raise NotLoggedInError(reason=f"this federation's own operator, {LOCAL}, was removed")
    return seal.session(LOCAL, generations[LOCAL], seconds=OWN_SECONDS)


async def login(name: str, password: str) -> Kept:
    """Log in, and keep the session.

    Raises:
        WrongOperatorError: The name or the password is wrong.
        TooManyTriesError: Wrong ones were tried too often.
    """
    url, tls = where()
    async with OperatorsClient(url, tls=tls) as client:
        given = await client.login(name, password)
    kept = Kept(url, given.name, given.role, given.session, given.expires_at)
    keep(kept)
    return kept


def new_operation_id() -> str:
    """Return an id for one more operation."""
    return f"o{secrets.token_hex(16)}"
