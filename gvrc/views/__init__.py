"""What screens, exports and the API read; the one place where visibility and masking are applied (see `sight`)."""

from __future__ import annotations

from gvrc.views import commits, exports, facilities, feedback, fhir, overview, questions, records, runs
from gvrc.views.commits import commit_list, commit_view, facilities_of_commit, facility_id_of, request_list, version_list
from gvrc.views.exports import export
from gvrc.views.facilities import facets, facility_list, facility_view
from gvrc.views.feedback import feedback_pack
from gvrc.views.golden import golden_preview
from gvrc.views.questions import decisions_list, question, question_counts, question_list
from gvrc.views.records import every_record, record_list
from gvrc.views.runs import run_list, run_view
from gvrc.views.statistics import run_statistics

__all__ = [
    "commit_list", "commit_view", "commits", "decisions_list", "every_record", "export", "exports", "facets", "facilities", "facilities_of_commit", "facility_id_of",
    "facility_list", "facility_view", "feedback", "feedback_pack", "fhir", "golden_preview", "overview", "question",
    "question_counts", "question_list", "questions", "record_list", "records", "request_list", "run_list", "run_statistics", "run_view", "runs",
    "version_list",
]
