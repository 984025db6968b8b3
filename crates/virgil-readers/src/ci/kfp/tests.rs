//! Compiled pipelines and what they state.

use crate::statements::shown::check;
use insta::assert_snapshot;

#[test]
fn tasks_wait_run_and_import() {
    assert_snapshot!(check("churn/compiled.yaml", r####"# PIPELINE DEFINITION
components:
  comp-condition-1:
    dag:
      tasks:
        register:
          componentRef: {name: comp-train}
          inputs: {parameters: {alias: {runtimeValue: {constant: challenger}}}}
  comp-train:
    executorLabel: exec-train
    outputDefinitions: {artifacts: {model: {artifactType: {schemaTitle: system.Model}}}}
  comp-importer: {executorLabel: exec-importer}
deploymentSpec:
  executors:
    exec-train:
      container:
        command: [python, train.py, "{{$.inputs.x}}"]
        image: registry.example/churn-train:1.8.1
    exec-importer:
      importer:
        artifactUri: {constant: "gs://bucket/data.txt"}
pipelineInfo:
  name: churn-training
  description: Weekly.
root:
  dag:
    tasks:
      importer: {componentRef: {name: comp-importer}}
      condition-1:
        componentRef: {name: comp-condition-1}
        dependentTasks: [importer]
        triggerPolicy: {condition: "inputs.x > 1"}
  inputDefinitions: {parameters: {mart: {defaultValue: w.m.c}}}
schemaVersion: 2.1.0
sdkVersion: kfp-2.17.3
---
platforms:
  kubernetes:
    deploymentSpec:
      executors:
        exec-train:
          secretAsVolume: [{secretName: token, mountPath: /x}]
"####), @r####"
        [23] pipeline "churn-training" pipeline:kfp/churn-training
        [23] pipeline:kfp/churn-training defined_in file:./churn/compiled.yaml
        [24] pipeline:kfp/churn-training .description = "Weekly."
        [35] pipeline:kfp/churn-training .sdk_version = "kfp-2.17.3"
        [33] pipeline:kfp/churn-training .parameters = ["mart=w.m.c"]
        [28] task "importer" pipeline:kfp/churn-training#importer
        [28] pipeline:kfp/churn-training#importer part_of pipeline:kfp/churn-training
        [21] pipeline:kfp/churn-training#importer reads uri:gs://bucket/data.txt
        [29-32] task "condition-1" pipeline:kfp/churn-training#condition-1
        [29-32] pipeline:kfp/churn-training#condition-1 part_of pipeline:kfp/churn-training
        [31] pipeline:kfp/churn-training#condition-1 depends_on pipeline:kfp/churn-training#importer
        [32] pipeline:kfp/churn-training#condition-1 .condition = "inputs.x > 1"
        [6-8] task "condition-1/register" pipeline:kfp/churn-training#condition-1/register
        [6-8] pipeline:kfp/churn-training#condition-1/register part_of pipeline:kfp/churn-training
        [8] pipeline:kfp/churn-training#condition-1/register .parameters = ["alias=challenger"]
        [11] pipeline:kfp/churn-training#condition-1/register .outputs = ["model: system.Model"]
        [18] image "registry.example/churn-train" image:registry.example/churn-train
        [18] pipeline:kfp/churn-training#condition-1/register runs_image image:registry.example/churn-train {tag="1.8.1"}
        [18] pipeline:kfp/churn-training#condition-1/register .image = "registry.example/churn-train:1.8.1"
        [11] artifact "model" artifact:kfp/churn-training#condition-1/register/model
        [11] artifact:kfp/churn-training#condition-1/register/model .type = "system.Model"
        [11] pipeline:kfp/churn-training#condition-1/register writes artifact:kfp/churn-training#condition-1/register/model
        [42] pipeline:kfp/churn-training .secrets = ["token"]
        "####);
}

#[test]
fn a_component_that_holds_itself_ends() {
    let text = "components:\n  a: {dag: {tasks: {x: {componentRef: {name: a}}, y: {componentRef: {name: a}}}}}\npipelineInfo: {name: p}\nroot: {dag: {tasks: {x: {componentRef: {name: a}}}}}\n";
    assert!(check("a.yaml", text).lines().count() > 10);
}

#[test]
fn artifacts_are_followed_through_the_tasks_that_hold_others() {
    assert_snapshot!(check("p.yaml", r####"components:
  comp-train:
    executorLabel: exec-train
    outputDefinitions: {artifacts: {model: {artifactType: {schemaTitle: system.Model}}}}
  comp-use: {executorLabel: exec-use}
  comp-inner:
    dag:
      outputs: {artifacts: {best: {artifactSelectors: [{producerSubtask: train, outputArtifactKey: model}]}}}
      tasks:
        train: {componentRef: {name: comp-train}}
  comp-condition:
    dag:
      tasks:
        use:
          componentRef: {name: comp-use}
          inputs: {artifacts: {model: {componentInputArtifact: given}}}
pipelineInfo: {name: p}
root:
  dag:
    tasks:
      inner: {componentRef: {name: comp-inner}}
      condition:
        componentRef: {name: comp-condition}
        inputs:
          artifacts:
            given:
              taskOutputArtifact: {producerTask: inner, outputArtifactKey: best}
"####), @r####"
        [17] pipeline "p" pipeline:kfp/p
        [17] pipeline:kfp/p defined_in file:./p.yaml
        [21] task "inner" pipeline:kfp/p#inner
        [21] pipeline:kfp/p#inner part_of pipeline:kfp/p
        [10] task "inner/train" pipeline:kfp/p#inner/train
        [10] pipeline:kfp/p#inner/train part_of pipeline:kfp/p
        [4] pipeline:kfp/p#inner/train .outputs = ["model: system.Model"]
        [4] artifact "model" artifact:kfp/p#inner/train/model
        [4] artifact:kfp/p#inner/train/model .type = "system.Model"
        [4] pipeline:kfp/p#inner/train writes artifact:kfp/p#inner/train/model
        [22-27] task "condition" pipeline:kfp/p#condition
        [22-27] pipeline:kfp/p#condition part_of pipeline:kfp/p
        [27] pipeline:kfp/p#condition depends_on pipeline:kfp/p#inner
        [14-16] task "condition/use" pipeline:kfp/p#condition/use
        [14-16] pipeline:kfp/p#condition/use part_of pipeline:kfp/p
        [16] pipeline:kfp/p#condition/use reads artifact:kfp/p#inner/train/model
        "####);
}
