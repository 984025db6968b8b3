"""Emits the OpenLineage events of the jobs that are not dbt, with the OpenLineage client and its file transport.

One night (20 November) of copy and export jobs, the last run of every training job that made a
version, two older runs that later ones
supersede, one that failed, and what the shop's team says about its own tables. Columns come from dbt's catalog.
"""

import datetime
import hashlib
import json
import pathlib
import sys

from openlineage.client import OpenLineageClient
from openlineage.client.event_v2 import DatasetEvent, InputDataset, Job, JobEvent, OutputDataset, Run, RunEvent, RunState, StaticDataset
from openlineage.client.facet_v2 import (
    column_lineage_dataset,
    documentation_job,
    error_message_run,
    job_type_job,
    output_statistics_output_dataset,
    ownership_dataset,
    ownership_job,
    schema_dataset,
    set_producer,
    source_code_location_job,
    tags_dataset,
)
from openlineage.client.transport.file import FileConfig, FileTransport

from fixed import NIGHT, moment, uuids

SHOP = "postgres://db.shop.bottega.example:5432"
WAREHOUSE = "duckdb:///srv/warehouse/warehouse.duckdb"
LAKE = "s3://bottega-lake"
MODELS = "s3://bottega-models"
KAFKA = "kafka://kafka.shop.bottega.example:9092"
PRODUCER = "https://git.bottega.example/bottega/data-platform"

TABLES = ["customers", "orders", "order_items", "payments", "products", "page_events", "returns", "newsletter_signups"]
PERSONAL = {
    "customers": ["email", "full_name", "phone", "birth_date", "postcode"],
    "orders": ["email", "shipping_address"],
    "payments": ["card_last4", "billing_name", "ip_address"],
    "page_events": ["ip_address", "user_agent"],
    "newsletter_signups": ["email"],
}

# feature file: the mart it comes from, and its columns with the columns they are made of
EXPORTS = {
    "payment_risk": ("fct_payment_risk", {name: [name] for name in ("payment_id", "customer_id", "amount", "billing_name_matches", "email_is_disposable", "customers_on_ip", "account_age_days")} | {"event_timestamp": ["attempted_at"]}),
    "customer_activity": ("customer_360", {name: [name] for name in ("customer_id", "orders_90d", "spend_90d", "days_since_last_order", "return_rate", "sessions_30d")}),
    "product_popularity": ("fct_product_interactions", {"product_id": ["product_id"], "popularity_7d": ["weight"], "viewers_7d": ["customer_id"], "event_timestamp": ["occurred_at"]}),
}


class Diary:
    """Writes events in the order in which they happened."""

    def __init__(self, file, catalog):
        set_producer(PRODUCER)
        transport = FileTransport(FileConfig(log_file_path=str(file), append=True))
        self.client = OpenLineageClient(transport=transport)
        self.identifiers = uuids("lineage")
        self.columns = {}
        for node in list(catalog["nodes"].values()) + list(catalog["sources"].values()):
            table = f"{node['metadata']['database']}.{node['metadata']['schema']}.{node['metadata']['name']}"
            self.columns[table] = [(column["name"], column["type"]) for column in node["columns"].values()]

    def schema(self, table, leave_out=()):
        fields = [schema_dataset.SchemaDatasetFacetFields(name=name, type=kind) for name, kind in self.columns[table] if name not in leave_out]
        return schema_dataset.SchemaDatasetFacet(fields=fields)

    def run(self, job, start, inputs, outputs, seconds=60, error=None):
        run = Run(runId=str(next(self.identifiers)))
        self.client.emit(RunEvent(eventTime=moment(start), eventType=RunState.START, run=run, job=job, inputs=inputs, outputs=[], producer=PRODUCER))
        if error:
            run = Run(runId=run.runId, facets={"errorMessage": error_message_run.ErrorMessageRunFacet(message=error, programmingLanguage="python")})
        self.client.emit(
            RunEvent(
                eventTime=moment(start, seconds),
                eventType=RunState.FAIL if error else RunState.COMPLETE,
                run=run,
                job=job,
                inputs=inputs,
                outputs=[] if error else outputs,
                producer=PRODUCER,
            )
        )


