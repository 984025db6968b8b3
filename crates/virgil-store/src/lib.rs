//! What is known: rows in SQL, read through a scope.
