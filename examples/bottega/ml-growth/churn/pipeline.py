"""Weekly training of churn-predictor. `python pipeline.py compiled.yaml` writes the IR next to this file."""

import sys

from kfp import compiler, dsl

IMAGE = "registry.bottega.example/ml-growth/churn-train:1.8.1"


@dsl.component(base_image=IMAGE)
def read_customers(mart: str, customers: dsl.Output[dsl.Dataset]):
    import duckdb

    with duckdb.connect("/srv/warehouse/warehouse.duckdb", read_only=True) as warehouse:
        warehouse.sql(f"select * from {mart}").write_parquet(customers.path)


@dsl.container_component
def train(customers: dsl.Input[dsl.Dataset], holdout_weeks: int, model: dsl.Output[dsl.Model]):
    return dsl.ContainerSpec(
        image=IMAGE,
        command=["python", "train.py"],
        args=["--customers", customers.path, "--holdout-weeks", holdout_weeks, "--out", model.path],
    )


@dsl.component(base_image=IMAGE)
def drift_report(customers: dsl.Input[dsl.Dataset], report: dsl.Output[dsl.HTML]):
    import pandas as pd
    from evidently import Report
    from evidently.presets import DataDriftPreset
    from prometheus_client import CollectorRegistry, Gauge, push_to_gateway

    reference = pd.read_parquet("s3://bottega-lake/training/churn-predictor/2026-10-12/customer_360.parquet")
    current = pd.read_parquet(customers.path)
    snapshot = Report([DataDriftPreset()]).run(current, reference)
    snapshot.save_html(report.path)

    # the alert ChurnScoresDrifting looks at this number
    registry = CollectorRegistry()
    share = Gauge("evidently_drifted_columns_share", "Share of drifted columns", ["model_name"], registry=registry)
    share.labels("churn-predictor").set(snapshot.dict()["metrics"][0]["value"]["share"])
    push_to_gateway("pushgateway.monitoring.svc:9091", job="churn-drift", registry=registry)


@dsl.pipeline(name="churn-predictor-training", description="Weekly training of churn-predictor. Owner: ml-growth.")
def churn_training(mart: str = "warehouse.marts.customer_360", holdout_weeks: int = 8):
    customers = read_customers(mart=mart)
    train(customers=customers.outputs["customers"], holdout_weeks=holdout_weeks)
    drift_report(customers=customers.outputs["customers"])


if __name__ == "__main__":
    compiler.Compiler().compile(churn_training, sys.argv[1])
