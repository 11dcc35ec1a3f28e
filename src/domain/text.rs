//! How values become words: cleaning, redacting, sizes, durations, plurals and truncation.

use std::time::{Duration, SystemTime};

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// Shown where a secret was.
pub const REDACTED: &str = "***";

/// A string from outside, safe to show on a terminal: C0, C1, ESC and bidirectional controls are
/// gone, and tabs and line ends have become single spaces (product.md, 'Trust').
#[must_use]
pub fn clean(text: &str) -> String {
    text.chars()
        .filter_map(|c| match c {
            '\t' | '\n' => Some(' '),
            c if is_control(c) => None,
            c => Some(c),
        })
        .collect::<String>()
        .trim()
        .to_owned()
}

/// [`clean`] for text of several lines: line ends stay, indentation too.
#[must_use]
pub fn clean_lines(text: &str) -> String {
    text.chars()
        .filter_map(|c| match c {
            '\n' => Some('\n'),
            '\t' => Some(' '),
            c if is_control(c) => None,
            c => Some(c),
        })
        .collect()
}

/// Whether a terminal could take the character for anything but text.
#[must_use]
pub fn is_control(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{061C}' | '\u{200E}' | '\u{200F}' | '\u{2028}' | '\u{2029}'
            | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}' | '\u{FEFF}')
}

/// A line without what could be a secret: query strings of URLs, user information of URLs, and
/// whatever follows `Bearer`, `Basic` or `sig=` (cargo-contract 4.6).
#[must_use]
pub fn redact(line: &str) -> String {
    let mut out = String::with_capacity(line.len());
    let mut hide_next = false;
    for (index, word) in line.split(' ').enumerate() {
        if index > 0 {
            out.push(' ');
        }
        if hide_next && !word.is_empty() {
            out.push_str(REDACTED);
            hide_next = false;
            continue;
        }
        let bare = word.trim_matches(|c: char| !c.is_ascii_alphanumeric());
        if bare.eq_ignore_ascii_case("bearer") || bare.eq_ignore_ascii_case("basic") {
            hide_next = true;
            out.push_str(word);
        } else {
            out.push_str(&redact_word(word));
        }
    }
    out
}

fn redact_word(word: &str) -> String {
    let mut word = replace_user_info(word, "");
    if let Some(query) = word.find("://").and_then(|_| word.find('?')) {
        let end = word[query..].find(['`', ')', '"', '\'', '>']).map_or(word.len(), |at| query + at);
        word.replace_range(query + 1..end, REDACTED);
    }
    if let Some(at) = word.find("sig=") {
        let end = word[at..].find(['&', '`', ')', '"', '\'', '>']).map_or(word.len(), |end| at + end);
        word.replace_range(at + 4..end, REDACTED);
    }
    word
}

/// The text with something in place of what stands before the `@` of each address in it, that sign too.
#[must_use]
pub fn replace_user_info(text: &str, with: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(scheme) = rest.find("://") {
        let (head, tail) = rest.split_at(scheme + 3);
        out.push_str(head);
        let ends = |c: char| c.is_whitespace() || "/?#`)\"'".contains(c);
        let authority = &tail[..tail.find(ends).unwrap_or(tail.len())];
        rest = authority.rfind('@').map_or(tail, |at| {
            out.push_str(with);
            &tail[at + 1..]
        });
    }
    out + rest
}

/// The text as one word of a POSIX shell: in single quotes, its own ones outside of them.
#[must_use]
pub fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

/// A number of bytes in decimal units, as file managers and crates.io show it: `812 B`, `27.5 kB`.
#[must_use]
pub fn size(bytes: u64) -> String {
    const UNITS: [&str; 4] = ["kB", "MB", "GB", "TB"];
    if bytes < 1000 {
        return format!("{bytes} B");
    }
    #[expect(clippy::cast_precision_loss, reason = "shown with one decimal")]
    let mut value = bytes as f64 / 1000.0;
    let mut unit = 0;
    while value >= 999.95 && unit + 1 < UNITS.len() {
        value /= 1000.0;
        unit += 1;
    }
    format!("{value:.1} {}", UNITS[unit])
}

