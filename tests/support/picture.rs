//! Pictures of screens: a ratatui buffer becomes an SVG of a terminal window. Lines and blocks are drawn as
//! shapes, so that no font can tear them; text is stretched to its cells, so that columns align in any font.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use ratatui::buffer::{Buffer, Cell};
use ratatui::style::Modifier;
use unicode_width::UnicodeWidthStr as _;

use super::palette::{ANSI, Rgb, hex, mix, rgb};

/// All lengths are tenths of a pixel: whole numbers give the same text on every machine.
type Tenths = u32;

const CELL: (Tenths, Tenths) = (84, 180);
const BASELINE: Tenths = 134;
const FONT_SIZE: u32 = 14;
const PADDING: Tenths = 140;
const TITLE_BAR: Tenths = 320;

const BACKGROUND: Rgb = [0x16, 0x18, 0x1d];
const FOREGROUND: Rgb = [0xd7, 0xda, 0xe0];
const BAR: Rgb = [0x23, 0x26, 0x2e];
const BORDER: Rgb = [0x3a, 0x3f, 0x4b];
const BUTTONS: [Rgb; 3] = [[0xe0, 0x6c, 0x75], [0xe5, 0xc0, 0x7b], [0x98, 0xc3, 0x79]];
const FONTS: &str = "ui-monospace, 'SF Mono', Menlo, Consolas, 'DejaVu Sans Mono', monospace";

/// What is drawn alike: cells of one paint are one element.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Paint {
    foreground: Rgb,
    background: Rgb,
    /// Of bold, italic, underlined and crossed out.
    modifier: Modifier,
}

/// What a cell holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ink {
    Text,
    /// Wider than its cell: by itself, so that it is not squeezed together with its neighbors.
    Wide,
    Line(Line),
    Block(Block),
}

/// A box-drawing character: its arms from the middle of the cell, up, right, down and left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Line {
    arms: [bool; 4],
    heavy: bool,
    round: bool,
}

/// A block: its part of the cell in eighths (left, top, width, height) and its density in percent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Block {
    part: [u32; 4],
    density: u32,
}

/// Neighbors in a row with one paint and one ink.
#[derive(Debug)]
struct Run {
    col: u16,
    cols: u16,
    row: u16,
    text: String,
    paint: Paint,
    ink: Ink,
}

/// The buffer in a window with that title.
pub(crate) fn svg(buffer: &Buffer, title: &str) -> String {
    let (width, height) = (
        u32::from(buffer.area.width) * CELL.0 + 2 * PADDING,
        u32::from(buffer.area.height) * CELL.1 + TITLE_BAR + 2 * PADDING,
    );
    let mut svg = window(width, height, title);
    let runs: Vec<Run> = (0..buffer.area.height).flat_map(|row| runs(buffer, row)).collect();
    svg.push_str("<g shape-rendering=\"crispEdges\">\n");
    for run in &runs {
        background(&mut svg, run);
    }
    for run in &runs {
        block(&mut svg, run);
    }
    svg.push_str("</g>\n");
    lines(&mut svg, &runs);
    let _ = writeln!(svg, "<g font-family=\"{FONTS}\" font-size=\"{FONT_SIZE}\" xml:space=\"preserve\">");
    for run in &runs {
        text(&mut svg, run);
    }
    svg.push_str("</g>\n</svg>\n");
    svg
}

/// Compares with `assets/pictures/NAME.svg`, or writes it where `UPDATE_PICTURES` is set.
///
/// # Panics
/// When the picture in the repository is stale.
#[track_caller]
pub(crate) fn assert_picture(name: &str, svg: &str) {
    #[expect(clippy::disallowed_methods, reason = "a switch of the tests themselves")]
    let update = std::env::var_os("UPDATE_PICTURES").is_some();
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/pictures").join(format!("{name}.svg"));
    if let Err(message) = compare(&path, svg, update) {
        panic!("{message}");
    }
}

