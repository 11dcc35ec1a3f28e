//! What the colors of a terminal are in a picture.

use ratatui::style::Color;

pub(crate) type Rgb = [u8; 3];

/// The sixteen colors of a terminal, in their order.
pub(crate) const ANSI: [Rgb; 16] = [
    [0x2b, 0x2f, 0x38],
    [0xe0, 0x6c, 0x75],
    [0x98, 0xc3, 0x79],
    [0xe5, 0xc0, 0x7b],
    [0x61, 0xaf, 0xef],
    [0xc6, 0x78, 0xdd],
    [0x56, 0xb6, 0xc2],
    [0xab, 0xb2, 0xbf],
    [0x7a, 0x81, 0x8f],
    [0xff, 0x8b, 0x94],
    [0xb5, 0xe0, 0x8d],
    [0xff, 0xd6, 0x8a],
    [0x82, 0xc4, 0xff],
    [0xdd, 0x95, 0xf0],
    [0x7f, 0xd6, 0xe0],
    [0xff, 0xff, 0xff],
];

/// The color, where the cell doesn't leave it to the terminal.
pub(crate) fn rgb(color: Color) -> Option<Rgb> {
    let ansi = |at: usize| Some(ANSI[at]);
    match color {
        Color::Reset => None,
        Color::Black => ansi(0),
        Color::Red => ansi(1),
        Color::Green => ansi(2),
        Color::Yellow => ansi(3),
        Color::Blue => ansi(4),
        Color::Magenta => ansi(5),
        Color::Cyan => ansi(6),
        Color::Gray => ansi(7),
        Color::DarkGray => ansi(8),
        Color::LightRed => ansi(9),
        Color::LightGreen => ansi(10),
        Color::LightYellow => ansi(11),
        Color::LightBlue => ansi(12),
        Color::LightMagenta => ansi(13),
        Color::LightCyan => ansi(14),
        Color::White => ansi(15),
        Color::Rgb(red, green, blue) => Some([red, green, blue]),
        Color::Indexed(index) => Some(indexed(index)),
    }
}

/// The 256 colors of xterm: sixteen of the terminal's own, a cube of 6³, and 24 grays.
fn indexed(index: u8) -> Rgb {
    let level = |step: u8| if step == 0 { 0 } else { 55 + 40 * step };
    match index {
        0..=15 => ANSI[usize::from(index)],
        16..=231 => [(index - 16) / 36, (index - 16) / 6 % 6, (index - 16) % 6].map(level),
        232..=255 => [8 + 10 * (index - 232); 3],
    }
}

/// Halfway between: dim text on its background.
pub(crate) fn mix(one: Rgb, other: Rgb) -> Rgb {
    std::array::from_fn(|at| one[at].midpoint(other[at]))
}

pub(crate) fn hex([red, green, blue]: Rgb) -> String {
    format!("#{red:02x}{green:02x}{blue:02x}")
}
