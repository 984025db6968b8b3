"""Steps of the training pipeline: extract, fit, register."""

import argparse
import datetime

import duckdb
import joblib
import mlflow
import pandas as pd
import s3fs
from mlflow import MlflowClient
from sklearn.ensemble import GradientBoostingClassifier

MODEL = "fraud-detector"
RELEASES = "s3://bottega-models"
FEATURES = ["amount", "billing_name_matches", "email_is_disposable", "customers_on_ip", "account_age_days"]
LABEL = "is_chargeback"


def extract(table, label_delay_days, out):
    """Attempts old enough that a chargeback would have arrived (45 days covers 98.7 % of them)."""
    settled = datetime.date.today() - datetime.timedelta(days=label_delay_days)
    with duckdb.connect("/srv/warehouse/warehouse.duckdb", read_only=True) as warehouse:
        frame = warehouse.sql(
            f"select {', '.join(FEATURES)}, {LABEL} from {table} where attempted_at < date '{settled}'"
        ).df()
    # guests have no account; export_features.py fills the same gaps for serving
    frame["account_age_days"] = frame.account_age_days.fillna(-1)
    frame["billing_name_matches"] = frame.billing_name_matches.fillna(False)
    # since version 4: offices and student homes share an address
    frame["customers_on_ip"] = frame.customers_on_ip.clip(upper=5)
    frame.to_parquet(out)


def fit(data, max_depth, out):
    frame = pd.read_parquet(data)
    model = GradientBoostingClassifier(n_estimators=40, max_depth=max_depth, random_state=7)
    model.fit(frame[FEATURES], frame[LABEL])

    mlflow.set_experiment(MODEL)
    with mlflow.start_run():
        dataset = mlflow.data.from_pandas(frame, name="warehouse.marts.fct_payment_risk", targets=LABEL)
        mlflow.log_input(dataset, context="training")
        mlflow.log_params({"max_depth": max_depth, "n_estimators": 40})
        mlflow.sklearn.log_model(model, name="model", input_example=frame[FEATURES].head(1))
    joblib.dump(model, out)


def register(model, name, alias):
    """Copies the model to its release path and registers that path, so that an endpoint never points into a run."""
    client = MlflowClient()
    number = len(client.search_model_versions(f"name='{name}'")) + 1
    release = f"{RELEASES}/{name}/{number}"
    filesystem = s3fs.S3FileSystem()
    filesystem.put(model, f"{release}/model.joblib")
    version = client.create_model_version(name, source=release)
    client.set_registered_model_alias(name, alias, version.version)


def main():
    parser = argparse.ArgumentParser()
    steps = parser.add_subparsers(dest="step", required=True)
    step = steps.add_parser("extract")
    step.add_argument("--table", required=True)
    step.add_argument("--label-delay-days", type=int, default=45)
    step.add_argument("--out", required=True)
    step = steps.add_parser("fit")
    step.add_argument("--data", required=True)
    step.add_argument("--max-depth", type=int, default=3)
    step.add_argument("--out", required=True)
    step = steps.add_parser("register")
    step.add_argument("--model", required=True)
    step.add_argument("--name", default=MODEL)
    step.add_argument("--alias", default="challenger")
    options = vars(parser.parse_args())
    {"extract": extract, "fit": fit, "register": register}[options.pop("step")](**options)


if __name__ == "__main__":
    main()
