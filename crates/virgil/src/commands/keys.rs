//! `virgil keys`: a new API key, shown once.

use std::fs::File;
use std::io::Read;

use anyhow::Context;
use sha2::{Digest, Sha256};

use crate::environment::say;

pub(super) fn run(json: bool) -> anyhow::Result<()> {
    let mut random = [0_u8; 32];
    File::open("/dev/urandom")
        .and_then(|mut file| file.read_exact(&mut random))
        .context("the system gave no random bytes")?;
    let key = format!("virgil_{}", hex(&random));
    let hash = hex(&Sha256::digest(key.as_bytes()));
    if json {
        say(&serde_json::json!({ "key": key, "key_sha256": hash }).to_string());
    } else {
        say(&format!(
            "key (give it to its user, it is not shown again):\n  {key}"
        ));
        say(&format!(
            "configuration, for someone who asks (access.principals in ingest-config/):\n  - name: NAME\n    key_sha256: {hash}\n    groups: [GROUP]"
        ));
        say(&format!(
            "or for a program that sends OpenLineage events (a source of kind openlineage):\n    key_sha256: [{hash}]"
        ));
    }
    Ok(())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
