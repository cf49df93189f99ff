"""`causeway operator`: who may act on a deployment, and logging in as one of them.

A password is typed where nobody sees it, or comes in a line on standard input: never in an argument.
"""

import asyncio
import getpass
import sys
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, TypeVar

import typer
from rich.console import Console
from rich.table import Table

from global_directory.operators import session
from global_directory.operators.client import OperatorsClient
from global_directory.operators.errors import NotLoggedInError
from global_directory.operators.verbs import LEAST_PASSWORD, check_name, check_password, read_role
from global_directory.place import where
from infra.errors import InvalidFieldError

T = TypeVar("T")
app = typer.Typer(
    no_args_is_help=True,
    help="Who may act on this deployment, and as whom you do. What they did stands in `causeway audit list`.",
)
console = Console(highlight=False, width=None if Console().is_terminal else 140)
Name = Annotated[str, typer.Argument(help="An operator, such as ada.", show_default=False)]
Role = Annotated[str, typer.Option(help="viewer, operator or admin.")]
Key = Annotated[
    Path | None,
    typer.Option(
        help="The deployment's key, for the first admin, or when all have gone: what the directory's CAUSEWAY_OPERATOR_KEY names.",
        show_default=False,
    ),
]


@app.command()
def login(name: Name) -> None:
    """Log in; the session lies in a file that only you may read, and ends by itself.

    Example: causeway operator login ada
    """
    kept = asyncio.run(session.login(name, _password(twice=False)))
    until = datetime.fromtimestamp(kept.expires_at, UTC).strftime("%H:%M UTC")
    console.print(f"{kept.name} is logged in as {kept.role}, until {until}.")


@app.command()
def logout() -> None:
    """End your sessions, on all machines; what you have begun can do nothing more that the directory is asked for.

    Example: causeway operator logout
    """
    kept = session.read_kept()
    if kept is None:
        console.print("Nobody is logged in here.")
        return
    try:
        _ask(lambda client: client.logout(), kept.session)
    except NotLoggedInError:
        console.print("The session had ended already.")
    finally:
        session.forget()
    console.print(f"{kept.name} is logged out.")


@app.command()
def add(name: Name, *, role: Role = "operator", key: Key = None) -> None:
    """Make a new operator, whose password you choose now, and they change.

    Examples: causeway operator add ada --role admin; causeway operator add ada --role admin --key /etc/causeway/operator-key.pem
    """
    check_name(name)
    read_role(role)
    password = _password(twice=True)
    _ask(lambda client: client.add(name, role, password), _shown(key))
    console.print(f"{name} is {role}. They log in by: causeway operator login {name}")


@app.command("list")
def list_operators(*, key: Key = None) -> None:
    """List the operators.

    Example: causeway operator list
    """
    found = _ask(lambda client: client.operators(), _shown(key))
    table = Table("operator", "role", "since", "made by", box=None, header_style="bold")
    for one in found:
        since = datetime.fromtimestamp(one.added_at / 1e6, UTC).strftime("%Y-%m-%d")
        table.add_row(one.name, one.role, since, one.added_by)
    console.print(table if found else "There are no operators yet. The first: causeway operator add NAME --role admin")


@app.command("role")
def set_role(
    name: Name, role: Annotated[str, typer.Argument(help="viewer, operator or admin.")], *, key: Key = None
) -> None:
    """Let an operator do more, or less, at once.

    Example: causeway operator role ada viewer
    """
    _ask(lambda client: client.set_role(name, role), _shown(key))
    console.print(f"{name} is {role}.")


@app.command("password")
def set_password(name: Name, *, key: Key = None) -> None:
    """Give yourself, or as an admin somebody, a new password; their sessions end. Your own takes the present one first.

    Example: causeway operator password ada
    """
    kept = session.read_kept()
    own = key is None and kept is not None and kept.name == name
    old = _password(twice=False, what="Present password") if own else ""
    password = _password(twice=True)
    _ask(lambda client: client.set_password(name, password, old=old), _shown(key))
    console.print(f"{name} has a new password, and logs in anew.")


@app.command()
def remove(name: Name, *, key: Key = None) -> None:
    """Remove an operator, at once; what they did stays in the audit log.

    Example: causeway operator remove ada
    """
    _ask(lambda client: client.remove(name), _shown(key))
    console.print(f"{name} is no operator any more.")


def _shown(key: Path | None) -> str:
    return session.session() if key is None else session.by_key(key)


def _ask(question: Callable[[OperatorsClient], Awaitable[T]], shown: str) -> T:
    async def run() -> T:
        url, tls = where()
        async with OperatorsClient(url, tls=tls, token=shown) as client:
            return await question(client)

    return asyncio.run(run())


def _password(*, twice: bool, what: str = "Password") -> str:
    """Return a password that was typed unseen, or came in a line on standard input.

    Raises:
        InvalidFieldError: A new one is too short, or was not typed alike.
    """
    if not sys.stdin.isatty():
        typed = sys.stdin.readline().rstrip("\n")
    else:
        typed = getpass.getpass(f"New password ({LEAST_PASSWORD} characters or more): " if twice else f"{what}: ")
        if twice and getpass.getpass("The same again: ") != typed:
            raise InvalidFieldError(field="password", reason="both were not the same")
    if twice:
        check_password(typed)
    return typed
