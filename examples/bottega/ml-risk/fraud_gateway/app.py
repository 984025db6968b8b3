"""Fraud gateway: features from Feast, score from KServe, a rule when the model is too slow."""

import os
import time

import httpx
from fastapi import FastAPI
from feast import FeatureStore
from prometheus_client import Counter, Histogram

MODEL_URL = os.environ["MODEL_URL"]  # http://fraud-detector.ml-risk.svc.cluster.local/v2/models/fraud-detector/infer
TIMEOUT_SECONDS = 0.3

app = FastAPI(title="Fraud scoring", version="2.1")
store = FeatureStore(repo_path="/srv/feast")
latency = Histogram("fraud_gateway_request_duration_seconds", "Time to a decision", ["outcome"])
fallbacks = Counter("fraud_gateway_fallback_total", "Decisions made by the rule because the model was too slow")


@app.post("/v2/score")
async def score_payment(payment: dict) -> dict:
    started = time.monotonic()
    features = store.get_online_features(
        features=store.get_feature_service("fraud_scoring"),
        entity_rows=[{"payment_id": payment["payment_id"]}],
    ).to_dict()
    try:
        async with httpx.AsyncClient(timeout=TIMEOUT_SECONDS) as client:
            answer = await client.post(MODEL_URL, json={"inputs": features})
        score, outcome = answer.json()["outputs"][0]["data"][0], "model"
    except httpx.TimeoutException:
        fallbacks.inc()
        young = (features["account_age_days"][0] or 0) < 3
        score, outcome = (1.0 if payment["amount"] > 900 and young else 0.0), "rule"
    latency.labels(outcome).observe(time.monotonic() - started)
    return {"score": score, "action": action(score)}


def action(score: float) -> str:
    challenge = float(os.environ.get("CHALLENGE_THRESHOLD", "0.55"))
    reject = float(os.environ.get("REJECT_THRESHOLD", "0.85"))
    return "reject" if score >= reject else "challenge" if score >= challenge else "accept"
