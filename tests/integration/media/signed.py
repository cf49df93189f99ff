"""What a device does at signed addresses."""

import httpx

from infra.tls import public


async def put(url: str, content: bytes, type_: str = "") -> httpx.Response:
    """Put bytes to a signed address, as a device does."""
    async with httpx.AsyncClient(verify=public(), timeout=30) as client:
        return await client.put(url, content=content, headers={"Content-Type": type_} if type_ else {})


async def get(url: str, **headers: str) -> httpx.Response:
    """Get bytes from a signed address."""
    async with httpx.AsyncClient(verify=public(), timeout=30) as client:
        return await client.get(url, headers=headers)
