//! What runs, and where: Kubernetes manifests, Terraform, interfaces.

mod api;
mod delivery;
mod helm;
mod image;
mod kubeflow;
mod kustomize;
mod manifest;
mod network;
mod object;
mod owners;
mod pods;
mod serving;
mod terraform;
mod training;
mod uri;

pub(crate) use image::{key as image_key, relate as relate_image, state as state_image};
pub(crate) use manifest::{attributes, select};
pub(crate) use object::{Object, Place, cluster_of};
pub(crate) use owners::team;
pub(crate) use pods::{container as container_of, run as run_image, service as service_of, volume};
pub(crate) use uri::key as uri_key;

use crate::statements::Format;

/// The formats of this module.
pub(crate) static FORMATS: &[Format] = &[
    Format {
        name: "kubernetes",
        accepts: manifest::accepts,
        state: manifest::state,
    },
    Format {
        name: "kustomize",
        accepts: kustomize::accepts,
        state: kustomize::state,
    },
    Format {
        name: "helm",
        accepts: helm::accepts,
        state: helm::state,
    },
    Format {
        name: "terraform",
        accepts: terraform::accepts,
        state: terraform::state,
    },
    Format {
        name: "api",
        accepts: api::accepts,
        state: api::state,
    },
];
