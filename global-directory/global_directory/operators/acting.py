"""What an operator's command begins and ends with: it asks the directory whether it may, and tells it how it ended.

with operation("evacuate", region, why=why, confirm=confirm) as acting:
    ...  # whatever a DirectoryClient asks meanwhile shows the pass
"""

import asyncio
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Annotated

import typer

from global_directory.operators.carried import PASS
from global_directory.operators.client import OperatorsClient
from global_directory.operators.schemas import OperationEnd, OperationRequest
from global_directory.operators.session import new_operation_id, session
from global_directory.operators.verbs import VERBS
from global_directory.place import where
from infra.errors import CausewayError

Why = Annotated[str, typer.Option(help="The reason, for the audit log.")]
Confirm = Annotated[
    str, typer.Option(help="The same name again, for scripts; at a terminal it is asked for.", show_default=False)
]


@dataclass(slots=True)
class Acting:
    """An operation that goes on.

    Attributes:
        operation_id: Its id in the trace.
        who: The operator.
        token: The pass.
        detail: What is to stand in the trace besides that it was done; commands may set it.
    """

    operation_id: str
    who: str
    token: str = field(repr=False)
    detail: str = ""


def ask(verb: str, target: str, confirm: str) -> str:
    """Return what confirms an operation: what was given, or what is typed at a terminal, if it is needed; empty if nothing was.

    Args:
        verb: What; one of `verbs.VERBS`.
        target: To what.
        confirm: The target's name again, if it was given.
    """
    if confirm or not VERBS[verb].destructive or not sys.stdin.isatty():
        return confirm
    typed: str = typer.prompt(f"To confirm `{verb}`, type {target}", default="", show_default=False, err=True)
    return typed


@contextmanager
def operation(verb: str, target: str, *, why: str = "", confirm: str = "", asks: bool = True) -> Iterator[Acting]:
    """Ask whether something may be done, and tell afterwards how it ended.

    Args:
        verb: What; one of `verbs.VERBS`.
        target: To what.
        why: For the trace.
        confirm: The target's name again; asked for at a terminal, if it is needed.
        asks: Whether it is asked for; not, where `ask` has.

    Raises:
        CausewayError: It is refused, with the reason, and nothing was done; or the directory cannot be asked.
    """
    confirm = ask(verb, target, confirm) if asks else confirm
    acting = asyncio.run(_begin(session(), OperationRequest(new_operation_id(), verb, target, why, confirm.strip())))
    carried = PASS.set(acting.token)
    try:
        yield acting
    except typer.Exit as error:
        _tell(acting, done=error.exit_code == 0, detail=acting.detail)
        raise
    except BaseException as error:
        said = str(error) if isinstance(error, CausewayError) else type(error).__name__
        _tell(acting, done=False, detail=said)
        raise
    finally:
        PASS.reset(carried)
    _tell(acting, done=True, detail=acting.detail)


async def _begin(shown: str, wanted: OperationRequest) -> Acting:
    url, tls = where()
    async with OperatorsClient(url, tls=tls, token=shown) as client:
        granted = await client.begin(wanted)
    return Acting(granted.operation_id, granted.who, granted.token)


def _tell(acting: Acting, *, done: bool, detail: str) -> None:
    try:
        asyncio.run(_end(acting, OperationEnd(done, detail)))
    except CausewayError as error:
        outcome = "it was done" if done else "it was not done to its end"
        print(f"The trace of {acting.operation_id} could not be ended ({error}); {outcome}.", file=sys.stderr)  # noqa: T201


async def _end(acting: Acting, ended: OperationEnd) -> None:
    url, tls = where()
    async with OperatorsClient(url, tls=tls, token=acting.token) as client:
        await client.end(acting.operation_id, ended)
