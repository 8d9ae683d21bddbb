//! What stands behind the layer of latency and faults.

use bytes::Bytes;
use http_body_util::BodyExt;
use http_body_util::combinators::UnsyncBoxBody;
use hyper::body::Incoming;
use hyper::{Request, Response};
use s3s::service::S3Service;

use crate::dynamodb::Forward;
use crate::upstream;

/// Why an answer breaks off.
pub(crate) type BoxError = Box<dyn std::error::Error + Send + Sync>;
/// The body of an answer.
pub(crate) type Body = UnsyncBoxBody<Bytes, BoxError>;

/// An implementation of a service.
#[derive(Clone, Debug)]
pub(crate) enum Backend {
    S3(S3Service),
    DynamoDb(Box<Forward>),
    Http,
}

impl Backend {
    pub(crate) async fn answer(
        &self,
        request: Request<Incoming>,
    ) -> Result<Response<Body>, BoxError> {
        match self {
            Backend::S3(service) => {
                let response =
                    service.call(request.map(s3s::Body::from)).await.map_err(BoxError::from)?;
                Ok(response.map(|body| body.map_err(BoxError::from).boxed_unsync()))
            }
            Backend::DynamoDb(forward) => forward.answer(request).await,
            Backend::Http => upstream::answer(request).await,
        }
    }
}
