//! Milliseconds as people read them.

/// The time in UTC as RFC 3339 writes it; `None` before 1970 and after 9999.
pub(super) fn timestamp(milliseconds: i64) -> Option<String> {
    let seconds = milliseconds.div_euclid(1000);
    if !(1..253_402_300_800).contains(&seconds) {
        return None;
    }
    // The days are counted from the March of year 0, see https://howardhinnant.github.io/date_algorithms.html.
    let days = seconds / 86_400 + 719_468;
    let (era, day) = (days / 146_097, days % 146_097);
    let year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let day = day - (153 * month + 2) / 5 + 1;
    let (year, month) = match month {
        0..10 => (era * 400 + year, month + 3),
        _ => (era * 400 + year + 1, month - 9),
    };
    let (hour, minute, second) = (seconds / 3600 % 24, seconds / 60 % 60, seconds % 60);
    Some(format!(
        "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z"
    ))
}

#[cfg(test)]
mod tests {
    use super::timestamp;

    #[test]
    fn times_are_readable() {
        for (milliseconds, expect) in [
            (1_769_923_201_000, Some("2026-02-01T05:20:01Z")),
            (951_782_400_000, Some("2000-02-29T00:00:00Z")),
            (253_402_300_799_999, Some("9999-12-31T23:59:59Z")),
            (0, None),
            (i64::MIN, None),
            (i64::MAX, None),
        ] {
            assert_eq!(timestamp(milliseconds).as_deref(), expect);
        }
    }
}
