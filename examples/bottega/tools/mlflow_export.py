"""Trains tiny models, logs and registers them with MLflow, and exports the registry as its REST interface would answer.

MLflow runs on a file store in the scratch folder. The JSON files are the responses of the REST calls (search experiments,
runs, registered models, model versions, logged models), made by MLflow's own protobuf messages. A few files of the
store are kept as they are, with the tracking server's artifact root in place of the scratch folder. The numbers come
from invented rows, so that the scores mean nothing; the columns are those of the marts.
"""

import datetime
import itertools
import json
import os
import pathlib
import random
import re
import shutil
import sys
import uuid

os.environ["MLFLOW_ALLOW_FILE_STORE"] = "true"
os.environ["MLFLOW_DISABLE_TELEMETRY"] = "true"

import mlflow
import mlflow.data
import mlflow.sklearn
import mlflow.store.tracking.file_store
import mlflow.utils.time
import numpy
import pandas
from mlflow import MlflowClient
from mlflow.protos import model_registry_pb2, service_pb2
from mlflow.utils.proto_json_utils import message_to_json
from sklearn.ensemble import GradientBoostingClassifier
from sklearn.linear_model import LogisticRegression, Ridge

from fixed import replace_paths, uuids, write_json

ARTIFACTS = "s3://bottega-models/mlflow"
NUMBERS = numpy.random.default_rng(20261120)
COMMITS = random.Random("commits")


class Clock:
    """Stands in for the `time` module inside MLflow; moves one second with every look."""

    def __init__(self):
        self.now = 0.0

    def set(self, day):
        self.now = datetime.datetime.fromisoformat(f"{day}T05:20:00+00:00").timestamp()

    def time(self):
        self.now += 1
        return self.now


CLOCK = Clock()


def payments(rows):
    """Rows in the layout of marts.fct_payment_risk, with a label that depends on them."""
    table = pandas.DataFrame(
        {
            "amount": NUMBERS.gamma(2.0, 40.0, rows).round(2),
            "billing_name_matches": NUMBERS.random(rows) < 0.9,
            "email_is_disposable": NUMBERS.random(rows) < 0.04,
            "customers_on_ip": NUMBERS.integers(1, 6, rows),
            "account_age_days": NUMBERS.integers(0, 900, rows),
        }
    )
    risk = 0.02 * table.amount + 2.5 * table.email_is_disposable - 2.0 * table.billing_name_matches
    table["is_chargeback"] = risk + NUMBERS.normal(0, 1, rows) > 2.2
    return table


def customers(rows):
    """Rows in the layout of marts.customer_360."""
    table = pandas.DataFrame(
        {
            "birth_year": NUMBERS.integers(1950, 2006, rows).astype(float),
            "postcode_area": NUMBERS.integers(500, 599, rows),
            "orders_90d": NUMBERS.poisson(1.5, rows),
            "spend_90d": NUMBERS.gamma(2.0, 60.0, rows).round(2),
            "days_since_last_order": NUMBERS.integers(0, 200, rows),
            "return_rate": NUMBERS.random(rows).round(3),
            "sessions_30d": NUMBERS.poisson(4, rows),
        }
    )
    table["churned"] = table.days_since_last_order - 12 * table.sessions_30d + NUMBERS.normal(0, 30, rows) > 40
    return table


def sales(rows):
    """Rows in the layout of marts.fct_daily_sales, with the lags that demand_forecast/train.py adds."""
    table = pandas.DataFrame(
        {
            "weekday": NUMBERS.integers(0, 7, rows),
            "units_sold_7d": NUMBERS.poisson(140, rows),
            "units_sold_28d": NUMBERS.poisson(560, rows),
        }
    )
    table["units_sold"] = table.units_sold_7d / 7 + NUMBERS.normal(0, 3, rows)
    return table


