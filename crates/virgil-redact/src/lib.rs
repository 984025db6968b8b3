//! Takes secrets out of bytes before anything else sees them.
