"""The monthly training of fraud-detector: extract, train, evaluate, register if better.

Compile with `python pipeline.py ../pipelines/fraud-detector-training.yaml`; CI fails when the YAML is not what this
file makes. Every step is the same image with another command, so that a step can be tried on a laptop.
"""

import sys

from kfp import compiler, dsl

IMAGE = "registry.bottega.example/ml-risk/fraud-train:2.3.0"


@dsl.container_component
def extract_training_data(table: str, label_delay_days: int, training_data: dsl.Output[dsl.Dataset]):
    """Reads the mart, leaves out attempts whose label is not settled yet."""
    return dsl.ContainerSpec(
        image=IMAGE,
        command=["python", "-m", "fraud_detector.train", "extract"],
        args=["--table", table, "--label-delay-days", label_delay_days, "--out", training_data.path],
    )


@dsl.container_component
def train_model(training_data: dsl.Input[dsl.Dataset], max_depth: int, model: dsl.Output[dsl.Model]):
    return dsl.ContainerSpec(
        image=IMAGE,
        command=["python", "-m", "fraud_detector.train", "fit"],
        args=["--data", training_data.path, "--max-depth", max_depth, "--out", model.path],
    )


@dsl.container_component
def evaluate_model(
    training_data: dsl.Input[dsl.Dataset],
    model: dsl.Input[dsl.Model],
    metrics: dsl.Output[dsl.Metrics],
    average_precision: dsl.OutputPath(float),
):
    """Scores the last month, by amount: a missed large fraud costs more than ten small ones."""
    return dsl.ContainerSpec(
        image=IMAGE,
        command=["python", "-m", "fraud_detector.evaluate"],
        args=[
            "--data", training_data.path,
            "--model", model.path,
            "--metrics", metrics.path,
            "--average-precision", average_precision,
        ],
    )


@dsl.container_component
def register_model(model: dsl.Input[dsl.Model], name: str, alias: str):
    return dsl.ContainerSpec(
        image=IMAGE,
        command=["python", "-m", "fraud_detector.train", "register"],
        args=["--model", model.path, "--name", name, "--alias", alias],
    )


@dsl.pipeline(name="fraud-detector-training", description="Monthly training of fraud-detector. Owner: ml-risk.")
def fraud_detector_training(
    table: str = "warehouse.marts.fct_payment_risk",
    label_delay_days: int = 45,
    max_depth: int = 3,
    minimum_average_precision: float = 0.62,
):
    data = extract_training_data(table=table, label_delay_days=label_delay_days)
    trained = train_model(training_data=data.outputs["training_data"], max_depth=max_depth)
    trained.set_cpu_limit("4").set_memory_limit("8G")
    evaluated = evaluate_model(training_data=data.outputs["training_data"], model=trained.outputs["model"])
    with dsl.If(evaluated.outputs["average_precision"] >= minimum_average_precision, name="good-enough"):
        register_model(model=trained.outputs["model"], name="fraud-detector", alias="challenger")


if __name__ == "__main__":
    compiler.Compiler().compile(fraud_detector_training, sys.argv[1])
