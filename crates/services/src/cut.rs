//! An answer that breaks off in the middle.

use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body_util::BodyExt;
use hyper::Response;
use hyper::body::{Body as _, Frame, SizeHint};

use crate::backend::{Body, BoxError};
use crate::connection::ResetFlag;

/// The end of an answer that does not come.
#[derive(Debug, thiserror::Error)]
#[error("the connection is reset in the middle of the answer, as asked")]
pub(crate) struct Broken;

/// Cuts an answer in half: its head and the first half of its body go out, then the connection is reset. Of an answer
/// without a body nothing goes out.
pub(crate) fn in_half(
    response: Response<Body>,
    reset: &ResetFlag,
) -> Result<Response<Body>, BoxError> {
    let hint = response.body().size_hint();
    if hint.exact() == Some(0) {
        reset.set();
        return Err(Box::new(Broken));
    }
    // Of a body of unknown length the first byte.
    let left = hint.exact().map_or(1, |bytes| bytes / 2);
    let reset = reset.clone();
    Ok(response.map(|body| Half { body, left, hint, flushing: false, reset }.boxed_unsync()))
}

struct Half {
    body: Body,
    left: u64,
    hint: SizeHint,
    flushing: bool,
    reset: ResetFlag,
}

impl hyper::body::Body for Half {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        if self.left > 0 {
            let frame = std::task::ready!(Pin::new(&mut self.body).poll_frame(cx)?);
            if let Some(Ok(mut data)) = frame.map(Frame::into_data) {
                data.truncate(usize::try_from(self.left).unwrap_or(usize::MAX));
                self.left -= data.len() as u64;
                return Poll::Ready(Some(Ok(Frame::data(data))));
            }
            self.left = 0;
        }
        if !self.flushing {
            // Whoever waits for more sends what there is first.
            self.flushing = true;
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        self.reset.set();
        Poll::Ready(Some(Err(Box::new(Broken))))
    }

    fn size_hint(&self) -> SizeHint {
        self.hint
    }
}
