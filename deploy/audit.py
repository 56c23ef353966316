"""What can be said about the dependencies without the internet: every one pinned, with its hashes, and none known to be bad when this version was made.

    python deploy/audit.py [REQUIREMENTS ...]

`make audit` asks a public database of vulnerabilities besides.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path

from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parent.parent
KNOWN_BAD = Path(__file__).with_name("known-bad.json")


def findings(requirements: str, known_bad: list[dict[str, str]]) -> Iterator[str]:
    """One sentence for each requirement that is not pinned, has no hash, comes from elsewhere, or is known to be bad."""
    for block in _blocks(requirements):
        text = re.split(r"\s+\\?\s*--hash", block, maxsplit=1)[0].rstrip(" \\\n")
        try:
            requirement = Requirement(text)
        except InvalidRequirement:
            yield f"{text.split()[0]} is no plain requirement."
            continue
        pins = [specifier for specifier in requirement.specifier if specifier.operator == "=="]
        if requirement.url or len(pins) != 1 or len(requirement.specifier) != 1 or pins[0].version.endswith("*"):
            yield f"{requirement.name} is not pinned to one version."
            continue
        if "--hash=sha256:" not in block:
            yield f"{requirement.name} {pins[0].version} has no hash."
        for advisory in known_bad:
            if canonicalize_name(requirement.name) == advisory["package"] and SpecifierSet(advisory["versions"]).contains(pins[0].version, prereleases=True):
                yield f"{requirement.name} {pins[0].version} is known to be bad: {advisory['id']}."


def _blocks(requirements: str) -> Iterator[str]:
    """Each requirement with its continuation lines; comments left out."""
    lines = [line for line in requirements.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    block = ""
    for line in lines:
        if block and not line.startswith((" ", "\t")):
            yield block
            block = ""
        block += f"{line}\n"
    if block:
        yield block


def main(paths: list[str]) -> int:
    """Print what was found; 1 when there was anything."""
    known = json.loads(KNOWN_BAD.read_text(encoding="utf-8"))
    files = [Path(path) for path in paths] or [ROOT / "requirements.txt", ROOT / "requirements-test.txt"]
    found = [f"{file.name}: {finding}" for file in files for finding in findings(file.read_text(encoding="utf-8"), known["advisories"])]
    print("\n".join(found) or f"Every dependency is pinned with its hashes, and none was known to be bad on {known['as_of']}.")
    print("`make audit` asks for what became known since (needs the internet).")
    return 1 if found else 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