def job(namespace, name, owner, repository, path, what, kind, version):
    return Job(
        namespace=namespace,
        name=name,
        facets={
            "ownership": ownership_job.OwnershipJobFacet(owners=[ownership_job.Owner(name=f"team:{owner}", type="OWNER")] if owner else []),
            "sourceCodeLocation": source_code_location_job.SourceCodeLocationJobFacet(
                type="git",
                url=f"https://git.bottega.example/bottega/{repository}/blob/main/{path}",
                repoUrl=f"https://git.bottega.example/bottega/{repository}.git",
                path=path,
                version=version,
                branch="main",
            ),
            "documentation": documentation_job.DocumentationJobFacet(description=what),
            "jobType": job_type_job.JobTypeJobFacet(processingType="BATCH", integration=kind, jobType="JOB"),
        },
    )


def columns_from(namespace, table, columns):
    return column_lineage_dataset.ColumnLineageDatasetFacet(
        fields={
            name: column_lineage_dataset.Fields(
                inputFields=[
                    column_lineage_dataset.InputField(
                        namespace=namespace,
                        name=table,
                        field=source,
                        transformations=[column_lineage_dataset.Transformation(type="DIRECT", subtype="IDENTITY" if source == name else "TRANSFORMATION")],
                    )
                    for source in sources
                ]
            )
            for name, sources in columns.items()
        }
    )


def warehouse(table):
    return InputDataset(namespace=WAREHOUSE, name=f"warehouse.marts.{table}")


def main(root, scratch):
    file = scratch / "events.ndjson"
    diary = Diary(file, json.loads((root / "data-platform/dbt/artifacts/catalog.json").read_text()))
    versions = {name: hashlib.sha1(name.encode()).hexdigest() for name in ("data-platform", "ml-risk", "ml-growth")}

    what_the_shop_says(diary)
    copies(diary, versions["data-platform"])
    exports(diary, versions["data-platform"])
    trainings(diary, root, versions)
    target = root / "data-platform/lineage/events.ndjson"
    target.write_text(file.read_text())


def what_the_shop_says(diary):
    start = NIGHT - datetime.timedelta(days=30)
    for table in TABLES:
        facets = {
            "schema": diary.schema(f"warehouse.raw.{table}", leave_out=["_loaded_at"]),
            "ownership": ownership_dataset.OwnershipDatasetFacet(owners=[ownership_dataset.Owner(name="team:shop-backend", type="OWNER")]),
        }
        if table in PERSONAL:
            marks = [tags_dataset.TagsDatasetFacetFields(key="sensitivity", value="pii", source="MANUAL", field=column) for column in PERSONAL[table]]
            facets["tags"] = tags_dataset.TagsDatasetFacet(tags=marks)
        dataset = StaticDataset(namespace=SHOP, name=f"shop.public.{table}", facets=facets)
        diary.client.emit(DatasetEvent(eventTime=moment(start), dataset=dataset, producer=PRODUCER))
    diary.client.emit(
        JobEvent(
            eventTime=moment(start),
            job=Job(namespace="shop", name="page-events-writer"),
            inputs=[InputDataset(namespace=KAFKA, name="page-views.v1")],
            outputs=[OutputDataset(namespace=SHOP, name="shop.public.page_events")],
            producer=PRODUCER,
        )
    )


def copies(diary, version):
    def one(table, start, error=None):
        source, target = f"shop.public.{table}", f"warehouse.raw.{table}"
        names = [name for name, _ in diary.columns[target] if name != "_loaded_at"]
        output = OutputDataset(
            namespace=WAREHOUSE,
            name=target,
            facets={"schema": diary.schema(target), "columnLineage": columns_from(SHOP, source, {name: [name] for name in names})},
            outputFacets={"outputStatistics": output_statistics_output_dataset.OutputStatisticsOutputDatasetFacet(rowCount=len(table) * 4721)},
        )
        work = job("bottega-ingestion", f"shop_snapshot.{table}", "data-platform", "data-platform", "ingestion/shop_snapshot.py", f"Nightly copy of {source}.", "DUCKDB", version)
        diary.run(work, start, [InputDataset(namespace=SHOP, name=source)], [output], error=error)

    one("page_events", NIGHT - datetime.timedelta(days=2, minutes=9), error="IO Error: connection to db.shop.bottega.example timed out after 30 s")
    for number, table in enumerate(TABLES):
        one(table, NIGHT - datetime.timedelta(minutes=14 - number))


