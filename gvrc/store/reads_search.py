"""The SQL of searching and counting the registry, over what triggers keep beside it (migration 0015): `search_in_sight`, a narrow row per place with the
words of its names, and `counts_in_sight`, how many places there are of each sort. What a reader may not see of a place is empty there already, so that
no filter, count or order can tell it."""

from __future__ import annotations

import math
from array import array
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Connection, text

from gvrc.store.jsonb import storable_text
from gvrc.store.reads import Scope

QUALITY_BANDS: tuple[str, ...] = ("high", "good", "fair", "low", "unknown")
"""Quality scores from 85, from 70, from 50, below, and none."""
MOST_FOUND = 5_000
"""Places that a search for words lists; of more it is said that there are more."""
WIDE = 20_000
"""Places from which a search for words is no longer counted to its end."""
MOST_TYPED = 8
"""Words of a search that count."""
_MOST_ALIKE = 40
"""Words of the registry that begin like a typed one, or have it inside."""
_MOST_NEAR = 12
"""Words of the registry that are spelt nearly like a typed one."""
_RESORTED = 500
"""Places found whose names are compared letter by letter, so that the best stand first."""
_RARE = 2_000
"""Below so many places an index in the order of the list would be read for long before a page is full."""

_WHOLE = """(f.visibility = 'public' OR (:sees_all AND (:everywhere OR f.county_id = ANY(ARRAY(
    SELECT county_id FROM counties WHERE county_code = ANY(:counties))))))"""
"""SQL: whether all of a place `f` is shown."""
_KNOWN = f"({_WHOLE} OR f.visibility IN ('ward_only', 'office_line') OR :sees_trace)"
"""SQL: whether a place `f` is shown to exist. With `_WHOLE` it says what `gvrc.store.reads.shown_as` says, in the shape that the indexes serve."""
_WITH_SERVICES = f"({_WHOLE} OR f.visibility = 'ward_only')"


def _of_code(column: str, table: str, code: str) -> str:
    return f"f.{column} = (SELECT {column} FROM {table} WHERE {code})"  # noqa: S608 (fixed names)


@dataclass(frozen=True, slots=True, kw_only=True)
class FacilityFilter:
    """Which facilities; what is None does not filter. Places are codes, `words` a name, an alias or a code, spelling tolerated."""

    words: str | None = None
    county: str | None = None
    constituency: str | None = None
    ward: str | None = None
    facility_type: str | None = None
    service: str | None = None
    visibility: str | None = None
    operational_status: str | None = None
    quality: str | None = None
    is_active: bool | None = True

    def __post_init__(self) -> None:
        for name in self.__slots__:
            if isinstance(value := getattr(self, name), str):  # no text of the registry holds what PostgreSQL cannot, and so none is found by it
                object.__setattr__(self, name, storable_text(value))

    @property
    def is_counted(self) -> bool:
        """Whether the kept counts answer it: they tell neither words nor places within a county."""
        return self.words is None and self.constituency is None and self.ward is None

    def where(self, *, service: str = ":service = ANY(f.services)") -> str:
        """SQL over a row `f` of `search_in_sight` or `counts_in_sight`, where what is not shown is empty: a filter on it finds nothing."""
        clauses = {
            "county": _of_code("county_id", "counties", "county_code = :county"),
            "constituency": " AND ".join(_of_code(column, "constituencies", "constituency_code = :constituency") for column in ("county_id", "constituency_id")),
            "ward": " AND ".join(_of_code(column, "wards JOIN constituencies USING (constituency_id)", "ward_code = :ward") for column in ("county_id", "constituency_id", "ward_id")),
            "facility_type": "f.facility_type = :facility_type", "visibility": f"f.visibility = :visibility AND {_WHOLE}", "is_active": "f.is_active = :is_active",
            "operational_status": _of_code("operational_status_id", "operational_statuses", "code = :operational_status"),
            "quality": "f.quality_band = :quality", "service": f"{_WITH_SERVICES} AND {service}",
        }
        used = [clause for name, clause in clauses.items() if getattr(self, name) is not None]
        return " AND ".join([_KNOWN, *used])

    def parameters(self) -> dict[str, Any]:
        return {
            "words": self.words, "county": self.county, "constituency": self.constituency, "ward": self.ward, "facility_type": self.facility_type,
            "service": self.service, "visibility": self.visibility, "is_active": self.is_active, "operational_status": self.operational_status,
            "quality": self.quality,
        }


