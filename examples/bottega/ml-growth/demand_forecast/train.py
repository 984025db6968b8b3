import sys

import mlflow
import pandas as pd
import sqlalchemy
from sklearn.linear_model import Ridge

engine = sqlalchemy.create_engine("duckdb:////srv/warehouse/warehouse.duckdb")


def frame():
    sales = pd.read_sql("select sales_date, category, units_sold from warehouse.marts.fct_daily_sales", engine)
    sales["weekday"] = pd.to_datetime(sales.sales_date).dt.weekday
    by = sales.sort_values("sales_date").groupby("category").units_sold
    sales["units_sold_7d"] = by.transform(lambda s: s.rolling(7).sum())
    sales["units_sold_28d"] = by.transform(lambda s: s.rolling(28).sum())
    return sales.dropna()


def fit():
    sales = frame()
    model = Ridge(alpha=1.0).fit(sales[["weekday", "units_sold_7d", "units_sold_28d"]], sales.units_sold)
    mlflow.set_experiment("demand-forecast")
    with mlflow.start_run():
        info = mlflow.sklearn.log_model(model, name="model")
    # registered once, in May; since then the DAG only refits in place
    if "--register" in sys.argv:
        mlflow.register_model(info.model_uri, "demand-forecast")


def predict():
    sales = frame()
    model = mlflow.sklearn.load_model("models:/demand-forecast/1")
    sales["forecast"] = model.predict(sales[["weekday", "units_sold_7d", "units_sold_28d"]])
    sales.to_csv("s3://bottega-lake/scores/demand/latest.csv", index=False)


if __name__ == "__main__":
    {"fit": fit, "predict": predict}[sys.argv[1]]()
