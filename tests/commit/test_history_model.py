"""Whatever is merged, un-merged, edited, retired and taken back, in whatever order: the registry says what a simple model says.

`GVRC_HISTORY_EXAMPLES` sets how many sequences are tried (12 when it is not set).
"""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule, run_state_machine_as_test

from gvrc.commit import ActState, acts, commit
from gvrc.model.access import Actor
from gvrc.settings import Settings
from gvrc.store.session import Database
from tests.store.test_search_kept import counted_anew, kept

EXAMPLES = int(os.environ.get("GVRC_HISTORY_EXAMPLES", "12"))
PLACES = ("a", "b", "c", "d")
SCALARS = ("opening_hours", "description")
SERVICES = ("antenatal", "art", "dental", "imaging", "legal_aid")
FIRST = {
    "a": {"opening_hours": None, "description": None, "services": {"antenatal"}}, "b": {"opening_hours": "8 to 5", "description": None, "services": {"art"}},
    "c": {"opening_hours": "24 hours", "description": "first", "services": {"art", "dental"}}, "d": {"opening_hours": None, "description": "second", "services": set()},
}


@dataclass
class Done:
    """An act that holds in the model until it is taken back."""

    commit_id: int
    kind: str
    place: str
    other: str = ""
    name: str = ""
    value: str = ""


@dataclass
class Model:
    """Places as lists of acts; what they say is told from the acts that hold."""

    done: list[Done] = field(default_factory=list)

    def merged_into(self) -> dict[str, str]:
        return {d.other: d.place for d in self.done if d.kind == "merge"}

    def is_active(self, place: str) -> bool:
        return place not in self.merged_into() and not any(d.kind == "retire" and d.place == place for d in self.done)

    def says(self, place: str) -> dict[str, Any]:
        """Its own values, then what those bring who are merged into it, in the order of the acts."""
        told = {name: FIRST[place][name] for name in SCALARS}
        services = set(FIRST[place]["services"])
        for act in self.done:
            if act.place == place and act.kind == "merge":
                brought = self.says(act.other)
                services |= brought["services"]
                told |= {name: brought[name] for name in SCALARS if told[name] is None}
            elif act.place == place and act.kind == "edit" and act.name == "services":
                services.add(act.value)
            elif act.place == place and act.kind == "edit":
                told[act.name] = act.value
        return {**told, "services": services}


