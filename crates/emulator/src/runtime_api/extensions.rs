//! The internal extensions of a process: who has registered, and what each waits for.
//!
//! "Using the Lambda Extensions API to create extensions" (AWS Lambda developer guide), with the states, error types and
//! messages of aws-lambda-runtime-interface-emulator. An internal extension runs in the runtime's own processes; it can register
//! for INVOKE and not for SHUTDOWN, and hears of the end by SIGTERM, which goes to those processes.

use std::sync::Arc;

use kelvin_lambda::FunctionConfig;
use serde::Deserialize;
use uuid::Uuid;

use super::reply::Registered;
use super::{Body, CallId, ExtensionRequest, NextEvent, Reply};

/// How many an environment may have.
const MAX_EXTENSIONS: usize = 10;

/// All extensions of one process.
#[derive(Debug, Default)]
pub(super) struct Extensions {
    all: Vec<Extension>,
    /// What the first of them has reported that cannot go on.
    fatal_error: Option<&'static str>,
    function_name: String,
    handler: String,
}

#[derive(Debug)]
struct Extension {
    id: Uuid,
    name: String,
    hears_invoke: bool,
    state: State,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Registered,
    /// It waits for an event.
    Ready(CallId),
    Running,
    InitError,
    ExitError,
}

impl State {
    /// The names in error messages.
    fn name(self) -> &'static str {
        match self {
            State::Registered => "Registered",
            State::Ready(_) => "Ready",
            State::Running => "Running",
            State::InitError => "InitError",
            State::ExitError => "ExitError",
        }
    }
}

/// What an extension registers for.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Registration {
    events: Option<Vec<String>>,
    configuration_keys: Option<Vec<String>>,
}

/// Whether an extension can still register: until the runtime asks for its first event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Registering {
    Open,
    Closed,
}

impl Extensions {
    pub(super) fn of(config: &FunctionConfig) -> Extensions {
        let (function_name, handler) = (config.name.clone(), config.handler.clone());
        Extensions { function_name, handler, ..Extensions::default() }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// What the first of them has reported that cannot go on: the type of AWS's error when the process ends then.
    pub(super) fn fatal_error(&self) -> Option<&'static str> {
        self.fatal_error
    }

    /// Whether all that INIT waits for have asked for an event.
    pub(super) fn are_initialized(&self) -> bool {
        self.all.iter().all(|extension| matches!(extension.state, State::Ready(_)))
    }

    /// Whether all that hear of invocations have asked for the next.
    pub(super) fn are_ready(&self) -> bool {
        let mut listeners = self.all.iter().filter(|extension| extension.hears_invoke);
        listeners.all(|extension| matches!(extension.state, State::Ready(_)))
    }

