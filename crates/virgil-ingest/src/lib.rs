//! A sync: from a source to chunks, vectors and statements, committed as one generation.
