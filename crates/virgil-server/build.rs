//! Puts the built chat page where it is embedded from. Without one (`make web` was not run) a page that says so
//! stands in, so that the crates build without Node.js.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

const NOT_BUILT: &str = "<!doctype html><html lang=\"en\"><title>Virgil</title>\
    <p>The chat page was not built into this program: run <code>make web</code> and build again.</p></html>";

fn main() -> io::Result<()> {
    let built = Path::new("../../web/dist");
    println!("cargo::rerun-if-changed={}", built.display());
    let page = PathBuf::from(std::env::var_os("OUT_DIR").expect("cargo sets OUT_DIR")).join("page");
    if page.exists() {
        fs::remove_dir_all(&page)?;
    }
    fs::create_dir_all(&page)?;
    if built.join("index.html").is_file() {
        copy(built, &page)
    } else {
        fs::write(page.join("index.html"), NOT_BUILT)
    }
}

fn copy(from: &Path, to: &Path) -> io::Result<()> {
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            fs::create_dir_all(&target)?;
            copy(&entry.path(), &target)?;
        } else {
            fs::copy(entry.path(), target)?;
        }
    }
    Ok(())
}
