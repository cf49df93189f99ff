"""How long a gateway's port takes to answer a stranger, whether it speaks TLS or plain text, and whether it lets them in or not."""

import asyncio
import ssl
import time

PROTOCOLS = [f"causeway-{number:02}-".ljust(250, "x") for number in range(48)]
"""Offered in the greeting, which makes it 12 kB long: that takes 0.4 s over a link of 250 kbit/s, however little else it carries."""


async def greeted(port: int, *, patience: float) -> float | None:
    """Return how long an answer to a TLS greeting of 12 kB took, seconds: one round trip; None if none came within the patience.

    A gateway between regions answers the greeting of anybody, and turns strangers away only then; one that speaks plain text
    answers that it did not understand.
    """
    began = time.monotonic()
    try:
        async with asyncio.timeout(patience):
            _, writer = await asyncio.open_connection("127.0.0.1", port, ssl=_ANYBODY)
            writer.transport.abort()
    except ssl.SSLEOFError:
        return None
    except ssl.SSLError:
        pass  # that is an answer, too
    except (TimeoutError, OSError):
        return None
    return time.monotonic() - began


def _anybody() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.set_alpn_protocols(PROTOCOLS)
    return context


_ANYBODY = _anybody()