/// Whether the file holds that picture; with `update` it does afterwards.
pub(crate) fn compare(path: &PathBuf, svg: &str, update: bool) -> Result<(), String> {
    if update {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, svg).unwrap();
        return Ok(());
    }
    // Git may have given it other line ends.
    let stored = fs::read_to_string(path).unwrap_or_default().replace("\r\n", "\n");
    if stored == svg {
        return Ok(());
    }
    let line = stored.lines().zip(svg.lines()).take_while(|(old, new)| old == new).count() + 1;
    Err(format!(
        "{} is stale from line {line} on; make it anew: UPDATE_PICTURES=1 cargo test --test pictures",
        path.display()
    ))
}

fn window(width: Tenths, height: Tenths, title: &str) -> String {
    let (w, h, title) = (px(width), px(height), escape(title));
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{w}\" height=\"{h}\" viewBox=\"0 0 {w} {h}\" \
         role=\"img\" aria-label=\"{title}\">\n<title>{title}</title>\n"
    );
    let (inner_w, inner_h, bar) = (px(width - 10), px(height - 10), px(TITLE_BAR));
    let (back, top, border) = (hex(BACKGROUND), hex(BAR), hex(BORDER));
    let _ = writeln!(
        svg,
        "<rect x=\"0.5\" y=\"0.5\" width=\"{inner_w}\" height=\"{inner_h}\" rx=\"9\" fill=\"{back}\"/>"
    );
    let _ = writeln!(
        svg,
        "<path d=\"M0.5 {bar}V9.5a9 9 0 0 1 9 -9H{}a9 9 0 0 1 9 9V{bar}z\" fill=\"{top}\"/>",
        px(width - 95)
    );
    let _ = writeln!(
        svg,
        "<rect x=\"0.5\" y=\"0.5\" width=\"{inner_w}\" height=\"{inner_h}\" rx=\"9\" fill=\"none\" stroke=\"{border}\"/>"
    );
    for (at, color) in (0..).zip(BUTTONS) {
        let _ =
            writeln!(svg, "<circle cx=\"{}\" cy=\"16\" r=\"5.5\" fill=\"{}\"/>", 20 + at * 19, hex(color));
    }
    let _ = writeln!(
        svg,
        "<text x=\"{}\" y=\"20.5\" text-anchor=\"middle\" font-family=\"{FONTS}\" font-size=\"13\" fill=\"{}\">{title}</text>",
        px(width / 2),
        hex(ANSI[7])
    );
    svg
}

/// The cells of one row, joined as far as they are drawn alike.
fn runs(buffer: &Buffer, row: u16) -> Vec<Run> {
    let mut runs: Vec<Run> = Vec::new();
    let mut col = 0;
    while col < buffer.area.width {
        let cell = &buffer[(buffer.area.x + col, buffer.area.y + row)];
        let symbol = if cell.modifier.contains(Modifier::HIDDEN) { " " } else { cell.symbol() };
        // The cell behind a wide character is its second half.
        let cols = u16::try_from(symbol.width().max(1)).unwrap_or(1);
        let (paint, ink) = (paint(cell), ink(symbol));
        match runs.last_mut() {
            Some(run) if run.paint == paint && run.ink == ink && ink != Ink::Wide => {
                run.text.push_str(symbol);
                run.cols += cols;
            }
            _ => runs.push(Run { col, cols, row, text: symbol.to_owned(), paint, ink }),
        }
        col += cols;
    }
    runs
}

fn paint(cell: &Cell) -> Paint {
    let mut foreground = rgb(cell.fg).unwrap_or(FOREGROUND);
    let mut background = rgb(cell.bg).unwrap_or(BACKGROUND);
    if cell.modifier.contains(Modifier::REVERSED) {
        std::mem::swap(&mut foreground, &mut background);
    }
    if cell.modifier.contains(Modifier::DIM) {
        foreground = mix(foreground, background);
    }
    let kept = Modifier::BOLD | Modifier::ITALIC | Modifier::UNDERLINED | Modifier::CROSSED_OUT;
    Paint { foreground, background, modifier: cell.modifier & kept }
}

