//! Events that scripts make, draw and read.

use aws_lambda_events::sqs::SqsEvent;
use insta::assert_snapshot;
use serde_json::Value;

use crate::fake::{Setup, run, run_script, run_with};
use crate::folder::compile;

/// What a function was sent, as text.
pub(crate) fn sent_with(seed: u64, script: &str) -> Vec<String> {
    let script = format!("let f = deploy(#{{ workload: \"hello\" }});\n{script}");
    let ran = run_with(&script, Setup { seed, ..Setup::default() });
    if let Err(error) = ran.result {
        panic!("{}", error.render());
    }
    let payload = |line: &String| {
        let line = line.strip_prefix("invoke 0: ")?;
        line.strip_suffix(", log true").map(str::to_owned)
    };
    ran.log.iter().filter_map(payload).collect()
}

#[test]
fn every_event_follows_from_the_seed_and_no_two_are_the_same() {
    let kinds = [
        "dynamodb",
        "eventbridge",
        "http-api",
        "kinesis",
        "rest-api",
        "s3-put",
        "schedule",
        "sns",
        "sqs",
    ];
    for kind in kinds {
        let script = format!("for i in 0..3 {{ f.invoke(event(\"{kind}\")); }}");
        let events = sent_with(7, &script);
        assert_eq!(events, sent_with(7, &script), "{kind}");
        assert_ne!(events, sent_with(8, &script), "{kind}");
        assert!(events[0] != events[1] && events[1] != events[2], "{kind}");
    }
}

#[test]
fn an_event_can_be_changed_before_it_is_sent() {
    let script = "let e = event(\"sqs\"); e.Records[0].body = \"mine\"; e.extra = 1; f.invoke(e);";
    let event: Value = serde_json::from_str(&sent_with(1, script)[0]).unwrap();
    assert_eq!((&event["Records"][0]["body"], &event["extra"]), (&"mine".into(), &1.into()));
}

