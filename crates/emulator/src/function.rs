//! The owner of one function: a task that holds all of its state.

use std::path::PathBuf;
use std::sync::Arc;

use bytes::Bytes;
use kelvin_lambda::{
    FunctionConfig, FunctionError, Invocation, MAX_REQUEST_BYTES, Start, Status, Timing,
};
use kelvin_platform::{ConfigChange, FunctionSpec, InvokeRequest, PlatformError};
use tokio::sync::{mpsc, oneshot};
use uuid::Uuid;

use crate::clock::now_ns;
use crate::cpu::CpuLimit;
use crate::environment::{Context, Environment, Request};

/// What can be asked of a function.
#[derive(Debug)]
pub(crate) enum Command {
    Invoke {
        request: InvokeRequest,
        answered: oneshot::Sender<Bytes>,
        done: oneshot::Sender<Result<Invocation, PlatformError>>,
    },
    Configure {
        change: ConfigChange,
        done: oneshot::Sender<Result<(), PlatformError>>,
    },
    Recycle {
        done: oneshot::Sender<Result<(), PlatformError>>,
    },
    Remove {
        done: oneshot::Sender<Result<(), PlatformError>>,
    },
}

/// A deployed function. It has at most one execution environment: its callers take turns.
#[derive(Debug)]
pub(crate) struct Function {
    config: Arc<FunctionConfig>,
    bootstrap: PathBuf,
    context: Context,
    environment: Option<Environment>,
}

impl Function {
    pub(crate) fn new(spec: FunctionSpec, context: Context) -> Function {
        let FunctionSpec { config, bootstrap } = spec;
        Function { config: Arc::new(config), bootstrap, context, environment: None }
    }

    /// Carries out commands one after another until it is removed or nobody can ask any more.
    pub(crate) async fn run(mut self, mut commands: mpsc::UnboundedReceiver<Command>) {
        loop {
            let command = tokio::select! {
                command = commands.recv() => command,
                () = idle(&mut self.environment) => continue,
            };
            // Whoever asked may have stopped waiting; what was asked is done all the same.
            match command {
                None => return,
                Some(Command::Invoke { request, answered, done }) => {
                    done.send(self.invoke(&request, answered).await).ok();
                }
                Some(Command::Configure { change, done }) => {
                    done.send(self.configure(change).await).ok();
                }
                Some(Command::Recycle { done }) => {
                    self.recycle().await;
                    done.send(Ok(())).ok();
                }
                Some(Command::Remove { done }) => {
                    self.recycle().await;
                    done.send(Ok(())).ok();
                    return;
                }
            }
        }
    }

    async fn invoke(
        &mut self,
        request: &InvokeRequest,
        answered: oneshot::Sender<Bytes>,
    ) -> Result<Invocation, PlatformError> {
        let accepted_at = now_ns();
        let id = Uuid::new_v4().to_string();
        if request.payload.len() > MAX_REQUEST_BYTES {
            return Ok(refused(id, request, accepted_at));
        }
        if self.environment.is_none() {
            let environment = Environment::new(&self.context, &self.bootstrap);
            self.environment = Some(environment.map_err(|source| PlatformError::Io {
                action: format!("make an execution environment of {}", self.config.name),
                source,
            })?);
        }
        let environment = self.environment.as_mut().expect("it was made above");
        let config = &self.config;
        let throttled = self.context.limits.cpu == CpuLimit::Tick;
        let request = Request { id, config, invoke: request, accepted_at, throttled, answered };
        Ok(environment.invoke(request).await.into_invocation())
    }

    async fn configure(&mut self, change: ConfigChange) -> Result<(), PlatformError> {
        let mut config = FunctionConfig::clone(&self.config);
        change.apply(&mut config);
        config
            .validate()
            .map_err(|source| PlatformError::InvalidConfig { name: config.name.clone(), source })?;
        self.config = Arc::new(config);
        self.recycle().await;
        Ok(())
    }

    async fn recycle(&mut self) {
        if let Some(environment) = self.environment.take() {
            environment.end().await;
        }
    }
}

/// Cancel safe, as [`Environment::idle`] is.
async fn idle(environment: &mut Option<Environment>) {
    match environment {
        Some(environment) => environment.idle().await,
        None => std::future::pending().await,
    }
}

/// AWS refuses a request that is too large before any environment sees it, and does not bill it.
fn refused(request_id: String, request: &InvokeRequest, accepted_at: u64) -> Invocation {
    let error = FunctionError::request_too_large();
    Invocation {
        request_id,
        environment: None,
        start: Start::Warm,
        status: Status::TooLarge,
        sent_at_ns: accepted_at,
        intended_at_ns: None,
        timing: Timing::default(),
        max_memory_bytes: None,
        billed_ms: 0,
        request_bytes: request.payload.len() as u64,
        response: Bytes::from(error.to_payload()),
        error: Some(error),
        log_tail: None,
    }
}