fn ink(symbol: &str) -> Ink {
    let mut chars = symbol.chars();
    match (chars.next(), chars.next()) {
        (Some(c), None) if line(c).is_some() => Ink::Line(line(c).unwrap()),
        (Some(c), None) if block_of(c).is_some() => Ink::Block(block_of(c).unwrap()),
        _ if symbol.width() > 1 => Ink::Wide,
        _ => Ink::Text,
    }
}

/// Light, heavy and round forms stand in the order of these arms: up, right, down, left.
fn line(c: char) -> Option<Line> {
    const ARMS: [u8; 11] =
        [0b0101, 0b1010, 0b0110, 0b0011, 0b1100, 0b1001, 0b1110, 0b1011, 0b0111, 0b1101, 0b1111];
    let found = |forms: &str| forms.chars().position(|form| form == c);
    let (at, heavy, round) = found("─│┌┐└┘├┤┬┴┼")
        .map(|at| (at, false, false))
        .or_else(|| found("━┃┏┓┗┛┣┫┳┻╋").map(|at| (at, true, false)))
        .or_else(|| found("╭╮╰╯").map(|at| (at + 2, false, true)))?;
    Some(Line { arms: [8, 4, 2, 1].map(|bit| ARMS[at] & bit != 0), heavy, round })
}

fn block_of(c: char) -> Option<Block> {
    let eighths = |first: char| u32::from(c) - u32::from(first) + 1;
    let (part, density) = match c {
        '█' => ([0, 0, 8, 8], 100),
        '░' => ([0, 0, 8, 8], 25),
        '▒' => ([0, 0, 8, 8], 50),
        '▓' => ([0, 0, 8, 8], 75),
        '▀' => ([0, 0, 8, 4], 100),
        '▐' => ([4, 0, 4, 8], 100),
        '▁'..='▇' => ([0, 8 - eighths('▁'), 8, eighths('▁')], 100),
        // From seven eighths down to one.
        '▉'..='▏' => ([0, 0, 8 - eighths('▉'), 8], 100),
        _ => return None,
    };
    Some(Block { part, density })
}

fn background(svg: &mut String, run: &Run) {
    if run.paint.background != BACKGROUND {
        let (width, fill) = (px(u32::from(run.cols) * CELL.0), hex(run.paint.background));
        let (x, y, height) = (px(left(run.col)), px(top(run.row)), px(CELL.1));
        let _ = writeln!(
            svg,
            "<rect x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\" fill=\"{fill}\"/>"
        );
    }
}

fn block(svg: &mut String, run: &Run) {
    let Ink::Block(Block { part: [x, y, width, height], density }) = run.ink else { return };
    // Blocks as wide as their cell join with their neighbors.
    let (pieces, cells) = if width == 8 { (1, run.cols) } else { (run.cols, 1) };
    for piece in 0..pieces {
        let _ = writeln!(
            svg,
            "<rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" fill=\"{}\" fill-opacity=\"{}.{:02}\"/>",
            px(left(run.col + piece) + x * CELL.0 / 8),
            px(top(run.row) + y * CELL.1 / 8),
            px(u32::from(cells) * width * CELL.0 / 8),
            px(height * CELL.1 / 8),
            hex(run.paint.foreground),
            density / 100,
            density % 100,
        );
    }
}

