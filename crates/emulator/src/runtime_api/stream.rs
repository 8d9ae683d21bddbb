//! The stream below hyper, which lets a connection begin again.
//!
//! hyper reads at most 100 headers without allocating, and answers 431 to more. AWS's server has no such limit. So a
//! connection begins with 100, and where those are not enough its refusal is held back and it is served anew, with what hyper
//! has read and not used. Ordinary requests pay nothing for that.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use hyper::rt::{Read, ReadBufCursor, Write};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

/// One connection.
#[derive(Debug)]
pub(super) struct Stream {
    io: TokioIo<TcpStream>,
    /// What is read before anything else.
    unread: Bytes,
    refusals: Refusals,
}

/// What becomes of hyper's own answer 431.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Refusals {
    HoldBack,
    /// One has been held back: nothing is written any more.
    HeldBack,
    Send,
}

impl Stream {
    pub(super) fn new(stream: TcpStream) -> Stream {
        Stream { io: TokioIo::new(stream), unread: Bytes::new(), refusals: Refusals::HoldBack }
    }

    /// The stream as it was before a refusal that was held back, if one was. `unread` was read and not used.
    pub(super) fn again(self, unread: Bytes) -> Option<Stream> {
        (self.refusals == Refusals::HeldBack).then_some(Stream {
            io: self.io,
            unread,
            refusals: Refusals::Send,
        })
    }

    /// Whether these bytes are for nobody.
    fn holds_back(&mut self, bytes: &[u8]) -> bool {
        if self.refusals == Refusals::HoldBack && bytes.get(8..12) == Some(b" 431") {
            self.refusals = Refusals::HeldBack;
        }
        self.refusals == Refusals::HeldBack
    }
}

impl Read for Stream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        mut buf: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        if self.unread.is_empty() {
            return Pin::new(&mut self.io).poll_read(cx, buf);
        }
        let size = buf.remaining().min(self.unread.len());
        buf.put_slice(&self.unread.split_to(size));
        Poll::Ready(Ok(()))
    }
}

impl Write for Stream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        if self.holds_back(bytes) {
            return Poll::Ready(Ok(bytes.len()));
        }
        Pin::new(&mut self.io).poll_write(cx, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        parts: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        if self.holds_back(parts.first().map_or(&[], |part| part)) {
            return Poll::Ready(Ok(parts.iter().map(|part| part.len()).sum()));
        }
        Pin::new(&mut self.io).poll_write_vectored(cx, parts)
    }

    fn is_write_vectored(&self) -> bool {
        self.io.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.refusals == Refusals::HeldBack {
            return Poll::Ready(Ok(()));
        }
        Pin::new(&mut self.io).poll_shutdown(cx)
    }
}