# ------------------------------------------------------------------------------------------------------------------------ words


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """What typed words were understood as: for each of them the words of the registry it may mean, of which a place must have those of `needed`.
    `coded` are places whose code was typed. `likely` is no less than what will be found; `is_cut` when a typed word may mean too many others."""

    typed: tuple[str, ...] = ()
    meant: tuple[tuple[str, ...], ...] = ()
    rare: tuple[str, ...] = ()
    needed: int = 0
    likely: int = 0
    coded: tuple[int, ...] = ()
    is_cut: bool = False

    @property
    def is_wide(self) -> bool:
        """Whether so many may be found that they are not counted to the end."""
        return self.likely > WIDE

    def where(self) -> str:
        """SQL over a row `f` of `search_in_sight`."""
        has = [f"f.words && cast(:meant_{number} AS text[])" for number in range(len(self.meant))]
        if not has:
            return "f.facility_id = ANY(cast(:coded AS bigint[]))"
        if self.needed < len(has):
            has = ["f.words && cast(:rare AS text[])", f"{' + '.join(f'({one})::int' for one in has)} >= {self.needed}"]
        return f"(f.facility_id = ANY(cast(:coded AS bigint[])) OR {' AND '.join(has)})" if self.coded else " AND ".join(has)

    def order(self) -> str:
        """SQL: places that have the words just as they were typed, and few others in their name, first."""
        exact = [f"(f.words && cast(:typed_{number} AS text[]))::int" for number in range(len(self.typed))]
        return ", ".join([*([f"{' + '.join(exact)} DESC"] if exact else []), "f.named", "f.facility_id"])

    def parameters(self) -> dict[str, Any]:
        meant = {f"meant_{number}": list(words) for number, words in enumerate(self.meant)}
        return meant | {f"typed_{number}": [word] for number, word in enumerate(self.typed)} | {"rare": list(self.rare), "coded": list(self.coded)}


_MEANINGS = text(f"""
    SELECT t.place, t.typed, w.word, w.n, w.is_near FROM unnest(search_words(cast(:words AS text))) WITH ORDINALITY AS t (typed, place)
    LEFT JOIN LATERAL (
        (SELECT w.word, w.n, false AS is_near FROM words_in_sight w WHERE w.word = t.typed)
        UNION ALL (SELECT w.word, w.n, false FROM words_in_sight w WHERE w.word LIKE t.typed || '%' AND w.word <> t.typed AND w.n > 0
            ORDER BY w.n DESC LIMIT {_MOST_ALIKE} + 1)
        UNION ALL (SELECT w.word, w.n, false FROM words_in_sight w WHERE length(t.typed) > 3 AND w.word LIKE '%_' || t.typed || '%' AND w.n > 0
            ORDER BY w.n DESC LIMIT {_MOST_ALIKE} + 1)
        UNION ALL (SELECT w.word, w.n, true FROM words_in_sight w WHERE length(t.typed) > 3 AND w.word % t.typed AND w.n > 0
            AND length(w.word) BETWEEN length(t.typed) - 2 AND length(t.typed) + 2 ORDER BY similarity(w.word, t.typed) DESC, w.word LIMIT {_MOST_NEAR})
    ) w ON true WHERE t.place <= {MOST_TYPED} ORDER BY t.place
""")  # noqa: S608 (numbers of this module)
_CODED = text("""
    SELECT facility_id FROM facilities_in_sight WHERE facility_code = upper(:words)
    UNION SELECT facility_id FROM facilities_in_sight WHERE mfl_code = :words
    UNION SELECT facility_id FROM facilities_in_sight WHERE registration_number = :words
""")