/// All lines of one color and weight are one path.
fn lines(svg: &mut String, runs: &[Run]) {
    let mut paths: BTreeMap<(Rgb, bool), String> = BTreeMap::new();
    for run in runs {
        let Ink::Line(line) = run.ink else { continue };
        let path = paths.entry((run.paint.foreground, line.heavy)).or_default();
        let across = line.arms == [false, true, false, true];
        let (pieces, cells) = if across { (1, run.cols) } else { (run.cols, 1) };
        for piece in 0..pieces {
            stroke(path, line, left(run.col + piece), top(run.row), u32::from(cells) * CELL.0);
        }
    }
    for ((color, heavy), path) in paths {
        let (stroke, width) = (hex(color), if heavy { 2 } else { 1 });
        let _ = writeln!(
            svg,
            "<path d=\"{path}\" fill=\"none\" stroke=\"{stroke}\" stroke-width=\"{width}\" stroke-linecap=\"square\"/>"
        );
    }
}

fn stroke(path: &mut String, line: Line, x: Tenths, y: Tenths, width: Tenths) {
    let [up, right, down, left] = line.arms;
    let (middle_x, middle_y, bottom) = (px(x + CELL.0 / 2), px(y + CELL.1 / 2), px(y + CELL.1));
    let (end_y, end_x) = (if up { px(y) } else { bottom.clone() }, if left { px(x) } else { px(x + width) });
    let _ = if line.round {
        write!(path, "M{middle_x} {end_y}Q{middle_x} {middle_y} {end_x} {middle_y}")
    } else {
        if up || down {
            let (from, to) =
                (if up { px(y) } else { middle_y.clone() }, if down { &bottom } else { &middle_y });
            let _ = write!(path, "M{middle_x} {from}V{to}");
        }
        if left || right {
            let (from, to) =
                (if left { px(x) } else { middle_x.clone() }, if right { px(x + width) } else { middle_x });
            let _ = write!(path, "M{from} {middle_y}H{to}");
        }
        Ok(())
    };
}

fn text(svg: &mut String, run: &Run) {
    let drawn = run.paint.modifier.intersects(Modifier::UNDERLINED | Modifier::CROSSED_OUT);
    let (mut text, mut col) = (run.text.as_str(), run.col);
    if !matches!(run.ink, Ink::Text | Ink::Wide) {
        return;
    }
    if !drawn {
        let start = text.len() - text.trim_start_matches(' ').len();
        col += u16::try_from(start).unwrap();
        text = text.trim_matches(' ');
    }
    if text.is_empty() {
        return;
    }
    let cols = u32::try_from(text.width()).unwrap();
    let _ = writeln!(
        svg,
        "<text x=\"{}\" y=\"{}\" textLength=\"{}\" lengthAdjust=\"spacingAndGlyphs\" fill=\"{}\"{}>{}</text>",
        px(left(col)),
        px(top(run.row) + BASELINE),
        px(cols * CELL.0),
        hex(run.paint.foreground),
        attributes(run.paint.modifier),
        escape(text),
    );
}

fn attributes(modifier: Modifier) -> String {
    let mut attributes = String::new();
    if modifier.contains(Modifier::BOLD) {
        attributes.push_str(" font-weight=\"bold\"");
    }
    if modifier.contains(Modifier::ITALIC) {
        attributes.push_str(" font-style=\"italic\"");
    }
    let decorations = [(Modifier::UNDERLINED, "underline"), (Modifier::CROSSED_OUT, "line-through")];
    let decorations: Vec<_> =
        decorations.into_iter().filter(|(bit, _)| modifier.contains(*bit)).map(|(_, name)| name).collect();
    if !decorations.is_empty() {
        let _ = write!(attributes, " text-decoration=\"{}\"", decorations.join(" "));
    }
    attributes
}

fn left(col: u16) -> Tenths {
    PADDING + u32::from(col) * CELL.0
}

fn top(row: u16) -> Tenths {
    TITLE_BAR + PADDING + u32::from(row) * CELL.1
}

fn px(tenths: Tenths) -> String {
    if tenths.is_multiple_of(10) {
        (tenths / 10).to_string()
    } else {
        format!("{}.{}", tenths / 10, tenths % 10)
    }
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
