from __future__ import annotations

import json
import re

from gvrc.operations import metrics
from gvrc.settings import PROJECT_DIR, Settings
from gvrc.store.keeper import DatabaseKeeper
from gvrc.store.session import Database

FUNCTIONS = {"sum", "by", "rate", "histogram_quantile", "or", "max", "min", "avg", "increase", "route", "status", "stage", "direction", "le", "kind", "answer", "reason"}


def test_the_dashboard_names_only_metrics_that_exist() -> None:
    board = json.loads((PROJECT_DIR / "deploy" / "grafana.json").read_text(encoding="utf-8"))
    queries = [target["expr"] for panel in board["panels"] for target in panel["targets"]]
    assert len({panel["id"] for panel in board["panels"]}) == len(queries) >= 12
    named = {word for query in queries for word in re.findall(r"\b[a-z_]{3,}\b", re.sub(r"\{[^}]*\}|\[[^\]]*\]", "", query))} - FUNCTIONS
    assert named - metrics.names() - {"process_resident_memory_bytes"} == set()
    assert "gvrc_nothing_of_the_kind" not in metrics.names()


def test_every_measure_of_the_database_is_rendered(database: Database, settings: Settings) -> None:
    keeper = DatabaseKeeper(settings=settings, _database=database)
    text = metrics.render(keeper, metrics.Numbers(keeper).now()).decode()
    for name in ("gvrc_runs", "gvrc_queue_length", "gvrc_commit_batches_total", "gvrc_database_up 1.0"):
        assert name in text
    away = DatabaseKeeper(settings=settings.model_copy(update={"database_url": "postgresql://n@127.0.0.1:9/x", "database_owner_url": None}))
    assert "gvrc_database_up 0.0" in metrics.render(away, metrics.Numbers(away).now()).decode()
