//! The demonstration's result as a person reads it.

use std::fmt::{self, Write};

use serde_json::Value;

/// Columns before the first figure.
const LABEL: usize = 34;

/// The result as a table; what has no value is shown as `-`.
#[must_use]
pub fn table(result: &Value) -> String {
    let mut text = Text::default();
    let at = |path: &str| result.pointer(path).unwrap_or(&Value::Null);

    text.heading("Reports (Aduan)", &["filed", "resolved", "confirmed", "reopened"]);
    let counts = ["filed", "resolved", "confirmed", "reopened"].map(|key| at(&format!("/complaints/{key}")));
    text.row("in three quarters", &counts);

    text.heading("Satisfaction survey (SKM)", &["responses", "units"]);
    for round in at("/survey/rounds").as_array().into_iter().flatten() {
        text.row(word(&round["period"]), &[&round["responses"], &round["units"]]);
    }

    text.heading("Satisfaction index (IKM)", &["index"]);
    text.row("province, each unit the same", &[at("/index/province_unweighted")]);
    text.row("province, by respondents", &[at("/index/province_weighted")]);
    text.row(
        &format!("lowest: {}", word(at("/index/lowest_unit/name"))),
        &[at("/index/lowest_unit/ikm"), at("/index/lowest_unit/grade")],
    );

    text.heading("Training (Pelatihan)", &["needs", "nominated", "completed"]);
    let counts = ["needs", "nominated", "completed"].map(|key| at(&format!("/training/{key}")));
    text.row("units in need, people trained", &counts);

    text.heading("Did the training help?", &["points", "95 % from", "to", "p"]);
    let figures = ["effect", "ci_low", "ci_high", "p"].map(|key| at(&format!("/study/{key}")));
    text.row(word(at("/study/verdict")), &figures);

    text.heading("Events", &["committed", "published", "applied", "pending", "dead"]);
    let counts = ["committed", "published", "applied", "pending", "dead_letters"];
    text.row("", &counts.map(|key| at(&format!("/events/{key}"))));

    text.heading("Services", &["ready ms", "RSS MiB"]);
    for service in at("/services").as_array().into_iter().flatten() {
        text.row(word(&service["name"]), &[&service["ready_ms"], &service["rss_mib"]]);
    }
    let _ = writeln!(text.0, "\n  in {} s", at("/seconds"));
    text.0
}

/// A table under way.
#[derive(Default)]
struct Text(String);

impl Text {
    fn heading(&mut self, title: &str, columns: &[&str]) {
        let _ = write!(self.0, "\n  {title:<LABEL$}");
        self.figures(columns.iter());
    }

    fn row(&mut self, label: &str, values: &[&Value]) {
        let _ = write!(self.0, "    {label:<width$}", width = LABEL - 2);
        self.figures(values.iter().map(|value| figure(value)));
    }

    fn figures(&mut self, figures: impl Iterator<Item = impl fmt::Display>) {
        for figure in figures {
            let _ = write!(self.0, " {figure:>10}");
        }
        self.0.push('\n');
    }
}

fn word(value: &Value) -> &str {
    value.as_str().unwrap_or("-")
}

/// Numbers with a point in few digits: the result itself has them all.
fn figure(value: &Value) -> String {
    match value {
        Value::Null => "-".to_owned(),
        Value::String(text) => text.clone(),
        Value::Number(number) if number.is_f64() => {
            let number = number.as_f64().unwrap_or_default();
            if number.abs() < 0.1 { format!("{number:.4}") } else { format!("{number:.2}") }
        }
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn every_figure_is_shown_and_what_is_missing_is_a_dash() {
        let text = table(&json!({
            "complaints": { "filed": 360, "resolved": 312, "confirmed": 221, "reopened": 7 },
            "survey": { "rounds": [{ "period": "2027-Q1", "responses": 1760, "units": 44 }] },
            "index": {
                "province_unweighted": "78.96",
                "province_weighted": "78.97",
                "lowest_unit": { "name": "Kecamatan Gambir", "ikm": "68.98", "grade": "C" },
            },
            "training": { "needs": 16, "nominated": 48, "completed": 24 },
            "study": { "effect": null, "ci_low": -0.5, "ci_high": 2.718_861, "p": 0.005_594, "verdict": "INCONCLUSIVE" },
            "events": { "committed": 5, "published": 4, "applied": 3, "pending": 2, "dead_letters": 1 },
            "services": [{ "name": "staff", "ready_ms": 91, "rss_mib": 19 }],
            "seconds": 21,
        }));
        let lines: Vec<Vec<&str>> = text.lines().map(|line| line.split_whitespace().collect()).collect();
        for expected in [
            "in three quarters 360 312 221 7",
            "2027-Q1 1760 44",
            "province, by respondents 78.97",
            "lowest: Kecamatan Gambir 68.98 C",
            "units in need, people trained 16 48 24",
            "INCONCLUSIVE - -0.50 2.72 0.0056",
            "5 4 3 2 1",
            "staff 91 19",
            "in 21 s",
        ] {
            let expected: Vec<&str> = expected.split_whitespace().collect();
            assert!(lines.contains(&expected), "{expected:?} is not in {text}");
        }
    }
}
