use insta::assert_snapshot;

use crate::statements::shown::check;

#[test]
fn snapshots_are_untagged() {
    assert_snapshot!(check("bootstrap_mce.json", r#"[
  {"auditHeader": null, "proposedSnapshot": {"com.linkedin.pegasus2avro.metadata.snapshot.CorpUserSnapshot": {
    "urn": "urn:li:corpuser:jdoe", "aspects": [{"com.linkedin.pegasus2avro.identity.CorpUserInfo":
      {"active": true, "displayName": {"string": "John Doe"}, "email": "jdoe@bottega.example", "managerUrn": null}}]}},
   "proposedDelta": null},
  {"proposedSnapshot": {"com.linkedin.pegasus2avro.metadata.snapshot.CorpGroupSnapshot": {
    "urn": "urn:li:corpGroup:data", "aspects": [{"com.linkedin.pegasus2avro.identity.CorpGroupInfo":
      {"email": "data@bottega.example", "admins": [], "members": ["urn:li:corpuser:jdoe"], "groups": []}}]}}},
  {"proposedSnapshot": {"com.linkedin.pegasus2avro.metadata.snapshot.DatasetSnapshot": {
    "urn": "urn:li:dataset:(urn:li:dataPlatform:hive,fct_users,PROD)", "aspects": [
     {"com.linkedin.pegasus2avro.dataset.DatasetProperties": {"description": {"string": "Users."}, "customProperties": {"prop1": "fakeprop"}}},
     {"com.linkedin.pegasus2avro.common.Ownership": {"owners": [{"owner": "urn:li:corpGroup:data", "type": "DATAOWNER", "source": null}]}},
     {"com.linkedin.pegasus2avro.dataset.UpstreamLineage": {"upstreams": [
       {"dataset": "urn:li:dataset:(urn:li:dataPlatform:kafka,events,PROD)", "type": "TRANSFORMED"}]}},
     {"com.linkedin.pegasus2avro.common.InstitutionalMemory": {"elements": [{"url": "https://www.linkedin.com", "description": "Doc"}]}},
     {"com.linkedin.pegasus2avro.schema.SchemaMetadata": {"schemaName": "s", "primaryKeys": {"array": ["[version=2.0].[type=int].id"]}, "fields": [
       {"fieldPath": "[version=2.0].[type=int].id", "nativeDataType": "int", "description": {"string": "The user."},
        "globalTags": {"tags": [{"tag": "urn:li:tag:sensitivity:pii"}]}, "glossaryTerms": null},
       {"nativeDataType": "int"}]}}]}}},
  {"proposedSnapshot": {"com.linkedin.pegasus2avro.metadata.snapshot.ChartSnapshot": {
    "urn": "urn:li:chart:(looker,baz2)", "aspects": [{"com.linkedin.pegasus2avro.chart.ChartInfo": {"title": "Baz Chart 2",
      "inputs": {"array": [{"string": "urn:li:dataset:(urn:li:dataPlatform:hive,fct_users,PROD)"}]}}}]}}},
  {"proposedSnapshot": {"com.linkedin.pegasus2avro.metadata.snapshot.DashboardSnapshot": {
    "urn": "urn:li:dashboard:(looker,baz)", "aspects": [{"com.linkedin.pegasus2avro.dashboard.DashboardInfo": {"title": "Baz Dashboard",
      "charts": ["urn:li:chart:(looker,baz2)", "baz3"]}}]}}},
  {"proposedSnapshot": {"com.linkedin.pegasus2avro.metadata.snapshot.TagSnapshot": {"urn": "no urn", "aspects": []}}},
  {"other": 1}
]"#), @r####"
    [20] resource "Baz Chart 2" datahub:default/urn:li:chart:(looker,baz2)
    [20] datahub:default/urn:li:chart:(looker,baz2) .type = "chart"
    [22] table:hive:PROD/fct_users is datahub:default/urn:li:dataset:(urn:li:dataPlatform:hive,fct_users,PROD)
    [22] datahub:default/urn:li:chart:(looker,baz2) reads table:hive:PROD/fct_users
    [6] team "data" team:datahub/data datahub:default/urn:li:corpGroup:data
    [8] user:datahub/jdoe member_of team:datahub/data
    [8] team:datahub/data .email = "data@bottega.example"
    [2] user "John Doe" user:datahub/jdoe datahub:default/urn:li:corpuser:jdoe email:jdoe@bottega.example
    [23] dashboard "Baz Dashboard" datahub:default/urn:li:dashboard:(looker,baz)
    [25] datahub:default/urn:li:dashboard:(looker,baz) depends_on datahub:default/urn:li:chart:(looker,baz2)
    [9] dataset "fct_users" table:hive:PROD/fct_users datahub:default/urn:li:dataset:(urn:li:dataPlatform:hive,fct_users,PROD)
    [9] table:hive:PROD/fct_users .platform = "hive"
    [9] table:hive:PROD/fct_users .environment = "PROD"
    [11] table:hive:PROD/fct_users .description = "Users."
    [11] table:hive:PROD/fct_users .tag_prop1 = "fakeprop"
    [15] table:hive:PROD/fct_users documented_by uri:https://www.linkedin.com
    [12] table:hive:PROD/fct_users owned_by team:datahub/data {type="dataowner"}
    [17-18] column "id" column:hive:PROD/fct_users#id
    [17-18] column:hive:PROD/fct_users#id part_of table:hive:PROD/fct_users
    [17] column:hive:PROD/fct_users#id .type = "int"
    [17] column:hive:PROD/fct_users#id .description = "The user."
    [17-18] column:hive:PROD/fct_users#id .primary_key = true
    [18] column:hive:PROD/fct_users#id .tag_sensitivity = "pii"
    [14] table:kafka:PROD/events is datahub:default/urn:li:dataset:(urn:li:dataPlatform:kafka,events,PROD)
    [14] table:hive:PROD/fct_users derived_from table:kafka:PROD/events {type="transformed"}
    [26] problem: the snapshot of DataHub has no URN
    [27] problem: the record is neither an event nor a proposal of DataHub
    [25] problem: the reference of DataHub is no URN
    [19] problem: the field of the schema has no path
    "####);
}

#[test]
fn proposals_hold_json_or_text() {
    assert_snapshot!(check("containers.json", r#"[
  {"auditHeader": null, "entityType": "container", "entityUrn": "urn:li:container:SCHEMA", "changeType": "UPSERT",
   "aspectName": "containerProperties", "aspect": {"value": "{\"name\": \"information_schema\"}", "contentType": "application/json"}},
  {"entityType": "container", "entityUrn": "urn:li:container:SCHEMA", "changeType": "UPSERT", "aspectName": "subTypes",
   "aspect": {"json": {"typeNames": ["Schema"]}}},
  {"entityType": "dataset", "entityUrn": "urn:li:dataset:(urn:li:dataPlatform:mysql,acme.shop.orders,PROD)", "changeType": "UPSERT",
   "aspectName": "container", "aspect": {"json": {"container": "urn:li:container:SCHEMA"}}},
  {"entityType": "dataset", "entityUrn": "urn:li:dataset:(urn:li:dataPlatform:mysql,acme.shop.orders,PROD)", "changeType": "UPSERT",
   "aspectName": "dataPlatformInstance", "aspect": {"json": {"platform": "urn:li:dataPlatform:mysql", "instance": "urn:li:dataPlatformInstance:(urn:li:dataPlatform:mysql,acme)"}}},
  {"entityType": "dataset", "entityUrn": "urn:li:dataset:(urn:li:dataPlatform:mysql,acme.shop.orders,PROD)", "changeType": "UPSERT",
   "aspectName": "upstreamLineage", "aspect": {"json": {"upstreams": [], "fineGrainedLineages": [{"upstreamType": "FIELD_SET",
     "upstreams": ["urn:li:schemaField:(urn:li:dataset:(urn:li:dataPlatform:s3,lake/raw/orders,PROD),id)"],
     "downstreamType": "FIELD", "downstreams": ["urn:li:schemaField:(urn:li:dataset:(urn:li:dataPlatform:mysql,acme.shop.orders,PROD),order_id)"],
     "transformOperation": "COPY", "confidenceScore": 1.0}]}}},
  {"entityType": "dataset", "entityUrn": "urn:li:dataset:(urn:li:dataPlatform:mysql,gone,PROD)", "changeType": "UPSERT",
   "aspectName": "datasetProperties", "aspect": {"json": {"description": "Gone."}}},
  {"entityType": "dataset", "entityUrn": "urn:li:dataset:(urn:li:dataPlatform:mysql,gone,PROD)", "changeType": "UPSERT",
   "aspectName": "status", "aspect": {"json": {"removed": true}}},
  {"entityType": "dataset", "entityUrn": "urn:li:dataset:(urn:li:dataPlatform:mysql,x,PROD)", "changeType": "UPSERT",
   "aspectName": "datasetProperties", "aspect": {"value": "{broken", "contentType": "application/json"}},
  {"entityType": "dataset", "entityUrn": "urn:li:dataset:(urn:li:dataPlatform:mysql,x,PROD)", "changeType": "PATCH",
   "aspectName": "globalTags", "aspect": {"json": [{"op": "add", "path": "/tags/x", "value": {}}]}},
  {"entityType": "dataset", "changeType": "UPSERT", "aspectName": "globalTags", "aspect": {"json": {}}}
]"#), @r####"
    [2] resource "information_schema" datahub:default/urn:li:container:SCHEMA
    [2] datahub:default/urn:li:container:SCHEMA .type = "container"
    [5] datahub:default/urn:li:container:SCHEMA .sub_types = ["Schema"]
    [6] dataset "acme.shop.orders" table:mysql:acme:PROD/shop.orders datahub:default/urn:li:dataset:(urn:li:dataPlatform:mysql,acme.shop.orders,PROD)
    [6] table:mysql:acme:PROD/shop.orders .platform = "mysql"
    [6] table:mysql:acme:PROD/shop.orders .environment = "PROD"
    [7] table:mysql:acme:PROD/shop.orders part_of datahub:default/urn:li:container:SCHEMA
    [12] column:mysql:acme:PROD/shop.orders#order_id derived_from column:s3://lake/raw/orders#id {transformation="copy"}
    [19] dataset "x" table:mysql:PROD/x datahub:default/urn:li:dataset:(urn:li:dataPlatform:mysql,x,PROD)
    [19] table:mysql:PROD/x .platform = "mysql"
    [19] table:mysql:PROD/x .environment = "PROD"
    [19] problem: the aspect is no JSON
    [21] problem: a PATCH of DataHub is not applied
    [23] problem: the proposal of DataHub has no URN
    "####);
}

#[test]
fn models_and_jobs_have_data() {
    assert_snapshot!(check("ml.ndjson", r#"{"entityType": "mlModelGroup", "entityUrn": "urn:li:mlModelGroup:(urn:li:dataPlatform:mlflow,fraud,PROD)", "changeType": "UPSERT", "aspectName": "mlModelGroupProperties", "aspect": {"json": {"description": "Scores payments."}}}
{"entityType": "mlModel", "entityUrn": "urn:li:mlModel:(urn:li:dataPlatform:mlflow,fraud_3,PROD)", "changeType": "UPSERT", "aspectName": "mlModelProperties", "aspect": {"json": {"type": "GBM", "groups": ["urn:li:mlModelGroup:(urn:li:dataPlatform:mlflow,fraud,PROD)"], "hyperParams": [{"name": "depth", "value": "7"}], "trainingMetrics": [{"name": "AUC", "value": "0.91"}], "mlFeatures": ["urn:li:mlFeature:(orders,amount)"], "trainingJobs": ["urn:li:dataProcessInstance:r1"]}}}
{"entityType": "mlFeature", "entityUrn": "urn:li:mlFeature:(orders,amount)", "changeType": "UPSERT", "aspectName": "mlFeatureProperties", "aspect": {"json": {"dataType": "CONTINUOUS", "sources": ["urn:li:dataset:(urn:li:dataPlatform:snowflake,shop.public.orders,PROD)"]}}}
{"entityType": "dataJob", "entityUrn": "urn:li:dataJob:(urn:li:dataFlow:(airflow,dag_abc,PROD),task_123)", "changeType": "UPSERT", "aspectName": "dataJobInputOutput", "aspect": {"json": {"inputDatasets": ["urn:li:dataset:(urn:li:dataPlatform:hive,logging_events,PROD)"], "outputDatasetEdges": [{"destinationUrn": "urn:li:dataset:(urn:li:dataPlatform:hive,fct_users,DEV)"}]}}}
{"entityType": "dataset", "entityUrn": "urn:li:dataset:(urn:li:dataPlatform:dbt,shop.public.orders,PROD)", "changeType": "UPSERT", "aspectName": "siblings", "aspect": {"json": {"primary": true, "siblings": ["urn:li:dataset:(urn:li:dataPlatform:snowflake,shop.public.orders,PROD)"]}}}
{"entityType"
"#), @r####"
    [4] task "task_123" datahub:default/urn:li:dataJob:(urn:li:dataFlow:(airflow,dag_abc,PROD),task_123)
    [4] table:hive:PROD/logging_events is datahub:default/urn:li:dataset:(urn:li:dataPlatform:hive,logging_events,PROD)
    [4] datahub:default/urn:li:dataJob:(urn:li:dataFlow:(airflow,dag_abc,PROD),task_123) reads table:hive:PROD/logging_events
    [4] table:hive:DEV/fct_users is datahub:default/urn:li:dataset:(urn:li:dataPlatform:hive,fct_users,DEV)
    [4] datahub:default/urn:li:dataJob:(urn:li:dataFlow:(airflow,dag_abc,PROD),task_123) writes table:hive:DEV/fct_users
    [4] datahub:default/urn:li:dataJob:(urn:li:dataFlow:(airflow,dag_abc,PROD),task_123) part_of datahub:default/urn:li:dataFlow:(airflow,dag_abc,PROD)
    [5] dataset "shop.public.orders" table:dbt:PROD/shop.public.orders datahub:default/urn:li:dataset:(urn:li:dataPlatform:dbt,shop.public.orders,PROD)
    [5] table:dbt:PROD/shop.public.orders .platform = "dbt"
    [5] table:dbt:PROD/shop.public.orders .environment = "PROD"
    [5] table:snowflake:PROD/shop.public.orders is datahub:default/urn:li:dataset:(urn:li:dataPlatform:snowflake,shop.public.orders,PROD)
    [5] table:dbt:PROD/shop.public.orders is table:snowflake:PROD/shop.public.orders
    [3] column "amount" datahub:default/urn:li:mlFeature:(orders,amount)
    [3] datahub:default/urn:li:mlFeature:(orders,amount) derived_from table:snowflake:PROD/shop.public.orders
    [3] datahub:default/urn:li:mlFeature:(orders,amount) .type = "CONTINUOUS"
    [2] model_version "fraud_3" datahub:default/urn:li:mlModel:(urn:li:dataPlatform:mlflow,fraud_3,PROD) model_version:mlflow/fraud/3
    [2] datahub:default/urn:li:mlModel:(urn:li:dataPlatform:mlflow,fraud_3,PROD) .platform = "mlflow"
    [2] datahub:default/urn:li:mlModel:(urn:li:dataPlatform:mlflow,fraud_3,PROD) .environment = "PROD"
    [2] datahub:default/urn:li:mlModel:(urn:li:dataPlatform:mlflow,fraud_3,PROD) version_of datahub:default/urn:li:mlModelGroup:(urn:li:dataPlatform:mlflow,fraud,PROD)
    [2] datahub:default/urn:li:mlModel:(urn:li:dataPlatform:mlflow,fraud_3,PROD) trained_on datahub:default/urn:li:mlFeature:(orders,amount)
    [2] datahub:default/urn:li:dataProcessInstance:r1 trains datahub:default/urn:li:mlModel:(urn:li:dataPlatform:mlflow,fraud_3,PROD)
    [2] datahub:default/urn:li:mlModel:(urn:li:dataPlatform:mlflow,fraud_3,PROD) .algorithm = "GBM"
    [2] datahub:default/urn:li:mlModel:(urn:li:dataPlatform:mlflow,fraud_3,PROD) .param_depth = 7.0
    [2] datahub:default/urn:li:mlModel:(urn:li:dataPlatform:mlflow,fraud_3,PROD) .metric_auc = 0.91
    [1] model "fraud" datahub:default/urn:li:mlModelGroup:(urn:li:dataPlatform:mlflow,fraud,PROD) model:mlflow/fraud
    [1] datahub:default/urn:li:mlModelGroup:(urn:li:dataPlatform:mlflow,fraud,PROD) .description = "Scores payments."
    [6] problem: the JSON does not parse: a colon is missing
    "####);
}

#[test]
fn other_json_is_none() {
    assert_eq!(
        check("a.json", r#"{"entityType": "x", "aspectName": "urn:li:"}"#),
        "[1] problem: the proposal of DataHub has no URN"
    );
    assert_eq!(
        check(
            "a.json",
            r#"{"text": "\"entityType\" \"aspectName\" urn:li:"}"#
        ),
        ""
    );
}