class Registry(RuleBasedStateMachine):
    """The registry beside the model. `db`, `settings`, `actor` and `staged` are set by the test."""

    db: Database
    settings: Settings
    actor: Actor
    staged: Any
    numbers: Iterator[int]

    @initialize()
    def four_places(self) -> None:
        number = next(self.numbers)
        self.model = Model()
        keys = {place: f"{place}{number}" for place in PLACES}
        records = [
            self.staged.record(keys[place], contacts=(), opening_hours=FIRST[place]["opening_hours"], description=FIRST[place]["description"], services=tuple(sorted(FIRST[place]["services"])))
            for place in PLACES
        ]
        commit(self.db, self.settings, self.actor, self.staged.run_of(*records, name=f"{number}.json"))
        self.ids = {place: self.staged.facility_of(keys[place]) for place in PLACES}
        self.first = self.row("a")

    def row(self, place: str) -> tuple[Any, ...]:
        query = """SELECT opening_hours, description, is_active, facility_name, aliases,
            (SELECT coalesce(array_agg(service ORDER BY service), '{}') FROM facility_services s WHERE s.facility_id = f.facility_id) AS services,
            (SELECT array_agg(to_facility_id) FROM facility_redirects r WHERE r.from_facility_id = f.facility_id AND undone_at IS NULL) AS leads
            FROM facilities f WHERE facility_id = :f"""
        return tuple(self.staged.rows(query, f=self.ids[place])[0])

    def version(self, place: str) -> int:
        return int(self.staged.one("SELECT version FROM facilities WHERE facility_id = :f", f=self.ids[place]))

    @rule(survivor=st.sampled_from(PLACES), loser=st.sampled_from(PLACES))
    def merge(self, survivor: str, loser: str) -> None:
        if survivor == loser or not self.model.is_active(survivor) or not self.model.is_active(loser):
            return
        outcome = acts.merge(self.db, self.settings, self.actor, self.ids[survivor], self.ids[loser], "merge", confirmed=True)
        self.model.done.append(Done(outcome.commit_id or 0, "merge", survivor, other=loser))

    @precondition(lambda self: self.model.merged_into())
    @rule(data=st.data())
    def unmerge(self, data: st.DataObject) -> None:
        place = data.draw(st.sampled_from(sorted(self.model.merged_into())))
        assert acts.unmerge(self.db, self.settings, self.actor, self.ids[place], "un-merge", confirmed=True).state is ActState.DONE
        self.model.done = [d for d in self.model.done if not (d.kind == "merge" and d.other == place)]

    @rule(place=st.sampled_from(PLACES), name=st.sampled_from(SCALARS), value=st.sampled_from(("morning", "evening", "night")))
    def edit(self, place: str, name: str, value: str) -> None:
        if self.model.is_active(place) and self.model.says(place)[name] != value:
            self._edit(place, name, value, value)

    @rule(place=st.sampled_from(PLACES), service=st.sampled_from(SERVICES))
    def add_service(self, place: str, service: str) -> None:
        said = self.model.says(place)["services"]
        if self.model.is_active(place) and service not in said:
            self._edit(place, "services", service, sorted({*said, service}))

    def _edit(self, place: str, name: str, value: str, values: Any) -> None:
        outcome = acts.change(self.db, self.settings, self.actor, self.ids[place], {name: values}, "edit", version=self.version(place))
        self.model.done.append(Done(outcome.commit_id or 0, "edit", place, name=name, value=value))

    @rule(place=st.sampled_from(PLACES))
    def retire(self, place: str) -> None:
        if self.model.is_active(place):
            outcome = acts.retire(self.db, self.settings, self.actor, self.ids[place], "retire", confirmed=True)
            self.model.done.append(Done(outcome.commit_id or 0, "retire", place))

    @rule(place=st.sampled_from(PLACES))
    def reopen(self, place: str) -> None:
        if any(d.kind == "retire" and d.place == place for d in self.model.done):
            acts.reopen(self.db, self.settings, self.actor, self.ids[place], "open")
            self.model.done = [d for d in self.model.done if not (d.kind == "retire" and d.place == place)]

    @precondition(lambda self: self.model.done)
    @rule(data=st.data())
    def take_back(self, data: st.DataObject) -> None:
        """Any act that holds, the newest or not; one whose value was set again, or whose place is merged away, stays and is told."""
        act = data.draw(st.sampled_from(self.model.done))
        outcome = acts.rollback(self.db, self.settings, self.actor, act.commit_id, "back", confirmed=True)
        later = self.model.done[self.model.done.index(act) + 1 :]
        set_again = act.kind == "edit" and act.name != "services" and any(d.kind == "edit" and (d.place, d.name) == (act.place, act.name) for d in later)
        is_away = act.kind == "edit" and act.place in self.model.merged_into()
        assert bool(outcome.conflicts) == (set_again or is_away)
        if not outcome.conflicts:
            self.model.done.remove(act)

    @invariant()
    def the_registry_says_what_the_model_says(self) -> None:
        if not hasattr(self, "ids"):
            return
        merged = self.model.merged_into()
        for place in PLACES:
            hours, description, is_active, _name, _aliases, services, leads = self.row(place)
            assert is_active == self.model.is_active(place), place
            assert leads == ([self.ids[merged[place]]] if place in merged else None), place
            if place not in merged:
                said = self.model.says(place)
                assert (hours, description, set(services)) == (said["opening_hours"], said["description"], said["services"]), place

    def teardown(self) -> None:
        """What is kept for searching followed every act."""
        assert kept(self.db) == counted_anew(self.db)


@pytest.fixture
def machine(staged: Any, database: Database, settings: Settings, admin: Actor) -> type[Registry]:
    values = {"db": database, "settings": settings, "actor": admin, "staged": staged, "numbers": itertools.count(1)}
    return type("Here", (Registry,), values)


def test_any_sequence_of_acts_leaves_what_a_simple_model_leaves(machine: type[Registry]) -> None:
    run_state_machine_as_test(  # type: ignore[no-untyped-call]
        machine,
        settings=hypothesis_settings(max_examples=EXAMPLES, stateful_step_count=14, deadline=None, suppress_health_check=list(HealthCheck), phases=(Phase.generate,), database=None),
    )