def exports(diary, version):
    def one(name, start, also=()):
        mart, columns = EXPORTS[name]
        output = OutputDataset(
            namespace=LAKE,
            name=f"features/{name}.parquet",
            facets={"columnLineage": columns_from(WAREHOUSE, f"warehouse.marts.{mart}", columns)},
        )
        owner = "data-platform"
        work = job("bottega-ingestion", f"export_features.{name}", owner, "data-platform", "ingestion/export_features.py", f"Feature file {name}.", "DUCKDB", version)
        diary.run(work, start, [warehouse(table) for table in (mart, *also)], [output], seconds=20)

    # until September the churn features also read the customer dimension
    one("customer_activity", NIGHT - datetime.timedelta(days=51), also=["dim_customers"])
    for number, name in enumerate(EXPORTS):
        one(name, NIGHT + datetime.timedelta(minutes=6 + number))


def trainings(diary, root, versions):
    logged = json.loads((root / "data-platform/mlflow-export/model-versions.json").read_text())["model_versions"]
    models = json.loads((root / "data-platform/mlflow-export/logged-models.json").read_text())["models"]
    uris = {model["info"]["model_id"]: model["info"]["artifact_uri"] for model in models}

    def artifact(name, version):
        source = next(found["source"] for found in logged if (found["name"], found["version"]) == (name, version))
        uri = uris[source.removeprefix("models:/")] if source.startswith("models:/") else source
        return OutputDataset(namespace=MODELS, name=uri.removeprefix(f"{MODELS}/"))

    def day(written, time="05:00"):
        return datetime.datetime.fromisoformat(f"{written}T{time}:00+00:00")

    risk, growth = versions["ml-risk"], versions["ml-growth"]
    diary.run(
        job("ml-training", "fraud-detector-training", "ml-risk", "ml-risk", "fraud_detector/pipeline.py", "Monthly training of fraud-detector.", "KFP", risk),
        day("2026-11-16"), [warehouse("fct_payment_risk")], [artifact("fraud-detector", "4")], seconds=1860,
    )
    diary.run(
        job("ml-training", "churn-predictor-training", "ml-growth", "ml-growth", "churn/pipeline.py", "Weekly training of churn-predictor.", "KFP", growth),
        day("2026-10-12", "04:00"), [warehouse("customer_360")], [artifact("churn-predictor", "3")], seconds=940,
    )
    diary.run(
        job("ml-training", "product-recommender-train", "ml-growth", "ml-growth", "recommender/train.py", "Two-tower training on two GPUs.", "PYTORCHJOB", growth),
        day("2026-08-31"), [warehouse("fct_product_interactions"), warehouse("dim_products")], [artifact("product-recommender", "2")], seconds=7260,
    )
    diary.run(
        job("airflow", "demand_forecast_daily.predict", None, "ml-growth", "demand_forecast/dag.py", "Daily forecast by category.", "AIRFLOW", growth),
        day("2026-11-20", "04:15"), [warehouse("fct_daily_sales")], [OutputDataset(namespace=LAKE, name="scores/demand/latest.csv")], seconds=75,
    )
    diary.run(
        job("ml-growth", "churn-weekly-scoring", "ml-growth", "ml-growth", "churn/weekly-scoring.yaml", "Churn scores for the campaign.", "ARGO", growth),
        day("2026-11-16", "17:30"), [InputDataset(namespace=LAKE, name="features/customer_activity.parquet")], [OutputDataset(namespace=LAKE, name="scores/churn.parquet")], seconds=300,
    )


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]))
