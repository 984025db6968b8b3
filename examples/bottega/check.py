#!/usr/bin/env python3
"""Checks that the names of the sample platform agree, everywhere they are written down.

    python3 examples/bottega/check.py

Needs PyYAML. Prints what disagrees and ends with status 1, or counts what it compared. What is outside the sample on purpose,
and what contradicts itself on purpose, is listed at the top; everything else has to match.
"""

import json
import pathlib
import re
import sys

import yaml

ROOT = pathlib.Path(__file__).resolve().parent
REPOSITORIES = ["data-platform", "handbook", "ml-growth", "ml-risk", "platform-gitops", "shop"]
REGISTRY = "registry.bottega.example/"

# Images that nothing in the sample builds.
EXTERNAL_IMAGES = {
    REGISTRY + "ml-base/notebook-gpu": "built by hand, ADR-0006",
    REGISTRY + "ml-base/pytorch-train": "built by hand, ADR-0006",
    REGISTRY + "shop/ci": "shop-backend's own, not in git",
    "quay.io/jupyter/scipy-notebook": "Docker base",
    "python": "Docker base",
    "golang": "Docker base",
    "gcr.io/distroless/static": "Docker base",
    "ghcr.io/kubeflow/trainer/dataset-initializer": "part of Kubeflow Trainer",
}
# Metrics that come from programs outside the sample.
EXTERNAL_METRICS = {
    "request_predict_seconds": "KServe's model servers",
    "s3_object_last_modified_timestamp_seconds": "S3 exporter",
}
BASE_TAGS = {"2025.03", "2026.06", "2026.09"}
FORMER_PEOPLE = {"pavel.horak"}
# Models whose alias `champion` is not what production serves: the model card says why.
EARLY_CHAMPIONS = {"churn-predictor": ("3", "2")}
NOT_SERVED = {"demand-forecast", "returns-risk"}
MODELS_WITHOUT_TEAM = {"demand-forecast"}
# Shapes of real providers' keys. The planted secrets are clearly invented ones.
PROVIDER_KEYS = re.compile(r"\b(?:AKIA|ASIA)[A-Z0-9]{16}\b|\bgh[pousr]_\w{20}|\bglpat-|\bxox[bpars]-|\bsk-[A-Za-z0-9]{20}|\bAIza[\w-]{30}|BEGIN [A-Z ]*PRIVATE KEY")
GENERATED = ("dbt/artifacts/", "lineage/events", "lineage/dbt-events", "mlflow-export/", "reports/drift")

problems = []
counts = {}


def expect(condition, message):
    if not condition:
        problems.append(message)


def count(what, number):
    counts[what] = counts.get(what, 0) + number


def read(path):
    return (ROOT / path).read_text()


def load(path):
    return json.loads(read(path))


def all_files():
    for repository in REPOSITORIES:
        for path in sorted((ROOT / repository).rglob("*")):
            if path.is_file() and "__pycache__" not in path.parts:
                yield path.relative_to(ROOT).as_posix(), path.read_text()


FILES = dict(all_files())
WRITTEN = {path: text for path, text in FILES.items() if not any(part in path for part in GENERATED)}


def documents(path):
    return [found for found in yaml.safe_load_all(FILES[path]) if isinstance(found, dict)]


def manifests():
    """Every YAML document that is one; Helm templates and Backstage skeletons are not YAML yet."""
    for path in WRITTEN:
        if path.endswith((".yaml", ".yml")) and "/templates/deployment" not in path and "/skeleton/" not in path:
            for document in documents(path):
                yield path, document


def walk(value):
    if isinstance(value, dict):
        yield value
        for item in value.values():
            yield from walk(item)
    elif isinstance(value, list):
        for item in value:
            yield from walk(item)


MANIFESTS = list(manifests())


