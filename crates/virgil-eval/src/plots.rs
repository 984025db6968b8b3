//! Plots as SVG: one series, axes with few labels, a title that says it in words.
//!
//! Colours come from the page's style sheet by class, because the page's policy forbids inline styles.

use std::fmt::Write;

use crate::html::escape;

const WIDTH: f64 = 460.0;
const HEIGHT: f64 = 240.0;
const LEFT: f64 = 46.0;
const BOTTOM: f64 = 34.0;
const TOP: f64 = 14.0;
const RIGHT: f64 = 12.0;

/// How many bars a histogram has.
const BARS: usize = 24;

/// What a plot shows: its title, and what its axes mean.
pub(crate) struct Axes<'a> {
    pub(crate) title: &'a str,
    pub(crate) x: &'a str,
    pub(crate) y: &'a str,
}

/// A curve of shares from 0 to 1 at 1, 2, 3 …
pub(crate) fn curve(axes: &Axes<'_>, values: &[f64]) -> String {
    let last = values.len().max(2) as f64;
    let x = |position: f64| LEFT + (WIDTH - LEFT - RIGHT) * (position - 1.0) / (last - 1.0);
    let y = |share: f64| HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * share;
    let mut svg = frame(axes, |share| format!("{:.0} %", 100.0 * share));
    for position in (5..=values.len()).step_by(5).chain([1]) {
        tick(&mut svg, x(position as f64), &position.to_string());
    }
    let points: Vec<String> = values
        .iter()
        .enumerate()
        .map(|(index, share)| format!("{:.1},{:.1}", x(index as f64 + 1.0), y(*share)))
        .collect();
    let _ = write!(
        svg,
        "<polyline class=\"line\" points=\"{}\"/>",
        points.join(" ")
    );
    for (index, share) in values.iter().enumerate() {
        let _ = write!(
            svg,
            "<circle class=\"dot\" cx=\"{:.1}\" cy=\"{:.1}\" r=\"3\"><title>{} {}: {:.1} %</title></circle>",
            x(index as f64 + 1.0),
            y(*share),
            escape(axes.x),
            index + 1,
            100.0 * share
        );
    }
    svg + "</svg>"
}

/// How often values lie where, with marks at some of them.
pub(crate) fn histogram(axes: &Axes<'_>, values: &[f64], marks: &[(&str, f64)]) -> String {
    let most = values.iter().copied().fold(f64::MIN_POSITIVE, f64::max);
    let mut counts = [0_usize; BARS];
    for value in values {
        // Values are not negative, and the greatest one belongs to the last bar.
        counts[((value / most * BARS as f64) as usize).min(BARS - 1)] += 1;
    }
    let highest = counts.iter().copied().max().unwrap_or(1).max(1) as f64;
    let span = WIDTH - LEFT - RIGHT;
    let bar = span / BARS as f64;
    let mut svg = frame(axes, |share| format!("{:.0}", highest * share));
    for (index, count) in counts.iter().enumerate().filter(|(_, count)| **count > 0) {
        let height = (HEIGHT - TOP - BOTTOM) * *count as f64 / highest;
        let _ = write!(
            svg,
            "<rect class=\"bar\" x=\"{:.1}\" y=\"{:.1}\" width=\"{:.1}\" height=\"{height:.1}\"><title>{:.0} to {:.0}: {count}</title></rect>",
            LEFT + bar * index as f64 + 1.0,
            HEIGHT - BOTTOM - height,
            bar - 2.0,
            most * index as f64 / BARS as f64,
            most * (index + 1) as f64 / BARS as f64,
        );
    }
    for share in [0.0, 0.5, 1.0] {
        tick(
            &mut svg,
            LEFT + span * share,
            &format!("{:.0}", most * share),
        );
    }
    for (name, value) in marks {
        let x = LEFT + span * (value / most).clamp(0.0, 1.0);
        let _ = write!(
            svg,
            "<line class=\"mark\" x1=\"{x:.1}\" x2=\"{x:.1}\" y1=\"{TOP}\" y2=\"{:.1}\"/><text class=\"marked\" x=\"{x:.1}\" y=\"{:.1}\">{}</text>",
            HEIGHT - BOTTOM,
            TOP - 3.0,
            escape(name)
        );
    }
    svg + "</svg>"
}

/// The axes, with a label of the y axis at none, half and all.
fn frame(axes: &Axes<'_>, label: impl Fn(f64) -> String) -> String {
    let mut svg = format!(
        "<svg viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\" aria-label=\"{}\"><title>{0}</title>",
        escape(axes.title)
    );
    for share in [0.0, 0.5, 1.0] {
        let y = HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * share;
        let _ = write!(
            svg,
            "<line class=\"grid\" x1=\"{LEFT}\" x2=\"{:.1}\" y1=\"{y:.1}\" y2=\"{y:.1}\"/><text class=\"left\" x=\"{:.1}\" y=\"{:.1}\">{}</text>",
            WIDTH - RIGHT,
            LEFT - 6.0,
            y + 4.0,
            escape(&label(share))
        );
    }
    let _ = write!(
        svg,
        "<text class=\"axis\" x=\"{:.1}\" y=\"{:.1}\">{} ({})</text>",
        LEFT + (WIDTH - LEFT - RIGHT) / 2.0,
        HEIGHT - 4.0,
        escape(axes.x),
        escape(axes.y)
    );
    svg
}

fn tick(svg: &mut String, x: f64, label: &str) {
    let _ = write!(
        svg,
        "<text class=\"tick\" x=\"{x:.1}\" y=\"{:.1}\">{}</text>",
        HEIGHT - BOTTOM + 14.0,
        escape(label)
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    const AXES: Axes<'_> = Axes {
        title: "a <title>",
        x: "k",
        y: "share",
    };

    #[test]
    fn a_curve_has_a_dot_for_each_value_between_the_axes() {
        let svg = curve(&AXES, &[0.0, 0.5, 1.0]);
        assert_eq!(svg.matches("<circle").count(), 3);
        assert!(svg.contains("a &lt;title&gt;") && !svg.contains("a <title>"));
        assert!(
            svg.contains("points=\"46.0,206.0 247.0,110.0 448.0,14.0\""),
            "{svg}"
        );
    }

    #[test]
    fn a_histogram_holds_every_value() {
        let svg = histogram(&AXES, &[1.0, 1.0, 99.0, 100.0], &[("p50", 1.0)]);
        assert_eq!(svg.matches("<rect").count(), 2);
        assert_eq!(svg.matches(": 2</title>").count(), 2, "{svg}");
        assert!(histogram(&AXES, &[0.0], &[]).contains("<rect"));
    }
}
