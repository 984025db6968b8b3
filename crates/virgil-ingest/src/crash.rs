//! Named places at which a test can stop the program dead, to kill it there.
//!
//! Debug builds only; a release build has none of this. The program parks itself at the armed place and says so
//! on standard error; whoever armed it then sends SIGKILL, so that the death is a real one.

#[cfg(debug_assertions)]
mod armed {
    use std::sync::OnceLock;
    use std::sync::atomic::{AtomicU32, Ordering};

    static ARMED: OnceLock<(String, AtomicU32)> = OnceLock::new();

    /// Arms the place `name`: the program parks the `occurrence`th time (from 1) it comes by.
    pub fn arm(name: &str, occurrence: u32) {
        // A second call finds the first one in place, which is what a test wants to know.
        assert!(
            ARMED
                .set((name.to_owned(), AtomicU32::new(occurrence)))
                .is_ok(),
            "a crash point is armed once"
        );
    }

    pub(crate) fn point(name: &str) {
        let Some((armed, left)) = ARMED.get() else {
            return;
        };
        if armed == name && left.fetch_sub(1, Ordering::SeqCst) == 1 {
            tracing::error!("crash point `{name}` reached");
            loop {
                std::thread::park();
            }
        }
    }
}

#[cfg(debug_assertions)]
pub use armed::arm;
#[cfg(debug_assertions)]
pub(crate) use armed::point;

#[cfg(not(debug_assertions))]
pub(crate) fn point(_name: &str) {}