#[test]
fn events_are_made_of_what_closures_see() {
    let script = r#"
        let n = 1;
        let text = "hi";
        let sum = 0;
        [1, 2].map(|x| {
            n += 1;
            f.invoke(event("sqs", #{ n: n, body: text }));
            f.invoke(event("sqs", #{ n: n, body: |i| { sum += i; text + sum } }));
            f.invoke(event("http-api", #{ body: text }));
            f.invoke(template(#{ text: text, n: n }).next());
        });
    "#;
    let sent = sent_with(1, script);
    let bodies = |at: usize| {
        let event: SqsEvent = serde_json::from_str(&sent[at]).unwrap();
        event.records.into_iter().filter_map(|record| record.body).collect::<Vec<_>>()
    };
    assert_eq!(bodies(0), ["hi", "hi"]);
    assert_eq!(bodies(5), ["hi1", "hi2", "hi4"]);
    assert!(sent[2].contains("\"body\":\"hi\"") && !sent[2].contains("content-type"));
    assert_eq!(sent[7], r#"{"n":3,"text":"hi"}"#);
}

#[test]
fn templates_and_what_scripts_draw() {
    let script = r#"
        let t = template(#{ n: "{{seq}}", who: "{{choice a b}}-{{int 10 99}}", id: "{{uuid}}", at: "{{time}}" });
        f.invoke(t.next());
        f.invoke(t.next());
        f.invoke(template(`{"x": "{{float 0 1}}", "s": "{{string 4}}"}`).next());
        f.invoke([random_int(1, 6), random_float(), random_string(8), uuid()]);
    "#;
    let first = sent_with(1, script);
    assert_snapshot!(first.join("\n"), @r#"
    {"at":"2026-01-01T00:00:00.762Z","id":"593b7f8c-2313-470e-adb6-0e71a2b5a0ad","n":0,"who":"b-89"}
    {"at":"2026-01-01T00:00:01.561Z","id":"792253e8-9216-437c-a81e-2e062f3bdb28","n":1,"who":"a-16"}
    {"s":"7dXX","x":0.3117559328290651}
    [4,0.8297170553216704,"5F1kWRrN","01d52648-5e2f-4a78-848d-d88d6ac5c743"]
    "#);
    assert_eq!(first, sent_with(1, script));
    let other = sent_with(2, script);
    assert!(first.iter().zip(&other).all(|(a, b)| a != b));
}

#[test]
fn a_template_can_be_made_of_an_event() {
    let script = "let t = template(event(\"sqs\", #{ body: #{ id: \"{{seq}}\" } })); t.next(); f.invoke(t.next());";
    let event: SqsEvent = serde_json::from_str(&sent_with(1, script)[0]).unwrap();
    assert_eq!(event.records[0].body.as_deref(), Some(r#"{"id":"1"}"#));
}

#[test]
fn mistakes_with_events_are_told() {
    let message = |script: &str| run(script).result.expect_err(script).message;
    let messages = [
        message("event(\"sqz\");"),
        message("event(\"sqs\", #{ bdy: 1 });"),
        message("event(\"sqs\", #{ n: 0 });"),
        message("event(\"sqs\", #{ n: \"1\" });"),
        message("event(\"sqs\", #{ body: || 1 });"),
        message("event(\"sqs\", #{ n: 2, body: |i| nothing(i) });"),
        message("event(\"sqs\", #{ queue: |i| \"a\" });"),
        message("event(\"sqs\", #{ n: 10_000, body: |i| \"0123456789\" });"),
        message("event(\"sqs\", #{ n: 7, body: random_string(1_000_000) });"),
        message("event(\"sns\", #{ n: 2 });"),
        message("event(\"http-api\", #{ path: \"/a?b=1\" });"),
        message("event(\"http-api\", #{ path: \"a\" });"),
        message("event(\"http-api\", #{ method: \"get\" });"),
        message("event(\"http-api\", #{ headers: #{ a: #{} } });"),
        message("event(\"dynamodb\", #{ event_name: \"INSRT\" });"),
        message("event(\"dynamodb\", #{ old_image: #{} });"),
        message("event(\"dynamodb\", #{ keys: 1 });"),
        message("event(\"eventbridge\", #{ resources: 1 });"),
        message("event(1);"),
        message("template(#{ id: \"{{uid}}\" });"),
        message("template(|| 1);"),
        message("template([\"{{string 4000000}}{{string 4000000}}\"]);"),
        message("random_int(2, 1);"),
        message("random_string(-1);"),
        message("let t = template(\"{{uuid}}\"); t.nxt();"),
        message("deploy(#{ workload: \"hello\" }).invoke(template(\"{{uuid}}\"));"),
    ];
    assert_snapshot!(messages.join("\n"), @r#"
    unknown kind of event "sqz"; did you mean "sqs"? known: dynamodb, eventbridge, http-api, kinesis, rest-api, s3-put, schedule, sns, sqs
    event sqs: unknown key "bdy"; did you mean "body"? known: n, body, queue
    event sqs: n: expected 1 to 10000 records, got 0
    event sqs: n: expected a whole number from 0, got "1"
    the closure has too few or too many parameters for what calls it
    unknown function "nothing"
    event sqs: queue: expected a string, got a closure
    size of object map is too large: the limits are 8388608 bytes of strings, 10000 elements of arrays, 1000 properties of maps
    event sqs: body: the event has more than 6291456 bytes
    event sns: unknown key "n"; known: message, subject, topic
    event http-api: path: write what comes after the ? as query: #{ … }, got "/a?b=1"
    event http-api: path: expected one that begins with /, got "a"
    event http-api: method: expected one like GET or POST, got "get"
    event http-api: headers.a: expected a string or a number, got a map
    event dynamodb: unknown event_name "INSRT"; did you mean "INSERT"? known: INSERT, MODIFY, REMOVE
    event dynamodb: old_image: there is none with INSERT
    event dynamodb: keys: expected a map, got a whole number
    event eventbridge: resources: expected an array of strings, got a whole number
    wrong arguments for "event": got (whole number), expected event("sqs", #{ n: 10, body: … }) or event("schedule")
    template: unknown placeholder "uid"; did you mean "uuid"? known: bool, choice, float, int, seq, string, time, time_ms, time_s, uuid
    template: a closure cannot be sent as JSON
    template: an event would have more than 6291456 bytes
    random_int: the first number must not be greater than the second, got 2 and 1
    random_string: expected a length of 0 to 8388608, got -1
    unknown function "nxt"; did you mean "next"?
    a template is not an event; t.next() gives one
    "#);
}

#[test]
fn events_come_from_files_beside_the_script() {
    let files = [
        ("b.json", "1"),
        ("orders/b.json", "[2.5, null]"),
        ("orders/a.json", "{\"n\": 1}"),
        ("orders/a.txt", "no"),
        ("orders/.hidden.json", "no"),
        ("broken/a.json", "{"),
        ("large/a.json", "18446744073709551615"),
    ];
    let run = |script: &str| {
        let script = format!("let f = deploy(#{{ workload: \"hello\" }});\n{script}");
        run_script(&compile(&files, &script).expect("it compiles"), Setup::default())
    };
    let ran = run(
        "for e in events(\"orders/*.json\") { f.invoke(e); } f.invoke(event_file(\"b.json\"));",
    );
    let sent: Vec<_> = ran.log.iter().filter(|line| line.starts_with("invoke")).cloned().collect();
    assert_snapshot!(sent.join("\n"), @r#"
    invoke 0: {"n":1}, log true
    invoke 0: [2.5,null], log true
    invoke 0: 1, log true
    "#);
    let message = |script: &str| run(script).result.expect_err(script).message;
    let messages = [
        message("events(\"orders/*.jsn\")"),
        message("events(\"oders/*.json\")"),
        message("events(\"*/a.json\")"),
        message("events(\"../*.json\")"),
        message("events(\"broken/*\")"),
        message("events(\"large/*\")"),
        message("event_file(\"/etc/passwd\")"),
        message("event_file(\"orders/../../x.json\")"),
        message("event_file(\"c.json\")"),
        message("params(#{ a: event_file(\"b.json\") })"),
    ];
    assert_snapshot!(messages.join("\n"), @r#"
    events: no file is like "orders/*.jsn"
    events: there is no folder oders
    events: only the name of the file may have a *, got "*/a.json"
    events: expected a path below the script's folder, without .., got "../*.json"
    broken/a.json is not JSON: EOF while parsing an object at line 1 column 1
    large/a.json has a number that does not fit into 64 bits with sign
    event_file: expected a path below the script's folder, without .., got "/etc/passwd"
    event_file: expected a path below the script's folder, without .., got "orders/../../x.json"
    failed to read c.json: there is no file c.json
    params() must come before deploy()
    "#);
}
