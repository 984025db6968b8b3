use crate::statements::shown::check;
use insta::assert_snapshot;

#[test]
fn a_component_has_an_owner_a_place_and_dependencies() {
    assert_snapshot!(check("catalog-info.yaml", "\
apiVersion: backstage.io/v1alpha1
kind: Component
metadata:
  name: Warehouse
  title: The warehouse
  description: Marts.
  annotations:
    github.com/project-slug: bottega/data-platform
    backstage.io/source-location: url:https://git.bottega.example/bottega/data-platform/tree/main/dbt/
    backstage.io/techdocs-ref: dir:.
  labels: {sensitivity: pii}
  tags: [dbt, duckdb]
spec:
  type: data-pipeline
  lifecycle: production
  owner: data-platform
  system: other/data
  dependsOn:
    - resource:shop-db
    - no-kind
    - {a: b}
  providesApis: [orders]
"), @r####"
        [1-22] component "The warehouse" backstage:default/component:default/warehouse
        [14] backstage:default/component:default/warehouse .type = "data-pipeline"
        [6] backstage:default/component:default/warehouse .description = "Marts."
        [8] backstage:default/component:default/warehouse defined_in repository:forge/bottega/data-platform
        [9] backstage:default/component:default/warehouse defined_in repository:git.bottega.example/bottega/data-platform
        [9] repository:git.bottega.example/bottega/data-platform is repository:forge/bottega/data-platform
        [9] backstage:default/component:default/warehouse .source_location = "https://git.bottega.example/bottega/data-platform/tree/main/dbt/"
        [10] backstage:default/component:default/warehouse documented_by file:./mkdocs.yml
        [11] backstage:default/component:default/warehouse .tag_sensitivity = "pii"
        [12] backstage:default/component:default/warehouse .tags = ["dbt","duckdb"]
        [15] backstage:default/component:default/warehouse .lifecycle = "production"
        [16] backstage:default/component:default/warehouse owned_by backstage:default/group:default/data-platform
        [17] backstage:default/component:default/warehouse part_of backstage:default/system:other/data
        [19] backstage:default/component:default/warehouse depends_on backstage:default/resource:default/shop-db
        [22] backstage:default/component:default/warehouse provides_api backstage:default/api:default/orders
        [20] problem: the reference `no-kind` has no kind, write `kind:namespace/name`
        [21] problem: `dependsOn` is no reference to an entity
        "####);
}

#[test]
fn groups_and_users_know_each_other() {
    assert_snapshot!(check("org.yaml", "\
apiVersion: backstage.io/v1alpha1
kind: Group
metadata: {name: ml, annotations: {github.com/team-slug: bottega/ml}}
spec:
  type: team
  profile: {displayName: ML, email: ML@bottega.example}
  parent: tech
  children: []
  members: [ana]
---
apiVersion: backstage.io/v1alpha1
kind: User
metadata: {name: ana}
spec: {profile: {email: ana@bottega.example}, memberOf: [ml]}
"), @r####"
        [1-9] team "ML" backstage:default/group:default/ml email:ml@bottega.example
        [5] backstage:default/group:default/ml .type = "team"
        [3] backstage:default/group:default/ml is team:forge/bottega/ml
        [9] backstage:default/user:default/ana member_of backstage:default/group:default/ml
        [7] backstage:default/group:default/ml part_of backstage:default/group:default/tech
        [11-14] user "ana" backstage:default/user:default/ana email:ana@bottega.example
        "####);
}

#[test]
fn unknown_kinds_are_resources_and_a_nameless_entity_loses_no_other() {
    assert_snapshot!(check("a.yaml", "\
apiVersion: backstage.io/v1alpha1
kind: Component
metadata: {}
---
apiVersion: example.backstage.io/v2
kind: AiResource
metadata: {name: review}
spec: {disciplines: [x]}
---
apiVersion: backstage.io/v1alpha1
kind: Component
metadata: {name: '${{ values.name }}'}
---
apiVersion: v1
kind: Service
metadata: {name: not-ours}
"), @r####"
        [5-8] resource "review" backstage:default/airesource:default/review
        [5-8] backstage:default/airesource:default/review .type = "AiResource"
        [16] resource "not-ours" kubernetes:default/core/Service/default/not-ours
        [16] kubernetes:default/core/Service/default/not-ours .type = "Service"
        [1] problem: the catalogue entity has no kind or no name
        "####);
}