def images():
    built = {}
    for path, text in WRITTEN.items():
        for image, tag in re.findall(r"docker build -t ([\w./-]+):([\w.-]+)", text):
            built.setdefault(image, set()).add(tag)
    for _, document in MANIFESTS:
        for entry in walk(document):
            if {"folder", "image", "prefix"} <= entry.keys():
                built[entry["image"]] = {entry["prefix"] + tag for tag in BASE_TAGS}
                expect((ROOT / "data-platform" / entry["folder"] / "Dockerfile").exists(), f"no Dockerfile in {entry['folder']}")
    used = []
    for path, text in WRITTEN.items():
        used += [(path, *found) for found in re.findall(rf"({REGISTRY}[\w-]+/[\w-]+)(?::([\w.-]*\w))?", text)]
        if path.endswith("Dockerfile"):
            used += [(path, *found) for found in re.findall(r"^FROM ([\w./-]+)(?::([\w.-]+))?", text, re.M)]
    for path, document in MANIFESTS:
        for entry in walk(document):
            image = entry.get("image")
            if isinstance(image, str) and "$" not in image and "{" not in image and "/" in image:
                name, _, tag = image.partition(":")
                used.append((path, name, tag))
            elif isinstance(image, dict) and "repository" in image:
                used.append((path, image["repository"], image["tag"]))
    for path, image, tag in used:
        if image in EXTERNAL_IMAGES:
            continue
        expect(image in built, f"{path}: nothing builds the image {image}")
        if tag and image in built:
            expect(str(tag) in built[image], f"{path}: {image} is built with {sorted(built[image])}, not {tag}")
    chart = documents("platform-gitops/charts/fraud-gateway/Chart.yaml")[0]
    values = documents("platform-gitops/charts/fraud-gateway/values.yaml")[0]
    expect(chart["appVersion"] == values["image"]["tag"], "fraud-gateway: appVersion and image tag differ")
    count("uses of images", len(used))


def entities():
    """Backstage's entities by kind and name."""
    found = {}
    for path, document in MANIFESTS:
        if str(document.get("apiVersion", "")).startswith(("backstage.io/", "scaffolder.backstage.io/")):
            found.setdefault(document["kind"].lower(), {})[document["metadata"]["name"]] = (path, document)
    return found


ENTITIES = entities()
TEAMS = {name for name, (_, group) in ENTITIES["group"].items() if group["spec"]["type"] == "team"}
PEOPLE = set(ENTITIES["user"])


def owners():
    def team(name, where):
        expect(name in TEAMS, f"{where}: `{name}` is no team of org.yaml")
        count("owners", 1)

    def person(name, where):
        expect(name in PEOPLE or name in FORMER_PEOPLE, f"{where}: `{name}` is no person of org.yaml")
        count("owners", 1)

    for name, (_, group) in ENTITIES["group"].items():
        for member in group["spec"].get("members", []):
            person(member, f"group {name}")
            expect(name in ENTITIES["user"][member][1]["spec"]["memberOf"], f"{member} is not a member of {name}")
    for kind, found in ENTITIES.items():
        for name, (path, document) in found.items():
            owner = document["spec"].get("owner")
            if owner and owner.startswith("user:default/"):
                person(owner.removeprefix("user:default/"), path)
            elif owner:
                team(owner.removeprefix("group:default/"), path)
            spec = document["spec"]
            references = [("component", reference) for reference in spec.get("dependsOn", [])]
            references += [("api", reference) for key in ("providesApis", "consumesApis") for reference in spec.get(key, [])]
            references += [("system", spec["system"])] if "system" in spec else []
            references += [("domain", spec["domain"])] if "domain" in spec else []
            for default, reference in references:
                wanted, _, rest = reference.rpartition(":")
                expect(rest.rpartition("/")[2] in ENTITIES[wanted or default], f"{path}: {name} refers to {reference}, which is nowhere")
                count("catalogue references", 1)
            for target in spec.get("targets", []):
                expect((ROOT / path).parent.joinpath(target).exists(), f"{path}: no {target}")
    for path, document in MANIFESTS:
        for entry in walk(document):
            labels = {key: value for key, value in entry.items() if isinstance(value, str)}
            if "bottega.example/team" in labels:
                team(labels["bottega.example/team"], path)
            if "bottega.example/user" in labels:
                person(labels["bottega.example/user"], path)
            if "severity" in labels and "team" in labels:
                team(labels["team"], path)
    addresses = re.compile(r"\b([a-z]+(?:[.-][a-z]+)?)@bottega\.example")
    for path, text in WRITTEN.items():
        for name in addresses.findall(text):
            (person if "." in name else team)(name, path)
        for name in re.findall(r"\bgroup:default/([\w-]+)", text):
            team(name, path)
        if path.endswith("CODEOWNERS"):
            for name in re.findall(r"@bottega/([\w-]+)", text):
                team(name, path)
        if path.startswith("platform-gitops/dashboards/"):
            for tag in json.loads(text)["tags"]:
                if tag.startswith("team:"):
                    team(tag[5:], path)
        for name in re.findall(r"""["']team["']: ["']([\w-]+)["']""", text):
            team(name, path)
    for model in load("data-platform/mlflow-export/registered-models.json")["registered_models"]:
        tags = {tag["key"]: tag["value"] for tag in model.get("tags", [])}
        if "team" in tags:
            team(tags["team"], f"registered model {model['name']}")
        else:
            expect(model["name"] in MODELS_WITHOUT_TEAM, f"registered model {model['name']} has no team")
    for run in load("data-platform/mlflow-export/runs.json")["runs"]:
        for tag in run["data"]["tags"]:
            if tag["key"] == "mlflow.user":
                person(tag["value"], "runs.json")
    for event in events():
        for facets in [event.get("job", {}).get("facets", {})] + [event.get("dataset", {}).get("facets", {})]:
            for owner in facets.get("ownership", {}).get("owners", []):
                team(owner["name"].removeprefix("team:"), "events.ndjson")