/// A moment in seconds since 1970, as `2026-11-22 18:40 UTC`.
#[must_use]
pub fn moment(seconds: u64) -> String {
    let (days, rest) = (seconds / 86_400, seconds % 86_400);
    // Counted from March, so that the day that comes and goes is the year's last.
    let days = days + 719_468;
    let (era, day) = (days / 146_097, days % 146_097);
    let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let day = day - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    let year = year + era * 400 + u64::from(month <= 2);
    format!("{year:04}-{month:02}-{day:02} {:02}:{:02} UTC", rest / 3600, rest % 3600 / 60)
}

/// A length of time for a column: `0.4 s`, `12 s`, `3 min 05 s`, `2 h 10 min`.
#[must_use]
pub fn duration(time: Duration) -> String {
    let seconds = time.as_secs();
    match seconds {
        0..=9 => format!("{:.1} s", time.as_secs_f64()),
        10..=59 => format!("{seconds} s"),
        60..=3599 => format!("{} min {:02} s", seconds / 60, seconds % 60),
        _ => format!("{} h {:02} min", seconds / 3600, seconds / 60 % 60),
    }
}

/// How long ago that was, in days: `today`, `12 days ago`.
#[must_use]
pub fn ago(now: SystemTime, at: SystemTime) -> String {
    const DAY: u64 = 24 * 60 * 60;
    match now.duration_since(at).unwrap_or(Duration::ZERO).as_secs() / DAY {
        0 => "today".to_owned(),
        1 => "yesterday".to_owned(),
        days => format!("{days} days ago"),
    }
}

/// A count with its noun: `1 crate`, `5,000 crates`.
#[must_use]
pub fn count(number: usize, one: &str, many: &str) -> String {
    format!("{} {}", grouped(number), if number == 1 { one } else { many })
}

