use insta::assert_snapshot;

use crate::statements::shown::check;

#[test]
fn entities_are_known_by_their_full_names() {
    assert_snapshot!(check("tables.json", r#"{"data": [
 {"id": "5F2D0000-0000-4000-8000-000000000001", "name": "dim_customer", "fullyQualifiedName": "sample_data.ecommerce_db.shopify.dim_customer",
  "description": "One row per customer.", "href": "http://localhost:8585/api/v1/tables/5f2d0000-0000-4000-8000-000000000001", "tableType": "Regular",
  "columns": [
   {"name": "customer_id", "dataType": "BIGINT", "constraint": "PRIMARY_KEY", "tags": []},
   {"name": "address", "dataType": "STRUCT", "dataTypeDisplay": "struct<zip:int>", "children": [
     {"name": "zip", "dataType": "INT", "tags": [{"tagFQN": "PII.Sensitive", "source": "Classification"}, {"tagFQN": "Shop.\"Zip.Code\"", "source": "Glossary"}]}]},
   {"dataType": "INT"}],
  "databaseSchema": {"id": "s", "type": "databaseSchema", "name": "shopify", "fullyQualifiedName": "sample_data.ecommerce_db.shopify"},
  "service": {"type": "databaseService", "name": "sample_data"}, "serviceType": "BigQuery",
  "owners": [{"id": "t", "type": "team", "name": "Data", "fullyQualifiedName": "Data"}],
  "tags": [{"tagFQN": "Tier.Tier1", "source": "Classification"}], "deleted": false},
 {"name": "gone", "fullyQualifiedName": "sample_data.ecommerce_db.shopify.gone", "columns": [], "service": {"type": "databaseService"}, "deleted": true},
 {"name": "x"}
], "paging": {"total": 3}}"#), @r####"
    [2] dataset "dim_customer" table:openmetadata:sample_data/ecommerce_db.shopify.dim_customer openmetadata_id:openmetadata/5f2d0000-0000-4000-8000-000000000001
    [3] table:openmetadata:sample_data/ecommerce_db.shopify.dim_customer .description = "One row per customer."
    [10] table:openmetadata:sample_data/ecommerce_db.shopify.dim_customer .platform = "BigQuery"
    [3] table:openmetadata:sample_data/ecommerce_db.shopify.dim_customer .table_type = "Regular"
    [11] team "Data" team:openmetadata/Data openmetadata_id:openmetadata/t
    [11] table:openmetadata:sample_data/ecommerce_db.shopify.dim_customer owned_by team:openmetadata/Data
    [12] table:openmetadata:sample_data/ecommerce_db.shopify.dim_customer .tag_tier = "Tier1"
    [9] resource "shopify" openmetadata:databaseSchema/sample_data.ecommerce_db.shopify openmetadata_id:openmetadata/s
    [9] table:openmetadata:sample_data/ecommerce_db.shopify.dim_customer part_of openmetadata:databaseSchema/sample_data.ecommerce_db.shopify
    [5] column "customer_id" column:openmetadata:sample_data/ecommerce_db.shopify.dim_customer#customer_id
    [5] column:openmetadata:sample_data/ecommerce_db.shopify.dim_customer#customer_id part_of table:openmetadata:sample_data/ecommerce_db.shopify.dim_customer
    [5] column:openmetadata:sample_data/ecommerce_db.shopify.dim_customer#customer_id .type = "BIGINT"
    [5] column:openmetadata:sample_data/ecommerce_db.shopify.dim_customer#customer_id .primary_key = true
    [6-7] column "address" column:openmetadata:sample_data/ecommerce_db.shopify.dim_customer#address
    [6-7] column:openmetadata:sample_data/ecommerce_db.shopify.dim_customer#address part_of table:openmetadata:sample_data/ecommerce_db.shopify.dim_customer
    [6-7] column:openmetadata:sample_data/ecommerce_db.shopify.dim_customer#address .type = "struct<zip:int>"
    [7] column "address.zip" column:openmetadata:sample_data/ecommerce_db.shopify.dim_customer#address.zip
    [7] column:openmetadata:sample_data/ecommerce_db.shopify.dim_customer#address.zip part_of table:openmetadata:sample_data/ecommerce_db.shopify.dim_customer
    [7] column:openmetadata:sample_data/ecommerce_db.shopify.dim_customer#address.zip .type = "INT"
    [7] column:openmetadata:sample_data/ecommerce_db.shopify.dim_customer#address.zip .tag_pii = "Sensitive"
    [7] column:openmetadata:sample_data/ecommerce_db.shopify.dim_customer#address.zip .glossary_terms = ["Shop.Zip.Code"]
    [8] problem: the column has no name
    [14] problem: the record of OpenMetadata has no full name or no known type
    "####);
}

