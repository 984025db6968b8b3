#!/usr/bin/env bash
# Replays orders of some days from Kafka into the database. Read the runbook first:
# https://handbook.bottega.example/runbooks/backfill-orders/
#   scripts/backfill_orders.sh 2026-08-02 2026-08-04 --dry-run
set -euo pipefail

from=$1
to=$2
mode=${3:-}

days=$(( ($(date -d "$to" +%s) - $(date -d "$from" +%s)) / 86400 ))
if (( days > 7 )); then
  echo "more than seven days: split it, the consumer group lags behind for an hour per day replayed" >&2
  exit 1
fi

kafka-consumer-groups --bootstrap-server kafka.shop.bottega.example:9092 --group orders-replay \
  --topic orders.v1 --reset-offsets --to-datetime "${from}T00:00:00.000" "${mode:---execute}"
[[ "$mode" == --dry-run ]] || psql "$SHOP_DB_URL" --command "call replay_orders('$from', '$to')"
