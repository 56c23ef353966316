"""The peers, each run by the Python that has it installed: `python peers.py PEER INPUT.parquet OUTPUT.npz`.

This file imports nothing of the project, for the peers want other versions of the libraries than it does. The input holds standardised columns: `row, name, stem,
kind, county, constituency, ward, latitude, longitude, phone, email`, and `truth`, which only dedupe looks at, to be trained; the output holds `seconds`
(without the loading of the library and of the table), `pairs` (left, right, score) and `megabytes`, the most memory that the process held.
"""

import importlib
import sys
import time
from pathlib import Path


def splink_usual(table):
    """Splink as its tutorials recommend: name, place, contact; tight blocking; m by expectation maximisation."""
    rules = [("county", "stem"), ("ward", "stem_start"), ("phone",), ("email",)]
    return _splink(table, rules, thresholds=[0.92, 0.8])


def splink_accurate(table):
    """Splink with wider blocking and finer levels."""
    rules = [("county", "stem"), ("ward", "stem_start"), ("constituency", "stem_start", "kind"), ("county", "stem_start"), ("ward", "kind"), ("phone",), ("email",)]
    return _splink(table, rules, thresholds=[0.97, 0.92, 0.88, 0.8, 0.7])


def _splink(table, rules, thresholds):
    import splink.comparison_library as cl
    from splink import Linker, SettingsCreator, block_on
    from splink.backends.duckdb import DuckDBAPI

    frame = table.rename(columns={"row": "unique_id"})
    frame["stem_start"] = frame["stem"].str[:3]
    settings = SettingsCreator(
        link_type="dedupe_only",
        comparisons=[
            cl.JaroWinklerAtThresholds("name", thresholds), cl.JaroWinklerAtThresholds("stem", thresholds), cl.ExactMatch("kind"),
            cl.ExactMatch("ward"), cl.DistanceInKMAtThresholds("latitude", "longitude", [0.3, 2, 10]), cl.ExactMatch("phone"), cl.ExactMatch("email"),
        ],
        blocking_rules_to_generate_predictions=[block_on(*rule) for rule in rules],
        retain_matching_columns=False,
    )
    database = DuckDBAPI()
    linker = Linker(database.register(frame), settings, log_level=40)
    linker.training.estimate_probability_two_random_records_match([block_on("county", "stem", "kind"), block_on("phone")], recall=0.7)
    linker.training.estimate_u_using_random_sampling(max_pairs=1e6, seed=1)
    for rule in (("county", "stem"), ("phone",)):
        linker.training.estimate_parameters_using_expectation_maximisation(block_on(*rule), max_pairs=1e6)
    found = linker.inference.predict(threshold_match_probability=0.05).as_pandas_dataframe()
    return found[["unique_id_l", "unique_id_r", "match_probability"]].to_numpy()


def recordlinkage_weighted(table):
    """recordlinkage with tight blocking and weights set by hand."""
    import pandas as pd
    import recordlinkage

    frame = table.set_index("row")
    frame["stem_start"] = frame["stem"].str[:3]
    index = recordlinkage.Index()
    for rule in (["county", "stem"], ["ward", "stem_start"], ["phone"], ["email"]):
        index.block(rule)
    pairs = index.index(frame)
    pairs = pd.MultiIndex.from_tuples([pair for pair in pairs if pair[0] != pair[1]])
    compare = recordlinkage.Compare()
    compare.string("name", "name", method="jarowinkler", label="name")
    compare.string("stem", "stem", method="jarowinkler", label="stem")
    unknown = {"kind": 0.5, "ward": 0.5, "phone": 0.3}
    for name in unknown:
        compare.exact(name, name, label=name)
    features = compare.compute(pairs, frame).astype(float)
    for name, value in unknown.items():  # its own `missing_value` wants to put 0.5 among whole numbers, which pandas 3 refuses
        missing = frame[name].isna()
        features.loc[(missing.loc[pairs.get_level_values(0)].to_numpy() | missing.loc[pairs.get_level_values(1)].to_numpy()), name] = value
    score = features["name"] * 0.3 + features["stem"] * 0.25 + features["kind"] * 0.1 + features["ward"] * 0.2 + features["phone"] * 0.15
    kept = score[score > 0.5]
    return [[left, right, value] for (left, right), value in kept.items()]


def dedupe_trained(table):
    """dedupe, trained on 600 pairs labelled with the truth, as a patient person would label them."""
    import dedupe
    from dedupe import variables
    from dedupe.predicates import IndexPredicate

    columns = ("name", "stem", "kind", "county", "ward", "phone", "truth")
    data = {row["row"]: {name: row[name] if row[name] == row[name] else None for name in columns} for row in table.to_dict("records")}
    fields = [variables.String("name", has_missing=True), variables.String("stem", has_missing=True)]
    fields += [variables.Exact(name, has_missing=True) for name in ("kind", "county", "ward", "phone")]
    for field in fields:  # its index of rare words wants a BTrees that this Python does not have
        field.predicates = [predicate for predicate in field.predicates if not isinstance(predicate, IndexPredicate)]
    deduper = dedupe.Dedupe(fields, num_cores=1)
    deduper.prepare_training(data, sample_size=1500)
    deduper.mark_pairs(dedupe.training_data_dedupe(data, "truth", training_size=600))
    deduper.train(index_predicates=False)
    found = []
    for rows, scores in deduper.partition(data, 0.5):
        found += [[left, right, min(scores[at], scores[at + 1 + step])] for at, left in enumerate(rows) for step, right in enumerate(rows[at + 1 :])]
    return [[int(left), int(right), float(score)] for left, right, score in found]


PEERS = {"splink": splink_usual, "splink-accurate": splink_accurate, "recordlinkage": recordlinkage_weighted, "dedupe": dedupe_trained}
LOADED = {"splink": ("splink", "splink.comparison_library", "splink.backends.duckdb"), "recordlinkage": ("recordlinkage",), "dedupe": ("dedupe", "dedupe.variables")}


def most_megabytes():
    """The most memory that this program held; what the process held before it became this program (`ru_maxrss` counts that) left out."""
    return next(int(line.split()[1]) for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM")) // 1024


def main():
    import numpy as np
    import pandas as pd

    peer, source, target = sys.argv[1:4]
    for module in LOADED[peer.split("-")[0]]:
        importlib.import_module(module)
    table = pd.read_parquet(source)
    started = time.perf_counter()
    pairs = PEERS[peer](table)
    seconds = time.perf_counter() - started
    found = np.asarray(pairs, dtype=np.float64).reshape(-1, 3)
    np.savez(target, seconds=seconds, pairs=found, megabytes=most_megabytes())


if __name__ == "__main__":
    main()
