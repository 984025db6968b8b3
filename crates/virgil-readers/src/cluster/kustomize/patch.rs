//! Changes to objects as overlays write them: JSON Patch (RFC 6902), merges of maps, images.
//!
//! Changed values carry the lines of the change.

use std::borrow::Cow;

use crate::tree::{self, Entry, Node, Value};

/// How deep a patch may reach.
const MAX_PATH: usize = 50;

/// Applies a patch to an object if it is meant for it: JSON Patch or a merge.
pub(super) fn patch<'a>(
    node: &mut Node<'a>,
    text: &'a str,
    target: Option<&Node<'_>>,
    line: Option<u32>,
) {
    let own_line = node.line;
    for mut patch in tree::yaml(text, line.unwrap_or(1)) {
        if line.is_none() {
            patch.move_to(own_line);
        }
        let is_meant = match target {
            Some(target) => ["kind", "name"].iter().all(|field| {
                let wanted = target.text_at(&[field]);
                let path: &[&str] = if *field == "kind" {
                    &["kind"]
                } else {
                    &["metadata", "name"]
                };
                wanted.is_none_or(|wanted| node.text_at(path) == Some(wanted))
            }),
            None => [&["kind"][..], &["metadata", "name"]].iter().all(|path| {
                patch.text_at(path).is_some() && patch.text_at(path) == node.text_at(path)
            }),
        };
        if !is_meant {
            continue;
        }
        if patch.is_map() {
            merge(node, patch);
            continue;
        }
        for operation in patch.items() {
            let pointer = operation.text_at(&["path"]).unwrap_or_default();
            let path: Vec<&str> = pointer.split('/').skip(1).collect();
            let value = operation.get("value");
            if path.len() <= MAX_PATH
                && let (Some("replace" | "add"), Some(value)) = (operation.text_at(&["op"]), value)
            {
                set(node, &path, value.clone());
            }
        }
    }
}

/// Merges a map into another; lists whose items have names are merged by name, other values replaced.
pub(super) fn merge<'a>(node: &mut Node<'a>, patch: Node<'a>) {
    match (&mut node.value, patch.value) {
        (Value::Map(entries), Value::Map(patches)) => {
            for patch in patches {
                match entries.iter_mut().find(|entry| entry.key == patch.key) {
                    Some(entry) => {
                        entry.line = patch.line;
                        merge(&mut entry.node, patch.node);
                    }
                    None => entries.push(patch),
                }
            }
        }
        (Value::List(items), Value::List(patches))
            if patches.iter().all(|item| item.text_at(&["name"]).is_some()) =>
        {
            for patch in patches {
                let name = patch.text_at(&["name"]).map(str::to_owned);
                match items
                    .iter_mut()
                    .find(|item| item.text_at(&["name"]) == name.as_deref())
                {
                    Some(item) => merge(item, patch),
                    None => items.push(patch),
                }
            }
        }
        (value, other) => {
            *value = other;
            (node.line, node.end) = (patch.line, patch.end);
        }
    }
}

/// Puts a value at a path of keys and indexes; what is missing on the way is made.
pub(super) fn set<'a>(node: &mut Node<'a>, path: &[&str], value: Node<'a>) {
    let Some((first, rest)) = path.split_first() else {
        *node = value;
        return;
    };
    let key = first.replace("~1", "/").replace("~0", "~");
    if let Value::List(items) = &mut node.value {
        match key
            .parse::<usize>()
            .ok()
            .and_then(|index| items.get_mut(index))
        {
            Some(item) => set(item, rest, value),
            None if key == "-" => items.push(value),
            None => {}
        }
        return;
    }
    if let Value::Map(entries) = &mut node.value {
        let line = value.line;
        let at = entries.iter().position(|entry| entry.key == key);
        let at = at.unwrap_or_else(|| {
            let node = Node {
                line,
                end: line,
                value: Value::Map(Vec::new()),
            };
            entries.push(Entry {
                key: Cow::Owned(key),
                line,
                node,
            });
            entries.len() - 1
        });
        if rest.is_empty() {
            entries[at].line = line;
        }
        set(&mut entries[at].node, rest, value);
    }
}

/// Gives every container image of a name its new name, tag or digest.
pub(super) fn replace_image(node: &mut Node<'_>, image: &Node<'_>) {
    let Some(name) = image.text_at(&["name"]) else {
        return;
    };
    let new_name = image.text_at(&["newName"]).unwrap_or(name);
    match &mut node.value {
        Value::List(items) => items.iter_mut().for_each(|item| replace_image(item, image)),
        Value::Map(entries) => {
            for entry in entries {
                let old = entry.node.text().filter(|_| entry.key == "image");
                let tag = old.and_then(|old| old.strip_prefix(name));
                let Some(tag) = tag.filter(|tag| tag.is_empty() || tag.starts_with([':', '@']))
                else {
                    replace_image(&mut entry.node, image);
                    continue;
                };
                let new = match (image.text_at(&["digest"]), image.text_at(&["newTag"])) {
                    (Some(digest), _) => format!("{new_name}@{digest}"),
                    (None, Some(tag)) => format!("{new_name}:{tag}"),
                    (None, None) => format!("{new_name}{tag}"),
                };
                entry.line = image.line;
                entry.node = plain(&new, image.line);
            }
        }
        _ => {}
    }
}

pub(super) fn plain<'a>(text: &str, line: u32) -> Node<'a> {
    Node {
        line,
        end: line,
        value: Value::Text(Cow::Owned(text.to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(object: &str, change: &str, expect: &[(&[&str], Option<&str>)]) {
        let mut node = tree::yaml(object, 1).remove(0);
        let target = tree::yaml("{}", 1);
        patch(&mut node, change, target.first(), Some(7));
        for (path, text) in expect {
            assert_eq!(node.text_at(path), *text, "{change}");
        }
    }

    #[test]
    fn a_json_patch_sets_values() {
        check(
            "a: {b: [x, {c: d}]}",
            "[{op: replace, path: /a/b/1/c, value: e}, {op: add, path: /f~1g/h, value: i}, {op: add, path: /a/b/-, value: j}]",
            &[(&["f/g", "h"], Some("i")), (&["a", "b", "1"], None)],
        );
    }

    #[test]
    fn a_merge_goes_by_name() {
        check(
            "a: [{name: x, b: '1'}, {name: y, b: '2'}]\nc: d",
            "a: [{name: y, b: '3'}]\nc: {e: f}",
            &[(&["c", "e"], Some("f"))],
        );
    }

    #[test]
    fn damage_changes_nothing_or_little() {
        let deep = format!("[{{op: add, path: {}, value: x}}]", "/a".repeat(5_000));
        for change in [
            deep.as_str(),
            "[{op: replace, path: '', value: x}]",
            "[{op: replace, path: /a/99999999999999999999, value: x}, x, {path: /a}]",
            "a",
            "",
            "[",
        ] {
            check("a: [b]", change, &[(&["z"], None)]);
        }
    }
}