def returns(rows):
    """Rows in the layout of the prototype's notebook: orders joined with accepted returns."""
    table = pandas.DataFrame(
        {
            "order_total": NUMBERS.gamma(2.0, 40.0, rows).round(2),
            "item_count": NUMBERS.integers(1, 8, rows),
            "used_coupon": NUMBERS.random(rows) < 0.2,
        }
    )
    table["returned"] = table.item_count + NUMBERS.normal(0, 2, rows) > 6
    return table


def interactions(rows):
    """Rows in the layout of marts.fct_product_interactions."""
    return pandas.DataFrame(
        {
            "customer_id": NUMBERS.integers(1, 300, rows).astype(str),
            "product_id": NUMBERS.integers(1, 60, rows).astype(str),
            "weight": NUMBERS.integers(1, 4, rows),
        }
    )


FRAUD = dict(
    experiment="fraud-detector",
    make=payments,
    label="is_chargeback",
    reads={"warehouse.marts.fct_payment_risk": "training"},
    code="https://git.bottega.example/bottega/ml-risk.git",
    entry="fraud_detector/train.py",
)
CHURN = dict(
    experiment="churn-predictor",
    make=customers,
    label="churned",
    reads={"warehouse.marts.customer_360": "training"},
    code="https://git.bottega.example/bottega/ml-growth.git",
    entry="churn/train.py",
)
RECOMMENDER = dict(
    experiment="product-recommender",
    make=interactions,
    label=None,
    reads={"warehouse.marts.fct_product_interactions": "training", "warehouse.marts.dim_products": "catalogue"},
    code="https://git.bottega.example/bottega/ml-growth.git",
    entry="recommender/train.py",
)
DEMAND = dict(
    experiment="demand-forecast",
    make=sales,
    label="units_sold",
    reads={"warehouse.marts.fct_daily_sales": "training"},
    code="https://git.bottega.example/bottega/ml-growth.git",
    entry="demand_forecast/train.py",
)
RETURNS = dict(
    experiment="returns-risk",
    make=returns,
    label="returned",
    reads={"warehouse.marts.fct_orders": "training"},
    code="https://git.bottega.example/bottega/ml-risk.git",
    entry="notebooks/returns-risk-prototype.ipynb",
)

# name, day, person, run name, what it is, estimator, parameters
HISTORY = [
    (FRAUD, "2026-02-10", "marta.keller", "logistic-baseline", LogisticRegression(max_iter=500), {"model_type": "logistic_regression"}),
    (CHURN, "2026-03-16", "aiko.tanabe", "churn-first", LogisticRegression(max_iter=500), {"model_type": "logistic_regression"}),
    (RECOMMENDER, "2026-04-20", "noor.haddad", "two-tower-32", None, {"embedding_dim": 32, "epochs": 8, "loss": "bpr"}),
    (DEMAND, "2026-05-04", "pavel.horak", "ridge-by-category", Ridge(alpha=1.0), {"model_type": "ridge", "horizon_days": 14}),
    (FRAUD, "2026-05-18", "marta.keller", "gbt-shallow", GradientBoostingClassifier(n_estimators=20, max_depth=2, random_state=7), {"model_type": "gradient_boosting", "n_estimators": 20, "max_depth": 2}),
    (CHURN, "2026-06-22", "aiko.tanabe", "churn-gbt", GradientBoostingClassifier(n_estimators=15, max_depth=2, random_state=7), {"model_type": "gradient_boosting", "n_estimators": 15, "max_depth": 2}),
    (RECOMMENDER, "2026-08-31", "noor.haddad", "two-tower-64", None, {"embedding_dim": 64, "epochs": 12, "loss": "bpr"}),
    (FRAUD, "2026-09-07", "dev.anand", "gbt-deeper", GradientBoostingClassifier(n_estimators=30, max_depth=3, random_state=7), {"model_type": "gradient_boosting", "n_estimators": 30, "max_depth": 3}),
    (CHURN, "2026-10-12", "lucas.moreau", "churn-gbt-90d", GradientBoostingClassifier(n_estimators=25, max_depth=3, random_state=7), {"model_type": "gradient_boosting", "n_estimators": 25, "max_depth": 3}),
    (RETURNS, "2026-10-29", "sofia.brandt", "returns-prototype", LogisticRegression(max_iter=500), {"model_type": "logistic_regression"}),
    (FRAUD, "2026-11-16", "dev.anand", "gbt-customers-on-ip", GradientBoostingClassifier(n_estimators=40, max_depth=3, random_state=7), {"model_type": "gradient_boosting", "n_estimators": 40, "max_depth": 3}),
]

