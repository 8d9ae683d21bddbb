//! An internal extension: a thread of the function that registers and asks for events.

use std::io;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread::spawn;

use super::{Runtime, gate};

/// What it was told, one line an answer.
static TOLD: Mutex<Vec<String>> = Mutex::new(Vec::new());
static ID: Mutex<String> = Mutex::new(String::new());

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What it was told so far.
pub(crate) fn told() -> String {
    lock(&TOLD).join("\n")
}

/// Registers for these events, and from then on asks for one after another. With a port it knocks there after each.
pub(crate) fn register(api: &str, events: &str, port: Option<String>) -> io::Result<()> {
    let mut client = Runtime::connect(api)?;
    let headers =
        "Lambda-Extension-Name: in-the-function\r\nLambda-Extension-Accept-Feature: accountId\r\n";
    let body = format!("{{\"events\":{events}}}");
    let answer = client.send("POST", "/2020-01-01/extension/register", headers, body.as_bytes())?;
    lock(&TOLD).push(format!("{} {}", answer.status, String::from_utf8_lossy(&answer.body)));
    let id = answer.header("Lambda-Extension-Identifier").unwrap_or_default().to_owned();
    lock(&ID).clone_from(&id);
    spawn(move || {
        let headers = format!("Lambda-Extension-Identifier: {id}\r\n");
        while let Ok(answer) = client.send("GET", "/2020-01-01/extension/event/next", &headers, b"")
        {
            let event = String::from_utf8_lossy(&answer.body).into_owned();
            let known = answer.header("Lambda-Extension-Event-Identifier").is_some();
            lock(&TOLD).push(format!("{} {known} {event}", answer.status));
            if answer.status != 200 {
                return;
            }
            if let Some(port) = &port {
                gate(port).ok();
            }
        }
    });
    Ok(())
}

/// Reports that it cannot go on, as `init` or as `exit`.
pub(crate) fn report(api: &str, phase: &str) -> io::Result<u16> {
    let headers = format!(
        "Lambda-Extension-Identifier: {}\r\nLambda-Extension-Function-Error-Type: Of.Mine\r\n",
        lock(&ID)
    );
    let path = format!("/2020-01-01/extension/{phase}/error");
    Ok(Runtime::connect(api)?.send("POST", &path, &headers, b"{}")?.status)
}
