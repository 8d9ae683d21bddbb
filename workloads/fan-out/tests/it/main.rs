//! The workload against Kelvin's own HTTP upstream, which is slow and fails as it is told to.

mod concurrency;
mod failures;
mod kit;
mod mistakes;

use kelvin_workload::{InitContext, check_cases_with_io};

use fan_out::{FanOut, UPSTREAM_VARIABLE};

#[test]
fn every_case_is_answered_rightly() {
    let service = kit::service(|_| {});
    let endpoint = service.endpoint().to_owned();
    assert_eq!(service.env_vars().keys().collect::<Vec<_>>(), [UPSTREAM_VARIABLE]);
    let ctx = InitContext::new(move |name| (name == UPSTREAM_VARIABLE).then(|| endpoint.clone()));
    assert_eq!(kit::block_on(check_cases_with_io::<FanOut>(&ctx)), Ok(()));
}
