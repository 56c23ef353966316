"""Damaged files: does each get a message of its own, is every whole record before the damage kept, does anything crash?

    python -m benchmarks.intake.damage

The files are those that the tests make.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

from gvrc.errors import GvrcError
from gvrc.model.source import Damage, SourceFile
from gvrc.sources.detect import detect
from gvrc.stages.extract import extract
from tests.sources.test_damaged_files import CASES, Case


def outcome(path: Path, case: Case) -> str:
    """What became of one file: told, lost or crashed."""
    try:
        detection = detect(path, path.name)
        rows = list(extract(SourceFile(name=path.name, sha256="", size_bytes=path.stat().st_size, path=path, kind=detection.kind), detection))
    except GvrcError as error:
        return "told" if case.refused and case.told in error.detail and error.hint else "lost"
    except Exception:
        return "crashed"
    damages = [row for row in rows if isinstance(row, Damage)]
    is_right = len(rows) - len(damages) == len(case.kept) and bool(damages) == bool(case.told) and all(case.told in damage.detail and damage.hint for damage in damages)
    return "told" if is_right else "lost"


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        outcomes = {}
        for name, case in CASES.items():
            path = Path(folder) / name
            path.write_bytes(case.content)
            outcomes[name] = outcome(path, case)
    damaged = [name for name, case in CASES.items() if case.told]
    told = sum(outcomes[name] == "told" for name in damaged)
    print(f"| damaged files | {told} of {len(damaged)} with a message and every whole record | bar: 60 kinds |")
    print(f"| crashes | {sum(result == 'crashed' for result in outcomes.values())} | bar: 0 |")
    print(f"| odd but whole files | {sum(outcomes[name] == 'told' for name in outcomes if name not in damaged)} of {len(outcomes) - len(damaged)} read whole |")


if __name__ == "__main__":
    main()
