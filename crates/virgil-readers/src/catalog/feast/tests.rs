//! Feature repositories and what they state.

use crate::statements::shown::{check, check_with};
use insta::assert_snapshot;
use virgil_model::Files;

struct Store;

impl Files for Store {
    fn read(&self, path: &str) -> Option<Vec<u8>> {
        (path == "feast/feature_store.yaml").then(|| b"project: bottega\n".to_vec())
    }

    fn list(&self, _folder: &str) -> Vec<String> {
        Vec::new()
    }
}

#[test]
fn views_sources_and_services_are_joined_by_their_names() {
    assert_snapshot!(check_with("feast/repo/features.py", r#"
from feast import Entity, FeatureService, FeatureView, Field, FileSource
payment = Entity(name="payment", join_keys=["payment_id"], description="One "
    "attempt")
risk_file = FileSource(
    name="risk_file",
    path="s3a://lake/features/risk.parquet",
    field_mapping={"age_days": "age"},
)
risk = FeatureView(
    name="risk",
    entities=[payment],
    schema=[
        Field(name="amount", dtype=Float64),
        Field(name="age", dtype=Int64),
        Field(name=f"x{unknown()}", dtype=Int64),
    ],
    online=True,
    source=risk_file,
    tags={"team": "ml-risk"},
    owner="ml-risk@bottega.example",
)
scoring = FeatureService(name="scoring", features=[risk[["amount"]], elsewhere], tags={"model": "fraud"})

@on_demand_feature_view(sources=[risk], schema=[Field(name="double", dtype=Float64)])
def doubled(inputs):
    return inputs
"#, &Store), @r####"
        [3-4] resource "payment" feast_entity:bottega/payment
        [3-4] feast_entity:bottega/payment .type = "feature_entity"
        [3-4] feast_entity:bottega/payment .join_keys = ["payment_id"]
        [3-4] feast_entity:bottega/payment .description = "One attempt"
        [5-9] dataset "risk_file" uri:s3://lake/features/risk.parquet feast_source:bottega/risk_file
        [5-9] uri:s3://lake/features/risk.parquet .type = "file_source"
        [10-22] feature_view "risk" feature_view:bottega/risk
        [10-22] feature_view:bottega/risk .type = "feature_view"
        [10-22] feature_view:bottega/risk .online = true
        [10-22] feature_view:bottega/risk owned_by email:ml-risk@bottega.example
        [10-22] feature_view:bottega/risk .tag_team = "ml-risk"
        [10-22] feature_view:bottega/risk derived_from uri:s3://lake/features/risk.parquet
        [10-22] feature_view:bottega/risk depends_on feast_entity:bottega/payment
        [14] column "amount" feature_view_column:bottega/risk#amount
        [14] feature_view_column:bottega/risk#amount part_of feature_view:bottega/risk
        [14] feature_view_column:bottega/risk#amount .type = "Float64"
        [14] feature_view_column:bottega/risk#amount derived_from column:s3://lake/features/risk.parquet#amount
        [15] column "age" feature_view_column:bottega/risk#age
        [15] feature_view_column:bottega/risk#age part_of feature_view:bottega/risk
        [15] feature_view_column:bottega/risk#age .type = "Int64"
        [15] feature_view_column:bottega/risk#age derived_from column:s3://lake/features/risk.parquet#age_days
        [23] resource "scoring" feature_service:bottega/scoring
        [23] feature_service:bottega/scoring .type = "feature_service"
        [23] feature_service:bottega/scoring .tag_model = "fraud"
        [23] feature_service:bottega/scoring depends_on feature_view:bottega/risk
        [23] feature_service:bottega/scoring depends_on feature_view_column:bottega/risk#amount
        [23] model:mlflow/fraud depends_on feature_service:bottega/scoring
        [25-27] feature_view "doubled" feature_view:bottega/doubled
        [25-27] feature_view:bottega/doubled .type = "on_demand_feature_view"
        [25-27] feature_view:bottega/doubled derived_from feature_view:bottega/risk
        [25] column "double" feature_view_column:bottega/doubled#double
        [25] feature_view_column:bottega/doubled#double part_of feature_view:bottega/doubled
        [25] feature_view_column:bottega/doubled#double .type = "Float64"
        [16] problem: the name of the field is no literal
        [23] problem: `elsewhere` is not defined in this file
        "####);
}

#[test]
fn tables_belong_to_their_platform() {
    assert_snapshot!(check("f.py", r#"
import feast
a = feast.BigQuerySource(table="p.d.t", timestamp_field="ts")
b = SnowflakeSource(name="b", database="D", schema="S", table="T")
c = KafkaSource(name="c", kafka_bootstrap_servers="k:9092,l:9092", topic="views", batch_source=a)
d = FileSource(path=PATH)
"#), @r####"
        [3] dataset "bigquery/p.d.t" table:bigquery/p.d.t
        [3] table:bigquery/p.d.t .type = "big_query_source"
        [4] dataset "b" table:snowflake/D.S.T feast_source:feast/b
        [4] table:snowflake/D.S.T .type = "snowflake_source"
        [5] dataset "c" table:kafka://k:9092/views feast_source:feast/c
        [5] table:kafka://k:9092/views .type = "kafka_source"
        [5] table:kafka://k:9092/views derived_from table:bigquery/p.d.t
        [6] problem: the `FileSource` has neither a name nor a place
        "####);
}

#[test]
fn placeholders_of_a_template_name_nothing() {
    assert_snapshot!(check("f.py", r#"
from feast import FeatureView, FileSource, KafkaSource, RedshiftSource
a = RedshiftSource(name="a", table="t", schema="public", database="%REDSHIFT_DATABASE%")
b = RedshiftSource(table="%TABLE%", database="d")
c = FileSource(name="c", path="s3://lake/%ENVIRONMENT%/c.parquet")
d = KafkaSource(name="d", kafka_bootstrap_servers="%BROKERS%", topic="views")
e = FeatureView(name="%PROJECT_NAME%_e", source=a)
f = FeatureView(name="f", schema=[Field(name="x", dtype=Int64)], source=a, owner="%OWNER%")
"#), @r####"
        [3] dataset "a" feast_source:feast/a
        [3] feast_source:feast/a .type = "redshift_source"
        [5] dataset "c" feast_source:feast/c
        [5] feast_source:feast/c .type = "file_source"
        [6] dataset "d" feast_source:feast/d
        [6] feast_source:feast/d .type = "kafka_source"
        [8] feature_view "f" feature_view:feast/f
        [8] feature_view:feast/f .type = "feature_view"
        [8] feature_view:feast/f derived_from feast_source:feast/a
        [8] column "x" feature_view_column:feast/f#x
        [8] feature_view_column:feast/f#x part_of feature_view:feast/f
        [8] feature_view_column:feast/f#x .type = "Int64"
        [4] problem: the `RedshiftSource` has neither a name nor a place
        [7] problem: the name of the `FeatureView` is no literal
        "####);
}

#[test]
fn what_is_put_together_is_known_and_what_is_not_is_left_out() {
    assert_snapshot!(check("f.py", r#"
from feast import Entity, FeatureService, FeatureView, Field, PostgreSQLSource
from feast.types import Array, Float32
from elsewhere import shared
SCHEMA = "marts"
orders = PostgreSQLSource(name="orders", table="orders", schema=SCHEMA, database=settings.database)
users = PostgreSQLSource(name="users", table=f"{SCHEMA}_users", schema=SCHEMA)
views = [
    FeatureView(name=f"{name}_daily", source=users, schema=[Field(name="total", dtype=Array(Float32))])
    for name in names
]
for name in ["day", "week"]:
    FeatureView(name=f"user_{name}", source=users, schema=[Field(name=f"total_{name}", dtype=Float32)])

def build():
    view = FeatureView(name="late", source=shared)
    return FeatureService(name="all", features=[view, view[["a", "b"]], SCHEMA])
"#), @r####"
    [6] dataset "orders" feast_source:feast/orders
    [6] feast_source:feast/orders .type = "postgre_sqlsource"
    [7] dataset "users" table:postgres/marts.marts_users feast_source:feast/users
    [7] table:postgres/marts.marts_users .type = "postgre_sqlsource"
    [13] feature_view "user_day" feature_view:feast/user_day
    [13] feature_view:feast/user_day .type = "feature_view"
    [13] feature_view:feast/user_day derived_from table:postgres/marts.marts_users
    [13] column "total_day" feature_view_column:feast/user_day#total_day
    [13] feature_view_column:feast/user_day#total_day part_of feature_view:feast/user_day
    [13] feature_view_column:feast/user_day#total_day .type = "Float32"
    [13] feature_view_column:feast/user_day#total_day derived_from column:postgres/marts.marts_users#total_day
    [13] feature_view "user_week" feature_view:feast/user_week
    [13] feature_view:feast/user_week .type = "feature_view"
    [13] feature_view:feast/user_week derived_from table:postgres/marts.marts_users
    [13] column "total_week" feature_view_column:feast/user_week#total_week
    [13] feature_view_column:feast/user_week#total_week part_of feature_view:feast/user_week
    [13] feature_view_column:feast/user_week#total_week .type = "Float32"
    [13] feature_view_column:feast/user_week#total_week derived_from column:postgres/marts.marts_users#total_week
    [16] feature_view "late" feature_view:feast/late
    [16] feature_view:feast/late .type = "feature_view"
    [17] resource "all" feature_service:feast/all
    [17] feature_service:feast/all .type = "feature_service"
    [17] feature_service:feast/all depends_on feature_view:feast/late
    [17] feature_service:feast/all depends_on feature_view_column:feast/late#a
    [17] feature_service:feast/all depends_on feature_view_column:feast/late#b
    [9] problem: the name of the `FeatureView` is no literal
    [16] problem: `elsewhere.shared` is not defined in this file
    "####);
}
