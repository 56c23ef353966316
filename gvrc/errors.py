"""Every exception of GVRC.

    GvrcError                       exit 3, HTTP 500
    ├── ConfigError                 exit 2, HTTP 500   the settings or the call are wrong
    ├── SourceError                 exit 3, HTTP 422   a list cannot be read
    │   ├── UnknownFormatError                         neither JSON, JSON Lines nor CSV; no records found
    │   └── DamagedFileError                           readable only up to a point
    ├── ReferenceDataError          exit 3, HTTP 500   the official places or a vocabulary are missing or wrong
    ├── PipelineError               exit 3, HTTP 500
    │   ├── StageFailed                                one stage broke; the run can be resumed
    │   ├── RunBusy                 exit 3, HTTP 409   another process works on this run
    │   └── RunStopped              exit 0, HTTP 409   a person asked the run to stop
    ├── ReviewError                 exit 3, HTTP 409
    │   ├── StaleItemError          exit 3, HTTP 409   somebody else answered first, or the evidence moved
    │   └── NotAllowedError         exit 3, HTTP 403   the role may not do this
    ├── CommitError                 exit 3, HTTP 409
    │   ├── FacilityMovedError                         somebody else changed the facility meanwhile
    │   └── UndecidedItemsError                        open questions stand in the way
    └── StoreError                  exit 3, HTTP 503
        ├── DatabaseUnavailable                        no connection to PostgreSQL
        └── SchemaOutdatedError                        the database waits for `gvrc upgrade`

Bad data is never in this tree: it is an `Issue` (gvrc.model.issue). Each face (command line, API, page) translates these once.
"""

from __future__ import annotations


class GvrcError(Exception):
    """A broken world, told in two sentences.

    `detail` says what happened and what was kept; `hint` says what to do. Both are written for the steward: no stack trace,
    no column name, no secret, no personal value.
    """

    exit_code = 3
    http_status = 500

    def __init__(self, detail: str, hint: str = "") -> None:
        super().__init__(detail)
        self.detail = detail
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.detail} {self.hint}".strip()


class ConfigError(GvrcError):
    """The settings, the environment or the call itself are wrong."""

    exit_code = 2


class SourceError(GvrcError):
    """A list cannot be read."""

    http_status = 422


class UnknownFormatError(SourceError):
    """The content is no list of records in any shape we read."""


class DamagedFileError(SourceError):
    """The content breaks off or is corrupt; what stood before the damage was kept."""


class ReferenceDataError(GvrcError):
    """The official places or a vocabulary are missing or contradict themselves."""


class PipelineError(GvrcError):
    """A run could not go on."""


class StageFailed(PipelineError):
    """One stage broke; everything before it is kept and the run can be resumed."""


class RunBusy(PipelineError):
    """Another process is working on this run."""

    http_status = 409


class RunStopped(PipelineError):
    """A person asked the run to stop; it can be resumed."""

    exit_code = 0
    http_status = 409


class ReviewError(GvrcError):
    """An answer could not be taken."""

    http_status = 409


class StaleItemError(ReviewError):
    """The question was answered by somebody else, or its evidence moved."""


class NotAllowedError(ReviewError):
    """The role does not permit this."""

    http_status = 403


class CommitError(GvrcError):
    """A commit could not be carried out; batches already written stay written."""

    http_status = 409


class FacilityMovedError(CommitError):
    """Somebody else changed the facility meanwhile; nothing was written. `changes` says what, as sentences."""

    def __init__(self, detail: str, hint: str = "", changes: tuple[str, ...] = ()) -> None:
        super().__init__(detail, hint)
        self.changes = changes


class UndecidedItemsError(CommitError):
    """Open questions or open errors stand in the way."""


class StoreError(GvrcError):
    """The database said no."""

    http_status = 503


class DatabaseUnavailable(StoreError):
    """No connection to PostgreSQL."""


class SchemaOutdatedError(StoreError):
    """The database is older than this program."""
