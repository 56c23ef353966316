"""What a commit is about to do: which records are one place, which facility that place is already, and what holds it back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from gvrc.commit.units import Hold, Plan, Unit
from gvrc.heap import no_sweeps
from gvrc.model.access import Actor
from gvrc.model.record import RecordState
from gvrc.model.review import Answer
from gvrc.store import registry
from gvrc.store.registry import FACILITY_PREFIX, FacilityStanding, LinkedKey, Member, PlaceDecision
from gvrc.store.session import Connection

Node = tuple[str, int]
"""("cluster", cluster id) or ("facility", facility id)."""

_PASSES = frozenset({RecordState.READY.value, RecordState.COMMITTED.value})
_APART = frozenset({Answer.DIFFERENT.value, Answer.RELATED.value})


@dataclass(slots=True, kw_only=True)
class _Facts:
    """What was read for the plan."""

    members: Sequence[Member]
    decisions: Sequence[PlaceDecision]
    automatic: Sequence[tuple[str, str]]
    chosen_keys: set[str]
    by_key: Mapping[str, Member]
    links: dict[str, LinkedKey] = field(default_factory=dict)
    moved: dict[int, int] = field(default_factory=dict)
    detached: set[str] = field(default_factory=set)


@no_sweeps()
def make_plan(conn: Connection, actor: Actor, run_id: int) -> Plan:
    """The units of a run in the order of their first record, each with its facilities and what holds it back."""
    everyone = registry.run_members(conn, run_id)
    superseded = tuple(m for m in everyone if m.is_superseded)
    rejected = tuple(m for m in everyone if m.state == RecordState.REJECTED and not m.is_superseded)
    speaking = [m for m in everyone if m.state != RecordState.REJECTED and not m.is_superseded]
    facts = _gather(conn, run_id, speaking)
    groups = _groups(facts)
    facility_ids = {number for nodes in groups for kind, number in nodes if kind == "facility"}
    standings = registry.standings(conn, facility_ids)
    outside = _outside(conn, facts, rejected, facility_ids)
    touched = {m.facility_id for m in rejected if m.facility_id} | _left_behind(facts)
    units = [_unit(nodes, facts, standings, outside, touched, actor) for nodes in _with_clusters(groups, speaking)]
    units.sort(key=lambda unit: unit.unit_id)
    return Plan(
        run_id=run_id, units=tuple(u for u in units if u.members or u.outside), standings=standings, decisions=tuple(facts.decisions),
        rejected=rejected, superseded=superseded,
    )


def _gather(conn: Connection, run_id: int, speaking: Sequence[Member]) -> _Facts:
    facts = _Facts(
        members=speaking, decisions=registry.place_decisions(conn, run_id), automatic=registry.automatic_facility_pairs(conn, run_id),
        chosen_keys=registry.keys_with_chosen_values(conn), by_key={m.record_key: m for m in speaking},
    )
    keys = {key for decision in facts.decisions for key in decision.record_keys} | {key for pair in facts.automatic for key in pair}
    facts.links = {link.record_key: link for link in registry.links_of(conn, record_keys=keys)}
    named = {number for key in keys if (number := facility_number(key)) is not None}
    facts.moved = registry.survivors(conn, named | {m.facility_id for m in speaking if m.facility_id})
    facts.detached = _detached(facts)
    return facts


def facility_number(key: str) -> int | None:
    """The facility id in a key `facility:<id>`, None for a source record's key."""
    digits = key.removeprefix(FACILITY_PREFIX)
    return int(digits) if key.startswith(FACILITY_PREFIX) and digits.isdecimal() and len(digits) <= 18 else None


def _feeds(facts: _Facts, key: str) -> int | None:
    """The facility that a key is, or feeds, today."""
    number = facility_number(key)
    if number is None:
        link = facts.links.get(key)
        number = link.facility_id if link else None
    return None if number is None else facts.moved.get(number, number)


def _detached(facts: _Facts) -> set[str]:
    """Records of the run that a person called another place than the facility they feed."""
    found: set[str] = set()
    for decision in facts.decisions:
        if decision.answer not in _APART or len(decision.record_keys) != 2:
            continue
        left, right = decision.record_keys
        if _feeds(facts, left) is not None and _feeds(facts, left) == _feeds(facts, right) and not _same_cluster(facts, left, right):
            found.update(_newer(facts, left, right))
    return found


def _same_cluster(facts: _Facts, left: str, right: str) -> bool:
    one, other = facts.by_key.get(left), facts.by_key.get(right)
    return one is not None and other is not None and one.cluster_id == other.cluster_id


def _newer(facts: _Facts, left: str, right: str) -> list[str]:
    """Which of two records leaves the facility they share: the one that came later, as far as the run holds it."""
    own = [key for key in (left, right) if key in facts.by_key and key in facts.links]
    return sorted(own, key=lambda key: facts.links[key].facility_source_id)[-1:]


def _left_behind(facts: _Facts) -> set[int]:
    return {facts.links[key].facility_id for key in facts.detached}