def events():
    for name in ("events", "dbt-events"):
        for line in read(f"data-platform/lineage/{name}.ndjson").splitlines():
            yield json.loads(line)


def warehouse_tables():
    catalog = load("data-platform/dbt/artifacts/catalog.json")
    tables = {}
    for node in [*catalog["nodes"].values(), *catalog["sources"].values()]:
        tables[f"{node['metadata']['schema']}.{node['metadata']['name']}"] = set(node["columns"])
    return tables


def shop_tables():
    tables = {}
    for path in sorted(path for path in FILES if path.startswith("shop/db/migrations/")):
        for name, body in re.findall(r"create table (\w+) \((.*?)\n\);", FILES[path], re.S):
            columns = re.findall(r"^    (\w+) ", body, re.M)
            tables[name] = {column for column in columns if column not in ("primary", "unique", "check")}
    return tables


def tables():
    warehouse, shop = warehouse_tables(), shop_tables()
    manifest = load("data-platform/dbt/artifacts/manifest.json")
    known = {f"{node['schema']}.{node.get('alias') or node['name']}" for node in manifest["nodes"].values() if node["resource_type"] in ("model", "seed")}
    known |= {f"{node['schema']}.{node['identifier']}" for node in manifest["sources"].values()}
    expect(known == set(warehouse), f"manifest and catalog differ: {sorted(known ^ set(warehouse))}")

    # models on disk and in the manifest; a stale artifact shows here
    on_disk = {pathlib.PurePath(path).stem: text for path, text in FILES.items() if path.startswith("data-platform/dbt/models/") and path.endswith(".sql")}
    in_manifest = {node["name"]: node["raw_code"] for node in manifest["nodes"].values() if node["resource_type"] == "model"}
    expect(set(on_disk) == set(in_manifest), f"models on disk and in the manifest differ: {sorted(set(on_disk) ^ set(in_manifest))}")
    for name in set(on_disk) & set(in_manifest):
        expect(on_disk[name].strip() == in_manifest[name].strip(), f"the manifest has an older {name}.sql: run generate.py")

    for path, text in FILES.items():
        if path.endswith("manifest.json"):
            continue
        for schema, name in re.findall(r"\bwarehouse\.(raw|staging|marts|reference)\.([a-z]\w+)(?!\w|\.\w)", text):
            expect(f"{schema}.{name}" in warehouse, f"{path}: no table warehouse.{schema}.{name}")
            count("mentions of tables", 1)
        for name in re.findall(r"\bshop\.public\.([a-z]\w+)", text):
            expect(name in shop, f"{path}: no table {name} in shop/db/migrations")
            count("mentions of tables", 1)
        for bucket in re.findall(r"s3://([a-z][\w-]+)", text):
            expect(f'bucket = "{bucket}"' in FILES["platform-gitops/terraform/buckets.tf"], f"{path}: no bucket {bucket} in terraform")

    # what the yml files of dbt say is what the manifest says
    written = {path: documents(path)[0] for path in WRITTEN if re.match(r"data-platform/dbt/models/.*\.yml$", path)}
    described = {(node["resource_type"], node["name"]): node for node in [*manifest["nodes"].values(), *manifest["sources"].values(), *manifest["exposures"].values()]}
    for path, document in written.items():
        nodes = [("model", node) for node in document.get("models", [])] + [("exposure", node) for node in document.get("exposures", [])]
        nodes += [("source", node) for source in document.get("sources", []) for node in source["tables"]]
        for kind, node in nodes:
            made = described.get((kind, node["name"]), {"columns": {}, "description": None})
            expect((made["description"] or "").strip() == (node.get("description") or "").strip(), f"{path}: the manifest has another description of {node['name']}: run generate.py")
            for column in node.get("columns", []):
                there = made["columns"].get(column["name"], {"meta": None, "config": {}})
                meta = there["config"].get("meta") or there["meta"]
                expect(meta == column.get("config", {}).get("meta", {}), f"{path}: the manifest has another meta of {node['name']}.{column['name']}: run generate.py")

    copied = set(re.findall(r'^    "(\w+)",$', FILES["data-platform/ingestion/shop_snapshot.py"], re.M))
    expect(copied == set(shop), f"shop_snapshot.py and the migrations differ: {sorted(copied ^ set(shop))}")
    for name, columns in shop.items():
        expect(warehouse.get(f"raw.{name}") == columns | {"_loaded_at"}, f"raw.{name} has not the columns of the migration: {sorted(warehouse.get(f'raw.{name}', set()) ^ columns)}")
    for node in manifest["sources"].values():
        expect(set(node["columns"]) <= shop[node["name"]], f"_shop__sources.yml: {node['name']} has columns that the shop has not")
    for node in manifest["nodes"].values():
        if node["resource_type"] == "model":
            name = f"{node['schema']}.{node['name']}"
            expect(set(node["columns"]) <= warehouse[name], f"{name}: documented columns that it has not: {sorted(set(node['columns']) - warehouse[name])}")
            expect(node.get("group") is not None, f"{name} has no group")

    # personal data: what the lineage says about the shop's tables is what dbt says about the copies
    marked = {}
    for event in events():
        dataset = event.get("dataset", {})
        tags = dataset.get("facets", {}).get("tags", {}).get("tags", [])
        if dataset.get("name", "").startswith("shop.public.") and tags:
            marked[dataset["name"][12:]] = {tag["field"] for tag in tags if tag["value"] == "pii"}
    for node in manifest["sources"].values():
        pii = {name for name, column in node["columns"].items() if (column["config"].get("meta") or column["meta"]).get("sensitivity") == "pii"}
        expect(pii == marked.get(node["name"], set()), f"{node['name']}: dbt marks {sorted(pii)} as personal, the lineage {sorted(marked.get(node['name'], set()))}")

    # events: datasets, topics, files
    topics = set(re.findall(r"address: (\S+)", FILES["shop/asyncapi.yaml"]))
    for event in events():
        for dataset in event.get("inputs", []) + event.get("outputs", []):
            if dataset["namespace"].startswith("kafka:"):
                expect(dataset["name"] in topics, f"events.ndjson: no topic {dataset['name']} in asyncapi.yaml")
        location = event.get("job", {}).get("facets", {}).get("sourceCodeLocation", {})
        if location.get("repoUrl", "").startswith("https://git.bottega.example/bottega/"):
            path = location["repoUrl"].rpartition("/")[2].removesuffix(".git") + "/" + location["path"]
            expect(path in FILES, f"events.ndjson: no file {path}")

    # feast: every field is written by the export, and every exported file is read
    feast, export = FILES["data-platform/feast/features.py"], FILES["data-platform/ingestion/export_features.py"]
    files = set(re.findall(r"features/(\w+)\.parquet", feast))
    exported = dict(re.findall(r'"(\w+)": """(.*?)"""', export, re.S))
    expect(files == set(exported), f"feast reads {sorted(files)}, the export writes {sorted(exported)}")
    for view, body in re.findall(r"^(\w+) = FeatureView\((.*?)^\)", feast, re.S | re.M):
        source = re.search(r"source=(\w+)_file", body)[1]
        for field in re.findall(r'Field\(name="(\w+)"', body):
            expect(re.search(rf"\b{field}\b", exported[source]), f"{view}: the export does not write {field}")
        for name in re.findall(r"\b(?:marts)\.(\w+)", exported[source]):
            expect(f"marts.{name}" in warehouse, f"export_features.py: no mart {name}")
    views = set(re.findall(r"^(\w+_features) = ", feast, re.M))
    for path, text in WRITTEN.items():
        if path != "data-platform/ingestion/export_features.py" and "export_features" not in text:
            for name in re.findall(r"`(\w+_features)`", text):
                expect(name in views, f"{path}: no feature view {name}")

    # training code: its features are columns of the mart it reads
    for path, mart in {"ml-risk/fraud_detector/train.py": "fct_payment_risk", "ml-growth/churn/train.py": "customer_360"}.items():
        names = re.findall(r'"(\w+)"', re.search(r"^FEATURES = \[(.*?)\]", FILES[path], re.S | re.M)[1])
        names.append(re.search(r'^LABEL = "(\w+)"', FILES[path], re.M)[1])
        expect(set(names) <= warehouse[f"marts.{mart}"], f"{path}: {mart} has no {sorted(set(names) - warehouse[f'marts.{mart}'])}")
    count("tables", len(warehouse) + len(shop))


