"""The AsyncAPI description of the WebSocket, made from the frames' own types, so that it says what is decoded and encoded."""

from functools import cache
from typing import Final, TypeAlias, get_args

import msgspec

from region.gateway.frames import DeviceFrame, RegionFrame

Described: TypeAlias = dict[str, object]

DESCRIPTION: Final = """
One WebSocket for each device, at `/ws` of any region's public URL. Each WebSocket message is a text message of at most 64 KiB with one JSON object,
whose `type` names it. `hello` must be first; what was missed follows, then `welcome`, then what is new. See `/openapi.json` for HTTP.
Fields that you do not know: ignore them.
"""

CLOSE_CODES: Final = """
Close codes: 4400 the hello was malformed, missing or late · 4401 the token is not good, or the device was logged out · 4408 it took too little for too
long · 4429 too often; an error before it says how long to stay away · 4421 another region is in charge since now (the reason is JSON) · 1001 the gateway stops · 1009 a message of more than 64 KiB · 1012 resynchronise ·
1013 try again later.
"""


@cache
def describe(title: str, version: str) -> bytes:
    """Return the document, as JSON.

    Args:
        title: Of the application.
        version: Of the application.
    """
    devices, regions = kinds(DeviceFrame), kinds(RegionFrame)
    _, schemas = msgspec.json.schema_components(
        (*devices.values(), *regions.values()), ref_template="#/components/schemas/{name}"
    )
    document: Described = {
        "asyncapi": "3.0.0",
        "info": {"title": title, "version": version, "description": DESCRIPTION.strip()},
        "defaultContentType": "application/json",
        "channels": {"socket": _channel([*devices, *regions])},
        "operations": {
            "fromDevice": _operation("receive", devices, "What devices send."),
            "fromRegion": _operation("send", regions, "What the region sends."),
        },
        "components": {
            "messages": {name: _message(name, kind) for name, kind in (devices | regions).items()},
            "schemas": schemas,
            "securitySchemes": {
                "bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"},
                "query": {
                    "type": "httpApiKey",
                    "name": "access_token",
                    "in": "query",
                    "description": "For browsers, which cannot set headers of a WebSocket.",
                },
            },
        },
    }
    return msgspec.json.encode(document)


def kinds(union: object) -> dict[str, type[msgspec.Struct]]:
    """Return the frames of a union by the `type` that names them."""
    found = {kind.__struct_config__.tag: kind for kind in get_args(union)}
    assert all(isinstance(tag, str) for tag in found)
    return found


def _channel(names: list[str]) -> Described:
    return {
        "address": "/ws",
        "description": CLOSE_CODES.strip(),
        "messages": {name: {"$ref": f"#/components/messages/{name}"} for name in names},
        "bindings": {
            "ws": {
                "method": "GET",
                "query": {
                    "type": "object",
                    "properties": {"access_token": {"type": "string", "description": "Unless the header has it."}},
                },
                "bindingVersion": "0.1.0",
            }
        },
    }


def _operation(action: str, frames: dict[str, type[msgspec.Struct]], summary: str) -> Described:
    return {
        "action": action,
        "summary": summary,
        "channel": {"$ref": "#/channels/socket"},
        "messages": [{"$ref": f"#/channels/socket/messages/{name}"} for name in frames],
        "security": [{"$ref": f"#/components/securitySchemes/{scheme}"} for scheme in ("bearer", "query")],
    }


def _message(name: str, kind: type[msgspec.Struct]) -> Described:
    return {
        "name": name,
        "summary": (kind.__doc__ or "").split("\n", maxsplit=1)[0],
        "contentType": "application/json",
        "payload": {"$ref": f"#/components/schemas/{kind.__name__}"},
    }
