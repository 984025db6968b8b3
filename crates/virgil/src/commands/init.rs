//! `virgil init`: a configuration to grow from.

use std::io::Write;

use anyhow::{Context, bail};

use crate::cli::Init;
use crate::environment::say;

const SOURCES: &str = include_str!("../../templates/sources.yaml");
const ACCESS: &str = include_str!("../../templates/access.yaml");
const SYSTEMS: &str = include_str!("../../templates/systems.yaml");
const VIRGIL: &str = include_str!("../../templates/virgil.yaml");

pub(super) fn run(init: &Init) -> anyhow::Result<()> {
    let folder = init.folder.join("ingest-config");
    if folder.exists() {
        bail!(
            "`{}` is there already: nothing was changed",
            folder.display()
        );
    }
    std::fs::create_dir_all(&folder)
        .with_context(|| format!("`{}` cannot be made", folder.display()))?;
    for (name, text) in [
        ("sources.yaml", SOURCES),
        ("access.yaml", ACCESS),
        ("systems.yaml", SYSTEMS),
        ("virgil.yaml", VIRGIL),
    ] {
        let path = folder.join(name);
        std::fs::File::create_new(&path)
            .and_then(|mut file| file.write_all(text.as_bytes()))
            .with_context(|| format!("`{}` cannot be written", path.display()))?;
        say(&format!("wrote {}", path.display()));
    }
    say("Name your repositories in sources.yaml, then run `virgil ingest`.");
    Ok(())
}
