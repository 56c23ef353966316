"""What screens, exports and the API read; the one place where visibility and masking are applied (see `sight`)."""

from __future__ import annotations

from gvrc.views import exports, facilities, feedback, overview, questions, records, runs
from gvrc.views.exports import export_csv
from gvrc.views.facilities import facets, facility_list, facility_view
from gvrc.views.feedback import feedback_pack
from gvrc.views.golden import golden_preview
from gvrc.views.questions import decisions_list, question, question_counts, question_list
from gvrc.views.records import issue_titles, record_list
from gvrc.views.runs import run_list, run_view

__all__ = [
    "decisions_list", "export_csv", "exports", "facets", "facilities", "facility_list", "facility_view", "feedback", "feedback_pack",
    "golden_preview", "issue_titles", "overview", "question", "question_counts", "question_list", "questions", "record_list", "records",
    "run_list", "run_view", "runs",
]
