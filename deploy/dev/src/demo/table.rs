//! The demonstration's result as a person reads it.

use std::fmt::Write;

use serde_json::Value;

/// The sections, and what each is about.
const SECTIONS: [(&str, &str); 6] = [
    ("complaints", "Reports (Aduan)"),
    ("survey", "Satisfaction surveys (SKM)"),
    ("index", "Satisfaction index (IKM)"),
    ("training", "Training (Pelatihan)"),
    ("study", "Did the training help?"),
    ("events", "Events"),
];

/// The result as a table; what has no value yet is left out.
#[must_use]
pub fn table(result: &Value) -> String {
    let mut text = String::new();
    for (key, title) in SECTIONS {
        let mut rows = Vec::new();
        flatten(&mut rows, "", &result[key]);
        if rows.is_empty() {
            continue;
        }
        let _ = writeln!(text, "\n  {title}");
        for (name, value) in rows {
            let _ = writeln!(text, "    {:<28} {value:>10}", name.replace('_', " "));
        }
    }
    let _ = writeln!(text, "\n  {:<30} {:>10} {:>10}", "Services", "ready ms", "RSS MiB");
    for service in result["services"].as_array().into_iter().flatten() {
        let name = service["name"].as_str().unwrap_or_default();
        let _ = writeln!(text, "    {name:<28} {:>10} {:>10}", service["ready_ms"], service["rss_mib"]);
    }
    let _ = writeln!(text, "\n  in {} s", result["seconds"]);
    text
}

/// The leaves that have a value, with the path to each.
fn flatten(rows: &mut Vec<(String, String)>, path: &str, value: &Value) {
    let below = |key: &str| if path.is_empty() { key.to_owned() } else { format!("{path} {key}") };
    match value {
        Value::Null => {}
        Value::Object(fields) => {
            for (key, value) in fields {
                flatten(rows, &below(key), value);
            }
        }
        Value::Array(items) => {
            for (position, value) in items.iter().enumerate() {
                flatten(rows, &below(&(position + 1).to_string()), value);
            }
        }
        Value::String(text) => rows.push((path.to_owned(), text.clone())),
        other => rows.push((path.to_owned(), other.to_string())),
    }
}
