//! The bootstrap as a Lambda function: INIT, then one invocation after the other.
//!
//! The order of one invocation is that of the timing contract: decode, handle, encode, post the response, write the
//! line of spans, prepare (after the first response, if the function was deployed so), do the work after the response,
//! ask for the next invocation.

use std::cell::{Cell, RefCell};
use std::future::Future;
use std::io::{self, Write};
use std::mem;
use std::pin::Pin;
use std::process::ExitCode;
use std::rc::Rc;
use std::task::{Context, Poll};

use bytes::Bytes;
use kelvin_lambda::SpanLine;
use kelvin_workload::{InitContext, Workload, WorkloadError};
use lambda_runtime::tower::layer::layer_fn;
use lambda_runtime::{
    Diagnostic, Error, LambdaEvent, LambdaInvocation, Runtime, Service, service_fn,
};
use serde_json::value::RawValue;

use crate::environment::{NotLambda, by_hand, runtime_api};
use crate::invocation::{invoke, invoke_timed};
use crate::preparation::Preparation;
use crate::span_log::SpanLog;
use crate::{init_error, modes};

/// Runs until Lambda ends the process or the Runtime API is gone.
pub(crate) fn run<W: Workload>() -> ExitCode {
    let api = match runtime_api(|name| std::env::var(name).ok()) {
        Ok(api) => api,
        Err(NotLambda::ByHand) => {
            complain(&by_hand(W::NAME));
            return ExitCode::from(modes::USAGE);
        }
        Err(NotLambda::Incomplete(reason)) => {
            complain(&format!("{}: cannot run as a Lambda function: {reason}\n", W::NAME));
            return ExitCode::from(modes::USAGE);
        }
    };
    let done = async_runtime().and_then(|runtime| runtime.block_on(serve::<W>(&api)));
    match done {
        Ok(code) => code,
        Err(error) => {
            complain(&format!("{}: {error}\n", W::NAME));
            ExitCode::FAILURE
        }
    }
}

/// The async runtime that everything in a bootstrap runs on: one thread, as one execution environment has one
/// invocation at a time.
pub(crate) fn async_runtime() -> io::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_current_thread().enable_all().build()
}

async fn serve<W: Workload>(api: &str) -> io::Result<ExitCode> {
    let ctx = InitContext::new(|name| std::env::var(name).ok());
    let function = match Function::<W>::init(&ctx).await {
        Ok(function) => Rc::new(function),
        Err(error) => {
            fail_init(W::NAME, api, &error);
            return Ok(ExitCode::FAILURE);
        }
    };
    let handler = {
        let function = Rc::clone(&function);
        service_fn(move |event: LambdaEvent<()>| {
            let function = Rc::clone(&function);
            async move { function.handle(&event.context.request_id).await }
        })
    };
    let runtime = Runtime::new(handler)
        .layer(layer_fn(|inner| Outermost { inner, function: Rc::clone(&function) }));
    runtime.run().await.map_err(io::Error::other)?;
    Ok(ExitCode::SUCCESS)
}

fn fail_init(name: &str, api: &str, error: &WorkloadError) {
    complain(&format!("{name}: init failed: {}\n", error.error_message()));
    if let Err(error) = init_error::report(api, error) {
        complain(&format!("{name}: failed to report it to the Runtime API at {api}: {error}\n"));
    }
}

/// A workload with what its invocations need.
struct Function<W> {
    workload: W,
    /// `None` if nobody wants spans.
    spans: Option<SpanLog>,
    /// Whether to prepare after the next response.
    to_prepare: Cell<bool>,
    current: RefCell<Current>,
}

/// What the outermost layer and the handler tell each other about the one invocation that is going on.
#[derive(Default)]
struct Current {
    payload: Bytes,
    line: Option<SpanLine>,
}

impl<W: Workload> Function<W> {
    /// The init phase.
    async fn init(ctx: &InitContext) -> Result<Function<W>, WorkloadError> {
        let preparation = Preparation::of(ctx)?;
        let workload = W::init(ctx).await?;
        if preparation == Preparation::Init {
            workload.prepare().await?;
        }
        let wants_spans = ctx.var("KELVIN_SPANS").is_some_and(|value| value == "1");
        Ok(Function {
            workload,
            // Without a log to write them to, nobody wants them.
            spans: wants_spans.then(SpanLog::open).and_then(Result::ok),
            to_prepare: Cell::new(preparation == Preparation::AfterResponse),
            current: RefCell::default(),
        })
    }

    async fn handle(&self, request_id: &str) -> Result<Box<RawValue>, Diagnostic> {
        let payload = mem::take(&mut self.current.borrow_mut().payload);
        let result = if self.spans.is_some() {
            let (result, line) = invoke_timed(&self.workload, &payload, request_id).await;
            self.current.borrow_mut().line = Some(line);
            result
        } else {
            invoke(&self.workload, &payload, request_id).await
        };
        result.map_err(|error| Diagnostic {
            error_type: error.error_type().to_owned(),
            error_message: error.error_message(),
        })
    }

    async fn after_post(&self) {
        let line = self.current.borrow_mut().line.take();
        if let (Some(line), Some(log)) = (line, &self.spans) {
            // A log that is closed meanwhile is no reason to fail an invocation.
            let _ = log.write(&line);
        }
        if self.to_prepare.take()
            && let Err(error) = self.workload.prepare().await
        {
            // No caller is there to be told. The next invocation tries again, and its caller is.
            let message = error.error_message();
            complain(&format!("{}: failed to prepare after the response: {message}\n", W::NAME));
        }
        self.workload.after_response().await;
    }
}

fn complain(text: &str) {
    // Nowhere is left to say that standard error is closed.
    let _ = io::stderr().lock().write_all(text.as_bytes());
}

/// The layer around everything that lambda_runtime does for one invocation: it begins before the event is read and
/// ends after the response was posted and before the next invocation is asked for.
///
/// It hands the payload past lambda_runtime, which would read it a second time.
struct Outermost<S, W> {
    inner: S,
    function: Rc<Function<W>>,
}

impl<S, W> Service<LambdaInvocation> for Outermost<S, W>
where
    S: Service<LambdaInvocation, Response = (), Error = Error>,
    S::Future: 'static,
    W: Workload,
{
    type Response = ();
    type Error = Error;
    type Future = Pin<Box<dyn Future<Output = Result<(), Error>>>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut invocation: LambdaInvocation) -> Self::Future {
        let payload = mem::replace(&mut invocation.body, Bytes::from_static(b"null"));
        *self.function.current.borrow_mut() = Current { payload, line: None };
        let function = Rc::clone(&self.function);
        let posted = self.inner.call(invocation);
        Box::pin(async move {
            posted.await?;
            function.after_post().await;
            Ok(())
        })
    }
}
