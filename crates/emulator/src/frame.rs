//! The parts of a response, as they reach its caller.

use bytes::Bytes;
use kelvin_lambda::FunctionError;

/// A part of a response: one head, then data as it arrives, then the end.
///
/// A request that no execution environment has taken has none of them, only a record.
/// A response whose invocation fails before it has begun has the end alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Frame {
    /// The function has begun to answer.
    Head {
        /// Whether the runtime streams its response (`Lambda-Runtime-Function-Response-Mode: streaming`).
        is_streamed: bool,
        /// `Content-Type` of a streamed response.
        content_type: Option<String>,
    },
    /// Some of the response; of one that is not streamed, all of it.
    Data(Bytes),
    /// Nothing follows. With the error of an invocation that failed, whatever of its response came before.
    End(Result<(), FunctionError>),
}
