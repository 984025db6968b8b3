#!/bin/sh
# Reads the sample platform and starts the server on loopback. Called by `make demo`.
set -eu
: "${VIRGIL:?}" "${DATA_DIR:?}" "${PORT:?}"
"$VIRGIL" --data-dir "$DATA_DIR" --config ingest-config ingest
cat <<EOT

The chat page: http://127.0.0.1:$PORT   (Ctrl-C stops the server)
Three questions to try:
  What should I do when the fraud detector gets slow?
  Which data is the churn predictor trained on?
  How do I get a GPU notebook?
EOT
exec "$VIRGIL" --data-dir "$DATA_DIR" --config ingest-config serve --listen "127.0.0.1:$PORT"
