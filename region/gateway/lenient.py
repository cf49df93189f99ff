"""What programs write that have nothing to say counts as not given: a parameter without a value, null where it means nothing else, no body where nothing must be given.

OpenAPI says so, too: what it forbids is refused.
"""

import functools
from collections.abc import Mapping
from typing import Any, Final, TypeVar, get_args

import msgspec
from starlette.types import ASGIApp, Receive, Scope, Send

from region.gateway.openapi import Described

T = TypeVar("T", bound=msgspec.Struct)

NULL: Final[Mapping[str, str]] = {"type": "null"}
_encoder = msgspec.json.Encoder()


class WithoutEmpty:
    """An ASGI wrapper that takes parameters without a value out of the query of HTTP requests."""

    def __init__(self, app: ASGIApp) -> None:
        """Wrap an app."""
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection of any kind."""
        if scope["type"] == "http" and (query := scope["query_string"]):
            given = b"&".join(one for one in query.split(b"&") if one.partition(b"=")[2])
            scope = {**scope, "query_string": given}
        await self._app(scope, receive, send)


def read(raw: bytes, kind: type[T]) -> T:
    """Read a JSON object.

    Raises:
        msgspec.ValidationError: It has not that form.
        msgspec.DecodeError: It is no JSON.
        UnicodeDecodeError: It is no UTF-8.
        RecursionError: It is nested too deeply.
    """
    if not raw and not any(field.required for field in msgspec.structs.fields(kind)):
        raw = b"{}"
    try:
        return msgspec.json.decode(raw, type=kind)
    except msgspec.ValidationError:
        if (kept := _without_nulls(raw, kind)) is None:
            raise
        return msgspec.json.decode(kept, type=kind)


def describe(operation: dict[str, Any], schemas: Mapping[str, Described]) -> None:
    """Say so in an operation of OpenAPI, and in the schema of its body; may be done again.

    Args:
        operation: Its parameters and its body are changed in place.
        schemas: By name; that of the body is changed in place.
    """
    for parameter in operation.get("parameters", ()):
        if parameter["in"] == "query" and not parameter.get("required"):
            parameter["allowEmptyValue"] = True
    content = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
    reference = content.get("schema", {}).get("$ref", "")
    if not reference:
        return
    schema: dict[str, Any] = schemas[reference.rpartition("/")[2]]
    required = schema.get("required", ())
    operation["requestBody"]["required"] = bool(required)
    for name, described in schema.get("properties", {}).items():
        if name not in required and not _admits_null(described):
            shown = {key: described[key] for key in ("default", "description") if key in described}
            rest = {key: value for key, value in described.items() if key not in shown}
            schema["properties"][name] = {"anyOf": [rest, dict(NULL)], **shown}


def _admits_null(described: Mapping[str, Any]) -> bool:
    """Whether a schema admits null: it says so, or says nothing."""
    return not described or described.get("type") == "null" or any(map(_admits_null, described.get("anyOf", ())))


@functools.cache
def _omissible(kind: type[msgspec.Struct]) -> frozenset[str]:
    """Return the fields for which null says no more than that they are left out."""
    return frozenset(
        field.encode_name
        for field in msgspec.structs.fields(kind)
        if not field.required and type(None) not in get_args(field.type)
    )


def _without_nulls(raw: bytes, kind: type[msgspec.Struct]) -> bytes | None:
    """Return an object without nulls that say nothing; None if it has none."""
    try:
        given = msgspec.json.decode(raw, type=dict[str, msgspec.Raw])
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None
    kept = {name: value for name, value in given.items() if name not in _omissible(kind) or bytes(value) != b"null"}
    return _encoder.encode(kept) if len(kept) < len(given) else None
