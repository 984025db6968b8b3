"""Emits the events of one run through the OpenLineage client, as a producer would. Usage: emit.py URL KEY."""

import sys
from datetime import datetime, timedelta, timezone

from openlineage.client import OpenLineageClient
from openlineage.client.event_v2 import InputDataset, Job, OutputDataset, Run, RunEvent, RunState
from openlineage.client.facet_v2 import column_lineage_dataset, schema_dataset
from openlineage.client.transport.http import ApiKeyTokenProvider, HttpConfig, HttpTransport
from openlineage.client.uuid import generate_new_uuid

PRODUCER = "https://producer.example/nightly/1.0"
SHOP = "postgres://db.shop.example:5432"
LAKE = "s3://lake"


def main():
    url, key = sys.argv[1:]
    transport = HttpTransport(HttpConfig(url=url, auth=ApiKeyTokenProvider({"apiKey": key})))
    client = OpenLineageClient(transport=transport)
    run = Run(runId=str(generate_new_uuid()))
    job = Job(namespace="nightly", name="export_customers")
    orders = InputDataset(namespace=SHOP, name="shop.public.customers")
    field = schema_dataset.SchemaDatasetFacetFields
    origin = column_lineage_dataset.InputField(namespace=SHOP, name="shop.public.customers", field="email")
    export = OutputDataset(
        namespace=LAKE,
        name="exports/customers.parquet",
        facets={
            "schema": schema_dataset.SchemaDatasetFacet(fields=[field(name="address", type="VARCHAR")]),
            "columnLineage": column_lineage_dataset.ColumnLineageDatasetFacet(
                fields={"address": column_lineage_dataset.Fields(inputFields=[origin])}
            ),
        },
    )
    start = datetime(2026, 11, 20, 3, tzinfo=timezone.utc)
    for state, time, inputs, outputs in [
        (RunState.START, start, [orders], []),
        (RunState.COMPLETE, start + timedelta(minutes=4), [], [export]),
    ]:
        client.emit(
            RunEvent(
                eventType=state,
                eventTime=time.isoformat(),
                run=run,
                job=job,
                producer=PRODUCER,
                inputs=inputs,
                outputs=outputs,
            )
        )
    client.close()
    print(run.runId)


if __name__ == "__main__":
    main()
