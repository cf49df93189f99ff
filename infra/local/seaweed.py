"""A region's blob store: SeaweedFS, which speaks S3, on loopback; bounded in memory and on disk."""

from collections.abc import Mapping
from pathlib import Path

import msgspec

from infra.local.parts import Answers, Part

MEMORY = "400MiB"
"""What its collector keeps to. It holds 230 MB when idle, most of it pages that were never touched; a limit below that has it collect without a pause."""
VOLUMES = "64"
VOLUME_MEGABYTES = "128"
"""Together the most that a region keeps on disk. A bucket takes seven volumes as soon as something lies in it; with too few, writes to one more fail."""


def blobs_part(name: str, *, program: Path, directory: Path, log: Path, ports: Mapping[str, int]) -> Part:
    """Describe one SeaweedFS with all of its roles in one process.

    Args:
        name: Of the part.
        program: `weed`.
        directory: Its data.
        log: Where its output goes.
        ports: Of its roles: `s3`, and those that only it uses itself.
    """
    identities = identities_of(directory)
    options = {
        "dir": str(directory),
        "ip": "127.0.0.1",
        "ip.bind": "127.0.0.1",
        "master.port": str(ports["master"]),
        "master.port.grpc": str(ports["master-grpc"]),
        "master.volumeSizeLimitMB": VOLUME_MEGABYTES,
        "master.telemetry": "false",
        "volume.port": str(ports["volume"]),
        "volume.port.grpc": str(ports["volume-grpc"]),
        "volume.max": VOLUMES,
        "volume.minFreeSpace": "50MiB",
        "volume.preStopSeconds": "0",
        "filer": "true",
        "filer.port": str(ports["filer"]),
        "filer.port.grpc": str(ports["filer-grpc"]),
        "s3": "true",
        "s3.port": str(ports["s3"]),
        "s3.port.grpc": str(ports["s3-grpc"]),
        "s3.port.iceberg": "0",
        "s3.port.lance": "0",
        "s3.iam": "false",
        "s3.readerCacheSizeMB": "32",
        "s3.config": str(identities),
    }
    argv = (str(program), "-logtostderr=true", "server", *(f"-{key}={value}" for key, value in options.items()))
    return Part(
        name,
        "blobs",
        argv,
        directory,
        log,
        Answers(ports["s3"], "/healthz"),
        env={"GOMEMLIMIT": MEMORY},
        ports=ports,
    )


def identities_of(directory: Path) -> Path:
    """Return where SeaweedFS reads who may do what; beside its data, so that it is wiped with it."""
    return directory / "identities.json"


class _Key(msgspec.Struct, rename="camel"):
    access_key: str
    secret_key: str


class _Identity(msgspec.Struct):
    name: str
    credentials: list[_Key]
    actions: tuple[str, ...] = ("Admin", "Read", "Write", "List", "Tagging")


class _Identities(msgspec.Struct):
    identities: list[_Identity]


def identities(access_key: str, secret_key: str) -> bytes:
    """Return the content of that file for one who may do everything; nobody else may do anything."""
    return msgspec.json.encode(_Identities([_Identity("causeway", [_Key(access_key, secret_key)])]))