def served():
    """Cluster, model and place of every endpoint, overlays applied."""
    for path, document in MANIFESTS:
        if document.get("kind") != "InferenceService":
            continue
        name, uri = document["metadata"]["name"], document["spec"]["predictor"]["model"]["storageUri"]
        if "/serving/" not in path:
            yield path.split("/")[2], name, uri, path
            continue
        for overlay in sorted(path for path in FILES if path.startswith(f"platform-gitops/serving/{name}/overlays/")):
            patched = re.search(r"path: /spec/predictor/model/storageUri\s+value: (\S+)", FILES[overlay])
            yield overlay.split("/")[4], name, patched[1] if patched else uri, overlay


def models():
    registered = {model["name"]: model for model in load("data-platform/mlflow-export/registered-models.json")["registered_models"]}
    logged = {model["info"]["model_id"]: model["info"]["artifact_uri"] for model in load("data-platform/mlflow-export/logged-models.json")["models"]}
    runs = {run["info"]["run_id"] for run in load("data-platform/mlflow-export/runs.json")["runs"]}
    places = {}
    for version in load("data-platform/mlflow-export/model-versions.json")["model_versions"]:
        expect(version["run_id"] in runs, f"{version['name']} {version['version']}: no run {version['run_id']}")
        source = version["source"]
        places[version["name"], version["version"]] = logged[source.removeprefix("models:/")] if source.startswith("models:/") else source
    in_production = {}
    for cluster, name, uri, path in served():
        expect(name in registered, f"{path}: no registered model {name}")
        versions = [version for (model, version), place in places.items() if model == name and place == uri]
        expect(len(versions) == 1, f"{path}: {uri} is no version of {name}")
        if cluster == "prod-eu" and versions:
            in_production[name] = versions[0]
        annotated = {document["metadata"].get("annotations", {}).get("mlflow.org/registered-model") for _, document in ENTITIES["component"].values()}
        expect(name in annotated, f"{name} is served and not in the catalogue")
        count("endpoints", 1)
    expect(set(in_production) == set(registered) - NOT_SERVED, f"production serves {sorted(in_production)}")
    for name, version in in_production.items():
        aliases = {alias["alias"]: str(alias["version"]) for alias in registered[name].get("aliases", [])}
        if name in EARLY_CHAMPIONS:
            expect((aliases["champion"], version) == EARLY_CHAMPIONS[name], f"{name}: champion and production are {aliases['champion']} and {version}")
        else:
            expect(aliases["champion"] == version, f"{name}: production serves {version}, champion is {aliases['champion']}")
    for path, document in MANIFESTS:
        for entry in walk(document):
            for key in ("bottega.example/model", "mlflow.org/registered-model"):
                if isinstance(entry.get(key), str):
                    expect(entry[key] in registered, f"{path}: no registered model {entry[key]}")
    for path, text in WRITTEN.items():
        for name, version in re.findall(r"models:/([\w-]+)/(\d+)", text):
            expect((name, version) in places, f"{path}: no version {version} of {name}")
        for name in re.findall(r"mlflow\.bottega\.example/#/models/([\w-]+)", text):
            expect(name in registered, f"{path}: no registered model {name}")
        for name, version in re.findall(r"s3://bottega-models/(?!mlflow/)([a-z][a-z-]+)/(\d+)\b", text):
            expect((name, version) in places, f"{path}: no version {version} of {name}")
    for event in events():
        for dataset in event.get("outputs", []):
            if dataset["namespace"] == "s3://bottega-models":
                expect(f"s3://bottega-models/{dataset['name']}" in places.values(), f"events.ndjson: {dataset['name']} is no version")
    count("model versions", len(places))


