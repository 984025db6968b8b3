use crate::statements::shown::check;
use insta::assert_snapshot;

#[test]
fn data_frames_read_and_write_places() {
    assert_snapshot!(check("jobs/load.py", r#"
import pandas as pd
import sqlalchemy
LAKE = "s3://lake"
FEATURES = f"{LAKE}/features"
engine = sqlalchemy.create_engine("postgresql+psycopg2://u:p@db.shop.example/shop")

def main(path):
    orders = pd.read_sql("select id from public.orders where day = %(day)s", engine, params={})
    pd.read_sql_table("customers", con=engine, schema="crm")
    orders.to_parquet(FEATURES + "/orders.parquet")
    pd.read_csv(path), pd.read_csv("local.csv"), pd.read_parquet(f"s3://lake/{path}/x")
    orders.to_sql("orders_copy", engine, schema="mart")
    bucket = os.environ.get("BUCKET", "dev")
    pd.read_json(f"gs://{bucket}/x.json")
    for name in ["a", "b"]:
        pd.read_parquet(f"gs://lake/{name}.parquet")
"#), @r####"
        [9] file:./jobs/load.py reads table:postgres://db.shop.example:5432/shop.public.orders
        [10] file:./jobs/load.py reads table:postgres://db.shop.example:5432/shop.crm.customers
        [11] file:./jobs/load.py writes uri:s3://lake/features/orders.parquet
        [13] file:./jobs/load.py writes table:postgres://db.shop.example:5432/shop.mart.orders_copy
        [17] file:./jobs/load.py reads uri:gs://lake/a.parquet
        [17] file:./jobs/load.py reads uri:gs://lake/b.parquet
        [1] resource "jobs/load.py" file:./jobs/load.py
        [1] file:./jobs/load.py .type = "python_script"
        "####);
}

#[test]
fn spark_reads_and_writes_tables_and_paths() {
    assert_snapshot!(check("etl.ipynb", r##"{"nbformat": 4, "cells": [
{"cell_type": "code", "source": [
 "%pip install x\n",
 "df = spark.table('raw.events')\n",
 "df2 = spark.read.format('delta').load('abfss://c@acct.dfs.core.windows.net/events')\n",
 "spark.read.parquet('s3a://lake/a', 's3a://lake/b')\n"]},
{"cell_type": "markdown", "source": "spark.table('no.no')"},
{"cell_type": "code", "source": [
 "df.write.mode('overwrite').saveAsTable('mart.events')\n",
 "df.write.partitionBy('d').parquet('hdfs:///out/events')\n",
 "spark.sql('''insert into mart.log select * from raw.log''')\n",
 "spark.read.format('jdbc').option('url', 'jdbc:postgresql://db.x.example:5432/shop').option('dbtable', 'public.users').load()\n",
 "df.createOrReplaceTempView('v'); spark.sql('select * from v join raw.w')"]},
{"cell_type": "code", "source": ["%%sql\n", "select * from lake.gold.sales"]}
]}"##), @r####"
        [14] file:./etl.ipynb reads table:./lake.gold.sales
        [4] file:./etl.ipynb reads table:spark/raw.events
        [5] file:./etl.ipynb reads uri:abfss://c@acct.dfs.core.windows.net/events
        [6] file:./etl.ipynb reads uri:s3://lake/a
        [6] file:./etl.ipynb reads uri:s3://lake/b
        [9] file:./etl.ipynb writes table:spark/mart.events
        [10] file:./etl.ipynb writes uri:hdfs:///out/events
        [11] file:./etl.ipynb reads table:spark/raw.log
        [11] file:./etl.ipynb writes table:spark/mart.log
        [11] table:spark/mart.log derived_from table:spark/raw.log
        [12] file:./etl.ipynb reads table:postgres://db.x.example:5432/shop.public.users
        [13] file:./etl.ipynb reads table:spark/raw.w
        [1] notebook "etl.ipynb" file:./etl.ipynb
        "####);
}

#[test]
fn sql_in_texts_is_read_with_its_holes() {
    assert_snapshot!(check("export.py", r#"
import duckdb
LAKE = "s3://lake/features"
EXPORTS = {
    "risk": "select id, amount as paid from warehouse.marts.risk",
    "sales": """
        select day, sum(x) as total from warehouse.marts.sales group by day""",
}
with duckdb.connect("/srv/warehouse.duckdb", read_only=True) as connection:
    connection.execute("install httpfs;")
    for name, query in EXPORTS.items():
        connection.execute(f"copy ({query}) to '{LAKE}/{name}.parquet' (format parquet)")
    connection.sql(f"select * from {table} where d > '{day}'")
    connection.sql("select a from (select")
    connection.execute("select a from shop.public.t")
    query = "select 1"
    if x:
        query = "select a from warehouse.b.c"
    connection.execute(query)
    frame = connection.sql("select 1").df()
    duckdb.sql("select * from frame join marts.known using (x)")
"#), @r####"
        [12] file:./export.py reads table:duckdb:///srv/warehouse.duckdb/warehouse.marts.risk
        [12] file:./export.py writes uri:s3://lake/features/risk.parquet
        [12] uri:s3://lake/features/risk.parquet derived_from table:duckdb:///srv/warehouse.duckdb/warehouse.marts.risk
        [12] column "id" column:s3://lake/features/risk.parquet#id
        [12] column:s3://lake/features/risk.parquet#id part_of uri:s3://lake/features/risk.parquet
        [12] column:s3://lake/features/risk.parquet#id derived_from column:duckdb:///srv/warehouse.duckdb/warehouse.marts.risk#id {subtype="identity", transformation="direct"}
        [12] column "paid" column:s3://lake/features/risk.parquet#paid
        [12] column:s3://lake/features/risk.parquet#paid part_of uri:s3://lake/features/risk.parquet
        [12] column:s3://lake/features/risk.parquet#paid derived_from column:duckdb:///srv/warehouse.duckdb/warehouse.marts.risk#amount {subtype="identity", transformation="direct"}
        [12] file:./export.py reads table:duckdb:///srv/warehouse.duckdb/warehouse.marts.sales
        [12] file:./export.py writes uri:s3://lake/features/sales.parquet
        [12] uri:s3://lake/features/sales.parquet derived_from table:duckdb:///srv/warehouse.duckdb/warehouse.marts.sales
        [12] column "day" column:s3://lake/features/sales.parquet#day
        [12] column:s3://lake/features/sales.parquet#day part_of uri:s3://lake/features/sales.parquet
        [12] column:s3://lake/features/sales.parquet#day derived_from column:duckdb:///srv/warehouse.duckdb/warehouse.marts.sales#day {subtype="identity", transformation="direct"}
        [12] column "total" column:s3://lake/features/sales.parquet#total
        [12] column:s3://lake/features/sales.parquet#total part_of uri:s3://lake/features/sales.parquet
        [12] column:s3://lake/features/sales.parquet#total derived_from column:duckdb:///srv/warehouse.duckdb/warehouse.marts.sales#x {subtype="aggregation", transformation="direct"}
        [15] file:./export.py reads table:./shop.public.t
        [21] file:./export.py reads table:./marts.known
        [1] resource "export.py" file:./export.py
        [1] file:./export.py .type = "python_script"
        [14] problem: SQL in 1 texts is not understood, the first: Expected: joined table, found: EOF
        "####);
}

#[test]
fn models_and_features_are_registered_and_loaded() {
    assert_snapshot!(check("train.py", r#"
import mlflow
from mlflow import MlflowClient
from feast import FeatureStore
MODEL = "fraud"
store = FeatureStore(repo_path=".")
mlflow.set_experiment(MODEL)
frame = store.get_historical_features(entity_df=df, features=["risk:amount", "risk:age", f"{x}:y"]).to_df()
store.get_online_features(features=store.get_feature_service("scoring"), entity_rows=[])
dataset = mlflow.data.from_pandas(frame, source="s3://lake/train.parquet", name="train", targets="label")
mlflow.log_input(dataset)
mlflow.sklearn.log_model(model, name="model", registered_model_name=MODEL)
mlflow.register_model("runs:/abc/model", "other")
mlflow.pyfunc.load_model("models:/fraud/3")
mlflow.pyfunc.load_model(model_uri=f"models:/{MODEL}@champion")
mlflow.pyfunc.load_model(uri)
client = MlflowClient()
client.create_model_version(MODEL, source=f"s3://models/{n}")
"#), @r####"
        [7] file:./train.py part_of experiment_name:mlflow/fraud
        [8] file:./train.py reads feature_view:./risk
        [8] file:./train.py reads feature_view_column:./risk#amount
        [8] file:./train.py reads feature_view_column:./risk#age
        [9] file:./train.py depends_on feature_service:./scoring
        [10] file:./train.py reads uri:s3://lake/train.parquet {call="mlflow.data.from_pandas", targets="label"}
        [12] file:./train.py trains model:mlflow/fraud
        [13] file:./train.py trains model:mlflow/other
        [14] file:./train.py depends_on model_version:mlflow/fraud/3
        [15] file:./train.py depends_on model_alias:mlflow/fraud@champion
        [1] resource "train.py" file:./train.py
        [1] file:./train.py .type = "python_script"
        "####);
}

#[test]
fn pipelines_of_kubeflow_have_their_compiled_keys() {
    assert_snapshot!(check("pipeline.py", r#"
from kfp import dsl, compiler
from kfp.dsl import component
IMAGE = "registry.example/train:1.0"

@component(base_image=IMAGE)
def read_data(table: str) -> str:
    import pandas as pd
    return pd.read_parquet("s3://lake/in.parquet")

@dsl.container_component
def train(data: str):
    return dsl.ContainerSpec(image=IMAGE, command=["python", "train.py"])

@dsl.pipeline(name="fraud-training", description="Trains.")
def fraud(n: int = 3):
    data = read_data(table="a.b")
    trained = train(data=data.outputs["x"]).set_cpu_limit("4")
    again = read_data(table="c").after(trained)
    with dsl.If(data.output > 3, name="good"):
        last = train(data=data.output)
    last.after(again)
"#), @r####"
        [9] file:./pipeline.py reads uri:s3://lake/in.parquet
        [15-22] pipeline "fraud-training" pipeline:kfp/fraud-training
        [15-22] pipeline:kfp/fraud-training defined_in file:./pipeline.py
        [15-22] pipeline:kfp/fraud-training .description = "Trains."
        [17] task "read-data" pipeline:kfp/fraud-training#read-data
        [17] pipeline:kfp/fraud-training#read-data part_of pipeline:kfp/fraud-training
        [6-9] image "registry.example/train" image:registry.example/train
        [6-9] pipeline:kfp/fraud-training#read-data runs_image image:registry.example/train {tag="1.0"}
        [6-9] pipeline:kfp/fraud-training#read-data .image = "registry.example/train:1.0"
        [6-9] pipeline:kfp/fraud-training#read-data depends_on file:./pipeline.py
        [18] task "train" pipeline:kfp/fraud-training#train
        [18] pipeline:kfp/fraud-training#train part_of pipeline:kfp/fraud-training
        [18] pipeline:kfp/fraud-training#train depends_on pipeline:kfp/fraud-training#read-data
        [11-13] pipeline:kfp/fraud-training#train runs_image image:registry.example/train {tag="1.0"}
        [11-13] pipeline:kfp/fraud-training#train .image = "registry.example/train:1.0"
        [19] task "read-data-2" pipeline:kfp/fraud-training#read-data-2
        [19] pipeline:kfp/fraud-training#read-data-2 part_of pipeline:kfp/fraud-training
        [6-9] pipeline:kfp/fraud-training#read-data-2 runs_image image:registry.example/train {tag="1.0"}
        [6-9] pipeline:kfp/fraud-training#read-data-2 .image = "registry.example/train:1.0"
        [6-9] pipeline:kfp/fraud-training#read-data-2 depends_on file:./pipeline.py
        [21] task "condition-1" pipeline:kfp/fraud-training#condition-1
        [21] pipeline:kfp/fraud-training#condition-1 part_of pipeline:kfp/fraud-training
        [21] task "condition-1/train-2" pipeline:kfp/fraud-training#condition-1/train-2
        [21] pipeline:kfp/fraud-training#condition-1/train-2 part_of pipeline:kfp/fraud-training
        [21] pipeline:kfp/fraud-training#condition-1 depends_on pipeline:kfp/fraud-training#read-data
        [11-13] pipeline:kfp/fraud-training#condition-1/train-2 runs_image image:registry.example/train {tag="1.0"}
        [11-13] pipeline:kfp/fraud-training#condition-1/train-2 .image = "registry.example/train:1.0"
        [19] pipeline:kfp/fraud-training#read-data-2 depends_on pipeline:kfp/fraud-training#train
        [22] pipeline:kfp/fraud-training#condition-1 depends_on pipeline:kfp/fraud-training#read-data-2
        [1] resource "pipeline.py" file:./pipeline.py
        [1] file:./pipeline.py .type = "python_script"
        "####);
}

#[test]
fn dags_of_airflow_have_tasks_order_and_places() {
    assert_snapshot!(check("dags/daily.py", r#"
"""Daily."""
from datetime import datetime
from airflow import DAG
from airflow.decorators import task
from airflow.operators.bash import BashOperator
from airflow.providers.cncf.kubernetes.operators.pod import KubernetesPodOperator
from airflow.providers.postgres.operators.postgres import PostgresOperator
from airflow.operators.trigger_dagrun import TriggerDagRunOperator
from airflow.sensors.external_task import ExternalTaskSensor
from airflow.utils.task_group import TaskGroup
from airflow.datasets import Dataset
from airflow.models.baseoperator import chain

default_args = {"owner": "ada", "retries": 2}
with DAG(dag_id="daily", schedule="15 4 * * *", default_args=default_args, tags=["a"], catchup=False) as dag:
    wait = ExternalTaskSensor(task_id="wait", external_dag_id="nightly", external_task_id="end")
    run = BashOperator(task_id="run", bash_command="python ../jobs/load.py --day {{ ds }}", outlets=[Dataset("s3://lake/x/y")])
    pod = KubernetesPodOperator(task_id="pod", image="registry.example/job:2")
    sql = PostgresOperator(task_id="sql", sql="insert into w.mart.a select b from w.raw.c where d = '{{ ds }}'")
    with TaskGroup(group_id="end") as end:
        go = TriggerDagRunOperator(task_id="go", trigger_dag_id="other")

    @task
    def double(x):
        return x
    wait >> [run, pod] >> sql
    chain(sql, go)
    double(sql.output)
"#), @r####"
    [16] pipeline "daily" airflow_dag:airflow/daily
    [16] airflow_dag:airflow/daily .type = "airflow_dag"
    [16] airflow_dag:airflow/daily defined_in file:./dags/daily.py
    [16] airflow_dag:airflow/daily .schedule = "15 4 * * *"
    [16] airflow_dag:airflow/daily .tags = ["a"]
    [16] airflow_dag:airflow/daily owned_by owner:airflow/ada
    [16] airflow_dag:airflow/daily .catchup = false
    [17] task "wait" airflow_dag:airflow/daily#wait
    [17] airflow_dag:airflow/daily#wait part_of airflow_dag:airflow/daily
    [17] airflow_dag:airflow/daily#wait .operator = "ExternalTaskSensor"
    [17] airflow_dag:airflow/daily#wait depends_on airflow_dag:airflow/nightly#end
    [18] task "run" airflow_dag:airflow/daily#run
    [18] airflow_dag:airflow/daily#run part_of airflow_dag:airflow/daily
    [18] airflow_dag:airflow/daily#run .operator = "BashOperator"
    [18] airflow_dag:airflow/daily#run writes uri:s3://lake/x/y
    [18] airflow_dag:airflow/daily#run depends_on file:./jobs/load.py
    [19] task "pod" airflow_dag:airflow/daily#pod
    [19] airflow_dag:airflow/daily#pod part_of airflow_dag:airflow/daily
    [19] airflow_dag:airflow/daily#pod .operator = "KubernetesPodOperator"
    [19] image "registry.example/job" image:registry.example/job
    [19] airflow_dag:airflow/daily#pod runs_image image:registry.example/job {tag="2"}
    [19] airflow_dag:airflow/daily#pod .image = "registry.example/job:2"
    [20] task "sql" airflow_dag:airflow/daily#sql
    [20] airflow_dag:airflow/daily#sql part_of airflow_dag:airflow/daily
    [20] airflow_dag:airflow/daily#sql .operator = "PostgresOperator"
    [20] airflow_dag:airflow/daily#sql reads table:postgres/w.raw.c
    [20] airflow_dag:airflow/daily#sql writes table:postgres/w.mart.a
    [20] table:postgres/w.mart.a derived_from table:postgres/w.raw.c
    [22] task "end.go" airflow_dag:airflow/daily#end.go
    [22] airflow_dag:airflow/daily#end.go part_of airflow_dag:airflow/daily
    [22] airflow_dag:airflow/daily#end.go .operator = "TriggerDagRunOperator"
    [22] airflow_dag:airflow/daily#end.go triggers airflow_dag:airflow/other
    [29] task "double" airflow_dag:airflow/daily#double
    [29] airflow_dag:airflow/daily#double part_of airflow_dag:airflow/daily
    [29] airflow_dag:airflow/daily#double .operator = "@task"
    [24-26] airflow_dag:airflow/daily#double depends_on file:./dags/daily.py
    [27] airflow_dag:airflow/daily#run depends_on airflow_dag:airflow/daily#wait
    [27] airflow_dag:airflow/daily#pod depends_on airflow_dag:airflow/daily#wait
    [27] airflow_dag:airflow/daily#sql depends_on airflow_dag:airflow/daily#run
    [27] airflow_dag:airflow/daily#sql depends_on airflow_dag:airflow/daily#pod
    [28] airflow_dag:airflow/daily#end.go depends_on airflow_dag:airflow/daily#sql
    [29] airflow_dag:airflow/daily#double depends_on airflow_dag:airflow/daily#sql
    "####);
    assert_snapshot!(check("dags/assets.py", r#"
from airflow.sdk import dag, task, Asset
@dag(schedule=[Asset("s3://lake/x/y")], tags=["b"])
def consumer():
    """Consumes."""
    @task(task_id="get")
    def extract(): ...
    @task.docker(image="img:1")
    def load(x): ...
    load(extract())
    load.override(task_id="again")(1)
consumer()
"#), @r####"
    [3-11] pipeline "consumer" airflow_dag:airflow/consumer
    [3-11] airflow_dag:airflow/consumer .type = "airflow_dag"
    [3-11] airflow_dag:airflow/consumer defined_in file:./dags/assets.py
    [3-11] airflow_dag:airflow/consumer .description = "Consumes."
    [3-11] uri:s3://lake/x/y triggers airflow_dag:airflow/consumer
    [3-11] airflow_dag:airflow/consumer .tags = ["b"]
    [10] task "load" airflow_dag:airflow/consumer#load
    [10] airflow_dag:airflow/consumer#load part_of airflow_dag:airflow/consumer
    [10] airflow_dag:airflow/consumer#load .operator = "@task.docker"
    [8-9] image "docker.io/library/img" image:docker.io/library/img
    [8-9] airflow_dag:airflow/consumer#load runs_image image:docker.io/library/img {tag="1"}
    [8-9] airflow_dag:airflow/consumer#load .image = "docker.io/library/img:1"
    [10] task "get" airflow_dag:airflow/consumer#get
    [10] airflow_dag:airflow/consumer#get part_of airflow_dag:airflow/consumer
    [10] airflow_dag:airflow/consumer#get .operator = "@task"
    [6-7] airflow_dag:airflow/consumer#get depends_on file:./dags/assets.py
    [11] task "again" airflow_dag:airflow/consumer#again
    [11] airflow_dag:airflow/consumer#again part_of airflow_dag:airflow/consumer
    [11] airflow_dag:airflow/consumer#again .operator = "@task.docker"
    [8-9] airflow_dag:airflow/consumer#again runs_image image:docker.io/library/img {tag="1"}
    [8-9] airflow_dag:airflow/consumer#again .image = "docker.io/library/img:1"
    [10] airflow_dag:airflow/consumer#load depends_on airflow_dag:airflow/consumer#get
    "####);
}
