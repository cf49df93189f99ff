"""Every endpoint as the region describes it, by schemathesis: right and wrong data, chains of calls, and each answer held against the description."""

from collections.abc import Mapping
from typing import Any, Final

import requests
import schemathesis
from schemathesis import Case
from schemathesis.config import SchemathesisConfig
from schemathesis.core.transport import Response
from schemathesis.engine import events, from_schema
from schemathesis.hooks import HookContext

from chaos.fuzz.tally import Tally, objections
from chaos.fuzz.visitors import Visitor
from chaos.fuzz.wire import PATIENCE, Port

UNAUTHORIZED: Final = 401
NO_CONTENT: Final = 204
PASSES: Final = 40
"""So often is begun anew, with the next seed, until enough was sent."""


def explore(port: Port, visitor: Visitor, tally: Tally, *, seed: int, most: int) -> None:
    """Send about that many requests to a region's public port.

    Args:
        port: Which.
        visitor: In whose name; its devices may be logged out.
        tally: Is told.
        seed: What is sent follows from it, and from what the region answers.
        most: How many requests.
    """
    left = most
    for number in range(PASSES):
        if left <= 0:
            return
        left -= _Pass(port, visitor, tally, seed=seed + 1_000_003 * number, most=left, first=number == 0).run()


class _Pass:
    """One run of schemathesis."""

    def __init__(self, port: Port, visitor: Visitor, tally: Tally, *, seed: int, most: int, first: bool) -> None:
        self._port, self._visitor, self._tally = port, visitor, tally
        self._most, self._sent = most, 0
        self._schema = schemathesis.openapi.from_url(
            f"{port.url}/openapi.json", config=_config(seed, examples=max(1, min(60, most // 40)), coverage=first)
        )
        self._schema.config.update(base_url=port.url)
        self._schema.auth(refresh_interval=None)(self._bearer())
        self._register_hooks()

    def run(self) -> int:
        """Send until enough was sent, or nothing is left to be tried; return how many requests were sent."""
        stream = from_schema(self._schema).execute()
        for event in stream:
            match event:
                case events.ScenarioFinished():
                    self._take(event)
                case events.NonFatalError(label=label, value=value):
                    self._tally.find(f"{self._port.name}: {label}", f"schemathesis: {type(value).__name__}", str(value))
                case events.FatalError(exception=exception):
                    raise exception
            if self._sent >= self._most:
                stream.stop()
        return self._sent

    def _register_hooks(self) -> None:
        """Register functions, since schemathesis writes attributes on what it is given."""

        def after_call(context: HookContext, case: "Case[Any]", response: Response) -> None:
            self._after_call(case, response)

        def after_network_error(context: HookContext, case: "Case[Any]", request: requests.PreparedRequest) -> None:
            self._after_failure(case, request)

        self._schema.hook(after_call)
        self._schema.hook(after_network_error)

    def _bearer(self) -> type:
        visitor = self._visitor

        class Bearer:
            """Gives each call a token that is good when the call begins."""

            def get(self, case: "Case[Any]", ctx: object) -> str:
                return visitor.token()

            def set(self, case: "Case[Any]", data: str, ctx: object) -> None:
                case.headers["Authorization"] = f"Bearer {data}"

        return Bearer

    def _after_call(self, case: "Case[Any]", response: Response) -> None:
        self._sent += 1
        status, body = response.status_code, response.content or b""
        told = None if case.method.upper() == "HEAD" else body
        self._tally.answered(f"{self._port.name}, OpenAPI", str(status))
        where = f"{self._port.name}: {case.method} {case.path}"
        for objection in objections(status, _flat(response.headers), told):
            self._tally.find(where, objection, _sample(response.request))
        revoked = status == UNAUTHORIZED and b'"revoked"' in body
        if revoked or (status == NO_CONTENT and case.method in {"POST", "DELETE", "PUT"}):
            self._visitor.spoil()

    def _after_failure(self, case: "Case[Any]", request: requests.PreparedRequest) -> None:
        self._sent += 1
        self._tally.answered(f"{self._port.name}, OpenAPI", "none")
        self._tally.find(
            f"{self._port.name}: {case.method} {case.path}",
            f"no answer within {PATIENCE:.0f} s, or cut",
            _sample(request),
        )

    def _take(self, event: events.ScenarioFinished) -> None:
        for checks in event.recorder.checks.values():
            for check in checks:
                if check.failure_info is not None:
                    failure = check.failure_info.failure
                    where = f"{self._port.name}: {event.label}"
                    what = f"{check.name}: {failure.title}: {' '.join(failure.message.split())[:200]}"
                    self._tally.find(where, what, check.failure_info.code_sample)


def _config(seed: int, *, examples: int, coverage: bool) -> SchemathesisConfig:
    settings: dict[str, object] = {
        "seed": seed,
        "continue-on-failure": True,
        "request-timeout": PATIENCE,
        "generation": {"max-examples": examples, "no-shrink": True, "database": "none"},
        # Rules between fields (either recipient or conversation) and of cursors cannot be said in a schema.
        "checks": {"positive_data_acceptance": {"enabled": False}},
        "phases": {"examples": {"enabled": coverage}, "coverage": {"enabled": coverage}, "stateful": {"max-steps": 8}},
    }
    return SchemathesisConfig.from_dict(settings)


def _flat(headers: Mapping[str, list[str]]) -> dict[str, str]:
    return {name.lower(): values[0] for name, values in headers.items()}


def _sample(request: requests.PreparedRequest) -> str:
    body = request.body if isinstance(request.body, bytes) else str(request.body or "").encode()
    return f"{request.method} {request.url} {body[:200]!r}"
