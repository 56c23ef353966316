"""Who sees what: the one place where visibility and masking are decided.

The matrix, per tier of a place:

    sees                                          public          ward_only   office_line   withheld
    viewer, data analyst                          all             area        line          nothing
    data engineer                                 all             area        line          trace
    data steward (in scope), approver, admin      all             all         all           all

`all` everything, contacts masked unless the role sees contacts; `area` name, kind, services, ward; `line` name, county, office phone; `trace` that
it exists: id, kind, county; `nothing` not even a count.

Behind it stands the database's own row-level security (gvrc/store/migrations/sql/sight.sql): every read model says for whom it reads,
`db.read(actor)`, and reads places from `facilities_in_sight`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from gvrc.model.access import Actor
from gvrc.model.record import Visibility
from gvrc.security.permissions import SEES_ALL, SEES_TRACE, Permission, allows_county, may
from gvrc.store.accounts import log_access
from gvrc.store.reads import Scope
from gvrc.store.session import Connection


class Shown(StrEnum):
    """How much of a place a reader sees."""

    ALL = "all"
    AREA = "area"
    LINE = "line"
    TRACE = "trace"
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sight:
    """What one person may see."""

    actor: Actor

    @property
    def scope(self) -> Scope:
        """The same, as the queries take it."""
        return Scope(
            sees_all=self.actor.role in SEES_ALL, sees_trace=self.actor.role in SEES_TRACE,
            counties=tuple(sorted(self.actor.counties)) if self.actor.counties else None,
        )

    def shown(self, visibility: Visibility, county_code: str | None) -> Shown:
        """How much of a place of this tier, in this county, the person sees."""
        if visibility is Visibility.PUBLIC or (self.actor.role in SEES_ALL and allows_county(self.actor, county_code)):
            return Shown.ALL
        if visibility is not Visibility.WITHHELD:
            return Shown.AREA if visibility is Visibility.WARD_ONLY else Shown.LINE
        return Shown.TRACE if self.actor.role in SEES_TRACE else Shown.NOTHING

    def sees_contacts(self, county_code: str | None) -> bool:
        """Whether contacts of a place in this county stand unmasked."""
        return may(self.actor, Permission.SEE_CONTACTS) and allows_county(self.actor, county_code)


def note_looks(conn: Connection, actor: Actor, resources: Iterable[str], action: str = "look", result: str = "allowed") -> None:
    """Write looks at withheld places, and exports of personal data, to the access log."""
    for resource in resources:
        log_access(conn, actor.username, action, resource, result)
