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

#[test]
fn answers_of_the_api_hold_relations_from_both_sides() {
    assert_snapshot!(check("entities.json", r#"{"items": [
 {"apiVersion": "backstage.io/v1alpha1", "kind": "Group", "metadata": {"name": "shop", "annotations": {"backstage.io/managed-by-location": "url:https://g.example/a/b"}},
  "relations": [{"type": "ownerOf", "targetRef": "component:default/web"}, {"type": "hasMember", "targetRef": "user:default/ana"},
   {"type": "parentOf", "targetRef": "group:default/checkout"}, {"type": "strange", "targetRef": "x:y/z"}]},
 {"apiVersion": "backstage.io/v1alpha1", "kind": "API", "metadata": {"name": "orders"},
  "spec": {"type": "mcp-server", "definition": {"$text": "./openapi.yaml"}, "remotes": [{"type": "streamable-http", "url": "https://mcp.example/mcp"}]},
  "relations": [{"type": "apiProvidedBy", "targetRef": "component:default/web"}]}], "totalItems": 2}"#), @r####"
    [2-4] team "shop" backstage:default/group:default/shop
    [2] backstage:default/group:default/shop .managed_by_location = "url:https://g.example/a/b"
    [3] backstage:default/component:default/web owned_by backstage:default/group:default/shop
    [3] backstage:default/user:default/ana member_of backstage:default/group:default/shop
    [4] backstage:default/group:default/checkout part_of backstage:default/group:default/shop
    [5-7] api "orders" backstage:default/api:default/orders
    [6] backstage:default/api:default/orders .type = "mcp-server"
    [7] backstage:default/component:default/web provides_api backstage:default/api:default/orders
    [6] backstage:default/api:default/orders defined_in file:./openapi.yaml
    [6] backstage:default/api:default/orders .url = "https://mcp.example/mcp"
    "####);
    assert_snapshot!(check("catalog-info.yaml", "\
apiVersion: backstage.io/v1alpha1
kind: Component
metadata:
  name: web
  annotations:
    backstage.io/techdocs-ref: url:https://github.com/a/b/tree/main/docs
    argocd/app-name: web-prod
spec: {type: service, subcomponentOf: shop, dependencyOf: [component:checkout]}
"), @r####"
    [1-8] component "web" backstage:default/component:default/web
    [8] backstage:default/component:default/web .type = "service"
    [6] backstage:default/component:default/web documented_by uri:https://github.com/a/b/tree/main/docs
    [7] backstage:default/component:default/web .argocd_application = "web-prod"
    [8] backstage:default/component:default/web part_of backstage:default/component:default/shop
    [8] backstage:default/component:default/checkout depends_on backstage:default/component:default/web
    "####);
}
