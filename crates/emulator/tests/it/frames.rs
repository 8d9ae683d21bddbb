//! Responses that reach their caller part by part.

use kelvin_emulator::Frame;
use kelvin_lambda::{Invocation, Status, Timeout};
use tokio::sync::mpsc;

use crate::gate::{Gate, open};
use crate::kit::{Kit, kit, request};

/// Frames as texts: the head, what is in the data, the type of the error at the end.
fn told(frame: &Frame) -> String {
    match frame {
        Frame::Head { is_streamed: false, .. } => "head".to_owned(),
        Frame::Head { content_type, .. } => {
            format!("streamed head {}", content_type.as_deref().unwrap_or_default())
        }
        Frame::Data(data) => String::from_utf8_lossy(data).into_owned(),
        Frame::End(Ok(())) => "end".to_owned(),
        Frame::End(Err(error)) => error.error_type.clone(),
    }
}

/// Invokes, and returns all frames and the record.
fn invoke(kit: &Kit, what: &str) -> (Vec<String>, Invocation) {
    let function = kit.deploy(|config| config.timeout = Timeout::new(2).expect("in range"));
    let (frames_to, mut frames) = mpsc::unbounded_channel();
    let invoked = kit.emulator.invoke_with_frames(function, request(what), frames_to);
    let invocation = kit.runtime.block_on(invoked).expect("the emulator works");
    let mut all = Vec::new();
    while let Ok(frame) = frames.try_recv() {
        all.push(told(&frame));
    }
    kit.runtime.block_on(kelvin_platform::Platform::remove(&kit.emulator, function)).ok();
    (all, invocation.expect("nothing ends its environment before"))
}

#[test]
fn a_part_of_a_streamed_response_is_there_before_the_function_sends_the_next() {
    let kit = kit();
    let gate = Gate::new(&kit.emulator);
    let function = kit.deploy(|_| ());
    let (frames_to, mut frames) = mpsc::unbounded_channel();
    let event = request(&format!("stream {}", gate.event()));
    let invoked = kit.emulator.invoke_with_frames(function, event, frames_to);
    let received = async {
        let mut next = async || frames.recv().await.as_ref().map(told).unwrap_or_default();
        let first = [next().await, next().await];
        assert_eq!(first, ["streamed head text/plain", "one"]);
        // The function waits before the gate, so nothing has followed.
        let waiting = gate.knock().await;
        open(waiting).await;
        assert_eq!([next().await, next().await, next().await], ["two", "end", ""]);
    };
    let (invocation, ()) = kit.runtime.block_on(async { tokio::join!(invoked, received) });
    let invocation = invocation.expect("the emulator works").expect("it was served");
    assert_eq!((invocation.status, &invocation.response[..]), (Status::Ok, &b"onetwo"[..]));
}

#[test]
fn a_response_ends_as_its_invocation_does() {
    let kit = kit();
    let check = |what: &str, expected: &[&str], status: Status| {
        let (frames, invocation) = invoke(&kit, what);
        assert_eq!(frames, expected, "{what}");
        assert_eq!(invocation.status, status, "{what}");
    };
    check("echo", &["head", "\"echo\"", "end"], Status::Ok);
    check("error", &["Table.Missing"], Status::Error);
    check("exit 3", &["Runtime.ExitError"], Status::Crash);
    check("hang", &["Sandbox.Timedout"], Status::Timeout);
    let begun = "streamed head text/plain";
    // The caller hears that its response is cut off before the end of the process is known.
    check("stream exit 3", &[begun, "one", "Runtime.TruncatedResponse"], Status::Crash);
    check("stream hang", &[begun, "one", "Sandbox.Timedout"], Status::Timeout);
    // The caller has the response, whatever becomes of the function after it.
    let answered = ["head", "\"last words\"", "end"];
    check("respond-and-exit", &answered, Status::Crash);
}
