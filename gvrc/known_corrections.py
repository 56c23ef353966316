"""Known corrections: values that are known to be wrong, with what they should be, kept as data and applied by every later run.

Engineers manage them; stewards may add one for what they see again and again.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from gvrc.errors import ConfigError, ReviewError, StaleItemError
from gvrc.model.access import Actor
from gvrc.model.record import CANONICAL_FIELDS, PERSONAL_FIELDS
from gvrc.reference.gazetteer import PlaceMatch, load_gazetteer
from gvrc.reference.vocabularies import Vocabulary, load_vocabularies, placeholder_key
from gvrc.security.permissions import Permission, may, require
from gvrc.store import decisions as store
from gvrc.store.decisions import Spelling, StoredCorrection
from gvrc.store.session import Connection, Database

CORRECTABLE_FIELDS: tuple[str, ...] = tuple(name for name in CANONICAL_FIELDS if name not in PERSONAL_FIELDS and name != "source_id")
"""Fields that may have known corrections: no contact (those live in the vault and are corrected one by one), nor what identifies a row."""
LONGEST_VALUE = 500
_EXACT = frozenset({"exact", "normalised", "alias"})


@dataclass(frozen=True, slots=True, kw_only=True)
class CorrectionIn:
    """A correction on its way in. `source` None: every source."""

    field_name: str
    bad_value: str
    right_value: str
    source: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CorrectionPreview:
    """What a correction would touch: source rows in all, and each spelling of the bad value with its source and rows, most frequent first."""

    rows: int
    spellings: Sequence[Spelling]


def list_corrections(db: Database, actor: Actor, *, with_retired: bool = False) -> tuple[StoredCorrection, ...]:
    """The corrections that hold, newest first; with the retired ones when asked. Raises NotAllowedError."""
    _require_either(actor)
    with db.read() as conn:
        return tuple(store.list_corrections(conn, live_only=not with_retired))


def sources(db: Database, actor: Actor) -> tuple[str, ...]:
    """The sources a correction may be for. Raises NotAllowedError."""
    _require_either(actor)
    with db.read() as conn:
        return tuple(store.delivered_sources(conn))


def preview(db: Database, actor: Actor, field_name: str, bad_value: str, source: str | None = None) -> CorrectionPreview:
    """How many of the rows received so far say this; case, spaces and outer punctuation do not matter. Raises NotAllowedError, ConfigError."""
    _require_either(actor)
    _require_field(field_name)
    key = placeholder_key(bad_value)
    if not key:
        return CorrectionPreview(rows=0, spellings=())
    with db.read() as conn:
        alike = store.spellings_like(conn, field_name, bad_value, source or "")
    spellings = tuple(spelling for spelling in alike if placeholder_key(spelling.value) == key)
    return CorrectionPreview(rows=sum(spelling.rows for spelling in spellings), spellings=spellings)


def add(db: Database, actor: Actor, correction: CorrectionIn) -> int:
    """Remember a correction; its id. It is applied from the next run on.

    Raises NotAllowedError, ConfigError (a field without known corrections, an empty value, a right value that is no place or word of the
    reference), ReviewError when there is one for this value already.
    """
    _require_either(actor)
    wanted = replace(correction, bad_value=correction.bad_value.strip(), right_value=correction.right_value.strip())
    _require_sound(wanted)
    with db.unit_of_work(actor, reason="correction added") as conn:
        store.lock_corrections(conn)
        if any(_is_for_the_same(known, wanted) for known in store.list_corrections(conn)):
            raise ReviewError("There is a known correction for this value already.", "Retire it first.")
        return store.add_correction(
            conn, source=wanted.source or "", field_name=wanted.field_name, bad_value=wanted.bad_value, right_value=wanted.right_value,
            created_by=actor.username,
        )


def remember(db: Database, actor: Actor, corrections: Sequence[CorrectionIn]) -> list[int]:
    """Remember several corrections in one transaction; the ids of those that are new. One that is known already with the same right value is passed over.

    Raises NotAllowedError, ConfigError (as `add`), ReviewError when one is known with another right value; then none is remembered.
    """
    _require_either(actor)
    for wanted in corrections:
        _require_sound(wanted)
    with db.unit_of_work(actor, reason="corrections added") as conn:
        store.lock_corrections(conn)
        return [correction_id for wanted in corrections if (correction_id := _remember(conn, actor, wanted)) is not None]


def _remember(conn: Connection, actor: Actor, wanted: CorrectionIn) -> int | None:
    known = next((each for each in store.list_corrections(conn) if _is_for_the_same(each, wanted)), None)
    if known is not None and known.right_value != wanted.right_value:
        raise ReviewError(f"“{wanted.bad_value}” is known to mean “{known.right_value}”.", "Leave it out here, or retire that correction first.")
    if known is not None:
        return None
    return store.add_correction(
        conn, source=wanted.source or "", field_name=wanted.field_name, bad_value=wanted.bad_value, right_value=wanted.right_value, created_by=actor.username
    )


def forget(db: Database, actor: Actor, correction_ids: Sequence[int]) -> None:
    """Take back corrections just remembered, of which nothing came. Raises NotAllowedError."""
    _require_either(actor)
    with db.unit_of_work(actor, reason="corrections taken back") as conn:
        for correction_id in correction_ids:
            store.retire_correction(conn, correction_id, actor.username)


def retire(db: Database, actor: Actor, correction_id: int) -> None:
    """From the next run on a correction holds no longer; it stays on record. Raises NotAllowedError, StaleItemError when it does not hold any more."""
    require(actor, Permission.MANAGE_SOURCES)
    with db.unit_of_work(actor, reason="correction retired") as conn:
        if not store.retire_correction(conn, correction_id, actor.username):
            raise StaleItemError("This correction does not hold any more.", "Reload the page to see which do.")


def _require_either(actor: Actor) -> None:
    if not may(actor, Permission.DECIDE):
        require(actor, Permission.MANAGE_SOURCES)


def _require_field(field_name: str) -> None:
    if field_name in PERSONAL_FIELDS:
        raise ConfigError("Contacts have no known corrections.", "They are kept sealed; correct each where it is asked about.")
    if field_name not in CORRECTABLE_FIELDS:
        raise ConfigError("This field has no known corrections.", f"These have: {', '.join(CORRECTABLE_FIELDS)}.")


def _require_sound(wanted: CorrectionIn) -> None:
    _require_field(wanted.field_name)
    if not placeholder_key(wanted.bad_value) or not wanted.right_value:
        raise ConfigError("A correction needs a bad and a right value.", "Signs alone, like a dash, are no value.")
    if max(len(wanted.bad_value), len(wanted.right_value)) > LONGEST_VALUE:
        raise ConfigError("The value is too long for a correction.", f"At most {LONGEST_VALUE} characters.")
    if wanted.bad_value == wanted.right_value:
        raise ConfigError("The bad and the right value are the same.", "Nothing would change.")
    is_known = _KNOWN_VALUES.get(wanted.field_name)
    if is_known is not None and not is_known(wanted.right_value):
        raise ConfigError("The right value is none that is known for this field.", "Write it as the official places and vocabularies do.")


def _is_for_the_same(known: StoredCorrection, wanted: CorrectionIn) -> bool:
    same_field = (known.source or None, known.field_name) == (wanted.source or None, wanted.field_name)
    return same_field and placeholder_key(known.bad_value) == placeholder_key(wanted.bad_value)


# ------------------------------------------------------------------------------------------------------------------ right values


def _is_exact(found: Sequence[PlaceMatch]) -> bool:
    return any(match.method in _EXACT for match in found)


def _is_term(vocabulary: Vocabulary, text: str) -> bool:
    return text in vocabulary or vocabulary.known_spelling(text) is not None


def _is_degrees(highest: float) -> Callable[[str], bool]:
    def check(text: str) -> bool:
        try:
            return -highest <= float(text) <= highest
        except ValueError:
            return False

    return check


_KNOWN_VALUES: Mapping[str, Callable[[str], bool]] = {
    "county": lambda text: _is_exact(load_gazetteer().find_county(text)),
    "constituency": lambda text: _is_exact(load_gazetteer().find_constituency(text)),
    "ward": lambda text: _is_exact(load_gazetteer().wards_named(text)) or _is_exact(load_gazetteer().find_ward(text)),
    "facility_type": lambda text: _is_term(load_vocabularies().facility_types, text),
    "services": lambda text: _is_term(load_vocabularies().services, text),
    "owner": lambda text: _is_term(load_vocabularies().owners, text),
    "operational_status": lambda text: _is_term(load_vocabularies().operational_statuses, text),
    "visibility": lambda text: _is_term(load_vocabularies().visibilities, text),
    "latitude": _is_degrees(90.0),
    "longitude": _is_degrees(180.0),
}
"""Fields of which the right value must be one that the program knows; a correction never invents a place."""