/// A number with thousands separated: `100,000`.
#[must_use]
pub fn grouped(number: usize) -> String {
    let digits = number.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// Columns that the text takes on a terminal.
#[must_use]
pub fn width(text: &str) -> usize {
    UnicodeWidthStr::width(text)
}

/// The text in at most `columns` columns, ending in `…` where something was cut.
#[must_use]
pub fn truncate(text: &str, columns: usize) -> String {
    if width(text) <= columns {
        return text.to_owned();
    }
    let mut out = text[..fitting(text, columns.saturating_sub(1))].to_owned();
    if columns > 0 {
        out.push('…');
    }
    out
}

/// The length in bytes of a start that takes at most `columns` columns. The text is measured as a whole:
/// characters that join with the one before (`❤` and a variation selector) are wider or narrower together.
#[must_use]
pub fn fitting(text: &str, columns: usize) -> usize {
    let ends = text.char_indices().map(|(at, c)| at + c.len_utf8());
    ends.take_while(|end| width(&text[..*end]) <= columns).last().unwrap_or(0)
}

/// The text in at most `columns` columns, its end kept: for paths, whose tail tells them apart.
#[must_use]
pub fn truncate_start(text: &str, columns: usize) -> String {
    if width(text) <= columns {
        return text.to_owned();
    }
    let room = columns.saturating_sub(1);
    let starts = text.char_indices().rev().take_while(|(at, _)| width(&text[*at..]) <= room);
    // A character without a width of its own belongs to the one before, which is gone.
    let start = starts.filter(|(_, c)| c.width() != Some(0)).last().map_or(text.len(), |(at, _)| at);
    if columns > 0 { format!("…{}", &text[start..]) } else { String::new() }
}

/// The text in at most `columns` columns, its start and its end kept: for names, which differ in both.
#[must_use]
pub fn truncate_middle(text: &str, columns: usize) -> String {
    if width(text) <= columns {
        return text.to_owned();
    }
    let start = &text[..fitting(text, columns / 2)];
    let end = truncate_start(&text[start.len()..], columns - width(start));
    // Characters that join across the cut need no ellipsis on their own, but are too wide together.
    if end.starts_with('…') { format!("{start}{end}") } else { truncate(text, columns) }
}

/// The text filled up with spaces to `columns` columns, or truncated to them.
#[must_use]
pub fn pad(text: &str, columns: usize) -> String {
    let mut out = truncate(text, columns);
    out.extend(std::iter::repeat_n(' ', columns.saturating_sub(width(&out))));
    out
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn cleaning_takes_every_way_to_steer_a_terminal() {
        assert_eq!(clean("a\u{1b}[31mb\u{9b}c\u{7}"), "a[31mbc");
        assert_eq!(clean("evil\u{202e}txt.exe\u{2066}"), "eviltxt.exe");
        assert_eq!(clean(" two\nlines\r\n"), "two lines");
        assert_eq!(clean_lines("  a\n\u{1b}]52;c;x\u{7}b"), "  a\n]52;c;xb");
    }

    #[test]
    fn redaction_takes_tokens_and_signatures_and_nothing_else() {
        assert_eq!(
            redact("failed to download from `http://h:1/blob?sv=1&sig=SECRET` (403)"),
            "failed to download from `http://h:1/blob?***` (403)"
        );
        assert_eq!(redact("Authorization: Bearer eyJ.abc"), "Authorization: Bearer ***");
        assert_eq!(redact("token `Basic  QWxh` rejected"), "token `Basic  *** rejected");
        assert_eq!(redact("https://me:pw@host/x"), "https://host/x");
        assert_eq!(redact("   Locking 12 packages"), "   Locking 12 packages");
        assert_eq!(redact("http://a:b@c/,\"http://d:e@f:1\""), "http://c/,\"http://f:1\"");
        assert_eq!(replace_user_info("x://a@b@c/d@e y://f", "***@"), "x://***@c/d@e y://f");
    }

    #[test]
    fn a_shell_reads_a_quoted_text_as_one_word() {
        assert_eq!(quoted("/home/ana/my demo"), "'/home/ana/my demo'");
        assert_eq!(quoted("it's $HOME"), r"'it'\''s $HOME'");
    }

    #[test]
    fn sizes_and_times_read_well() {
        assert_eq!(size(0), "0 B");
        assert_eq!(size(27_512), "27.5 kB");
        assert_eq!(size(999_999), "1.0 MB");
        assert_eq!(size(1_500_000_000), "1.5 GB");
        assert_eq!(duration(Duration::from_millis(420)), "0.4 s");
        assert_eq!(duration(Duration::from_secs(185)), "3 min 05 s");
        assert_eq!(duration(Duration::from_secs(7800)), "2 h 10 min");
        assert_eq!(count(1, "crate", "crates"), "1 crate");
        assert_eq!(count(100_000, "crate", "crates"), "100,000 crates");
    }

    #[test]
    fn truncation_respects_wide_characters() {
        assert_eq!(truncate("日本語のフィード", 7), "日本語…");
        assert_eq!(truncate("short", 7), "short");
        assert_eq!(truncate("x", 0), "");
        assert_eq!(truncate_start("/home/ana/project", 9), "…/project");
        assert_eq!(pad("日", 4), "日  ");
        assert_eq!(truncate_middle("Storefront/rust-crates", 12), "Storef…rates");
        assert_eq!(truncate_middle("日本語のフィード", 8), "日本…ド");
        assert_eq!(truncate_middle("short", 7), "short");
        let heart = "❤\u{fe0f}";
        assert_eq!(width(heart), 2);
        assert_eq!(truncate(&heart.repeat(3), 4), format!("{heart}❤…"));
        assert_eq!(truncate_start(&heart.repeat(3), 5), format!("…{}", heart.repeat(2)));
    }

    proptest! {
        #[test]
        fn truncated_text_always_fits(text in "(\\PC|[❤\u{fe0f}\u{200d}👩💻日e\u{301}])*", columns in 0usize..40) {
            prop_assert!(width(&truncate(&text, columns)) <= columns);
            prop_assert!(width(&truncate_start(&text, columns)) <= columns);
            prop_assert!(width(&truncate_middle(&text, columns)) <= columns);
        }

        #[test]
        fn cleaned_text_never_steers(text in any::<String>()) {
            prop_assert!(!clean(&text).chars().any(is_control));
            prop_assert!(!clean_lines(&text).chars().any(|c| c != '\n' && is_control(c)));
        }
    }
}