    /// Hands an event to those that have registered for it.
    pub(super) fn invoke<'a>(
        &'a mut self,
        event: &'a Arc<NextEvent>,
    ) -> impl Iterator<Item = (CallId, Reply)> + 'a {
        let listeners = self.all.iter_mut().filter(|extension| extension.hears_invoke);
        listeners.filter_map(|extension| {
            let State::Ready(call) = extension.state else { return None };
            extension.state = State::Running;
            Some((call, Reply::Invoke(Arc::clone(event))))
        })
    }

    /// Takes a request; `None` if its answer has to wait.
    pub(super) fn on(
        &mut self,
        call: CallId,
        request: ExtensionRequest,
        body: Body,
        registering: Registering,
    ) -> Option<Reply> {
        match request {
            ExtensionRequest::Register { name, id, wants_account } => {
                let registered = self.register(name, id, body, registering);
                Some(registered.err().unwrap_or_else(|| {
                    let (function_name, handler) =
                        (self.function_name.clone(), self.handler.clone());
                    let told = Registered { id, function_name, handler, wants_account };
                    Reply::Registered(Box::new(told))
                }))
            }
            ExtensionRequest::Next { id } => {
                let Some(extension) = self.find(id) else {
                    return Some(unknown(format!("Unknown extension {id}")));
                };
                match extension.state {
                    State::Registered | State::Running => {
                        extension.state = State::Ready(call);
                        None
                    }
                    _ => Some(extension.no_way_to("Ready")),
                }
            }
            ExtensionRequest::InitError { id } => {
                let Some(extension) = self.find(id) else { return Some(unidentified()) };
                match extension.state {
                    State::Registered | State::InitError => extension.state = State::InitError,
                    _ => return Some(extension.no_way_to("InitError")),
                }
                self.fatal_error.get_or_insert("Extension.InitError");
                Some(Reply::Accepted)
            }
            ExtensionRequest::ExitError { id } => {
                let Some(extension) = self.find(id) else { return Some(unidentified()) };
                match extension.state {
                    State::InitError => return Some(extension.no_way_to("Exited")),
                    _ => extension.state = State::ExitError,
                }
                self.fatal_error.get_or_insert("Extension.ExitError");
                Some(Reply::Accepted)
            }
        }
    }

    fn register(
        &mut self,
        name: String,
        id: Uuid,
        body: Body,
        registering: Registering,
    ) -> Result<(), Reply> {
        let body = match body {
            Body::Whole(body) => body,
            Body::TooLarge => return Err(Reply::TooLarge),
            Body::Truncated => return Err(Reply::Truncated),
        };
        let malformed = |why: String| forbidden("InvalidRequestFormat", why);
        let registration: Registration =
            serde_json::from_slice(&body).map_err(|error| malformed(error.to_string()))?;
        if registration.configuration_keys.is_some_and(|keys| !keys.is_empty()) {
            let why = "configurationKeys are deprecated; use environment variables instead";
            return Err(malformed(why.to_owned()));
        }
        let events = registration.events.unwrap_or_default();
        for event in &events {
            let why = match event.as_str() {
                "INVOKE" => continue,
                "SHUTDOWN" => "ShutdownEventNotSupportedForInternalExtension",
                _ => "ErrorInvalidEventType",
            };
            return Err(forbidden("Extension.InvalidEventType", format!("{event}: {why}")));
        }
        if registering == Registering::Closed {
            let why = "Extension registration closed already";
            return Err(forbidden("Extension.RegistrationClosed", why.to_owned()));
        }
        if self.all.len() >= MAX_EXTENSIONS {
            let why = format!("Extension limit ({MAX_EXTENSIONS}) reached");
            return Err(forbidden("Extension.TooManyExtensions", why));
        }
        if self.all.iter().any(|extension| extension.name == name) {
            let why = "Extension with this name already registered";
            return Err(forbidden("Extension.InvalidExtensionState", why.to_owned()));
        }
        let hears_invoke = !events.is_empty();
        self.all.push(Extension { id, name, hears_invoke, state: State::Registered });
        Ok(())
    }

    fn find(&mut self, id: Uuid) -> Option<&mut Extension> {
        self.all.iter_mut().find(|extension| extension.id == id)
    }
}

impl Extension {
    fn no_way_to(&self, to: &str) -> Reply {
        let (from, id) = (self.state.name(), self.id);
        let why = format!(
            "State transition from {from} to {to} failed for extension {id}. Error: State transition is not allowed"
        );
        forbidden("Extension.InvalidExtensionState", why)
    }
}

fn unknown(message: String) -> Reply {
    forbidden("Extension.UnknownExtensionIdentifier", message)
}

fn unidentified() -> Reply {
    unknown("Unknown Lambda-Extension-Identifier".to_owned())
}