def _groups(facts: _Facts) -> list[list[Node]]:
    """Clusters and facilities that belong together, only where there is more than a cluster alone."""
    parents: dict[Node, Node] = {}
    for left, right in _edges(facts):
        one, other = _root(parents, left), _root(parents, right)
        if one != other:
            parents[max(one, other)] = min(one, other)
    for number in _left_behind(facts):
        parents.setdefault(("facility", number), ("facility", number))
    groups: dict[Node, list[Node]] = {}
    for node in list(parents):
        groups.setdefault(_root(parents, node), []).append(node)
    return list(groups.values())


def _root(parents: dict[Node, Node], node: Node) -> Node:
    parents.setdefault(node, node)
    while parents[node] != node:
        parents[node] = parents[parents[node]]
        node = parents[node]
    return node


def _edges(facts: _Facts) -> Iterable[tuple[Node, Node]]:
    for member in facts.members:
        if member.facility_id is not None and member.record_key not in facts.detached:
            yield ("cluster", member.cluster_id), ("facility", facts.moved.get(member.facility_id, member.facility_id))
    same = [(d.record_keys[0], d.record_keys[1]) for d in facts.decisions if d.answer == Answer.SAME and len(d.record_keys) == 2]
    for left, right in [*facts.automatic, *same]:
        one, other = _node(facts, left), _node(facts, right)
        if one is not None and other is not None:
            yield one, other


def _node(facts: _Facts, key: str) -> Node | None:
    member = facts.by_key.get(key)
    if member is not None:
        return ("cluster", member.cluster_id)
    number = _feeds(facts, key)
    return None if number is None else ("facility", number)


def _with_clusters(groups: list[list[Node]], speaking: Sequence[Member]) -> Iterable[tuple[list[Member], list[int]]]:
    """The members and facilities of every unit: of the groups, and of clusters that stand alone."""
    by_cluster: dict[int, list[Member]] = {}
    for member in speaking:
        by_cluster.setdefault(member.cluster_id, []).append(member)
    for nodes in groups:
        members = [m for kind, number in nodes if kind == "cluster" for m in by_cluster.pop(number, [])]
        yield sorted(members), sorted(number for kind, number in nodes if kind == "facility")
    for members in by_cluster.values():
        yield members, []


def _outside(conn: Connection, facts: _Facts, rejected: Sequence[Member], facility_ids: Iterable[int]) -> dict[int, list[LinkedKey]]:
    """Per facility: source records that feed it and do not speak in this run."""
    own = [*facts.by_key, *(m.record_key for m in rejected)]
    found: dict[int, list[LinkedKey]] = {}
    for link in registry.links_of(conn, facility_ids=facility_ids, except_keys=own):
        if link.state != RecordState.REJECTED:
            found.setdefault(link.facility_id, []).append(link)
    return found


def _unit(
    nodes: tuple[list[Member], list[int]], facts: _Facts, standings: Mapping[int, FacilityStanding], outside: Mapping[int, list[LinkedKey]],
    touched: set[int], actor: Actor,
) -> Unit:
    members, facility_ids = tuple(nodes[0]), tuple(number for number in nodes[1] if number in standings)
    if not facility_ids:
        return Unit(members=members, hold=_hold(members) or _foreign(actor, {m.county_code for m in members}))
    others = tuple(link for number in facility_ids for link in outside.get(number, ()))
    retired = any(not standings[number].may_speak for number in facility_ids)
    sister = any(link.state not in (*_PASSES, None) for link in others)
    hold = _hold(members) or (Hold.RETIRED if retired else None) or (Hold.SISTER_WAITS if sister else None)
    counties = {m.county_code for m in members} | {standings[number].county_code for number in facility_ids}
    unit = Unit(members=members, facility_ids=facility_ids, outside=others, hold=hold or _foreign(actor, counties))
    stands = all(standings[number].is_active for number in facility_ids)
    return _settled(unit) if hold is None and stands and not touched & set(facility_ids) and not unit.record_keys & facts.chosen_keys else unit


def _settled(unit: Unit) -> Unit:
    """The unit, marked when the registry has seen exactly these records already."""
    same = len(unit.facility_ids) == 1 and all(
        m.facility_id == unit.facility_ids[0] and m.link_hash == m.record_hash for m in unit.members
    ) and all(link.state == RecordState.COMMITTED for link in unit.outside)
    return Unit(members=unit.members, facility_ids=unit.facility_ids, outside=unit.outside, hold=unit.hold, is_settled=same)


def _hold(members: Sequence[Member]) -> Hold | None:
    for member in members:
        if member.state == RecordState.NEW:
            return Hold.NOT_READY
        if member.has_error:
            return Hold.OPEN_ERROR
        if member.asks or member.state == RecordState.TO_REVIEW:
            return Hold.OPEN_QUESTION
        if member.state not in _PASSES:
            return Hold.LOW_QUALITY
    return None


def _foreign(actor: Actor, counties: Iterable[str | None]) -> Hold | None:
    """An account limited to counties commits only places that lie in them for certain."""
    return Hold.OTHER_COUNTY if actor.counties and not set(counties) <= actor.counties else None
