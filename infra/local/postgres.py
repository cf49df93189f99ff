"""PostgreSQL for a region's store or the directory: described here, made from a template cluster, run as another user when we are root."""

import os
import pwd
import shutil
import signal
import subprocess
from pathlib import Path

from infra.local.errors import LocalError, NoOtherUserError, StaleHomeError
from infra.local.parts import Admits, Part

DATABASE = "causeway"
MAJOR = "18"
SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "max_connections": "100",
    "shared_buffers": "64MB",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "max_logical_replication_workers": "0",
    "max_wal_size": "512MB",
    "checkpoint_timeout": "15min",
    "jit": "off",
    "log_checkpoints": "off",
    # No detail, no context and no statement: they show rows, and so what people write to each other.
    "log_error_verbosity": "terse",
    "log_min_error_statement": "panic",
    "autovacuum_vacuum_cost_delay": "20ms",  # default 2 ms, which takes half as much again of a small machine while it lasts
}
PUBLISHES = {
    "wal_level": "logical",
    "max_wal_senders": "8",
    "max_replication_slots": "8",
}
"""What a store needs besides that is copied: one sender and one slot for the copy, and for each table that is being copied."""
SUBSCRIBES = {
    "max_logical_replication_workers": "8",
    "max_worker_processes": "16",
    "wal_retrieve_retry_interval": "1s",  # default 5 s: so long a copy rests after a connection that failed
}
"""What a server needs besides that keeps copies."""
KEEPS = "2GB"
"""So many changes a store keeps for a standby that is away; then that one has to begin anew."""


def postgres_part(
    name: str,
    *,
    bin_directory: Path,
    data: Path,
    log: Path,
    port: int,
    publishes: bool = False,
    subscribes: bool = False,
    keeps: str = KEEPS,
) -> Part:
    """Describe one PostgreSQL server on the data directory; its database and its user are both `causeway`.

    Args:
        name: Of the part.
        bin_directory: Where its programs are.
        data: Its data directory.
        log: Where its output goes.
        port: Where it listens.
        publishes: Whether its changes are copied by a standby.
        subscribes: Whether it keeps copies of other stores.
        keeps: How many changes it keeps for a standby that is away.
    """
    own = SETTINGS | {"port": str(port)}
    own |= PUBLISHES | {"max_slot_wal_keep_size": keeps} if publishes else {}
    own |= SUBSCRIBES if subscribes else {}
    settings = (word for key, value in own.items() for word in ("-c", f"{key}={value}"))
    return Part(
        name,
        "postgres",
        (str(bin_directory / "postgres"), "-D", str(data), *settings),
        data,
        log,
        Admits(port),
        ports={"postgres": port},
        stop_signal=signal.SIGINT,  # the fast shutdown; SIGTERM would wait for every client to leave
        discard_signal=signal.SIGQUIT,  # at once, but it gives its shared memory back
        unprivileged=True,
    )


def url(port: int, database: str = DATABASE) -> str:
    """Return the URL of a database of the server on that port."""
    return f"postgresql://causeway@127.0.0.1:{port}/{database}"


def other_user() -> pwd.struct_passwd | None:
    """Return the user to run PostgreSQL as; None when we are not root and need no other.

    Raises:
        NoOtherUserError: We are root and the user does not exist.
    """
    if os.geteuid() != 0:
        return None
    name = os.environ.get("CAUSEWAY_POSTGRES_USER", "nobody")
    try:
        return pwd.getpwnam(name)
    except KeyError:
        raise NoOtherUserError(user=name) from None


def hand_over(path: Path, user: pwd.struct_passwd | None) -> None:
    """Give a directory with all that is in it to the user."""
    if user is None:
        return
    for parent, _, files in os.walk(path):
        os.chown(parent, user.pw_uid, user.pw_gid)
        for name in files:
            os.chown(os.path.join(parent, name), user.pw_uid, user.pw_gid, follow_symlinks=False)  # noqa: PTH118  # as os.walk gives it


def make_template(bin_directory: Path, template: Path, user: pwd.struct_passwd | None) -> None:
    """Make the cluster that every other one is copied from: a second once, instead of a second each.

    Raises:
        LocalError: initdb failed; the message has its last line.
    """
    shutil.rmtree(template, ignore_errors=True)
    template.mkdir(parents=True, mode=0o700)
    hand_over(template, user)
    options = [
        "-U",
        "causeway",
        "-A",
        "trust",
        "-E",
        "UTF8",
        "--locale-provider=builtin",
        "--builtin-locale=C.UTF-8",
        "--locale=C",
        "--no-sync",
    ]
    _run([str(bin_directory / "initdb"), "-D", str(template), *options], template, user)
    _run(
        [str(bin_directory / "postgres"), "--single", "-D", str(template), "postgres"],
        template,
        user,
        f"CREATE DATABASE {DATABASE}\n",
    )


def prepare(part: Part, template: Path, user: pwd.struct_passwd | None) -> None:
    """Make the part's data directory unless it is there.

    A server that publishes no more refuses to start while it keeps changes for somebody: it keeps them no more.

    Raises:
        StaleHomeError: It was made by another major version, or half.
    """
    version = part.directory / "PG_VERSION"
    if not part.directory.exists():
        part.directory.parent.mkdir(parents=True, exist_ok=True)
        fresh = part.directory.with_name(part.directory.name + ".new")
        shutil.rmtree(fresh, ignore_errors=True)
        shutil.copytree(template, fresh)
        hand_over(fresh, user)
        fresh.rename(part.directory)
        return
    found = version.read_text().strip() if version.exists() else "nothing"
    if found != MAJOR:
        raise StaleHomeError(home=part.directory, reason=f"it was made by PostgreSQL {found}, and this is {MAJOR}")
    if "wal_level=logical" not in part.argv:
        for slot in (part.directory / "pg_replslot").iterdir():
            shutil.rmtree(slot)


def _run(command: list[str], cwd: Path, user: pwd.struct_passwd | None, text: str = "") -> None:
    done = subprocess.run(
        command,
        cwd=cwd,
        input=text,
        text=True,
        capture_output=True,
        check=False,
        env={"PATH": os.environ.get("PATH", ""), "LC_ALL": "C"},
        user=user.pw_uid if user else None,
        group=user.pw_gid if user else None,
        extra_groups=[] if user else None,
    )
    if done.returncode != 0:
        lines = (done.stderr or done.stdout).strip().splitlines() or ["it said nothing"]
        raise LocalError(reason=f"{Path(command[0]).name} failed: {lines[-1]}")
