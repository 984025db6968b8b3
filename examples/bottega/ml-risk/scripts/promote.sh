#!/usr/bin/env bash
# Moves the alias `champion` to a version, once production serves it.
#   scripts/promote.sh fraud-detector 3
set -euo pipefail

model=$1
version=$2
served=$(kubectl --context prod-eu -n ml-risk get inferenceservice "$model" -o jsonpath='{.spec.predictor.model.storageUri}')

if [[ "$served" != "s3://bottega-models/$model/$version" ]]; then
  echo "production serves $served, not version $version: merge the change in platform-gitops first" >&2
  exit 1
fi

curl --fail --silent --request POST "$MLFLOW_TRACKING_URI/api/2.0/mlflow/registered-models/alias" \
  --header "Authorization: Bearer $MLFLOW_TRACKING_TOKEN" --header 'Content-Type: application/json' \
  --data "{\"name\": \"$model\", \"alias\": \"champion\", \"version\": \"$version\"}"
echo "champion of $model is version $version"
