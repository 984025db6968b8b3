use insta::assert_snapshot;
use virgil_model::Files;

use crate::statements::shown::check_with;

struct Folder(&'static [(&'static str, &'static str)]);

impl Files for Folder {
    fn read(&self, path: &str) -> Option<Vec<u8>> {
        let found = self.0.iter().find(|(name, _)| *name == path);
        found.map(|(_, text)| text.as_bytes().to_vec())
    }

    fn list(&self, folder: &str) -> Vec<String> {
        let names = self.0.iter().map(|(name, _)| (*name).to_owned());
        names.filter(|name| name.starts_with(folder)).collect()
    }
}

impl Folder {
    fn check(&self, path: &str) -> String {
        let text = String::from_utf8(self.read(path).unwrap()).unwrap();
        check_with(path, &text, self)
    }
}

const OVERLAY: &str = r####"apiVersion: kustomize.config.k8s.io/v1beta1
kind: Kustomization
resources:
  - ../../base
images: [{name: r.example/t, newTag: "9"}]
patches:
  - target: {kind: InferenceService, name: fraud}
    patch: |-
      - op: replace
        path: /spec/predictor/model/storageUri
        value: s3://models/fraud/4
  - patch: |
      kind: InferenceService
      metadata: {name: fraud}
      spec: {transformer: {containers: [{name: t, env: [{name: A, value: "http://a.b.svc"}]}]}}
"####;

const FILES: Folder = Folder(&[
    (
        "x/base/kustomization.yaml",
        "namespace: ml-risk\nresources: [isvc.yaml, ../base]\n",
    ),
    (
        "x/base/isvc.yaml",
        "apiVersion: serving.kserve.io/v1beta1\nkind: InferenceService\nmetadata: {name: fraud}\nspec: {predictor: {model: {storageUri: s3://models/fraud/3}}, transformer: {containers: [{name: t, image: 'r.example/t:1'}]}}\n",
    ),
    ("x/overlays/staging/kustomization.yaml", OVERLAY),
]);

#[test]
fn an_overlay_is_what_runs() {
    assert_snapshot!(FILES.check("x/overlays/staging/kustomization.yaml"), @r####"
    [14] inference_service "fraud" kubernetes:staging/serving.kserve.io/InferenceService/ml-risk/fraud
    [14] kubernetes:staging/serving.kserve.io/InferenceService/ml-risk/fraud .type = "InferenceService"
    [14] kubernetes:staging/serving.kserve.io/InferenceService/ml-risk/fraud .cluster = "staging"
    [4] kubernetes:staging/serving.kserve.io/InferenceService/ml-risk/fraud .namespace = "ml-risk"
    [5] image "r.example/t" image:r.example/t
    [5] kubernetes:staging/serving.kserve.io/InferenceService/ml-risk/fraud runs_image image:r.example/t {container="t", tag="9"}
    [5] kubernetes:staging/serving.kserve.io/InferenceService/ml-risk/fraud .image = "r.example/t:9"
    [15] kubernetes:staging/serving.kserve.io/InferenceService/ml-risk/fraud depends_on kubernetes:staging/core/Service/b/a
    [11] kubernetes:staging/serving.kserve.io/InferenceService/ml-risk/fraud serves uri:s3://models/fraud/4 {component="predictor"}
    [14] resource "fraud" kubernetes:staging/core/Service/ml-risk/fraud
    [14] kubernetes:staging/core/Service/ml-risk/fraud part_of kubernetes:staging/serving.kserve.io/InferenceService/ml-risk/fraud
    [14] kubernetes:staging/serving.kserve.io/InferenceService/ml-risk/fraud .pod_labels = ["serving.kserve.io/inferenceservice=fraud"]
    [4] kubernetes:staging/serving.kserve.io/InferenceService/ml-risk/fraud defined_in file:./x/base/isvc.yaml
    "####);
    assert_eq!(FILES.check("x/base/isvc.yaml"), "");
    let base = "apiVersion: v1\nkind: Service\nmetadata: {name: a}\n";
    assert_ne!(check_with("y/base/isvc.yaml", base, &FILES), "");
}

const PLATFORM: Folder = Folder(&[
    (
        "manifests/base/manager/kustomization.yaml",
        "resources: [manager.yaml]\n",
    ),
    (
        "manifests/base/manager/manager.yaml",
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: manager, labels: {a: b}}\nspec:\n  selector: {matchLabels: {app: m}}\n  template:\n    metadata: {labels: {app: m}}\n    spec:\n      serviceAccountName: manager\n      containers: [{name: m, image: ghcr.io/kubeflow/manager, envFrom: [{configMapRef: {name: settings}}]}]\n---\napiVersion: v1\nkind: Namespace\nmetadata: {name: system}\n---\napiVersion: v1\nkind: ServiceAccount\nmetadata: {name: manager}\n",
    ),
    (
        "manifests/overlays/manager/kustomization.yaml",
        "namespace: kubeflow-system\nresources:\n  - ../../base/manager/\nimages:\n  - name: ghcr.io/kubeflow/manager\n    newTag: latest\nconfigMapGenerator:\n  - name: settings\n    literals: [a=b]\n",
    ),
    (
        "manifests/overlays/platform/kustomization.yaml",
        "resources:\n  - ../manager # installs the manager\n  - roles\n  - own.yaml\nnamePrefix: kf-\nlabels:\n  - pairs: {team: ml-platform}\n    includeSelectors: true\ncomponents: [../../components/istio]\n",
    ),
    (
        "manifests/overlays/platform/own.yaml",
        "apiVersion: v1\nkind: Service\nmetadata: {name: own}\nspec: {selector: {app: m}}\n",
    ),
    (
        "manifests/overlays/platform/roles/kustomization.yaml",
        "resources: [role.yaml]\n",
    ),
    (
        "manifests/overlays/platform/roles/role.yaml",
        "apiVersion: rbac.authorization.k8s.io/v1\nkind: Role\nmetadata: {name: view}\n",
    ),
    (
        "manifests/components/istio/kustomization.yaml",
        "apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\npatchesStrategicMerge:\n  - |-\n    kind: Deployment\n    metadata: {name: manager}\n    spec: {replicas: 2, template: {spec: {containers: [{name: m, image: r.example/patched:1}]}}}\n",
    ),
    (
        "manifests/overlays/plain/kustomization.yaml",
        "resources: [own.yaml]\n",
    ),
    (
        "manifests/overlays/plain/own.yaml",
        "apiVersion: v1\nkind: Service\nmetadata: {name: own}\n",
    ),
]);

#[test]
fn every_kustomization_on_the_way_changes_what_it_takes_in() {
    assert_snapshot!(PLATFORM.check("manifests/overlays/platform/kustomization.yaml"), @r####"
    [2] resource "kf-manager" kubernetes:platform/apps/Deployment/kubeflow-system/kf-manager
    [2] kubernetes:platform/apps/Deployment/kubeflow-system/kf-manager .type = "Deployment"
    [2] kubernetes:platform/apps/Deployment/kubeflow-system/kf-manager .cluster = "platform"
    [2] kubernetes:platform/apps/Deployment/kubeflow-system/kf-manager .namespace = "kubeflow-system"
    [7] kubernetes:platform/apps/Deployment/kubeflow-system/kf-manager owned_by team:label/ml-platform
    [2] kubernetes:platform/apps/Deployment/kubeflow-system/kf-manager .labels = ["a=b","team=ml-platform"]
    [2] kubernetes:platform/apps/Deployment/kubeflow-system/kf-manager .pod_labels = ["app=m","team=ml-platform"]
    [2] kubernetes:platform/apps/Deployment/kubeflow-system/kf-manager .service_account = "kf-manager"
    [2] image "r.example/patched" image:r.example/patched
    [2] kubernetes:platform/apps/Deployment/kubeflow-system/kf-manager runs_image image:r.example/patched {container="m", tag="1"}
    [2] kubernetes:platform/apps/Deployment/kubeflow-system/kf-manager .image = "r.example/patched:1"
    [2] kubernetes:platform/apps/Deployment/kubeflow-system/kf-manager depends_on kubernetes:platform/core/ConfigMap/kubeflow-system/kf-settings {via="environment"}
    [2] kubernetes:platform/apps/Deployment/kubeflow-system/kf-manager defined_in file:./manifests/base/manager/manager.yaml
    [2] resource "system" kubernetes:platform/core/Namespace/default/system
    [2] kubernetes:platform/core/Namespace/default/system .type = "Namespace"
    [2] kubernetes:platform/core/Namespace/default/system .cluster = "platform"
    [7] kubernetes:platform/core/Namespace/default/system owned_by team:label/ml-platform
    [7] kubernetes:platform/core/Namespace/default/system .labels = ["team=ml-platform"]
    [2] kubernetes:platform/core/Namespace/default/system defined_in file:./manifests/base/manager/manager.yaml
    [2] resource "kf-manager" kubernetes:platform/core/ServiceAccount/kubeflow-system/kf-manager
    [2] kubernetes:platform/core/ServiceAccount/kubeflow-system/kf-manager .type = "ServiceAccount"
    [2] kubernetes:platform/core/ServiceAccount/kubeflow-system/kf-manager .cluster = "platform"
    [2] kubernetes:platform/core/ServiceAccount/kubeflow-system/kf-manager .namespace = "kubeflow-system"
    [7] kubernetes:platform/core/ServiceAccount/kubeflow-system/kf-manager owned_by team:label/ml-platform
    [7] kubernetes:platform/core/ServiceAccount/kubeflow-system/kf-manager .labels = ["team=ml-platform"]
    [2] kubernetes:platform/core/ServiceAccount/kubeflow-system/kf-manager defined_in file:./manifests/base/manager/manager.yaml
    [2] resource "kf-settings" kubernetes:platform/core/ConfigMap/kubeflow-system/kf-settings
    [2] kubernetes:platform/core/ConfigMap/kubeflow-system/kf-settings .type = "ConfigMap"
    [2] kubernetes:platform/core/ConfigMap/kubeflow-system/kf-settings .cluster = "platform"
    [2] kubernetes:platform/core/ConfigMap/kubeflow-system/kf-settings .namespace = "kubeflow-system"
    [7] kubernetes:platform/core/ConfigMap/kubeflow-system/kf-settings owned_by team:label/ml-platform
    [7] kubernetes:platform/core/ConfigMap/kubeflow-system/kf-settings .labels = ["team=ml-platform"]
    [2] kubernetes:platform/core/ConfigMap/kubeflow-system/kf-settings defined_in file:./manifests/overlays/manager/kustomization.yaml
    [3] resource "kf-view" kubernetes:platform/rbac.authorization.k8s.io/Role/default/kf-view
    [3] kubernetes:platform/rbac.authorization.k8s.io/Role/default/kf-view .type = "Role"
    [3] kubernetes:platform/rbac.authorization.k8s.io/Role/default/kf-view .cluster = "platform"
    [7] kubernetes:platform/rbac.authorization.k8s.io/Role/default/kf-view owned_by team:label/ml-platform
    [7] kubernetes:platform/rbac.authorization.k8s.io/Role/default/kf-view .labels = ["team=ml-platform"]
    [3] kubernetes:platform/rbac.authorization.k8s.io/Role/default/kf-view defined_in file:./manifests/overlays/platform/roles/role.yaml
    [4] resource "kf-own" kubernetes:platform/core/Service/default/kf-own
    [4] kubernetes:platform/core/Service/default/kf-own .type = "Service"
    [4] kubernetes:platform/core/Service/default/kf-own .cluster = "platform"
    [7] kubernetes:platform/core/Service/default/kf-own owned_by team:label/ml-platform
    [7] kubernetes:platform/core/Service/default/kf-own .labels = ["team=ml-platform"]
    [4] kubernetes:platform/core/Service/default/kf-own depends_on Labels { namespace: "platform/default", labels: {"app": "m", "team": "ml-platform"}, on: Pods }
    [4] kubernetes:platform/core/Service/default/kf-own defined_in file:./manifests/overlays/platform/own.yaml
    "####);
    // What the outermost takes in is not stated by the others.
    assert_eq!(PLATFORM.check("manifests/overlays/platform/own.yaml"), "");
    assert_eq!(
        PLATFORM.check("manifests/overlays/platform/roles/role.yaml"),
        ""
    );
    assert_eq!(
        PLATFORM.check("manifests/overlays/platform/roles/kustomization.yaml"),
        ""
    );
    assert_snapshot!(PLATFORM.check("manifests/overlays/manager/kustomization.yaml"), @r####"
    [3] resource "manager" kubernetes:manager/apps/Deployment/kubeflow-system/manager
    [3] kubernetes:manager/apps/Deployment/kubeflow-system/manager .type = "Deployment"
    [3] kubernetes:manager/apps/Deployment/kubeflow-system/manager .cluster = "manager"
    [1] kubernetes:manager/apps/Deployment/kubeflow-system/manager .namespace = "kubeflow-system"
    [3] kubernetes:manager/apps/Deployment/kubeflow-system/manager .labels = ["a=b"]
    [3] kubernetes:manager/apps/Deployment/kubeflow-system/manager .pod_labels = ["app=m"]
    [3] kubernetes:manager/apps/Deployment/kubeflow-system/manager .service_account = "manager"
    [5] image "ghcr.io/kubeflow/manager" image:ghcr.io/kubeflow/manager
    [5] kubernetes:manager/apps/Deployment/kubeflow-system/manager runs_image image:ghcr.io/kubeflow/manager {container="m", tag="latest"}
    [5] kubernetes:manager/apps/Deployment/kubeflow-system/manager .image = "ghcr.io/kubeflow/manager:latest"
    [3] kubernetes:manager/apps/Deployment/kubeflow-system/manager depends_on kubernetes:manager/core/ConfigMap/kubeflow-system/settings {via="environment"}
    [3] kubernetes:manager/apps/Deployment/kubeflow-system/manager defined_in file:./manifests/base/manager/manager.yaml
    [3] resource "system" kubernetes:manager/core/Namespace/default/system
    [3] kubernetes:manager/core/Namespace/default/system .type = "Namespace"
    [3] kubernetes:manager/core/Namespace/default/system .cluster = "manager"
    [3] kubernetes:manager/core/Namespace/default/system defined_in file:./manifests/base/manager/manager.yaml
    [3] resource "manager" kubernetes:manager/core/ServiceAccount/kubeflow-system/manager
    [3] kubernetes:manager/core/ServiceAccount/kubeflow-system/manager .type = "ServiceAccount"
    [3] kubernetes:manager/core/ServiceAccount/kubeflow-system/manager .cluster = "manager"
    [1] kubernetes:manager/core/ServiceAccount/kubeflow-system/manager .namespace = "kubeflow-system"
    [3] kubernetes:manager/core/ServiceAccount/kubeflow-system/manager defined_in file:./manifests/base/manager/manager.yaml
    [8] resource "settings" kubernetes:manager/core/ConfigMap/kubeflow-system/settings
    [8] kubernetes:manager/core/ConfigMap/kubeflow-system/settings .type = "ConfigMap"
    [8] kubernetes:manager/core/ConfigMap/kubeflow-system/settings .cluster = "manager"
    [1] kubernetes:manager/core/ConfigMap/kubeflow-system/settings .namespace = "kubeflow-system"
    [8] kubernetes:manager/core/ConfigMap/kubeflow-system/settings defined_in file:./manifests/overlays/manager/kustomization.yaml
    "####);
}

#[test]
fn what_nothing_changes_is_stated_by_its_own_file() {
    assert_eq!(
        PLATFORM.check("manifests/overlays/plain/kustomization.yaml"),
        ""
    );
    assert_snapshot!(PLATFORM.check("manifests/overlays/plain/own.yaml"), @r####"
    [3] resource "own" kubernetes:plain/core/Service/default/own
    [3] kubernetes:plain/core/Service/default/own .type = "Service"
    [3] kubernetes:plain/core/Service/default/own .cluster = "plain"
    "####);
}

#[test]
fn circles_and_damage_end() {
    let files = Folder(&[
        (
            "overlays/a/kustomization.yaml",
            "resources: [../b, '', ., ../../.., x.yaml, 'https://example.org/k8s?ref=1']\nnamePrefix: x-\npatches: [{patch: '['}, {}, x]\nimages: [{}, x]\nlabels: [x, {pairs: y}]\nconfigMapGenerator: [{}]\n",
        ),
        (
            "overlays/b/kustomization.yaml",
            "resources: [../a]\nnameSuffix: '-y'\n",
        ),
        (
            "overlays/a/x.yaml",
            "apiVersion: v1\nkind: Service\nmetadata: [x]\n---\nx: [\n",
        ),
    ]);
    assert_eq!(files.check("overlays/a/kustomization.yaml"), "");
}
