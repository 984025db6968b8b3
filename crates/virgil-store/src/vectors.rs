//! The cache of vectors: the same text in another file, branch or version costs nothing.

use std::collections::HashMap;

use sqlx::{QueryBuilder, Row};
use virgil_model::VectorKey;

use crate::database::Store;
use crate::error::StoreError;
use crate::row::{ROWS_PER_STATEMENT, damaged};

impl Store {
    /// The cached vectors among `keys`.
    pub async fn vectors(
        &self,
        keys: &[VectorKey],
    ) -> Result<HashMap<VectorKey, Vec<f32>>, StoreError> {
        let mut found = HashMap::with_capacity(keys.len());
        for keys in keys.chunks(ROWS_PER_STATEMENT) {
            let mut query =
                QueryBuilder::new("SELECT vector_key, vector FROM vectors WHERE vector_key IN (");
            let mut list = query.separated(", ");
            for key in keys {
                list.push_bind(key.0.to_vec());
            }
            query.push(")");
            for row in query.build().fetch_all(self.readers()).await? {
                let key: Vec<u8> = row.try_get("vector_key")?;
                let key = VectorKey(key.try_into().map_err(|_| damaged("vector_key"))?);
                let bytes: Vec<u8> = row.try_get("vector")?;
                let vector: Vec<f32> = bytes
                    .as_chunks::<4>()
                    .0
                    .iter()
                    .map(|bytes| f32::from_le_bytes(*bytes))
                    .collect();
                found.insert(key, vector);
            }
        }
        Ok(found)
    }

    /// Caches vectors; one that is not finite is refused, and with it all of them.
    pub async fn put_vectors(&self, vectors: &[(VectorKey, Vec<f32>)]) -> Result<(), StoreError> {
        if vectors
            .iter()
            .any(|(_, vector)| vector.is_empty() || vector.iter().any(|value| !value.is_finite()))
        {
            return Err(StoreError::Invalid(
                "a vector is empty or not finite".to_owned(),
            ));
        }
        if vectors.is_empty() {
            return Ok(());
        }
        let mut transaction = self.write().await?;
        for vectors in vectors.chunks(ROWS_PER_STATEMENT) {
            let mut query = QueryBuilder::new("INSERT INTO vectors (vector_key, vector) ");
            query.push_values(vectors, |mut row, (key, vector)| {
                let bytes: Vec<u8> = vector
                    .iter()
                    .flat_map(|value| value.to_le_bytes())
                    .collect();
                row.push_bind(key.0.to_vec()).push_bind(bytes);
            });
            query.push(" ON CONFLICT (vector_key) DO NOTHING");
            query.build().execute(&mut *transaction).await?;
        }
        transaction.commit().await?;
        Ok(())
    }
}
