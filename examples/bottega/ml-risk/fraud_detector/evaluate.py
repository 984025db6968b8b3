"""Scores a model on the last month and writes what KFP shows: average precision, recall at the reject threshold, money."""

import argparse
import json
import pathlib

import joblib
import pandas as pd
from sklearn.metrics import average_precision_score, recall_score

from fraud_detector.train import FEATURES, LABEL

# Scores at or above this are rejected, see docs/threshold-policy.md. Between CHALLENGE and REJECT the customer gets 3-D Secure.
REJECT = 0.85
CHALLENGE = 0.55


def main():
    parser = argparse.ArgumentParser()
    for name in ("--data", "--model", "--metrics", "--average-precision"):
        parser.add_argument(name, required=True)
    options = parser.parse_args()

    frame = pd.read_parquet(options.data).tail(20_000)
    scores = joblib.load(options.model).predict_proba(frame[FEATURES])[:, 1]
    average_precision = average_precision_score(frame[LABEL], scores)
    missed = frame[LABEL] & (scores < CHALLENGE)
    metrics = {
        "average_precision": average_precision,
        "recall_at_reject": recall_score(frame[LABEL], scores >= REJECT),
        "missed_eur": float(frame.loc[missed, "amount"].sum()),
    }
    pathlib.Path(options.metrics).write_text(json.dumps(metrics))
    pathlib.Path(options.average_precision).write_text(str(average_precision))


if __name__ == "__main__":
    main()