@dataclass(slots=True)
class _Meaning:
    """A typed word: the words of the registry that are or hold it, those spelt nearly like it, with how many places have each."""

    typed: str
    alike: dict[str, int]
    near: dict[str, int]

    def widest(self) -> dict[str, int]:
        return self.near | self.alike


def understood(conn: Connection, scope: Scope, words: str) -> Search:
    """What the words mean in this registry: all of them as typed, else spelt nearly so, else all but one, else half of them."""
    found = _meanings(conn, words)
    coded = tuple(conn.execute(_CODED, {"words": words}).scalars()) if any(map(str.isdigit, words)) else ()
    typed = tuple(found_one.typed for found_one in found)
    widest = [one.widest() for one in found]
    for search in (_all_of([one.alike or one.near for one in found]), _all_of(widest), _most_of(widest, len(widest) - 1), _most_of(widest, math.ceil(len(widest) / 2))):
        if search is not None and (len(found) == 1 or _finds_any(conn, scope, search)):
            return replace(search, typed=typed, coded=coded, is_cut=any(len(one.alike) > _MOST_ALIKE for one in found))
    return Search(typed=typed, coded=coded)


def _meanings(conn: Connection, words: str) -> list[_Meaning]:
    found: dict[int, _Meaning] = {}
    for row in conn.execute(_MEANINGS, {"words": words}):
        meaning = found.setdefault(row.place, _Meaning(row.typed, {}, {}))
        if row.word is not None:
            (meaning.near if row.is_near else meaning.alike)[row.word] = row.n
    return list(found.values())


def _all_of(meant: Sequence[dict[str, int]]) -> Search | None:
    """Places that have every word; None when the registry does not know one of them."""
    if not meant or not all(meant):
        return None
    return Search(meant=tuple(tuple(words) for words in meant), needed=len(meant), likely=min(sum(words.values()) for words in meant))


def _most_of(meant: Sequence[dict[str, int]], needed: int) -> Search | None:
    """Places that have so many of the words that the registry knows, one of the two rarest among them: by these they are found. None for two words or
    less, or when even the rarest are in very many names."""
    known = sorted((words for words in meant if words), key=lambda words: sum(words.values()))
    if len(meant) < 3 or len(known) < needed:
        return None
    if len(known) == needed:
        return _all_of(known)
    rare = known[0] | known[1]
    if sum(rare.values()) > WIDE:
        return None
    return Search(meant=tuple(tuple(words) for words in known), rare=tuple(rare), needed=needed, likely=sum(rare.values()))


def _finds_any(conn: Connection, scope: Scope, search: Search) -> bool:
    query = text(f"SELECT EXISTS (SELECT 1 FROM search_in_sight f WHERE {_KNOWN} AND {search.where()})")  # noqa: S608
    with _by_words(conn):
        return bool(conn.execute(query, scope.parameters() | search.parameters()).scalar_one())


