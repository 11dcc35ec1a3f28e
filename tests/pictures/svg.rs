//! How a buffer becomes a picture.

use crate::support::picture::{compare, svg};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Color, Style};

/// One row of text at the top left of a screen.
fn drawn(texts: &[(u16, &str, Style)]) -> String {
    let mut buffer = Buffer::empty(Rect::new(0, 0, 40, 3));
    for (col, text, style) in texts {
        buffer.set_string(*col, 0, text, *style);
    }
    svg(&buffer, "a title")
}

#[track_caller]
fn has(svg: &str, part: &str) {
    assert!(svg.contains(part), "no `{part}` in\n{svg}");
}

#[test]
fn a_picture_has_the_size_of_its_cells_and_a_title() {
    let picture = svg(&Buffer::empty(Rect::new(0, 0, 80, 24)), "a <title>");
    has(&picture, "width=\"700\" height=\"492\" viewBox=\"0 0 700 492\"");
    has(&picture, "<title>a &lt;title&gt;</title>");
    assert_eq!(picture.matches("<text").count(), 1, "an empty screen holds no text but its title");
}

#[test]
fn text_is_one_element_a_style_and_stretched_to_its_cells() {
    let plain = Style::new();
    let picture = drawn(&[(0, "  two words & <more> ", plain), (21, "bold", plain.bold().red())]);
    has(
        &picture,
        "<text x=\"30.8\" y=\"59.4\" textLength=\"151.2\" lengthAdjust=\"spacingAndGlyphs\" fill=\"#d7dae0\">two words &amp; &lt;more&gt;</text>",
    );
    has(&picture, "<text x=\"190.4\"");
    has(&picture, "fill=\"#e06c75\" font-weight=\"bold\">bold</text>");
}

#[test]
fn reversed_dim_and_underlined_are_seen() {
    let plain = Style::new();
    has(
        &drawn(&[(0, "row", plain.reversed())]),
        "<rect x=\"14\" y=\"46\" width=\"25.2\" height=\"18\" fill=\"#d7dae0\"/>",
    );
    has(&drawn(&[(0, "row", plain.reversed())]), "fill=\"#16181d\">row</text>");
    has(&drawn(&[(0, "row", plain.dim())]), "fill=\"#76797e\">row</text>");
    has(&drawn(&[(0, "row ", plain.underlined())]), "text-decoration=\"underline\">row </text>");
    has(
        &drawn(&[(0, "row", plain.italic().crossed_out())]),
        "font-style=\"italic\" text-decoration=\"line-through\">",
    );
    assert!(!drawn(&[(0, "secret", plain.hidden())]).contains("secret"));
}

#[test]
fn colors_are_those_of_the_palette_or_their_own() {
    let color = |color| drawn(&[(0, "x", Style::new().fg(color).bg(Color::Indexed(232)))]);
    has(&color(Color::LightCyan), "fill=\"#7fd6e0\">x<");
    has(&color(Color::Indexed(1)), "fill=\"#e06c75\">x<");
    has(&color(Color::Indexed(16 + 36 + 5)), "fill=\"#5f00ff\">x<");
    has(&color(Color::Rgb(1, 2, 255)), "fill=\"#0102ff\">x<");
    has(&color(Color::Reset), "height=\"18\" fill=\"#080808\"/>");
}

#[test]
fn a_wide_character_takes_two_cells() {
    let picture = drawn(&[(0, "a日b", Style::new())]);
    has(
        &picture,
        "<text x=\"22.4\" y=\"59.4\" textLength=\"16.8\" lengthAdjust=\"spacingAndGlyphs\" fill=\"#d7dae0\">日</text>",
    );
    has(&picture, "<text x=\"39.2\"");
}

#[test]
fn lines_and_blocks_are_shapes() {
    let plain = Style::new();
    let picture = drawn(&[(0, "╭──┐│━", plain), (10, "██▌░", plain)]);
    has(&picture, "M18.2 64Q18.2 55 22.4 55M22.4 55H39.2M43.4 55V64M39.2 55H43.4M51.8 46V64");
    has(&picture, "stroke-width=\"2\"");
    has(
        &picture,
        "<rect x=\"98\" y=\"46\" width=\"16.8\" height=\"18\" fill=\"#d7dae0\" fill-opacity=\"1.00\"/>",
    );
    has(&picture, "<rect x=\"114.8\" y=\"46\" width=\"4.2\" height=\"18\"");
    has(&picture, "fill-opacity=\"0.25\"/>");
    assert_eq!(picture.matches("<text").count(), 1, "{picture}");
}

#[test]
fn a_stale_picture_is_told_from_a_fresh_one() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("pictures/feed.svg");
    let stale = |svg| compare(&path, svg, false).unwrap_err();
    assert!(stale("<svg>\n").contains("stale from line 1 on"));
    compare(&path, "<svg>\n</svg>\n", true).unwrap();
    compare(&path, "<svg>\n</svg>\n", false).unwrap();
    assert!(stale("<svg>\n<g/>\n</svg>\n").contains("stale from line 2 on"));
}
