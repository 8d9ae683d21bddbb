//! An upstream, and one invocation of the workload.

use fan_out::{Event, FanOut, Response, UPSTREAM_VARIABLE};
use kelvin_services::{Service, ServiceKind, ServiceSpec};
use kelvin_workload::{InitContext, InvokeContext, Workload};

pub(crate) fn service(change: impl FnOnce(&mut ServiceSpec)) -> Service {
    let mut spec = ServiceSpec::new(ServiceKind::Http);
    change(&mut spec);
    Service::start(&spec, &std::env::temp_dir()).expect("it starts")
}

pub(crate) fn block_on<T>(work: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.expect("a runtime can be started").block_on(work)
}

/// What the workload makes of an event, in an environment that names this upstream: the response, or type and message of
/// the error.
pub(crate) fn invoke(upstream: Option<&str>, event: Event) -> Result<Response, (String, String)> {
    let upstream = upstream.map(str::to_owned);
    let ctx = InitContext::new(move |name| upstream.clone().filter(|_| name == UPSTREAM_VARIABLE));
    let result = block_on(async {
        let workload = FanOut::init(&ctx).await?;
        workload.handle(event, &InvokeContext::new("a request id")).await
    });
    result.map_err(|error| (error.error_type().to_owned(), error.error_message()))
}
