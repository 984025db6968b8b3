//! How requests reach pods: `Service`, `Ingress`, and the routes of the Gateway API
//! (<https://gateway-api.sigs.k8s.io/reference/spec/>) and of Istio.
//!
//! A route depends on the services that it sends requests to, a service on the pods that its labels pick.

use virgil_model::{Labelled, Predicate, Value};

use crate::cluster::manifest::{namespace, select};
use crate::cluster::{Object, Place, service_of};
use crate::statements::Said;
use crate::tree::Node;

/// How deep backends are looked for.
const MAX_DEPTH: usize = 12;

/// States the pods that a service picks.
pub(super) fn service(object: &Object<'_>, said: &mut Said) {
    if let Some(selector) = object.spec(&["selector"]) {
        let namespace = namespace(object);
        select(
            &object.key,
            Predicate::DependsOn,
            &namespace,
            Labelled::Pods,
            selector,
            said,
        );
    }
}

/// States the services that a route names, and the hosts that it answers for.
pub(super) fn route(object: &Object<'_>, said: &mut Said) {
    let Some(spec) = object.node.get("spec") else {
        return;
    };
    backends(spec, object, 0, said);
    let rules = spec.get("rules").map_or(&[][..], Node::items);
    let listed = ["hosts", "hostnames"]
        .iter()
        .filter_map(|field| spec.get(field));
    let hosts: Vec<Value> = listed
        .flat_map(Node::items)
        .chain(rules.iter().filter_map(|rule| rule.get("host")))
        .filter_map(|host| Some(Value::Text(host.text()?.to_owned())))
        .collect();
    said.attribute(spec.lines(), &object.key, "hosts", Value::List(hosts));
}

fn backends(node: &Node<'_>, object: &Object<'_>, depth: usize, said: &mut Said) {
    if depth > MAX_DEPTH {
        return;
    }
    for item in node.items() {
        backends(item, object, depth + 1, said);
    }
    for entry in node.entries() {
        let place = &object.place;
        match &*entry.key {
            // An Ingress: `backend.service.name`, before 1.19 `backend.serviceName`.
            "backend" | "defaultBackend" => {
                let name = entry
                    .node
                    .text_at(&["service", "name"])
                    .or_else(|| entry.node.text_at(&["serviceName"]));
                if let Some(name) = name {
                    let service = place.object("core", "Service", name);
                    said.relation(entry.lines(), &object.key, Predicate::DependsOn, &service);
                }
            }
            "backendRefs" => {
                for reference in entry.node.items() {
                    backend(reference, object, said);
                }
            }
            // Istio writes a host, which is the name of a service.
            "destination" => {
                let host = entry.node.text_at(&["host"]).unwrap_or_default();
                let service = match host.split_once('.') {
                    None if !host.is_empty() => Some(place.object("core", "Service", host)),
                    _ => service_of(host, place),
                };
                if let Some(service) = service {
                    said.relation(entry.lines(), &object.key, Predicate::DependsOn, &service);
                }
            }
            _ => backends(&entry.node, object, depth + 1, said),
        }
    }
}

/// A backend of the Gateway API: a service unless it says otherwise, of the same namespace unless it says otherwise.
fn backend(reference: &Node<'_>, object: &Object<'_>, said: &mut Said) {
    let Some(name) = reference.text_at(&["name"]) else {
        return;
    };
    let place = Place {
        cluster: object.place.cluster,
        namespace: reference
            .text_at(&["namespace"])
            .unwrap_or(object.place.namespace),
    };
    let group = reference.text_at(&["group"]).unwrap_or("core");
    let kind = reference.text_at(&["kind"]).unwrap_or("Service");
    let key = place.object(group, kind, name);
    said.relation(reference.lines(), &object.key, Predicate::DependsOn, &key);
}

#[cfg(test)]
mod tests {
    use crate::statements::shown::check;
    use insta::assert_snapshot;

    #[test]
    fn routes_depend_on_services() {
        assert_snapshot!(check("a.yaml", r####"apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: shop, namespace: shop}
spec:
  rules:
    - host: shop.bottega.example
      http: {paths: [{path: /, backend: {service: {name: shop-api, port: {number: 80}}}}]}
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: chat}
spec:
  hostnames: [chat.bottega.example]
  rules: [{backendRefs: [{name: chat, port: 80}, {name: pool, group: inference.networking.k8s.io, kind: InferencePool, namespace: llm}]}]
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: v, namespace: kubeflow}
spec: {hosts: ["*"], http: [{route: [{destination: {host: a.b.svc.cluster.local}}, {destination: {host: local}}, {destination: {host: outside.example}}]}]}
"####), @r####"
        [3] resource "shop" kubernetes:default/networking.k8s.io/Ingress/shop/shop
        [3] kubernetes:default/networking.k8s.io/Ingress/shop/shop .type = "Ingress"
        [3] kubernetes:default/networking.k8s.io/Ingress/shop/shop .namespace = "shop"
        [7] kubernetes:default/networking.k8s.io/Ingress/shop/shop depends_on kubernetes:default/core/Service/shop/shop-api
        [5-7] kubernetes:default/networking.k8s.io/Ingress/shop/shop .hosts = ["shop.bottega.example"]
        [11] resource "chat" kubernetes:default/gateway.networking.k8s.io/HTTPRoute/default/chat
        [11] kubernetes:default/gateway.networking.k8s.io/HTTPRoute/default/chat .type = "HTTPRoute"
        [14] kubernetes:default/gateway.networking.k8s.io/HTTPRoute/default/chat depends_on kubernetes:default/core/Service/default/chat
        [14] kubernetes:default/gateway.networking.k8s.io/HTTPRoute/default/chat depends_on kubernetes:default/inference.networking.k8s.io/InferencePool/llm/pool
        [13-14] kubernetes:default/gateway.networking.k8s.io/HTTPRoute/default/chat .hosts = ["chat.bottega.example"]
        [18] resource "v" kubernetes:default/networking.istio.io/VirtualService/kubeflow/v
        [18] kubernetes:default/networking.istio.io/VirtualService/kubeflow/v .type = "VirtualService"
        [18] kubernetes:default/networking.istio.io/VirtualService/kubeflow/v .namespace = "kubeflow"
        [19] kubernetes:default/networking.istio.io/VirtualService/kubeflow/v depends_on kubernetes:default/core/Service/b/a
        [19] kubernetes:default/networking.istio.io/VirtualService/kubeflow/v depends_on kubernetes:default/core/Service/kubeflow/local
        [19] kubernetes:default/networking.istio.io/VirtualService/kubeflow/v .hosts = ["*"]
        "####);
    }
}
