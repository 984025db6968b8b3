//! What holds for the statements of every format, however damaged the asset is.

use proptest::prelude::*;
use virgil_model::{NoFiles, Says};

use super::{FORMATS, Said, state};
use crate::Raw;
use crate::lines::Lines;

/// A sample of each format, with the name of the format that accepts it.
const SAMPLES: &[(&str, &str, &str)] = &[
    (
        "backstage",
        "catalog-info.yaml",
        "apiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata:\n  name: a\n  annotations: {backstage.io/source-location: 'url:https://g.example/a/b/tree/main/', backstage.io/techdocs-ref: dir:.}\n  labels: {a: b}\n  tags: [x]\n  links: [{url: u}]\nspec:\n  owner: t\n  dependsOn: &d ['resource:a', 'b:c/d']\n  dependencyOf: *d\n---\napiVersion: backstage.io/v1alpha1\nkind: User\nmetadata: {name: u}\nspec: {profile: {email: a@b.c}, memberOf: [t]}\n",
    ),
    (
        "codeowners",
        "CODEOWNERS",
        "# c\n* @a/b c@d.e\n^[S][2] @x\n/docs/ \\# @y\na{b}[c]/ x\n",
    ),
    (
        "feast",
        "features.py",
        "from feast import *\ne = Entity(name='e', join_keys=['a'])\ns = FileSource(name='s', path='s3://b/c')\nv = FeatureView(name='v', entities=[e], source=s, schema=[Field(name='f', dtype=Int64)], tags={'a': 'b'})\nw = FeatureService(name='w', features=[v[['f']]])\n@on_demand_feature_view(sources=[v])\ndef d(): pass\n",
    ),
    (
        "mlflow",
        "runs.json",
        r#"{"runs": [{"info": {"run_id": "r", "experiment_id": "1", "start_time": 1769923201000, "status": "FINISHED"},
"data": {"metrics": [{"key": "a", "value": 1}], "tags": [{"key": "mlflow.source.git.repoURL", "value": "https://g.example/a/b.git"}]},
"inputs": {"dataset_inputs": [{"dataset": {"source": "{\"uri\": \"s3://a/b\"}"}}]}}],
"model_versions": [{"name": "m", "version": "1", "source": "models:/m-1", "aliases": ["a"]}]}"#,
    ),
    (
        "mlflow-files",
        "MLmodel",
        "flavors: {a: {}}\nrun_id: r\nartifact_path: model\nsignature:\n  inputs: '[{\"type\": \"long\",\n    \"name\": \"a\"}]'\n",
    ),
    (
        "mlflow-files",
        "m/meta.yaml",
        "creation_timestamp: 1788758408000\nname: m\nversion: 3\nsource: s3://a/b\ncurrent_stage: Production\n",
    ),
    (
        "model-card",
        "README.md",
        "---\nbase_model: a/b\ndatasets: [c]\ntags: [d]\nmodel-index:\n- name: e\n---\n# T\n",
    ),
    (
        "openlineage",
        "events.ndjson",
        "{\"eventType\":\"COMPLETE\",\"eventTime\":\"1\",\"run\":{\"runId\":\"r\",\"facets\":{\"parent\":{\"run\":{\"runId\":\"p\"},\"job\":{\"namespace\":\"n\",\"name\":\"j\"}}}},\"job\":{\"namespace\":\"n\",\"name\":\"k\"},\"inputs\":[{\"namespace\":\"s3://b\",\"name\":\"x\"}],\"outputs\":[{\"namespace\":\"pg\",\"name\":\"a.b\",\"facets\":{\"schema\":{\"fields\":[{\"name\":\"c\",\"fields\":[{\"name\":\"d\"}]}]},\"columnLineage\":{\"fields\":{\"c\":{\"inputFields\":[{\"namespace\":\"s3://b\",\"name\":\"x\",\"field\":\"y\"}]}}}}}]}\n",
    ),
    (
        "dbt-manifest",
        "manifest.json",
        r#"{"metadata": {"dbt_schema_version": "https://schemas.getdbt.com/dbt/manifest/v12.json", "adapter_type": "duckdb"},
"nodes": {"model.a.b": {"resource_type": "model", "name": "b", "schema": "s", "meta": {"owner": "x"}, "columns": {"c": {"name": "c"}}, "depends_on": {"nodes": ["source.a.b.c"]}},
"test.a.t": {"resource_type": "test", "attached_node": "model.a.b", "column_name": "c"}},
"exposures": {"exposure.a.e": {"type": "dashboard", "owner": {"email": "a@b.c"}}}, "groups": {"group.a.g": {"name": "g"}}}"#,
    ),
    (
        "dbt-catalog",
        "catalog.json",
        r#"{"metadata": {"dbt_schema_version": "https://schemas.getdbt.com/dbt/catalog/v1.json"}, "nodes": {"model.a.b": {"metadata": {"schema": "s", "name": "b"}, "columns": {"c": {"name": "c"}}}}}"#,
    ),
    (
        "kubernetes",
        "clusters/p/a.yaml",
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: a, labels: {team: t}}\nspec:\n  template:\n    spec:\n      containers: [{name: c, image: 'r.example/a:1', env: [{name: A, valueFrom: {secretKeyRef: {name: s}}}]}]\n---\napiVersion: serving.kserve.io/v1beta1\nkind: InferenceService\nmetadata: {name: b}\nspec: {predictor: {model: {storageUri: 's3a://b/c/'}}}\n---\napiVersion: argoproj.io/v1alpha1\nkind: CronWorkflow\nmetadata: {name: w}\nspec: {schedules: [x], workflowSpec: {templates: [{name: m, dag: {tasks: [{name: t, template: u, depends: 'v && w'}]}}, {name: u, container: {image: i}}]}}\n---\napiVersion: tekton.dev/v1\nkind: Pipeline\nmetadata: {name: p}\nspec: {tasks: [{name: a, taskSpec: {steps: [{image: i}]}, params: ['$(tasks.b.results.c)']}]}\n---\napiVersion: monitoring.coreos.com/v1\nkind: PrometheusRule\nmetadata: {name: r}\nspec: {groups: [{name: g, rules: [{alert: a, expr: 'sum by (b) (c{d=~\"e\"}) > 1'}]}]}\n",
    ),
    (
        "helm",
        "c/Chart.yaml",
        "apiVersion: v2\nname: a\nversion: 1\nmaintainers: [{email: a@b.c}, {name: d}]\ndependencies: [{name: e, repository: 'https://f.g/h'}, {name: i, repository: 'file://../j'}, {name: k, repository: 'oci://l.m/n'}]\n",
    ),
    (
        "terraform",
        "a.tf",
        "resource \"aws_s3_bucket\" \"a\" { # x\n  bucket = \"b\"\n  c = <<E\n}\nE\n  d = aws_x.y.id\n}\n",
    ),
    (
        "api",
        "asyncapi.yaml",
        "asyncapi: 3.0.0\ninfo: {title: t, version: 1}\nservers: {p: {host: 'k:9', protocol: kafka}}\nchannels: {a: {address: b}}\noperations: {c: {action: send, channel: {$ref: '#/channels/a'}}}\n",
    ),
    (
        "kfp",
        "p.yaml",
        "components:\n  c: {dag: {tasks: {x: {componentRef: {name: d}, dependentTasks: [y]}}}}\n  d: {executorLabel: e}\ndeploymentSpec: {executors: {e: {container: {image: 'a/b:1'}}}}\npipelineInfo: {name: p}\nroot: {dag: {tasks: {t: {componentRef: {name: c}}}}}\n",
    ),
    (
        "github-actions",
        ".github/workflows/a.yml",
        "name: n\non: {schedule: [{cron: c}]}\njobs:\n  a:\n    strategy: {matrix: {i: [x, y], include: [{j: z}]}}\n    steps:\n      - run: |\n          docker build -t r.example/${{ matrix.i }}:$T \\\n            -f d/Dockerfile .\n      - {uses: docker/build-push-action@v6, with: {tags: 'a/b:1,c'}}\n",
    ),
    (
        "gitlab-ci",
        ".gitlab-ci.yml",
        "default: {image: 'a:1'}\n.b: {variables: {V: x}}\nc:\n  extends: .b\n  needs: [d]\n  script: [\"docker build -t $V/y:1 .\\n./z.sh\", !reference [.b, script]]\n",
    ),
    (
        "azure-pipelines",
        "azure-pipelines.yml",
        "stages: [{stage: s, jobs: [{job: j, dependsOn: k, container: c, steps: [{script: python a.py}, {task: Docker@2, inputs: {repository: r}}]}]}]\n",
    ),
    (
        "dockerfile",
        "Dockerfile",
        "ARG A=1\nFROM a:${A} AS b\nCOPY --from=c/d /x /y\nFROM b\n",
    ),
    (
        "jenkinsfile",
        "Jenkinsfile",
        "stage('a') { docker.build(\"b:${c}\") }\nsh './d.sh'\n",
    ),
    (
        "prometheus-rules",
        "a.rules.yml",
        "groups:\n  - name: g\n    rules:\n      - record: a:b\n        expr: |\n          rate(c{d=\"e\"}[5m])\n        labels: {team: t}\n",
    ),
    (
        "grafana",
        "d.json",
        "{\"uid\": \"u\", \"title\": \"t\", \"schemaVersion\": 1, \"tags\": [\"team:x\"],\n\"panels\": [{\"targets\": [{\"expr\": \"a{b='c'} / $d\"}]}]}",
    ),
    (
        "datahub",
        "mce.json",
        r#"[{"proposedSnapshot": {"com.linkedin.pegasus2avro.metadata.snapshot.DatasetSnapshot": {"urn": "urn:li:dataset:(urn:li:dataPlatform:hive,a,PROD)",
"aspects": [{"com.linkedin.pegasus2avro.dataset.UpstreamLineage": {"upstreams": {"array": [{"dataset": "urn:li:dataset:(urn:li:dataPlatform:s3,b/c,PROD)"}]}}}]}}},
{"entityType": "dataset", "entityUrn": "urn:li:dataset:(urn:li:dataPlatform:hive,a,PROD)", "aspectName": "schemaMetadata", "aspect": {"value": "{\"fields\": [{\"fieldPath\": \"[version=2.0].a\"}]}"}}]"#,
    ),
    (
        "openmetadata",
        "tables.json",
        r#"{"data": [{"id": "1", "name": "d", "fullyQualifiedName": "a.b.\"c.x\".d", "service": {"type": "databaseService"}, "columns": [{"name": "e", "children": [{"name": "f"}]}],
"owners": [{"type": "team", "name": "t"}], "tags": [{"tagFQN": "P.S"}]},
{"edge": {"fromEntity": {"id": "1", "type": "table", "fullyQualifiedName": "a.b.c.d"}, "toEntity": {"id": "2", "type": "dashboard"}, "lineageDetails": {"columnsLineage": [{"fromColumns": ["a.b.c.d.e"], "toColumn": "x"}]}}}]}"#,
    ),
    (
        "model-registry",
        "r/model_versions/3/artifacts.json",
        r#"{"items": [{"artifactType": "model-artifact", "id": "5", "uri": "s3://a/b", "createTimeSinceEpoch": "1769923201000",
"customProperties": {"a": {"int_value": "7"}}}, {"id": "6", "registeredModelId": "1", "servingEnvironmentId": "2"}]}"#,
    ),
    (
        "grafana-alerts",
        "alerting/a.yaml",
        "groups:\n- rules:\n  - uid: u\n    title: t\n    data: [{datasourceUid: p, model: {expr: 'a > 1'}}, {model: '{\"expr\": \"b\"}'}]\n    labels: {team: x}\n    annotations: {__dashboardUid__: d}\n",
    ),
    (
        "kubernetes",
        "dashboards.yaml",
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata:\n  a.json: |-\n    {\"title\": \"t\", \"schemaVersion\": 1,\n    \"panels\": [{\"targets\": [{\"expr\": \"a\"}],\n    \"alert\": {\"name\": \"n\"}}]}\n---\napiVersion: grafana.integreatly.org/v1beta1\nkind: GrafanaDashboard\nmetadata: {name: b}\nspec:\n  json: >\n    {\"title\": \"t\",\n\n    \"panels\": []}\n---\napiVersion: dashboard.grafana.app/v2\nkind: Dashboard\nmetadata: {name: c}\nspec: {title: t, elements: {p: {spec: {data: {spec: {queries: [{spec: {query: {spec: {expr: a}}}}]}}}}}}\n---\napiVersion: monitoring.coreos.com/v1\nkind: Probe\nmetadata: {name: p}\nspec: {targets: {staticConfig: {static: ['http://a.b.svc']}, ingress: {selector: {matchExpressions: [{key: a, operator: In, values: [b]}]}}}}\n",
    ),
    (
        "evidently",
        "report.json",
        r#"{"metrics": [{"metric_name": "ValueDrift(column=a)", "config": {"type": "evidently:metric_v2:ValueDrift", "column": "a"}, "value": 0.1},
{"metric": "DataDriftTable", "result": {"drift_by_columns": {"b": {"drift_score": 1, "drift_detected": true}}}}],
"tests": [{"name": "n", "description": "d", "status": "FAIL"}], "metadata": {"m": "models:/a/1"}}"#,
    ),
    (
        "decision-record",
        "adr/0001-a.md",
        "---\nstatus: superseded by [b](0002-b.md)\n---\n# A\n\n## Status\n\nAccepted\n",
    ),
    (
        "sql",
        "load.sql",
        "with a as (select x, 'é;' as y from s.t join u using (k) where d = {{ ds }}) insert into m.a (x, y) select * from a;\nmerge into t using s on t.a = s.a when matched then update set b = s.c + 1;\ncreate table if not exists z (a int, \"B\" text default '-- x') location 's3://b/c/d';\nCOPY (select a, case when b then c end as e from z) TO 's3://b/c.parquet';\n-- +goose Down\ndrop table z;\n",
    ),
    (
        "python",
        "dags/etl.py",
        "import pandas as pd, duckdb\nfrom airflow import DAG\nfrom airflow.operators.bash import BashOperator as B\nL = 's3://lake'\nwith DAG('d', schedule='@daily', default_args={'owner': 'a'}) as dag:\n    a = B(task_id='a', bash_command='python x.py')\n    for n in ['b', 'c']:\n        b = B(task_id=f'{n}')\n        a >> [b]\ndef f(x, *y, z=1):\n    q = \"select a, %s from t.u\" % x\n    with duckdb.connect('/a/b.duckdb') as con:\n        con.execute(q)\n        con.sql(f'''copy (select * from w.s.t) to '{L}/o.parquet' ''')\n    pd.read_parquet(L + '/in').to_csv(f\"{L}/{x}/y\")\n",
    ),
    (
        "python",
        "pipeline.py",
        "from kfp import dsl\nimport mlflow\n@dsl.component(base_image='r.example/a:1')\ndef s(x: str):\n    '''Doc.'''\n    mlflow.register_model('runs:/a/m', 'm')\n@dsl.pipeline(name='p')\ndef p():\n    a = s(x='1')\n    with dsl.If(a.output == 2):\n        s(x=a.outputs['o']).after(a)\n",
    ),
    (
        "python",
        "n.ipynb",
        "{\"cells\": [{\"cell_type\": \"code\", \"source\": [\"%pip x\\n\", \"spark.table('a.b')\\n\",\n\"spark.sql('select 1 from c.d')\"]}]}",
    ),
];

