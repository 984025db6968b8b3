"""Daily demand forecast. Runs on the old Airflow (airflow.bottega.example), see ADR-0005."""

from datetime import datetime, timedelta

from airflow import DAG
from airflow.operators.bash import BashOperator
from airflow.providers.amazon.aws.operators.s3 import S3CopyObjectOperator

default_args = {
    "owner": "pavel.horak",
    "retries": 2,
    "retry_delay": timedelta(minutes=10),
    "email": ["pavel.horak@bottega.example"],
    "email_on_failure": True,
}

with DAG(
    dag_id="demand_forecast_daily",
    schedule="15 4 * * *",
    start_date=datetime(2026, 5, 4),
    catchup=False,
    default_args=default_args,
    tags=["forecast", "growth-experiments"],
    doc_md=__doc__,
) as dag:
    train = BashOperator(task_id="train", bash_command="python /opt/demand_forecast/train.py fit")
    predict = BashOperator(task_id="predict", bash_command="python /opt/demand_forecast/train.py predict")
    publish = S3CopyObjectOperator(
        task_id="publish",
        source_bucket_key="s3://bottega-lake/scores/demand/latest.csv",
        dest_bucket_key="s3://bottega-lake/shared/buying/demand.csv",
    )

    train >> predict >> publish