def metrics():
    emitted = dict.fromkeys(EXTERNAL_METRICS)
    for path, text in WRITTEN.items():
        if "prometheus_client" in text:
            emitted |= dict.fromkeys(re.findall(r'(?:Counter|Gauge|Histogram)\(\s*"(\w+)"', text))
            emitted |= dict.fromkeys(re.findall(r'\bname = "(\w+)"', text))
    expressions = []
    alerts = {}
    for path, document in MANIFESTS:
        for entry in walk(document):
            if "expr" in entry and ("alert" in entry or "record" in entry):
                expressions.append((path, entry["expr"]))
                if "record" in entry:
                    emitted[entry["record"]] = None
                else:
                    alerts[entry["alert"]] = entry
    uids = {}
    for path, text in WRITTEN.items():
        if path.startswith("platform-gitops/dashboards/"):
            board = json.loads(text)
            uids[board["uid"]] = path
            expressions += [(path, entry["expr"]) for entry in walk(board) if "expr" in entry]
    for path, expression in expressions:
        bare = re.sub(r'\{[^}]*\}|\[[^\]]*\]|"[^"]*"|\b(?:by|without|on|ignoring)\s*\([^)]*\)', " ", expression)
        for name in re.findall(r"[a-z_][\w:]*(?!\s*\(|\w|:)", bare):
            if name in ("time", "e"):
                continue
            base = re.sub(r"_(?:bucket|count|sum)$", "", name)
            expect(name in emitted or base in emitted, f"{path}: nothing emits {name}")
            count("uses of metrics", 1)
    for name, alert in alerts.items():
        url = alert.get("annotations", {}).get("runbook_url")
        if url:
            page = url.removeprefix("https://handbook.bottega.example/").strip("/")
            expect(f"handbook/docs/{page}.md" in FILES, f"{name}: no runbook {page}")
            expect(name in FILES.get(f"handbook/docs/{page}.md", ""), f"{page}.md does not mention {name}")
    for path, text in WRITTEN.items():
        for name in re.findall(r"[Aa]lerts?:? (?:is )?`(\w+)`", text):
            expect(name in alerts, f"{path}: no alert {name}")
        for uid in re.findall(r"grafana\.bottega\.example/d/([\w-]+)", text):
            expect(uid in uids, f"{path}: no dashboard {uid}")
        for page in re.findall(r"https://handbook\.bottega\.example/([\w/-]+)", text):
            expect(f"handbook/docs/{page.strip('/')}.md" in FILES, f"{path}: no page {page} in the handbook")
    count("alerts", len(alerts))


