"""Whether verify finds every way of changing the audit: rows forged, deleted, slipped in, links changed, the tail cut off, each at random places.

    python -m benchmarks.registry.tampering [--tries 100]

The embedded server runs in a folder of its own that is removed afterwards; every try is rolled back.
"""

from __future__ import annotations

import argparse
import random
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from sqlalchemy import Connection, text

from benchmarks.registry.commit import BENCHER, fresh_database
from gvrc.commit import commit
from gvrc.store import audit
from gvrc.store.session import Database

FACILITIES = 200


class _TakenBack(Exception):
    """Ends a try: what it changed is rolled back."""


def forged_row(conn: Connection, chance: random.Random, last: int) -> None:
    column, value = chance.choice([("changed_by", "'somebody'"), ("reason", "'no reason'"), ("new_values", "'{}'"), ("changed_at", "changed_at - interval '1 day'"), ("facility_id", "1 + coalesce(facility_id, 0)")])
    conn.execute(text(f"UPDATE audit_trail SET {column} = {value} WHERE audit_id = :id"), {"id": chance.randint(1, last)})


def deleted_row(conn: Connection, chance: random.Random, last: int) -> None:
    conn.execute(text("DELETE FROM audit_trail WHERE audit_id = :id"), {"id": chance.randint(1, last)})


def deleted_row_with_a_mended_link(conn: Connection, chance: random.Random, last: int) -> None:
    number = chance.randint(1, last)
    conn.execute(text("DELETE FROM audit_trail WHERE audit_id = :id"), {"id": number})
    conn.execute(text("UPDATE audit_chain SET row_count = row_count - 1 WHERE :id BETWEEN first_audit_id AND last_audit_id"), {"id": number})


def added_row(conn: Connection, chance: random.Random, last: int) -> None:
    conn.execute(
        text("""INSERT INTO audit_trail (audit_id, table_name, record_id, operation, new_values, changed_by, changed_at, row_hash)
            SELECT :new, table_name, record_id, operation, new_values, changed_by, changed_at, row_hash FROM audit_trail WHERE audit_id = :id"""),
        {"id": chance.randint(1, last), "new": last + chance.randint(1, 5)},
    )


def changed_link(conn: Connection, chance: random.Random, _last: int) -> None:
    conn.execute(text("UPDATE audit_chain SET created_at = created_at - interval '1 hour' WHERE chain_id = (SELECT chain_id FROM audit_chain ORDER BY md5(chain_id::text || :salt) LIMIT 1)"), {"salt": str(chance.random())})


def cut_tail(conn: Connection, chance: random.Random, last: int) -> None:
    first = chance.randint(max(1, last - 300), last)
    conn.execute(text("DELETE FROM audit_chain WHERE last_audit_id >= :first"), {"first": first})
    conn.execute(text("DELETE FROM audit_trail WHERE audit_id > (SELECT coalesce(max(last_audit_id), 0) FROM audit_chain)"))


WAYS: tuple[Callable[[Connection, random.Random, int], None], ...] = (forged_row, deleted_row, deleted_row_with_a_mended_link, added_row, changed_link, cut_tail)


def found(db: Database, head: Path, way: Callable[[Connection, random.Random, int], None], chance: random.Random) -> bool:
    """Whether verify sees one change."""
    verdict = True
    try:
        with db.owner_unit_of_work(BENCHER) as conn:
            conn.execute(text("ALTER TABLE audit_trail DISABLE TRIGGER USER"))
            conn.execute(text("ALTER TABLE audit_chain DISABLE TRIGGER USER"))
            way(conn, chance, int(conn.execute(text("SELECT max(audit_id) FROM audit_trail")).scalar_one()))
            verdict = audit.verify(conn, head).is_intact
            raise _TakenBack
    except _TakenBack:
        return not verdict


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tries", type=int, default=100)
    options = parser.parse_args()
    chance, tried, seen = random.Random(1), Counter[str](), Counter[str]()
    with fresh_database(FACILITIES) as db:
        commit(db, db.settings, BENCHER, 1)
        head = audit.head_file(db.settings)
        with db.read() as conn:
            audit.write_head(conn, head)
            if not audit.verify(conn, head).is_intact:
                raise SystemExit("the trail is broken before anybody touched it")
        for number in range(options.tries):
            way = WAYS[number % len(WAYS)]
            tried[way.__name__] += 1
            seen[way.__name__] += found(db, head, way, chance)
    for name, tries in tried.items():
        print(f"{name.replace('_', ' '):<34}{seen[name]:>4} of {tries} found")
    print(f"{'all':<34}{seen.total():>4} of {tried.total()} found  bar: all")


if __name__ == "__main__":
    main()
