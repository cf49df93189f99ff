"""What can go wrong with the local federation, each in one sentence that says what to do."""

from infra.errors import CausewayError


class LocalError(CausewayError):
    """The local federation cannot do this: {reason}."""

    code = "local"
    status = 500
    definite = True


class PortInUseError(LocalError):
    """Port {port} is wanted by {part} and already in use by {holder}. Stop that, or choose other ports: CAUSEWAY_BASE_PORT=17000."""

    code = "port-in-use"


class HomeInUseError(LocalError):
    """The federation in {home} is already run by process {pid}. Stop it with `causeway down`, or choose another home: CAUSEWAY_HOME=/some/directory."""

    code = "home-in-use"


class StaleHomeError(LocalError):
    """The data in {home} cannot be used: {reason}. Keep it aside, or throw it away with `causeway down --wipe`."""

    code = "stale-home"


class NotRunningError(LocalError):
    """No federation is running from {home}. Start it with `causeway up`."""

    code = "not-running"


class SupervisorGoneError(NotRunningError):
    """The supervisor is gone (killed?). The parts run on unwatched: ./causeway up starts anew with the same data, ./causeway down ends them."""

    code = "supervisor-gone"


class UnknownPartError(LocalError):
    """There is no part or link {name}; like it are {known}."""

    code = "unknown-part"


class RegistryError(LocalError):
    """The Maven registry did not give {what}: {reason}. Check the network, then run it again; what was fetched is kept."""

    code = "registry"


class UnresolvedError(LocalError):
    """{name} could not be resolved, as uv says above. Correct pyproject.toml or check the network, then run it again."""

    code = "unresolved"


class ChecksumError(LocalError):
    """{what} has not the locked SHA-256 but {found}: the registry serves something else than was locked."""

    code = "checksum"


class MissingProgramError(LocalError):
    """{program} is missing: {reason}. Run `causeway up`, which installs it."""

    code = "missing-program"


class DiskFullError(LocalError):
    """The disk that holds {path} is full ({free} MB left). Make room, then run it again."""

    code = "disk-full"


class LittleRoomError(LocalError):
    """The disk that holds {path} has {free} MB left, and about {needed} MB are needed. Make room, then run it again."""

    code = "little-room"


class NoOtherUserError(LocalError):
    """PostgreSQL refuses to run as root, and there is no user {user} to run it as. Run `causeway` as an ordinary user, or name one: CAUSEWAY_POSTGRES_USER=someone."""

    code = "root"


class PartFailedError(LocalError):
    """{part} did not start: {reason}. Its log is {log}."""

    code = "part-failed"


class TruncationError(LocalError):
    """Topic {topic} of {region} was not truncated: {reason}."""

    code = "not-truncated"
