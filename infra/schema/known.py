"""Finds the schemas of the installed components by name, in the entry point group `causeway.schemas`: this package imports none of them."""

from importlib.metadata import entry_points
from typing import Final

from infra.schema.revisions import Schema, SchemaError

GROUP: Final = "causeway.schemas"


class UnknownSchemaError(SchemaError):
    """No installed component brings a schema named {name}. Run `causeway` once from its own directory, which installs it."""

    code = "unknown-schema"


def find_schema(name: str) -> Schema:
    """Return the schema of that name, `region` or `directory`.

    Raises:
        UnknownSchemaError: There is none.
    """
    for entry in entry_points(group=GROUP, name=name):
        schema: Schema = entry.load()
        return schema
    raise UnknownSchemaError(name=name)
