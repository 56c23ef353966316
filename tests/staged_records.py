"""Staged records for tests of the commit and of the read models: put into the database by the stores that a run uses."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

from sqlalchemy import text

from gvrc.checks.catalogue import CATALOGUE
from gvrc.matching.memory import question_key
from gvrc.model.issue import Issue
from gvrc.model.match import Band, FeatureScore, MatchResult
from gvrc.model.place import Place, Point
from gvrc.model.record import Contact, ContactType, Record, Visibility
from gvrc.model.review import Answer, QuestionKind
from gvrc.model.run import STAGES
from gvrc.security.crypto import KeyRing
from gvrc.store import decisions as decision_store
from gvrc.store import files, matches, runs, vault
from gvrc.store import records as record_store
from gvrc.store.codec import Sealer, personal_values
from gvrc.store.decisions import DecisionDraft
from gvrc.store.matches import PairDraft
from gvrc.store.records import ChunkContext, RecordDraft
from gvrc.store.session import Database


def phone(number: int) -> Contact:
    """An invented mobile number."""
    return Contact(contact_type=ContactType.PHONE, value=f"+254700000{number:03d}", is_primary=True)


class Staged:
    """A database with runs in it."""

    def __init__(self, db: Database) -> None:
        self.db = db
        self.keyring = KeyRing.load(db.settings)
        self.kwale = self._place("Msambweni")
        self.kilifi = self._place("Kilifi North")

    def _place(self, constituency: str) -> Place:
        with self.db.read() as conn:
            row = conn.execute(
                text("""SELECT c.county_code, c.county_name, k.constituency_code, k.constituency_name, w.ward_code, w.ward_name
                    FROM constituencies k JOIN counties c USING (county_id) JOIN wards w USING (constituency_id)
                    WHERE k.constituency_name = :name ORDER BY w.ward_code LIMIT 1"""),
                {"name": constituency},
            ).one()
        return Place(
            county_code=row.county_code, county=row.county_name, constituency_code=row.constituency_code, constituency=row.constituency_name,
            ward_code=row.ward_code, ward=row.ward_name, confidence=1.0, method="exact",
        )

    def record(self, key: str, name: str | None = None, **values: Any) -> Record:
        """A record in Kwale, as complete as a decent list makes it."""
        given: dict[str, Any] = {
            "record_key": key, "source": "list", "pointer": f"/{key}", "name": f"Place {key}" if name is None else name, "facility_type": "dispensary",
            "place": self.kwale, "point": Point(latitude=-4.47, longitude=39.48), "contacts": (phone(sum(key.encode()) % 1000),),
            "services": ("gbv_medical_care",), "operational_status": "operational", "owner": "ministry_of_health",
        }
        return Record(**given | values)

    def file(self, records: Sequence[Record], name: str = "list.json", **issues: Sequence[Issue]) -> int:
        """A delivered file with these records, scored 90 and ready. `issues` by record key."""
        values = {
            "name": name, "source": records[0].source if records else "list", "kind": "json", "size_bytes": 1, "mapping": {}, "received_by": "tests",
            "sha256": hashlib.sha256(repr((name, records)).encode()).hexdigest(), "records": len(records),
        }
        with self.db.unit_of_work() as conn:
            file_id, _ = files.save_file(conn, values)
        run_id = self.run([file_id])
        self.save(run_id, file_id, records, issues)
        return file_id

    def save(self, run_id: int, file_id: int, records: Sequence[Record], issues: dict[str, Sequence[Issue]] | None = None) -> dict[str, int]:
        """Save records of a file; ids by record key."""
        found = issues or {}
        drafts = [
            RecordDraft(record=record, row_number=number, content_hash="0" * 64, issues=found.get(record.record_key, ()))
            for number, record in enumerate(records, start=1)
        ]
        context = ChunkContext(run_id=run_id, file_id=file_id, stage="enrich", catalogue=CATALOGUE)
        with self.db.unit_of_work() as conn:
            personal = sorted({value for draft in drafts for value in personal_values(draft.record, draft.issues)})
            sealed = vault.seal_values(conn, self.keyring, personal)
            sealer = Sealer({value: vault.reference_to(identity) for value, identity in sealed.items()})
            ids = record_store.save_records(conn, context, drafts, sealer)
            conn.execute(
                text("""UPDATE staging.records SET state = 'ready', quality_score = 90, completeness = 90, cluster_id = record_id,
                    quality_parts = '[{"dimension": "completeness", "value": 90, "weight": 1, "reasons": []}]' WHERE file_id = :f"""),
                {"f": file_id},
            )
        return ids

    def run(self, file_ids: Sequence[int]) -> int:
        """A finished run over files."""
        with self.db.unit_of_work() as conn:
            run_id = runs.create_run(conn, started_by="tests", stop_after=None, settings_hash="0" * 64, versions=("1", "1"))
            files.add_run_files(conn, run_id, dict.fromkeys(file_ids, False))
            conn.execute(text("UPDATE ops.etl_runs SET status = 'done', ended_at = now() WHERE run_id = :r"), {"r": run_id})
            for stage in STAGES:
                runs.finish_stage(conn, run_id, stage)
        return run_id

    def run_of(self, *records: Record, name: str = "list.json", **issues: Sequence[Issue]) -> int:
        """A finished run over one file with these records."""
        return self.run([self.file(records, name, **issues)])

    def again(self, run_id: int) -> int:
        """Another run over the same files."""
        return self.run([file.file_id for file in self._files(run_id)])

    def _files(self, run_id: int) -> list[files.StoredFile]:
        with self.db.read() as conn:
            return files.load_files(conn, run_id=run_id)

    def ids(self, *keys: str) -> list[int]:
        """Record ids of keys, the newest edition of each."""
        with self.db.read() as conn:
            rows = conn.execute(text("SELECT record_key, max(record_id) AS id FROM staging.records WHERE record_key = ANY(:k) GROUP BY 1"), {"k": list(keys)})
            found = {row.record_key: row.id for row in rows}
        return [found[key] for key in keys]

    def together(self, *keys: str) -> None:
        """Put records into one cluster, as dedupe does."""
        ids = self.ids(*keys)
        with self.db.unit_of_work() as conn:
            record_store.set_clusters(conn, dict.fromkeys(ids, min(ids)))

    def put(self, key: str, **values: Any) -> None:
        """Change columns of a staged record."""
        sets = ", ".join(f"{name} = :{name}" for name in values)
        with self.db.unit_of_work() as conn:
            conn.execute(text(f"UPDATE staging.records SET {sets} WHERE record_id = :id"), {"id": self.ids(key)[0], **values})

    def pair(self, run_id: int, left: str, right: str, *, band: Band = Band.REVIEW, is_open: bool = False, details: Sequence[str] = ()) -> str:
        """A scored pair; returns its question key."""
        left, right = sorted((left, right))
        features = tuple(FeatureScore(feature=f"feature_{n}", score=1.0, weight=1.0, detail=detail) for n, detail in enumerate(details))
        result = MatchResult(
            left_key=left, right_key=right, match_score=0.87, base=-1.0, features=features, strategy="fuzzy_name", band=band, reference_score=0.8, scorer_version="1",
        )
        ids = {key: None if key.startswith("facility:") else self.ids(key)[0] for key in (left, right)}
        draft = PairDraft(
            question_key=question_key(left, right), left_record_id=ids[left], right_record_id=ids[right], evidence_hash="name=1", is_open=is_open,
            pair_state="open" if is_open else "settled", priority=1.0, result=result,
        )
        with self.db.unit_of_work() as conn:
            matches.replace_pairs(conn, run_id, [draft])
        return draft.question_key

    def decide(self, run_id: int, left: str, right: str, answer: Answer, *, by: str = "steward", relation: str | None = None, **values: Any) -> int:
        """A person's answer to a pair."""
        left, right = sorted((left, right))
        draft = DecisionDraft(
            question_key=question_key(left, right), kind=QuestionKind.DUPLICATE, record_keys=(left, right), answer=answer, evidence_hash="name=1",
            evidence={}, decided_by=by, decided_values=values, relation=relation, run_id=run_id,
        )
        with self.db.unit_of_work() as conn:
            decision_store.lock_question(conn, draft.question_key)
            return decision_store.add_decision(conn, draft)

    def rows(self, query: str, **values: Any) -> list[Any]:
        """What a query finds."""
        with self.db.read() as conn:
            return list(conn.execute(text(query), values))

    def one(self, query: str, **values: Any) -> Any:
        """The one value a query finds."""
        return self.rows(query, **values)[0][0]

    def audit_rows(self) -> int:
        return int(self.one("SELECT count(*) FROM audit_trail"))

    def facility_of(self, key: str) -> int:
        return int(self.one("SELECT facility_id FROM facility_sources WHERE record_key = :key", key=key))

    def say(self, query: str, **values: Any) -> None:
        """Change something behind everybody's back."""
        with self.db.unit_of_work() as conn:
            conn.execute(text(query), values)


SHELTER = {"facility_type": "shelter", "visibility": Visibility.WITHHELD}
