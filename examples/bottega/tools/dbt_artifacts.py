"""Runs the dbt project on DuckDB and keeps what dbt wrote: manifest, catalog, run results, source freshness, lineage.

The rows come from `ci/load_raw.sql`; the lineage is what `dbt-ol` derives from the artifacts. Only times, durations,
identifiers of the invocation and paths are changed afterwards. The nodes, the macros and the SQL are dbt's own words.
"""

import datetime
import json
import os
import pathlib
import shutil
import subprocess
import sys

import duckdb

from fixed import NIGHT, moment, rename_uuids, replace_paths, retime, write_json

MORNING = NIGHT.replace(hour=6, minute=5, second=0)
HOURS_SINCE_COPY = 5


def main(root, scratch):
    project = scratch / "dbt"
    shutil.copytree(root / "data-platform/dbt", project, ignore=shutil.ignore_patterns("artifacts", "target"))
    warehouse = project / "warehouse.duckdb"
    with duckdb.connect(str(warehouse)) as connection:
        connection.execute((project / "ci/load_raw.sql").read_text())

    events = scratch / "dbt-events.ndjson"
    environment = dict(
        os.environ,
        PATH=f"{pathlib.Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        WAREHOUSE_PATH=str(warehouse),
        DBT_PROFILES_DIR=str(project),
        DBT_SEND_ANONYMOUS_USAGE_STATS="false",
        PYTHONHASHSEED="0",
        OPENLINEAGE_NAMESPACE="bottega-warehouse",
        OPENLINEAGE__TRANSPORT__TYPE="file",
        OPENLINEAGE__TRANSPORT__LOG_FILE_PATH=str(events),
        OPENLINEAGE__TRANSPORT__APPEND="true",
    )

    def run(*command):
        log = scratch / "dbt.log"
        with log.open("a") as output:
            finished = subprocess.run(command, cwd=project, env=environment, stdout=output, stderr=output)
        if finished.returncode != 0:
            sys.exit(f"`{' '.join(command)}` failed:\n{log.read_text()[-3000:]}")

    run("dbt", "source", "freshness", "--threads", "1")
    # built once before, so that the catalog has the models' columns and dbt-ol finds them there
    run("dbt", "build", "--threads", "1")
    run("dbt", "docs", "generate", "--threads", "1")
    run("dbt-ol", "build", "--threads", "1")

    paths = {
        f"duckdb://{warehouse}": "duckdb:///srv/warehouse/warehouse.duckdb",
        str(warehouse): "/srv/warehouse/warehouse.duckdb",
        str(project): "/srv/dbt",
    }
    kept = root / "data-platform/dbt/artifacts"
    for name in ("manifest.json", "catalog.json", "run_results.json", "sources.json"):
        text = rename_uuids(retime((project / "target" / name).read_text()), seed="dbt build")
        artifact = settle(json.loads(replace_paths(text, paths)))
        if name == "sources.json":
            freshness_of_the_morning(artifact)
        write_json(kept / name, artifact)

    text = rename_uuids(retime(events.read_text(), step=0.1), seed="dbt build")
    (root / "data-platform/lineage").mkdir(exist_ok=True)
    (root / "data-platform/lineage/dbt-events.ndjson").write_text(replace_paths(text, paths))


def settle(value):
    """Fixes the numbers that differ between two runs: durations and creation times in seconds."""
    if isinstance(value, list):
        return [settle(item) for item in value]
    if not isinstance(value, dict):
        return value
    fixed = {"execution_time": 0.12, "elapsed_time": 41.7, "created_at": NIGHT.timestamp()}
    return {
        key: fixed[key] if key in fixed and isinstance(item, float) else settle(item) for key, item in value.items()
    }


def freshness_of_the_morning(artifact):
    """Freshness is checked at 06:05 UTC, five hours after the copy; dbt judged the same distance when it really ran."""
    copied = MORNING - datetime.timedelta(hours=HOURS_SINCE_COPY)
    artifact["metadata"]["generated_at"] = moment(MORNING)
    artifact["metadata"]["invocation_started_at"] = moment(MORNING, -4)
    artifact["results"].sort(key=lambda result: result["unique_id"])
    for result in artifact["results"]:
        result["max_loaded_at"] = moment(copied)
        result["snapshotted_at"] = moment(MORNING)
        result["max_loaded_at_time_ago_in_s"] = HOURS_SINCE_COPY * 3600.0


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]))