pub(super) fn forbidden(error_type: &'static str, message: String) -> Reply {
    Reply::Forbidden { error_type, message }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;

    const ONE: Uuid = Uuid::from_u128(1);
    const TWO: Uuid = Uuid::from_u128(2);

    fn register(extensions: &mut Extensions, name: &str, id: Uuid, body: &'static str) -> String {
        let request =
            ExtensionRequest::Register { name: name.to_owned(), id, wants_account: false };
        let body = Body::Whole(Bytes::from_static(body.as_bytes()));
        told(extensions.on(0, request, body, Registering::Open))
    }

    fn on(extensions: &mut Extensions, call: CallId, request: ExtensionRequest) -> String {
        told(extensions.on(call, request, Body::Whole(Bytes::new()), Registering::Closed))
    }

    fn told(reply: Option<Reply>) -> String {
        match reply {
            None => "waits".to_owned(),
            Some(Reply::Registered(_)) => "200".to_owned(),
            Some(Reply::Accepted) => "202".to_owned(),
            Some(Reply::Forbidden { error_type, message }) => format!("{error_type}: {message}"),
            Some(other) => format!("{other:?}"),
        }
    }

    #[test]
    fn an_internal_extension_registers_for_invoke_or_for_nothing() {
        let check = |body: &'static str, expected: &str| {
            let mut extensions = Extensions::default();
            assert_eq!(register(&mut extensions, "one", ONE, body), expected, "{body}");
            assert_eq!(extensions.is_empty(), expected != "200", "{body}");
        };
        check(r#"{"events":[]}"#, "200");
        check(r#"{"events":["INVOKE"]}"#, "200");
        check(r#"{"events":null,"other":1}"#, "200");
        check("{}", "200");
        check(
            r#"{"events":["INVOKE","SHUTDOWN"]}"#,
            "Extension.InvalidEventType: SHUTDOWN: ShutdownEventNotSupportedForInternalExtension",
        );
        check(
            r#"{"events":["OTHER"]}"#,
            "Extension.InvalidEventType: OTHER: ErrorInvalidEventType",
        );
        check("", "InvalidRequestFormat: EOF while parsing a value at line 1 column 0");
        check(
            r#"{"events":[],"configurationKeys":["A"]}"#,
            "InvalidRequestFormat: configurationKeys are deprecated; use environment variables instead",
        );
    }

    #[test]
    fn names_are_its_own_and_there_are_ten() {
        let mut extensions = Extensions::default();
        assert_eq!(register(&mut extensions, "0", Uuid::from_u128(0), "{}"), "200");
        assert_eq!(
            register(&mut extensions, "0", ONE, "{}"),
            "Extension.InvalidExtensionState: Extension with this name already registered"
        );
        for n in 1..10 {
            assert_eq!(register(&mut extensions, &n.to_string(), Uuid::from_u128(n), "{}"), "200");
        }
        assert_eq!(
            register(&mut extensions, "10", Uuid::from_u128(10), "{}"),
            "Extension.TooManyExtensions: Extension limit (10) reached"
        );
        let late = ExtensionRequest::Register { name: String::new(), id: ONE, wants_account: true };
        let body = Body::Whole(Bytes::from_static(b"{}"));
        assert_eq!(
            told(Extensions::default().on(0, late, body, Registering::Closed)),
            "Extension.RegistrationClosed: Extension registration closed already"
        );
    }

    #[test]
    fn follows_the_states_of_aws() {
        use ExtensionRequest::{ExitError, InitError, Next};
        let mut all = Extensions::default();
        register(&mut all, "one", ONE, r#"{"events":["INVOKE"]}"#);
        register(&mut all, "two", TWO, "{}");
        assert!(!all.are_initialized() && !all.are_ready());
        assert_eq!(on(&mut all, 1, Next { id: ONE }), "waits");
        assert!(!all.are_initialized() && all.are_ready());
        assert_eq!(on(&mut all, 2, Next { id: TWO }), "waits");
        assert!(all.are_initialized() && all.are_ready());
        assert_eq!(
            on(&mut all, 3, Next { id: ONE }),
            "Extension.InvalidExtensionState: State transition from Ready to Ready failed for extension 00000000-0000-0000-0000-000000000001. Error: State transition is not allowed"
        );
        // Only who has registered for it hears of an invocation.
        let event = Arc::new(NextEvent::of_test("a"));
        let calls: Vec<CallId> = all.invoke(&event).map(|(call, _)| call).collect();
        assert_eq!(calls, [1]);
        assert!(!all.are_ready());
        assert_eq!(on(&mut all, 4, Next { id: ONE }), "waits");
        assert!(all.are_ready());
        let stranger = Uuid::from_u128(3);
        assert_eq!(
            on(&mut all, 5, Next { id: stranger }),
            format!("Extension.UnknownExtensionIdentifier: Unknown extension {stranger}")
        );
        let refused = on(&mut all, 6, InitError { id: ONE });
        assert!(refused.contains("from Ready to InitError failed"), "{refused}");
        assert_eq!((all.fatal_error(), all.are_ready()), (None, true));
        assert_eq!(on(&mut all, 7, ExitError { id: ONE }), "202");
        assert_eq!(on(&mut all, 8, ExitError { id: ONE }), "202");
        assert_eq!((all.fatal_error(), all.are_ready()), (Some("Extension.ExitError"), false));
        let mut one = Extensions::default();
        register(&mut one, "one", ONE, "{}");
        assert_eq!(on(&mut one, 9, InitError { id: ONE }), "202");
        let refused = on(&mut one, 10, ExitError { id: ONE });
        assert!(refused.contains("from InitError to Exited failed"), "{refused}");
        assert_eq!(
            (one.fatal_error(), one.are_initialized()),
            (Some("Extension.InitError"), false)
        );
    }
}
