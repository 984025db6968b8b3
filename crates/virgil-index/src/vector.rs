//! What makes a vector fit for the index.
//!
//! Qdrant accepts and counts vectors that are not finite or zero, and then never finds them, so they are
//! refused before they get there.

use crate::{IndexError, Point, SparseVector};

/// Scales `vector` to unit length. What has no direction is refused.
pub(crate) fn to_unit(mut vector: Vec<f32>) -> Result<Vec<f32>, IndexError> {
    if vector.iter().any(|value| !value.is_finite()) {
        return Err(IndexError::Invalid(
            "the vector holds numbers that are not finite".into(),
        ));
    }
    let length = vector
        .iter()
        .map(|value| f64::from(*value).powi(2))
        .sum::<f64>()
        .sqrt();
    if length < f64::from(f32::MIN_POSITIVE) {
        return Err(IndexError::Invalid("the vector is zero".into()));
    }
    for value in &mut vector {
        *value = (f64::from(*value) / length) as f32;
    }
    Ok(vector)
}

/// Refuses a dense vector that is not finite, is zero or has other than `dimensions` numbers.
pub(crate) fn check_dense(vector: &[f32], dimensions: usize) -> Result<(), IndexError> {
    if vector.len() != dimensions {
        return Err(IndexError::Invalid(format!(
            "the vector has {} numbers, but the index holds vectors of {dimensions}",
            vector.len()
        )));
    }
    if vector.iter().any(|value| !value.is_finite()) {
        return Err(IndexError::Invalid(
            "the vector holds numbers that are not finite".into(),
        ));
    }
    if vector.iter().all(|value| *value == 0.0) {
        return Err(IndexError::Invalid("the vector is zero".into()));
    }
    Ok(())
}

/// Refuses a sparse vector whose indices do not ascend or whose weights are not positive numbers. An empty one
/// is fine: a text of stop words has no terms.
pub(crate) fn check_sparse(vector: &SparseVector) -> Result<(), IndexError> {
    if vector.indices.len() != vector.values.len() {
        return Err(IndexError::Invalid(format!(
            "the sparse vector has {} indices and {} weights",
            vector.indices.len(),
            vector.values.len()
        )));
    }
    if !vector.indices.is_sorted_by(|left, right| left < right) {
        return Err(IndexError::Invalid(
            "the indices of the sparse vector do not ascend".into(),
        ));
    }
    if !vector
        .values
        .iter()
        .all(|value| value.is_finite() && *value > 0.0)
    {
        return Err(IndexError::Invalid(
            "the sparse vector holds weights that are not positive numbers".into(),
        ));
    }
    Ok(())
}

/// Refuses points that the index could count but not find.
pub(crate) fn check_points(points: &[Point], dimensions: usize) -> Result<(), IndexError> {
    for point in points {
        check_dense(&point.dense, dimensions)
            .and_then(|()| check_sparse(&point.sparse))
            .map_err(|error| IndexError::Invalid(format!("point `{}`: {error}", point.id.0)))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn vectors_get_unit_length_or_are_refused() {
        assert_eq!(to_unit(vec![3.0, 4.0]).unwrap(), [0.6, 0.8]);
        for unfit in [
            vec![0.0, 0.0],
            vec![f32::NAN, 1.0],
            vec![f32::INFINITY, 1.0],
            vec![],
        ] {
            assert!(matches!(to_unit(unfit), Err(IndexError::Invalid(_))));
        }
    }

    #[test]
    fn sparse_vectors_ascend_and_are_positive() {
        let check = |indices: &[u32], values: &[f32]| {
            check_sparse(&SparseVector {
                indices: indices.to_vec(),
                values: values.to_vec(),
            })
            .is_ok()
        };
        assert!(check(&[], &[]));
        assert!(check(&[1, 7], &[0.5, 2.0]));
        assert!(!check(&[7, 1], &[0.5, 2.0]));
        assert!(!check(&[1, 1], &[0.5, 2.0]));
        assert!(!check(&[1], &[0.0]));
        assert!(!check(&[1], &[f32::NAN]));
        assert!(!check(&[1], &[]));
    }
}
