//! `kelvin explain`: words, and what was enforced.

use crate::kit::{Place, RECORDED};

fn explain(place: &Place, args: &[&str]) -> crate::kit::Done {
    let args: Vec<&str> = ["explain"].iter().chain(args).copied().collect();
    place.wait(&mut place.with_results(&args))
}

#[test]
fn a_run_says_what_it_enforced_and_what_would_change_the_rest() {
    let place = Place::new();
    explain(&place, &["enforced"]).exits(0).prints("There is no run in ");
    place.recorded(|text| text);
    let report = place.wait(&mut place.with_results(&["report"])).exits(0);
    report.prints("\nenforced: all but cpu, memory, freeze (kelvin explain enforced)\n");
    for run in [&[][..], &["latest"], &[RECORDED], &["20261123"]] {
        let done = explain(&place, &[&["enforced"], run].concat()).exits(0);
        let (_, lists) = done.stdout.split_once("\n\n").expect("the topic comes first");
        insta::allow_duplicates! {
            insta::assert_snapshot!(lists, @r"
            Enforced · emulator 0.1.0, run 20261123T124838Z-3fa9c1
              timeout: kill signal

            Not enforced · emulator 0.1.0, run 20261123T124838Z-3fa9c1
              cpu: needs the tick model or a cgroup
              memory: no reason is on record
              freeze: no reason is on record
                to change it: systemd-run --user --scope -p Delegate=yes kelvin …
            ");
        }
    }
    explain(&place, &["enforced", "2000"]).exits(1).complains("there is no run \"2000\"");
}

#[test]
fn whatever_this_machine_does_not_enforce_is_named_in_one_line() {
    let place = Place::new();
    let script = "deploy(#{ workload: \"hello\", variant: \"dev\", name: \"f\" }).invoke();";
    let off = ["--freeze", "off", "--memory-limit", "off", "--idle-expiry", "never"];
    let done = place.run_script(script, &off).exits(0);
    let words = done.stdout.split_whitespace().collect::<Vec<_>>().join(" ");
    let (_, line) = words.split_once(" enforced: ").expect("there is such a line");
    let (line, _) = line.split_once("(kelvin explain enforced)").expect("it names the long form");
    let explained = explain(&place, &["enforced"]).exits(0);
    for limit in &place.only_run().record.platform.enforcement {
        assert!(explained.stdout.contains(&format!("\n  {}: ", limit.limit)), "{explained:?}");
        let is_named = line.contains(&limit.limit);
        assert!(is_named || (limit.by.is_some() && limit.note.is_none()), "{line}: {limit:?}");
    }
    for option in ["--freeze off", "--memory-limit off", "--idle-expiry never"] {
        assert!(
            explained.stdout.contains(&format!("to change it: leave out {option}\n")),
            "{option}"
        );
    }
}

#[test]
fn every_heading_is_explained() {
    let place = Place::new();
    let list = explain(&place, &[]).exits(0);
    for id in
        ["enforced", "cold", "warm", "n", "interval", "gap", "throttled", "billed", "exit-codes"]
    {
        assert!(list.stdout.contains(&format!("\n  {id}: ")), "{}", list.stdout);
    }
    let headings = "function MB|binary MB|launches|INIT p50|first p50|total p50|95 % interval|billed mean|cost|\
        launches × each|dur. p50|latency p50|CPU mean|max MB|metric|n|min|median|max|no.|load|sent|good per s|good|\
        failed|throttled|environm.|at once|latency is|p99|queue mean|behind p99|chain|starts|runs|pooled p50|\
        stages mean|between mean|status|error type|part|µs|± 95 %|share|rung|step µs|ladder says µs|SATURATED|CI";
    for heading in headings.split('|').filter(|heading| *heading != "function MB") {
        let done = explain(&place, &[heading]);
        assert_eq!(done.code, Some(0), "{heading}: {done:?}");
    }
    explain(&place, &["wram"]).exits(1).complains("did you mean \"warm\"?");
    explain(&place, &["W012"]).exits(1).complains("there is no topic \"W012\"");
    explain(&place, &["cold", "latest"]).exits(1).complains("is the same in every run");
}
