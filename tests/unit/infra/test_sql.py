"""SQL is put together of constants of its own module alone: no value of a request ever becomes a part of a statement."""

import ast
from pathlib import Path

ROOT = Path(__file__).parents[3]
FOLDERS = ("region", "relay", "global-directory", "replication", "infra", "chaos")
VERBS = ("SELECT ", "INSERT ", "UPDATE ", "DELETE ", "WITH ", " FROM ", " WHERE ", " JOIN ")

EXCEPTIONS = {"region/client/stores.py": ["table"]}
"""What is put in all the same: a device's own file is emptied table by table, whose names stand beside the statement."""


def holes(source: str) -> list[str]:
    """Return what is put into statements and is no constant of the module."""
    tree = ast.parse(source)
    constants = {
        target.id
        for node in tree.body
        for target in (
            node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
        )
        if isinstance(target, ast.Name)
    }
    return [
        ast.unparse(hole.value)
        for statement in ast.walk(tree)
        if isinstance(statement, ast.JoinedStr) and any(verb in _fixed(statement) for verb in VERBS)
        for hole in statement.values
        if isinstance(hole, ast.FormattedValue) and not _of_constants(hole.value, constants)
    ]


def _fixed(statement: ast.JoinedStr) -> str:
    return "".join(str(part.value) for part in statement.values if isinstance(part, ast.Constant))


def _of_constants(value: ast.expr, constants: set[str]) -> bool:
    """Whether it is a constant, or made of constants by joining."""
    names = {node.id for node in ast.walk(value) if isinstance(node, ast.Name)}
    bound = {
        node.target.id
        for node in ast.walk(value)
        if isinstance(node, ast.comprehension) and isinstance(node.target, ast.Name)
    }
    return names - bound <= constants


def test_statements_are_made_of_constants() -> None:
    """Values are bound, never written into a statement."""
    found = {
        str(path.relative_to(ROOT)): holes(path.read_text())
        for folder in FOLDERS
        for path in (ROOT / folder).rglob("*.py")
    }

    assert {path: put for path, put in found.items() if put and put != EXCEPTIONS.get(path)} == {}
    assert len(found) > 100


def test_a_value_in_a_statement_is_found() -> None:
    """Otherwise this would prove nothing."""
    planted = """
TABLE = "users"
async def find(connection, handle):
    await connection.execute(f"SELECT * FROM {TABLE} WHERE handle = '{handle}'")
"""
    assert holes(planted) == ["handle"]
