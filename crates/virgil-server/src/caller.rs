//! Who calls, and what they may see.

use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use sha2::{Digest, Sha256};
use virgil_model::Scope;

use crate::platform::{Auth, Platform};
use crate::problem::{ApiError, Code};

/// The header by which an owner acts with the access of some groups only.
const GROUPS_HEADER: &str = "x-virgil-groups";

/// The principal that the owner of the data directory is; nobody else may have its name.
pub const OWNER: &str = "owner";

/// Put into the extensions of a request that came from inside, or through the owner's socket.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Local;

/// Who calls.
pub(crate) struct Caller {
    /// What they may see.
    pub(crate) scope: Scope,
    owner: bool,
}

impl Caller {
    /// Refuses callers who may only read.
    pub(crate) fn require_owner(&self) -> Result<(), ApiError> {
        if self.owner {
            return Ok(());
        }
        Err(ApiError::new(
            Code::Forbidden,
            "only the owner of the data directory may do that: use the `virgil` command there",
        ))
    }
}

/// The key of `Authorization: Bearer KEY`.
pub(crate) fn bearer(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    Some(value.strip_prefix("Bearer ")?.trim())
}

impl FromRequestParts<Arc<Platform>> for Caller {
    type Rejection = ApiError;

    async fn from_request_parts(
        parts: &mut Parts,
        platform: &Arc<Platform>,
    ) -> Result<Caller, ApiError> {
        let store = &platform.store;
        let local = parts.extensions.get::<Local>().is_some();
        if local {
            let groups = parts
                .headers
                .get(GROUPS_HEADER)
                .map(|groups| groups.to_str());
            return match groups {
                None => Ok(Caller {
                    scope: store
                        .scope_of_admin(OWNER)
                        .await
                        .map_err(ApiError::internal)?,
                    owner: true,
                }),
                Some(Ok(groups)) => {
                    let groups: Vec<String> = groups
                        .split(',')
                        .map(|group| group.trim().to_owned())
                        .filter(|group| !group.is_empty())
                        .collect();
                    let scope = store
                        .scope_of_groups(OWNER, &groups)
                        .await
                        .map_err(ApiError::internal)?;
                    Ok(Caller {
                        scope,
                        owner: false,
                    })
                }
                Some(Err(_)) => Err(ApiError::new(
                    Code::InvalidRequest,
                    "the group names are not ASCII",
                )),
            };
        }
        match platform.auth {
            Auth::None => {
                // Whoever reaches the loopback address is the owner, as on the socket.
                let scope = store
                    .scope_of_admin(OWNER)
                    .await
                    .map_err(ApiError::internal)?;
                Ok(Caller { scope, owner: true })
            }
            Auth::Keys => {
                let missing = || {
                    ApiError::new(
                        Code::Unauthorized,
                        "send an API key as `Authorization: Bearer KEY`",
                    )
                };
                let key = bearer(&parts.headers).ok_or_else(missing)?;
                // The key is found by its hash: comparing takes no longer for a key that is nearly right.
                let hash: [u8; 32] = Sha256::digest(key.as_bytes()).into();
                let scope = store
                    .scope_of_key(&hash)
                    .await
                    .map_err(ApiError::internal)?
                    .ok_or_else(|| ApiError::new(Code::Unauthorized, "the API key is not known"))?;
                Ok(Caller {
                    scope,
                    owner: false,
                })
            }
        }
    }
}
