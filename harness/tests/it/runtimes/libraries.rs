//! The interpreter that runs is the one that is recorded, with the libraries that it has outside of a function, too.

use std::path::Path;

use super::PYTHON;
use crate::kit::{Place, program, shell};

/// Says which interpreter it is, by what is compiled into its library, and which files of those kinds it has mapped.
const WHO: &str = r#"
import ssl, sys
def who():
    maps = [line.split()[-1] for line in open("/proc/self/maps") if "/" in line]
    kinds = ("libpython", "libssl", "libcrypto", "libc.so")
    libraries = sorted({path for path in maps if path.rsplit("/", 1)[-1].startswith(kinds)})
    return "%s; %s; %s" % (sys.version, ssl.OPENSSL_VERSION, ", ".join(libraries))
"#;

#[test]
fn a_python_has_the_same_libraries_inside_as_outside() {
    let code: &'static str =
        format!("{WHO}\ndef handler(event, context):\n    return who()\n").leak();
    let script = r#"
        let f = deploy(#{ runtime: name, client: client, code: "functions/orders", handler: "orders.handler", memory: 512, timeout: 60 });
        note(f.invoke().response);
    "#;
    let language = super::Language { code, ..PYTHON };
    language.each(script, |place, done| {
        done.exits(0);
        let inside = place.only_run().record.notes.pop().expect("the script notes it");
        let mut python = shell();
        python.args(["-c", "exec \"${KELVIN_TEST_PYTHON:-python3}\" -c \"$0\""]);
        let outside = python.arg(format!("{WHO}\nprint(who(), end='')")).output().expect("a shell");
        assert_eq!(inside, String::from_utf8_lossy(&outside.stdout));
    });
}

#[test]
fn a_program_of_another_system_is_led_to_no_library_of_this_one() {
    let place = Place::new();
    // Alone in a prefix, as an interpreter is that somebody has built.
    let elsewhere = place.path("prefix/bin/env");
    let copy = "#!/bin/sh\n";
    program(&place.path("prefix/lib/none"), copy);
    std::fs::create_dir_all(elsewhere.parent().expect("it has a folder")).expect("it is writable");
    let mut cp = shell();
    cp.args(["-c", "cp /usr/bin/env \"$0\""]).arg(&elsewhere);
    assert!(cp.status().expect("a shell").success());
    let code = |name: &str, env: &Path| {
        let text = format!("#!/bin/sh\n{} >&2\nexec {} false\n", env.display(), env.display());
        program(&place.path(name).join("start.sh"), &text);
    };
    code("system", Path::new("/usr/bin/env"));
    code("other", &elsewhere);
    let done = place.run_script(
        r#"
        let path = |folder| {
            let f = deploy(#{ bootstrap: folder + "/start.sh", name: folder, timeout: 60 });
            let lines = f.invoke().logs.split("\n");
            lines.filter(|line| line.starts_with("LD_LIBRARY_PATH="))[0]
        };
        expect_status("crash", || {
            note(path.call("system"));
            note(path.call("other"));
        });
        "#,
        &[],
    );
    done.exits(0);
    let notes = place.only_run().record.notes;
    let own = "/var/task:/var/task/lib:/opt/lib";
    assert!(notes[0].ends_with(own), "{notes:?}");
    assert_eq!(notes[1], format!("LD_LIBRARY_PATH={own}"));
}
