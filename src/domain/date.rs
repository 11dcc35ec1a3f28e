//! Dates as the REST API writes them: `2026-10-01T00:00:00Z` (azure-contract 13.8). Always UTC, never a time zone.

const DAY: u64 = 24 * 60 * 60;

/// Seconds since 1970 as `2026-10-01T00:00:00Z`.
#[must_use]
pub fn to_rfc3339(seconds: u64) -> String {
    let rest = seconds % DAY;
    format!("{}T{:02}:{:02}:{:02}Z", day(seconds), rest / 3600, rest / 60 % 60, rest % 60)
}

/// The day of that second: `2026-10-01`.
#[must_use]
pub fn day(seconds: u64) -> String {
    // Counted from 0000-03-01, so that the leap day is the last of its year.
    let days = seconds / DAY + 719_468;
    let (era, of_era) = (days / 146_097, days % 146_097);
    let year = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let from_march = (5 * of_year + 2) / 153;
    let day = of_year - (153 * from_march + 2) / 5 + 1;
    let month = if from_march < 10 { from_march + 3 } else { from_march - 9 };
    let year = era * 400 + year + u64::from(month <= 2);
    format!("{year:04}-{month:02}-{day:02}")
}

/// Reads a date with a time in UTC, with up to seven decimals of a second, as seconds since 1970; `None` for anything
/// else and for what was before.
#[must_use]
pub fn of_rfc3339(text: &str) -> Option<u64> {
    let (date, time) = text.strip_suffix('Z')?.split_once('T')?;
    let [year, month, day] = numbers(date, '-')?;
    let [hour, minute, second] = numbers(time.split_once('.').map_or(time, |(whole, _)| whole), ':')?;
    let sound = (1..=12).contains(&month) && (1..=31).contains(&day);
    if !sound || !(1970..=9999).contains(&year) || hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let (era, of_era) = (year / 400, year % 400);
    let of_year = (153 * month + 2) / 5 + day - 1;
    let days = era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year;
    Some(days.checked_sub(719_468)? * DAY + hour * 3600 + minute * 60 + second)
}

fn numbers(text: &str, between: char) -> Option<[u64; 3]> {
    let mut parts = text.split(between).map(|part| {
        let digits = part.bytes().all(|byte| byte.is_ascii_digit());
        digits.then(|| part.parse().ok()).flatten()
    });
    let three = [parts.next()??, parts.next()??, parts.next()??];
    parts.next().is_none().then_some(three)
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, UNIX_EPOCH};

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn known_days_are_written_as_the_service_writes_them() {
        assert_eq!(to_rfc3339(0), "1970-01-01T00:00:00Z");
        assert_eq!(to_rfc3339(951_782_400), "2000-02-29T00:00:00Z");
        assert_eq!(to_rfc3339(1_790_812_799), "2026-09-30T23:59:59Z");
        assert_eq!(day(1_790_812_800), "2026-10-01");
    }

    #[test]
    fn what_is_no_date_is_none() {
        assert_eq!(of_rfc3339("2020-12-01T23:46:23.3233333Z"), of_rfc3339("2020-12-01T23:46:23Z"));
        for text in [
            "",
            "2026-10-01",
            "2026-10-01T00:00:00",
            "2026-10-01T00:00:00+01:00",
            "2026-13-01T00:00:00Z",
            "0001-01-01T00:00:00Z",
            "2026-10-01T24:00:00Z",
            "+2026-10-01T00:00:00Z",
            "2026-1-1-1T00:00:00Z",
        ] {
            assert_eq!(of_rfc3339(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn every_second_comes_back_and_is_the_one_that_http_means(seconds in 0..253_402_300_800_u64) {
            let text = to_rfc3339(seconds);
            prop_assert_eq!(of_rfc3339(&text), Some(seconds));
            let http = httpdate::fmt_http_date(UNIX_EPOCH + Duration::from_secs(seconds));
            prop_assert_eq!(&http[5..7], &text[8..10]);
            prop_assert_eq!(&http[12..16], &text[..4]);
            prop_assert_eq!(&http[17..25], &text[11..19]);
        }
    }
}