# What the model cards quote, by run. Invented like the rows, but the same everywhere.
SCORES = {
    "logistic-baseline": {"average_precision": 0.48},
    "gbt-shallow": {"average_precision": 0.57},
    "gbt-deeper": {"average_precision": 0.66},
    "gbt-customers-on-ip": {"average_precision": 0.68},
    "churn-first": {"recall_top_decile": 0.38, "auc": 0.75},
    "churn-gbt": {"recall_top_decile": 0.43, "auc": 0.79},
    "churn-gbt-90d": {"recall_top_decile": 0.47, "auc": 0.81},
}
RANKING = {"two-tower-32": {"ndcg_at_10": 0.287, "recall_at_50": 0.412}, "two-tower-64": {"ndcg_at_10": 0.341, "recall_at_50": 0.468}}

MODELS = {
    "fraud-detector": ("Scores payment attempts. Owned by ML Risk; every promotion needs two approvals.", {"team": "ml-risk", "criticality": "high"}),
    "churn-predictor": ("Weekly churn score for the retention campaign.", {"team": "ml-growth", "criticality": "medium", "personal_data": "true"}),
    "product-recommender": ("Related products on the article page.", {"team": "ml-growth", "criticality": "medium"}),
    "demand-forecast": ("Units per category and day, two weeks ahead. Read by the buying team's spreadsheet.", {"criticality": "medium"}),
    "returns-risk": ("Prototype: will this order come back? Not for use.", {"team": "ml-risk", "status": "prototype"}),
}

ALIASES = [
    ("fraud-detector", "champion", 3),
    ("fraud-detector", "challenger", 4),
    ("churn-predictor", "champion", 3),
    ("product-recommender", "champion", 2),
]


def main(root, scratch):
    identifiers = itertools.chain(uuids("mlflow"))
    uuid.uuid4 = lambda: next(identifiers)
    mlflow.utils.time.time = CLOCK
    mlflow.store.tracking.file_store.time = CLOCK
    store = scratch / "mlruns"
    mlflow.set_tracking_uri(store.as_uri())
    client = MlflowClient()

    CLOCK.set("2026-02-01")
    for name, (description, tags) in MODELS.items():
        client.create_registered_model(name, tags=tags, description=description)
    for plan in HISTORY:
        train(client, *plan)
    CLOCK.set("2026-11-17")
    for name, alias, version in ALIASES:
        client.set_registered_model_alias(name, alias, version)

    export(client, root / "data-platform/mlflow-export", {store.as_uri(): ARTIFACTS, str(store): ARTIFACTS})
    keep_files(client, store, root / "data-platform/mlflow-export/mlruns", {store.as_uri(): ARTIFACTS, str(store): ARTIFACTS})


