"""What commands print for scripts."""

import msgspec
import typer


def print_json(value: object) -> None:
    """Print something as JSON, for people to read too.

    Args:
        value: Whatever msgspec encodes.
    """
    typer.echo(msgspec.json.format(msgspec.json.encode(value), indent=2).decode())
