"""Which directory a command asks, and with which certificate: that of the local federation, or the one that `CAUSEWAY_DIRECTORY` names."""

import os
from typing import Final

from global_directory.client import DirectoryClient
from infra.identity import DIRECTORY
from infra.local import homes
from infra.local.certificates import Files
from infra.local.errors import NotRunningError
from infra.settings import ServiceSettings, read
from infra.tls import MutualTls

ATTEMPTS: Final = 6
"""How often a command asks the directory, and for how many seconds each time: longer than services do, since on a busy machine an answer may take seconds, and an operator who is turned away has to begin anew."""
SECONDS: Final = 10.0


def is_named() -> bool:
    """Whether `CAUSEWAY_DIRECTORY` names one, so that no local federation is meant."""
    return "CAUSEWAY_DIRECTORY" in os.environ


def where() -> tuple[str, MutualTls | None]:
    """Return the URL of the directory that CAUSEWAY_DIRECTORY names, or of the local federation's, and with what to come in there.

    Raises:
        NotRunningError: None is named, and there is no local federation.
    """
    if (url := os.environ.get("CAUSEWAY_DIRECTORY")) is not None:
        os.environ.setdefault("CAUSEWAY_INSTANCE", "operator")
        os.environ.setdefault("CAUSEWAY_ADMIN_PORT", "0")
        return url, MutualTls.read(read(ServiceSettings))
    home = homes.home()
    if not (home / homes.DESCRIPTION).exists():
        raise NotRunningError(home=home)
    federation = homes.read_federation(home)
    address = f"127.0.0.1:{federation.base_port}"
    if not federation.tls:
        return f"http://{address}", None
    files = Files.of(home, DIRECTORY)
    return f"https://{address}", MutualTls(files.certificate, files.key, files.authorities)


def directory() -> DirectoryClient:
    """Return a client of that directory, as patient as a command is.

    Raises:
        NotRunningError: As `where` says.
    """
    url, tls = where()
    return DirectoryClient(url, tls=tls, attempts=ATTEMPTS, timeout=SECONDS)