def pages():
    for path, text in WRITTEN.items():
        if path.endswith(".md") and "/skeleton/" not in path:
            for target in re.findall(r"\]\((?!https?:|#)([^)#]+)", text):
                expect((ROOT / path).parent.joinpath(target).exists(), f"{path}: the link {target} leads nowhere")
                count("links", 1)
    listed = set(re.findall(r":\s(\S+\.md)$", FILES["handbook/mkdocs.yml"], re.M))
    there = {path.removeprefix("handbook/docs/") for path in FILES if path.startswith("handbook/docs/")}
    expect(listed == there, f"mkdocs.yml and handbook/docs differ: {sorted(listed ^ there)}")


def pipelines():
    for source, compiled in {
        "ml-risk/fraud_detector/pipeline.py": "ml-risk/pipelines/fraud-detector-training.yaml",
        "ml-growth/churn/pipeline.py": "ml-growth/churn/compiled.yaml",
    }.items():
        written, made = FILES[source], documents(compiled)[0]
        name = re.search(r'@dsl\.pipeline\(name="([\w-]+)"', written)[1]
        image = re.search(r'^IMAGE = "(.+)"', written, re.M)[1]
        expect(made["pipelineInfo"]["name"] == name, f"{compiled} is another pipeline than {source}")
        expect(image in FILES[compiled], f"{compiled} has not the image of {source}")
        steps = set(re.findall(r"^def (\w+)\(", written, re.M)) - {name.replace("-", "_"), "churn_training"}
        made_steps = {key.removeprefix("comp-").replace("-", "_") for key in made["components"] if "executorLabel" in made["components"][key]}
        expect(steps == made_steps, f"{compiled}: steps {sorted(steps ^ made_steps)}")
        schedules = [document for path, document in MANIFESTS if document.get("kind") == "ScheduledWorkflow" and document["metadata"]["name"] == name]
        expect(len(schedules) == 1, f"{name} has no recurring run")
        for parameter in schedules[0]["spec"]["workflow"]["parameters"] if schedules else []:
            expect(parameter["name"] in made["root"]["inputDefinitions"]["parameters"], f"{name}: no parameter {parameter['name']}")


