//! The OpenAPI documents.
