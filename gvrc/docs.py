"""`make docs`: the pages of `docs/` that are made from the program itself. A test fails when one of them is out of date."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterable, Mapping, Sequence

from gvrc.checks.catalogue import CATALOGUE
from gvrc.cli.main import build_parser
from gvrc.settings import PROJECT_DIR, Settings

DOCS_DIR = PROJECT_DIR / "docs"
MADE = "<!-- made by `make docs`; change the program, not this page -->"


def main() -> int:
    """Write every generated page."""
    for name, make in GENERATED.items():
        (DOCS_DIR / name).write_text(make(), encoding="utf-8")
    return 0


def issues_page() -> str:
    """Every kind of issue that GVRC tells of."""
    rows = [
        (f"`{issue.code}`", issue.title, issue.severity.value, issue.dimension.value, issue.stage, "yes" if issue.asks else "when short" if issue.asks_when_short else "", issue.description)
        for issue in sorted(CATALOGUE.values(), key=lambda issue: issue.code)
    ]
    text = (
        "Bad data is an issue: counted, shown, mended. *Asks* marks the kinds that a person must answer before the record may be committed. Of a record that "
        "waits for review for its quality score alone, every issue with a suggestion is asked too, and a kind marked *when short* even without one."
    )
    return _page("Issues", text, _table(("code", "title", "severity", "dimension", "stage", "asks", "what it means"), rows))


def settings_page() -> str:
    """Every setting."""
    rows = [(f"`GVRC_{name.upper()}`", _default(name), field.description or "") for name, field in Settings.model_fields.items()]
    text = (
        "Defaults, then a YAML file (`--config`, or named by `GVRC_CONFIG`, with the same names in lower case and without `GVRC_`), then the "
        "environment, where a secret may also be a file named by `GVRC_..._FILE`, then `.env`."
    )
    return _page("Settings", text, _table(("setting", "default", "what it does"), rows))


def commands_page() -> str:
    """Every command with its arguments."""
    parts = [f"## gvrc {name}\n\n{sub.description}\n\n{_arguments(sub)}" for name, sub in _subparsers(build_parser()).items()]
    text = (
        "`python -m gvrc COMMAND`, or `gvrc COMMAND` once installed. Every command takes `--json` (machine-readable output on stdout; logs go to stderr), "
        "`--as USER` (default: the operating system's user, made a local administrator by `gvrc init`), `--config F` and `--strict`. "
        "Exit codes: 0 done, whatever was found; 1 done with findings, only under `--strict`; 2 wrong use or configuration; 3 failed."
    )
    return _page("Commands", text, "\n".join(parts))


GENERATED: Mapping[str, Callable[[], str]] = {"issues.md": issues_page, "settings.md": settings_page, "commands.md": commands_page}
"""Page of `docs/` → what makes it."""

_COMMON = frozenset({"help", "json", "as_user", "config", "strict"})


def _subparsers(parser: argparse.ArgumentParser) -> dict[str, argparse.ArgumentParser]:
    action = next(action for action in parser._actions if isinstance(action, argparse._SubParsersAction))
    return dict(action.choices)


def _arguments(parser: argparse.ArgumentParser) -> str:
    rows = [
        (f"`{', '.join(action.option_strings) or action.metavar or action.dest}`", action.help or "")
        for action in parser._actions if action.dest not in _COMMON
    ]
    return _table(("argument", "what it does"), rows) if rows else "No arguments of its own.\n"


def _default(name: str) -> str:
    field = Settings.model_fields[name]
    if field.default_factory is not None:
        return "`./data/home`; for root `/var/lib/gvrc/home`"
    return "" if field.default is None else f"`{field.default}`"


def _page(title: str, text: str, body: str) -> str:
    return f"{MADE}\n\n# {title}\n\n{text}\n\n{body.rstrip()}\n"


def _table(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [f"| {' | '.join(headings)} |", f"|{' --- |' * len(headings)}"]
    return "\n".join([*lines, *(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in row)} |" for row in rows)]) + "\n"


if __name__ == "__main__":
    raise SystemExit(main())
