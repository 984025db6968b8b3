//! When to ask again, and when to ask another model. Both only before the first piece of an answer.

use std::time::Duration;

use crate::GatewayError;

/// The longest wait for one more try of the last model that is left.
const LONGEST_WAIT: Duration = Duration::from_secs(20);
/// The longest wait while there is another model to ask.
const SHORT_WAIT: Duration = Duration::from_secs(1);
/// The wait before the first retry, when the gateway names none; it doubles with each further one.
const FIRST_WAIT: Duration = Duration::from_millis(400);

/// What is left besides the model that failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Left {
    /// Another model could be asked.
    FallBack,
    /// This model was the last one.
    Nothing,
}

/// How long to wait before the same model is asked again; `None` if that is of no use or would take too long.
///
/// Of use are retries of what passes by itself: too many requests, 502, 503, 504, a connection that failed. A wait that the
/// gateway asks for is kept in full or not begun. Others are jittered: between half and all of a doubling time.
pub(crate) fn wait_before_retry(
    error: &GatewayError,
    retried: u32,
    left: Left,
    remaining: Duration,
) -> Option<Duration> {
    let asked = match error {
        GatewayError::RateLimited { retry_after, .. } => *retry_after,
        GatewayError::Unavailable(_) => None,
        _ => return None,
    };
    let wait = match asked {
        // A little more than asked, so that askers who were refused together do not come back together.
        Some(asked) => asked + Duration::from_millis(fastrand::u64(0..=250)),
        None => {
            let most = FIRST_WAIT * 2_u32.pow(retried.min(6));
            most.mul_f64(0.5 + fastrand::f64() / 2.0)
        }
    };
    let longest = match left {
        Left::FallBack => SHORT_WAIT,
        Left::Nothing => LONGEST_WAIT,
    };
    (wait <= longest && wait < remaining).then_some(wait)
}

/// Whether another model may do better. A spent budget is not spent less with another model, and what a filter
/// refused is not carried to a model without one.
pub(crate) fn another_model_may_help(error: &GatewayError) -> bool {
    matches!(
        error,
        GatewayError::RateLimited { .. }
            | GatewayError::Timeout(_)
            | GatewayError::Unavailable(_)
            | GatewayError::Broken(_)
            | GatewayError::ModelNotFound(_)
            | GatewayError::ContextTooLong(_)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    const LONG: Duration = Duration::from_secs(300);

    fn limited(seconds: Option<u64>) -> GatewayError {
        GatewayError::RateLimited {
            detail: String::new(),
            retry_after: seconds.map(Duration::from_secs),
        }
    }

    #[test]
    fn only_what_passes_by_itself_is_tried_again() {
        let of_use = [limited(None), GatewayError::Unavailable(String::new())];
        for error in of_use {
            for retried in 0..8 {
                let wait = wait_before_retry(&error, retried, Left::Nothing, LONG);
                let most = FIRST_WAIT * 2_u32.pow(retried.min(6));
                if let Some(wait) = wait {
                    assert!(wait >= most / 2 && wait <= most, "{wait:?}");
                } else {
                    assert!(most > LONGEST_WAIT, "{error:?} after {retried}");
                }
            }
        }
        let of_none = [
            GatewayError::BudgetExhausted(String::new()),
            GatewayError::Refused(String::new()),
            GatewayError::Filtered(String::new()),
            GatewayError::Unauthorized(String::new()),
            GatewayError::ContextTooLong(String::new()),
            GatewayError::Timeout(String::new()),
            GatewayError::Broken(String::new()),
        ];
        for error in of_none {
            assert_eq!(wait_before_retry(&error, 0, Left::Nothing, LONG), None);
        }
    }

    #[test]
    fn a_wait_that_is_asked_for_is_kept_or_not_begun() {
        let wait = wait_before_retry(&limited(Some(3)), 0, Left::Nothing, LONG).unwrap();
        assert!(wait >= Duration::from_secs(3) && wait < Duration::from_secs(4));
        for (asked, left, remaining) in [
            (3, Left::FallBack, LONG),
            (3, Left::Nothing, Duration::from_secs(2)),
            (1_000_000_000, Left::Nothing, LONG),
        ] {
            let wait = wait_before_retry(&limited(Some(asked)), 0, left, remaining);
            assert_eq!(wait, None, "{asked} s, {left:?}, {remaining:?}");
        }
    }
}
