"""Writes what the gateway says of its own API, without running one: the web app's types are generated from it.

python -m region.gateway.describing DIRECTORY      # writes openapi.json and asyncapi.json there
"""

import asyncio
import sys
import tempfile
from pathlib import Path
from typing import Final

import httpx
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from global_directory.client import DirectoryClient
from infra.health import Health
from region.accounts.keyring import Keyring
from region.gateway.service import Gateway
from region.gateway.settings import GatewaySettings

NAMES: Final = ("openapi.json", "asyncapi.json")
NOBODY: Final = "http://127.0.0.1:1"
SETTINGS: Final = {
    "INSTANCE": "describing",
    "ADMIN_PORT": "0",
    "REGION": "us",
    "REGIONS": "us",
    "PARTITIONS": "1",
    "KAFKA": "127.0.0.1:1",
    "STORE": "postgresql://nobody@127.0.0.1:1/nothing",
    "REDIS": "redis://127.0.0.1:1/0",
    "DIRECTORY": NOBODY,
    "GATEWAY_PORT": "0",
    "GATEWAY_URL": NOBODY,
    "PUBLIC_URL": NOBODY,
}
"""A gateway is composed of these and never run: it connects to nothing."""


async def describe(key: Path) -> dict[str, bytes]:
    """Return the descriptions by their files' names.

    Args:
        key: A signing key of nobody's.
    """
    values = {name.lower(): value for name, value in SETTINGS.items()}
    settings = GatewaySettings(**values, signing_key=key, _env_file=None)  # type: ignore[call-arg, arg-type]  # pydantic reads texts
    keyring = Keyring(settings.region, key, lifetime=settings.refresh_seconds)
    async with DirectoryClient(settings.directory) as nobody:
        transport = httpx.ASGITransport(Gateway(settings, keyring, nobody, Health()).app)
        async with httpx.AsyncClient(transport=transport, base_url=NOBODY) as client:
            return {name: (await client.get(f"/{name}")).raise_for_status().content for name in NAMES}


def main() -> None:
    """Write them to the directory that the command line names."""
    directory = Path(sys.argv[1])
    directory.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch:
        key = Path(scratch) / "key.pem"
        made = Ed25519PrivateKey.generate()
        key.write_bytes(made.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        for name, content in asyncio.run(describe(key)).items():
            (directory / name).write_bytes(content)


if __name__ == "__main__":
    main()