#[test]
fn pipelines_dashboards_and_models() {
    assert_snapshot!(check("entities.json", r#"[
 {"name": "dag", "fullyQualifiedName": "airflow.dag", "service": {"type": "pipelineService"}, "scheduleInterval": "@daily",
  "owner": {"type": "user", "name": "ana"},
  "tasks": [{"name": "extract", "downstreamTasks": ["load"]}, {"name": "load"}]},
 {"name": "sales", "fullyQualifiedName": "superset.sales", "service": {"type": "dashboardService"},
  "charts": [{"type": "chart", "fullyQualifiedName": "superset.127"}]},
 {"name": "eta", "fullyQualifiedName": "mlflow_svc.eta", "algorithm": "GBM", "service": {"type": "mlmodelService"}, "serviceType": "Mlflow",
  "mlFeatures": [{"name": "distance", "dataType": "numerical", "featureSources": [
    {"name": "km", "dataSource": {"type": "table", "fullyQualifiedName": "dw.db.s.trips"}}]}],
  "mlHyperParameters": [{"name": "depth", "value": "7"}], "mlStore": {"storage": "s3://models/eta"},
  "dashboard": {"type": "dashboard", "fullyQualifiedName": "superset.sales"}},
 {"name": "raw", "fullyQualifiedName": "s3_svc.lake.raw", "service": {"type": "storageService"}, "fullPath": "s3://lake/raw",
  "dataModel": {"columns": [{"name": "id", "dataType": "INT"}]}}
]"#), @r####"
    [2] pipeline "dag" openmetadata:pipeline/airflow.dag
    [2] openmetadata:pipeline/airflow.dag .schedule = "@daily"
    [3] user "ana" user:openmetadata/ana
    [3] openmetadata:pipeline/airflow.dag owned_by user:openmetadata/ana
    [4] task "extract" openmetadata:task/airflow.dag.extract
    [4] openmetadata:task/airflow.dag.extract part_of openmetadata:pipeline/airflow.dag
    [4] openmetadata:task/airflow.dag.load depends_on openmetadata:task/airflow.dag.extract
    [4] task "load" openmetadata:task/airflow.dag.load
    [4] openmetadata:task/airflow.dag.load part_of openmetadata:pipeline/airflow.dag
    [5] dashboard "sales" openmetadata:dashboard/superset.sales
    [6] resource "superset.127" openmetadata:chart/superset.127
    [6] openmetadata:dashboard/superset.sales depends_on openmetadata:chart/superset.127
    [7] model "eta" openmetadata:mlmodel/mlflow_svc.eta model:mlflow/eta
    [7] openmetadata:mlmodel/mlflow_svc.eta .platform = "Mlflow"
    [7] openmetadata:mlmodel/mlflow_svc.eta .algorithm = "GBM"
    [8-9] column "distance" openmetadata:feature/mlflow_svc.eta.distance
    [8-9] openmetadata:mlmodel/mlflow_svc.eta trained_on openmetadata:feature/mlflow_svc.eta.distance
    [8-9] openmetadata:feature/mlflow_svc.eta.distance .type = "numerical"
    [9] dataset "dw.db.s.trips" table:openmetadata:dw/db.s.trips
    [9] openmetadata:feature/mlflow_svc.eta.distance derived_from column:openmetadata:dw/db.s.trips#km
    [10] openmetadata:mlmodel/mlflow_svc.eta .param_depth = "7"
    [10] openmetadata:mlmodel/mlflow_svc.eta stored_at uri:s3://models/eta
    [11] dashboard "superset.sales" openmetadata:dashboard/superset.sales
    [11] openmetadata:dashboard/superset.sales monitors openmetadata:mlmodel/mlflow_svc.eta
    [12] dataset "raw" openmetadata:container/s3_svc.lake.raw uri:s3://lake/raw
    [13] column "id" openmetadata_column:container/s3_svc.lake.raw#id
    [13] openmetadata_column:container/s3_svc.lake.raw#id part_of openmetadata:container/s3_svc.lake.raw
    [13] openmetadata_column:container/s3_svc.lake.raw#id .type = "INT"
    "####);
}

#[test]
fn edges_flow_from_their_source() {
    assert_snapshot!(check("lineage.json", r#"{
 "entity": {"id": "1", "type": "table", "name": "dim", "fullyQualifiedName": "sf.db.s.dim"},
 "nodes": [{"id": "2", "type": "table", "name": "raw", "fullyQualifiedName": "sf.db.s.raw"},
           {"id": "3", "type": "dashboard", "name": "sales", "fullyQualifiedName": "superset.sales"}],
 "upstreamEdges": [{"fromEntity": "2", "toEntity": "1", "lineageDetails": {"source": "QueryLineage",
   "pipeline": {"id": "4", "type": "pipeline", "fullyQualifiedName": "airflow.dag"},
   "columnsLineage": [{"fromColumns": ["sf.db.s.raw.a", "sf.db.s.raw.b"], "toColumn": "sf.db.s.dim.ab", "function": "CONCAT"},
                      {"fromColumns": ["sf.db.s.other.a"], "toColumn": "sf.db.s.dim.c"}]}}],
 "downstreamEdges": [{"fromEntity": "1", "toEntity": "3"}, {"fromEntity": "1"}]
}"#), @r####"
    [2] dataset "dim" table:openmetadata:sf/db.s.dim openmetadata_id:openmetadata/1
    [3] dataset "raw" table:openmetadata:sf/db.s.raw openmetadata_id:openmetadata/2
    [4] dashboard "sales" openmetadata:dashboard/superset.sales openmetadata_id:openmetadata/3
    [6] pipeline "airflow.dag" openmetadata:pipeline/airflow.dag openmetadata_id:openmetadata/4
    [5-8] table:openmetadata:sf/db.s.dim derived_from table:openmetadata:sf/db.s.raw {by="openmetadata:pipeline/airflow.dag", stated_by="QueryLineage"}
    [5-8] openmetadata:pipeline/airflow.dag reads table:openmetadata:sf/db.s.raw
    [5-8] openmetadata:pipeline/airflow.dag writes table:openmetadata:sf/db.s.dim
    [7] column:openmetadata:sf/db.s.dim#ab derived_from column:openmetadata:sf/db.s.raw#a {function="CONCAT"}
    [7] column:openmetadata:sf/db.s.dim#ab derived_from column:openmetadata:sf/db.s.raw#b {function="CONCAT"}
    [9] openmetadata:dashboard/superset.sales reads table:openmetadata:sf/db.s.dim
    [8] problem: the column of the lineage is not one of the entity's
    [9] problem: the edge of OpenMetadata has no two ends
    "####);
    assert_snapshot!(check("edge.json", r#"{"edge": {"fromEntity": {"id": "2", "type": "table"}, "toEntity": {"id": "4", "type": "pipeline"}}}"#), @r####"
    [1] openmetadata_id:openmetadata/4 reads openmetadata_id:openmetadata/2
    "####);
}

#[test]
fn other_json_is_none() {
    assert_eq!(
        check("a.json", r#"{"fullyQualifiedName": "a.b", "name": "b"}"#),
        ""
    );
}
