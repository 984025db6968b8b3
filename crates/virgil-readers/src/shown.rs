//! How tests show a reading.

use virgil_model::NoFiles;

use crate::{Raw, Reader, read, reader_for};

/// Reads a text and shows its title, problems and sections; checks that `reader` is the one that accepts it.
pub(crate) fn check(reader: &dyn Reader, path: &str, text: &str) -> String {
    let raw = Raw { path, text };
    assert_eq!(
        reader_for(raw).name(),
        reader.name(),
        "the reader for {path}"
    );
    let reading = read(raw, &NoFiles);
    let mut shown = format!("title: {}\n", reading.document.title);
    for problem in &reading.problems {
        let line = problem.line.map_or("?".to_owned(), |line| line.to_string());
        shown.push_str(&format!("problem at {line}: {}\n", problem.message));
    }
    for section in &reading.document.sections {
        shown.push_str(&format!("\n[{}]\n", section.breadcrumb.join(" > ")));
        for (line, text) in section.lines.iter().zip(section.text.split('\n')) {
            let text: String = text.chars().take(60).collect();
            shown.push_str(format!("{line:>3} {text}").trim_end());
            shown.push('\n');
        }
    }
    shown
}
