//! `f.caller()`: what a caller tells a function beside the event.

use std::sync::Arc;

use kelvin_platform::{Caller, CognitoIdentity};
use rhai::{Dynamic, Map, NativeCallContext};

use crate::fields::Fields;
use crate::function::Function;
use crate::json;
use crate::language::Language;
use crate::session::Fault;

const KEYS: [&str; 3] = ["client_context", "cognito_identity", "trace_id"];
const IDENTITY_KEYS: [&str; 2] = ["identity_id", "identity_pool_id"];

pub(crate) fn add(language: &mut Language<'_>) {
    language
        .add(
            "f.caller(#{ client_context, cognito_identity, trace_id })",
            "The same function, called by somebody who tells it this beside the event, for what is called on the result: each invocation, also of a loop and of a load, gets it in the headers of the Runtime API. The client context is a map, which the function gets as JSON and the Invoke API takes in base64 of no more than 3,583 bytes. The Cognito identity is a map of `identity_id` and `identity_pool_id`. The trace id is the text of an X-Ray trace header; without it each invocation begins a trace of its own.",
            |s| {
                move |ctx: NativeCallContext<'_>, f: Function, map: Map| {
                    let caller = read(map).map_err(|e| Fault::Mistake(format!("caller: {e}")));
                    s.answer(&ctx, caller.map(|caller| Function(f.0, f.1, Some(Arc::new(caller)))))
                }
            },
        )
        .returns("the function")
        .example("let app = f.caller(#{ client_context: #{ client: #{ app_title: \"Orders\" }, custom: #{ theme: \"dark\" } } });\napp.invoke(#{ id: 7 });\napp.repeat(10);\nf.caller(#{ trace_id: \"Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1\" }).invoke();\nf.caller(#{ cognito_identity: #{ identity_id: \"us-east-1:7a1c\", identity_pool_id: \"us-east-1:09e5\" } }).invoke();");
}

fn read(map: Map) -> Result<Caller, String> {
    let mut fields = Fields::new("key", map, &KEYS)?;
    let context = fields.map("client_context")?.map(|map| {
        let json = json::from_script(&Dynamic::from_map(map));
        json.map(|json| json.to_string()).map_err(|e| format!("client_context: {e}"))
    });
    let identity = fields
        .map("cognito_identity")?
        .map(|map| identity(map).map_err(|e| format!("cognito_identity: {e}")));
    let trace_id = fields.string("trace_id")?;
    Caller::new(context.transpose()?, identity.transpose()?, trace_id).map_err(|e| e.to_string())
}

fn identity(map: Map) -> Result<CognitoIdentity, String> {
    let mut fields = Fields::new("key", map, &IDENTITY_KEYS)?;
    let mut given = |key| fields.string(key)?.ok_or_else(|| format!("{key} is missing"));
    Ok(CognitoIdentity {
        identity_id: given("identity_id")?,
        identity_pool_id: given("identity_pool_id")?,
    })
}
