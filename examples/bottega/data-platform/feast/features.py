"""Feature definitions. Owners are the teams that use the features, the files are written by data-platform."""

from datetime import timedelta

from feast import Entity, FeatureService, FeatureView, Field, FileSource
from feast.types import Bool, Float64, Int64

payment = Entity(name="payment", join_keys=["payment_id"], description="One payment attempt")
customer = Entity(name="customer", join_keys=["customer_id"], description="A registered account")
product = Entity(name="product", join_keys=["product_id"], description="An article of the catalogue")

payment_risk_file = FileSource(
    name="payment_risk_file",
    path="s3://bottega-lake/features/payment_risk.parquet",
    timestamp_field="event_timestamp",
)
customer_activity_file = FileSource(
    name="customer_activity_file",
    path="s3://bottega-lake/features/customer_activity.parquet",
    timestamp_field="event_timestamp",
)
product_popularity_file = FileSource(
    name="product_popularity_file",
    path="s3://bottega-lake/features/product_popularity.parquet",
    timestamp_field="event_timestamp",
)

payment_risk_features = FeatureView(
    name="payment_risk_features",
    entities=[payment],
    ttl=timedelta(days=2),
    schema=[
        Field(name="amount", dtype=Float64),
        Field(name="billing_name_matches", dtype=Bool, description="The card's name is the account's name"),
        Field(name="email_is_disposable", dtype=Bool),
        Field(name="customers_on_ip", dtype=Int64, description="Customers seen on the same address"),
        Field(name="account_age_days", dtype=Int64),
    ],
    online=True,
    source=payment_risk_file,
    tags={"team": "ml-risk", "sensitivity": "derived"},
    owner="ml-risk@bottega.example",
)

customer_activity_features = FeatureView(
    name="customer_activity_features",
    entities=[customer],
    ttl=timedelta(days=8),
    schema=[
        Field(name="orders_90d", dtype=Int64),
        Field(name="spend_90d", dtype=Float64),
        Field(name="days_since_last_order", dtype=Int64),
        Field(name="return_rate", dtype=Float64),
        Field(name="sessions_30d", dtype=Int64),
    ],
    online=True,
    source=customer_activity_file,
    tags={"team": "ml-growth", "sensitivity": "pseudonymous"},
    owner="ml-growth@bottega.example",
)

product_popularity_features = FeatureView(
    name="product_popularity_features",
    entities=[product],
    ttl=timedelta(days=2),
    schema=[
        Field(name="popularity_7d", dtype=Float64),
        Field(name="viewers_7d", dtype=Int64),
    ],
    online=True,
    source=product_popularity_file,
    tags={"team": "ml-growth", "sensitivity": "none"},
    owner="ml-growth@bottega.example",
)

fraud_scoring = FeatureService(
    name="fraud_scoring",
    features=[payment_risk_features],
    tags={"model": "fraud-detector"},
    owner="ml-risk@bottega.example",
)
churn_scoring = FeatureService(
    name="churn_scoring",
    features=[customer_activity_features],
    tags={"model": "churn-predictor"},
    owner="ml-growth@bottega.example",
)
recommendations = FeatureService(
    name="recommendations",
    features=[product_popularity_features, customer_activity_features[["orders_90d"]]],
    tags={"model": "product-recommender"},
    owner="ml-growth@bottega.example",
)