def nothing_real():
    for path, text in FILES.items():
        found = PROVIDER_KEYS.search(text)
        expect(not found, f"{path}: `{found and found[0][:8]}…` has the shape of a real key")
        expect(not re.search(r"/tmp/|/root/|/home/(?!jovyan|trainer)", text), f"{path}: a path of the machine that generated it")


def questions():
    found = yaml.safe_load(read("questions.yaml"))
    for entry in found:
        if entry["expect"] == "none":
            continue
        for place in entry["expect"]:
            path = f"{place['source']}/{place['path']}"
            expect(place["contains"] in FILES.get(path, ""), f"questions.yaml: `{place['contains']}` is not in {path}")
    count("questions", len(found))


def planted():
    found = yaml.safe_load(read("planted.yaml"))
    for entry in found:
        path = f"{entry['source']}/{entry['path']}"
        places = [there for there, text in FILES.items() if entry["secret"] in text]
        expect(places == [path], f"planted.yaml: the secret of {path} is in {places}")
    count("planted secrets", len(found))


def main():
    for check in (images, owners, tables, models, metrics, pages, pipelines, nothing_real, questions, planted):
        check()
    for problem in sorted(set(problems)):
        print(problem)
    if problems:
        sys.exit(f"{len(set(problems))} names do not agree")
    print(f"{len(FILES)} files agree: " + ", ".join(f"{number} {what}" for what, number in counts.items()))


if __name__ == "__main__":
    main()