def train(client, plan, day, person, run_name, estimator, parameters):
    CLOCK.set(day)
    name = plan["experiment"]
    mlflow.set_experiment(name)
    table = plan["make"](400)
    commit = f"{COMMITS.getrandbits(160):040x}"
    tags = {
        "mlflow.user": person,
        "mlflow.source.name": plan["entry"],
        "mlflow.source.type": "PROJECT",
        "mlflow.source.git.branch": "main",
        "mlflow.source.git.commit": commit,
        "mlflow.source.git.repoURL": plan["code"],
    }
    with mlflow.start_run(run_name=run_name, tags=tags) as run:
        mlflow.log_params(parameters)
        for table_name, context in plan["reads"].items():
            file = f"s3://bottega-lake/training/{name}/{day}/{table_name.rpartition('.')[2]}.parquet"
            dataset = mlflow.data.from_pandas(table, source=file, name=table_name, targets=plan["label"] if context == "training" else None)
            mlflow.log_input(dataset, context=context)
        if estimator is None:
            mlflow.log_metrics(RANKING[run_name])
            logged = None
        else:
            logged = fit(plan, table, estimator)
            mlflow.log_metrics(SCORES.get(run_name, {}))

    if logged:
        client.set_logged_model_tags(logged.model_id, tags)

    versions = len(client.search_model_versions(f"name='{name}'")) + 1
    if name in ("churn-predictor", "demand-forecast", "returns-risk"):
        mlflow.register_model(logged.model_uri, name)
    else:
        source = f"s3://bottega-models/{name}/{versions}"
        client.create_model_version(name, source, run_id=run.info.run_id, model_id=logged.model_id if logged else None)
    client.set_model_version_tag(name, str(versions), "git_commit", commit)


def fit(plan, table, estimator):
    features = table.drop(columns=[plan["label"]])
    target = table[plan["label"]]
    estimator.fit(features[:300], target[:300])
    held_out = features[300:], target[300:]
    scored = float(estimator.score(*held_out))
    mlflow.log_metric("r2" if target.dtype.kind == "f" else "accuracy", round(scored, 4))
    return mlflow.sklearn.log_model(estimator, name="model", input_example=features.head(1), pip_requirements=["scikit-learn==1.9.1"], serialization_format="cloudpickle")


def export(client, folder, paths):
    experiments = sorted(client.search_experiments(), key=lambda found: found.creation_time)
    experiments = [found for found in experiments if found.name != "Default"]
    numbers = [found.experiment_id for found in experiments]
    versions = client.search_model_versions()
    responses = {
        "experiments": (service_pb2.SearchExperiments.Response(), "experiments", experiments),
        "runs": (service_pb2.SearchRuns.Response(), "runs", client.search_runs(numbers, order_by=["start_time"])),
        "registered-models": (model_registry_pb2.SearchRegisteredModels.Response(), "registered_models", client.search_registered_models()),
        "model-versions": (
            model_registry_pb2.SearchModelVersions.Response(),
            "model_versions",
            sorted(versions, key=lambda version: (version.name, int(version.version))),
        ),
        "logged-models": (
            service_pb2.SearchLoggedModels.Response(),
            "models",
            sorted(client.search_logged_models(numbers), key=lambda model: model.creation_timestamp),
        ),
    }
    for name, (response, field, entities) in responses.items():
        getattr(response, field).extend(entity.to_proto() for entity in entities)
        text = replace_paths(message_to_json(response), paths)
        write_json(folder / f"{name}.json", in_order(json.loads(text)), indent=1)


def in_order(value):
    """Sorts lists of keys and values, which the store reads from a folder in whatever order the disk has."""
    if isinstance(value, dict):
        return {key: in_order(item) for key, item in value.items()}
    if isinstance(value, list):
        items = [in_order(item) for item in value]
        keyed = items and all(isinstance(item, dict) and "key" in item for item in items)
        return sorted(items, key=lambda item: item["key"]) if keyed else items
    return value


def keep_files(client, store, folder, paths):
    """Keeps two files of the champion's version, to show what the store looks like; the rest is in the JSON."""
    shutil.rmtree(folder, ignore_errors=True)
    champion = client.get_model_version_by_alias("fraud-detector", "champion")
    experiment = client.get_experiment_by_name("fraud-detector").experiment_id
    kept = [
        f"models/fraud-detector/version-{champion.version}/meta.yaml",
        f"{experiment}/models/{champion.model_id}/artifacts/MLmodel",
    ]
    for name in kept:
        text = replace_paths((store / name).read_text(), paths)
        text = re.sub(r"utc_time_created: .*", "utc_time_created: '2026-09-07 05:20:05.000000'", text)
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]))