@contextmanager
def _by_words(conn: Connection) -> Iterator[None]:
    """Only the index of words is used: where one row or a few are enough, the planner trusts that reading on from anywhere meets them soon, and for words
    that hardly ever stand together it reads everything."""
    conn.execute(text("SELECT set_config(name, 'off', true) FROM unnest(ARRAY['enable_seqscan', 'enable_indexscan', 'enable_indexonlyscan']) AS name"))
    yield
    conn.execute(text("SELECT set_config(name, 'on', true) FROM unnest(ARRAY['enable_seqscan', 'enable_indexscan', 'enable_indexonlyscan']) AS name"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """The places that a search lists, best first (of a wide search, of those it met first); `is_more` when there are more of them."""

    ids: Sequence[int]
    is_more: bool


def found(conn: Connection, scope: Scope, chosen: FacilityFilter, search: Search) -> Found:
    """The places of a filter with words, best first: one pass, of which a page is a piece. Of a wide search any `MOST_FOUND` of them."""
    inner = f"SELECT f.facility_id, f.words, f.named FROM search_in_sight f WHERE {chosen.where()} AND {search.where()}"  # noqa: S608
    if search.is_wide:
        inner += f" LIMIT {MOST_FOUND + 1}"
    query = text(f"SELECT f.facility_id FROM ({inner}) f ORDER BY {search.order()} LIMIT {MOST_FOUND + 1}")  # noqa: S608
    with _by_words(conn):
        ids = conn.execute(query, scope.parameters() | chosen.parameters() | search.parameters()).scalars().all()
    best = _resorted(conn, ids[:MOST_FOUND][:_RESORTED], search, chosen.words or "")
    return Found(ids=array("q", [*best, *ids[_RESORTED:MOST_FOUND]]), is_more=len(ids) > MOST_FOUND or search.is_cut)


def _resorted(conn: Connection, ids: Sequence[int], search: Search, words: str) -> Sequence[int]:
    query = text("""SELECT facility_id FROM facilities_in_sight WHERE facility_id = ANY(:ids)
        ORDER BY facility_id = ANY(cast(:coded AS bigint[])) DESC, similarity(facility_name, :words) DESC NULLS LAST, facility_id""")
    return conn.execute(query, {"ids": list(ids), "coded": list(search.coded), "words": words}).scalars().all() if ids else ids


# ------------------------------------------------------------------------------------------------------------------------ counts and pages


def count_facilities(conn: Connection, scope: Scope, chosen: FacilityFilter) -> int:
    """How many facilities of a filter without words the reader may know of."""
    values = scope.parameters() | chosen.parameters()
    if chosen.is_counted:
        service = "f.service = :service" if chosen.service is not None else "true"
        of_all = "" if chosen.service is not None else " AND f.service IS NULL"
        query = f"SELECT coalesce(sum(f.n), 0) FROM counts_in_sight f WHERE {chosen.where(service=service)}{of_all}"  # noqa: S608
    else:
        query = f"SELECT count(*) FROM search_in_sight f WHERE {chosen.where()}"  # noqa: S608
    return int(conn.execute(text(query), values).scalar_one())


def facility_ids(conn: Connection, scope: Scope, chosen: FacilityFilter, *, total: int, limit: int, offset: int) -> list[int]:
    """One page of a filter without words, by id; `total` is how many there are, so that the last pages are read from the end."""
    if offset >= total:
        return []
    limit = min(limit, total - offset)
    from_end = total - offset - limit
    order = "f.facility_id + 0" if total < _RARE else "f.facility_id"
    if from_end < offset:
        return _page(conn, scope, chosen, chosen.where(), f"{order} DESC", {"limit": limit, "offset": from_end})[::-1]
    return _page(conn, scope, chosen, chosen.where(), order, {"limit": limit, "offset": offset})


def facility_ids_next(conn: Connection, scope: Scope, chosen: FacilityFilter, search: Search | None, *, after: int, limit: int) -> list[int]:
    """The next facilities of a filter after this id, in the order of their ids."""
    where = f"{chosen.where()} AND f.facility_id > :after" + (f" AND {search.where()}" if search else "")
    return _page(conn, scope, chosen, where, "f.facility_id", {"after": after, "limit": limit, "offset": 0} | (search.parameters() if search else {}))


def _page(conn: Connection, scope: Scope, chosen: FacilityFilter, where: str, order: str, values: Mapping[str, Any]) -> list[int]:
    """A page in an order, from each half of what is in sight as its indexes give them."""
    halves = " UNION ALL ".join(
        f"(SELECT f.facility_id FROM {half} f WHERE {where} ORDER BY {order} LIMIT cast(:limit AS bigint) + :offset)"  # noqa: S608
        for half in ("search_in_full", "search_in_part")
    )
    query = text(f"SELECT f.facility_id FROM ({halves}) f ORDER BY {order} LIMIT :limit OFFSET :offset")  # noqa: S608 (fragments of this module)
    return list(conn.execute(query, scope.parameters() | chosen.parameters() | dict(values)).scalars())


# ------------------------------------------------------------------------------------------------------------------------ facets

Facets = dict[str, dict[str, int | None]]
"""Per facet, how many places have each value; None where they are too many to be counted while somebody waits."""
_FACETS = {
    "county": "f.county_id", "facility_type": "f.facility_type", "visibility": f"CASE WHEN {_WHOLE} THEN f.visibility END",
    "operational_status": "f.operational_status_id", "quality": "f.quality_band",
}
_PLACES = {"constituency": "f.constituency_id", "ward": "f.ward_id"}
_CODES = {
    "county": "SELECT county_id, county_code FROM counties", "constituency": "SELECT constituency_id, constituency_code FROM constituencies",
    "ward": "SELECT ward_id, ward_code FROM wards", "operational_status": "SELECT operational_status_id, code FROM operational_statuses",
}


def facets(conn: Connection, scope: Scope, chosen: FacilityFilter, search: Search | None) -> Facets:
    """Counts per county, kind, visibility, status, quality band and service of the facilities of a filter; within a county per constituency and ward too."""
    if search is not None and search.is_wide:
        known = facets(conn, scope, replace(chosen, words=None), None)
        return {name: dict.fromkeys(counts) for name, counts in known.items()}
    values = scope.parameters() | chosen.parameters() | (search.parameters() if search else {})
    where = chosen.where() + (f" AND {search.where()}" if search else "")
    places = _PLACES if chosen.county is not None else {}
    if chosen.is_counted:
        counts = _grouped(conn, _FACETS, _COUNTED.replace("{where}", where), values)
        counts |= _grouped(conn, places, _PLACED.replace("{where}", where), values) if places else {}
    else:
        counts = _grouped(conn, _FACETS | places, _SEARCHED.replace("{where}", where), values)
    for name in counts.keys() & _CODES.keys():
        codes = {row[0]: row[1] for row in conn.execute(text(_CODES[name]))}
        counts[name] = {codes[number]: n for number, n in counts[name].items()}
    return {name: _ranked(amounts) for name, amounts in counts.items()}


_COUNTED = f"""
    WITH seen AS MATERIALIZED (SELECT f.*, {_WITH_SERVICES} AS serves FROM counts_in_sight f WHERE {{where}})
    SELECT {{listed}}, NULL AS service, sum(f.n) AS n FROM seen f WHERE f.service IS NULL GROUP BY GROUPING SETS ({{sets}})
    UNION ALL SELECT {{nulls}}, f.service, sum(f.n) FROM seen f WHERE f.service IS NOT NULL AND f.serves GROUP BY f.service
"""  # noqa: S608 (fragments of this module)
_SEARCHED = f"""
    WITH seen AS MATERIALIZED (
        SELECT f.visibility, f.county_id, f.constituency_id, f.ward_id, f.facility_type, f.operational_status_id, f.quality_band, f.services,
            {_WITH_SERVICES} AS serves FROM search_in_sight f WHERE {{where}})
    SELECT {{listed}}, NULL AS service, count(*) AS n FROM seen f GROUP BY GROUPING SETS ({{sets}})
    UNION ALL SELECT {{nulls}}, s.service, count(*) FROM seen f CROSS JOIN LATERAL unnest(f.services) AS s (service) WHERE f.serves GROUP BY s.service
"""  # noqa: S608
"""How many per value of each column, and per service, in one pass over what is in sight."""
_PLACED = "SELECT {listed}, NULL AS service, count(*) AS n FROM search_in_sight f WHERE {where} GROUP BY GROUPING SETS ({sets})"


def _grouped(conn: Connection, columns: Mapping[str, str], query: str, values: Mapping[str, Any]) -> dict[str, dict[Any, int]]:
    sets = ", ".join(f"({number})" for number in range(1, len(columns) + 1))
    listed = ", ".join(f"{column} AS {name}" for name, column in columns.items())
    grouped: dict[str, dict[Any, int]] = {name: {} for name in (*columns, *(["service"] if "{nulls}" in query else []))}
    for row in conn.execute(text(query.format(listed=listed, sets=sets, nulls=", ".join(["NULL"] * len(columns)))), values):
        for name, counts in grouped.items():
            if (value := getattr(row, name)) is not None and row.n:
                counts[value] = int(row.n)
    return grouped


def _ranked(counts: Mapping[str, int]) -> dict[str, int | None]:
    ranked = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return {**dict(ranked)}