/// Pieces that damage a file.
const PIECES: &[&str] = &[
    "",
    "",
    "\n",
    " ",
    "\t",
    "\0",
    "é",
    "{",
    "}",
    "[",
    "]",
    ":",
    ",",
    "\"",
    "'",
    "- ",
    "---\n",
    "null",
    "@",
    "#",
    "/",
    "&a ",
    "*a",
    "<<: ",
    "{{",
    "\\",
    "-1",
    "99999999999999999999",
    "()",
    "(",
    " select ",
    " from ",
    ";",
    "    ",
];

/// Replaces some characters at some places.
fn damaged(text: &str, changes: &[(usize, usize, &str)]) -> String {
    let mut characters: Vec<char> = text.chars().collect();
    for (at, length, piece) in changes {
        let start = at % (characters.len() + 1);
        let end = (start + length).min(characters.len());
        characters.splice(start..end, piece.chars());
    }
    characters.into_iter().collect()
}

fn holds(path: &str, text: &str) -> Said {
    let said = state(Raw { path, text }, &NoFiles);
    let last = Lines::of(text).len().max(1);
    for statement in &said.statements {
        let lines = statement.lines;
        assert!(
            lines.start >= 1 && lines.start <= lines.end && lines.end as usize <= last,
            "{path}: {statement:?} of {last} lines"
        );
        if let Says::Mention { keys, .. } = &statement.says {
            assert!(!keys.is_empty(), "{path}: {statement:?}");
        }
    }
    for line in said.problems.iter().filter_map(|problem| problem.line) {
        assert!(line >= 1 && line as usize <= last, "{path}: line {line}");
    }
    said
}

#[test]
fn every_sample_is_accepted_and_says_something() {
    for (name, path, text) in SAMPLES {
        let asset = super::Asset::of(Raw { path, text });
        let accepting: Vec<&str> = FORMATS
            .iter()
            .copied()
            .flatten()
            .filter(|format| (format.accepts)(&asset))
            .map(|format| format.name)
            .collect();
        assert!(accepting.contains(name), "{path}: {accepting:?}");
        assert!(!holds(path, text).statements.is_empty(), "{path}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn damage_loses_no_more_than_itself(
        changes in proptest::collection::vec(
            (any::<usize>(), 0..9_usize, proptest::sample::select(PIECES)), 1..6)
    ) {
        for (_, path, text) in SAMPLES {
            holds(path, &damaged(text, &changes));
        }
    }
}
