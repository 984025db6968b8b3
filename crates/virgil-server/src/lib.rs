//! The HTTP edge: API, chat page, health and metrics.
