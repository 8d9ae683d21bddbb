//! Runs the command in a place of its own and looks at what it did.

use std::fs::{self, File};
use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::{Duration, Instant};

use kelvin_record::{Run, list_runs};
use rustix::fs::{Mode, OFlags};
use rustix::process::{Pid, Signal, kill_process};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{Winsize, tcsetwinsize};
use serde_json::Value;
use tempfile::TempDir;

/// Nothing here takes so long; what does hangs, and the test fails instead of waiting for ever.
const PATIENCE: Duration = Duration::from_secs(300);

/// The id of [`Place::recorded`].
pub(crate) const RECORDED: &str = "20261123T124838Z-3fa9c1";

/// The root of this workspace.
pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the package is a folder of the root")
}

/// What cargo keeps for this package's tests, from one run of the tests to the next.
pub(crate) fn kept() -> &'static Path {
    Path::new(env!("CARGO_TARGET_TMPDIR"))
}

/// What cargo built in this profile.
fn built(name: &str) -> PathBuf {
    target().join("debug").join(name)
}

/// The bootstrap of `hello`, where a run has built it.
pub(crate) fn hello() -> PathBuf {
    built("hello")
}

/// The function that misbehaves on demand, of the emulator's own tests. Built if it was not, or has changed since.
pub(crate) fn bad_function() -> String {
    static BUILT: OnceLock<()> = OnceLock::new();
    let program = built("kelvin-test-function");
    BUILT.get_or_init(|| {
        let changed = |path: &Path| fs::metadata(path).and_then(|facts| facts.modified()).ok();
        let source = root().join("crates/emulator/tests/programs/function.rs");
        if changed(&program) < changed(&source) {
            build("kelvin-emulator", "kelvin-test-function");
        }
    });
    program.display().to_string()
}

/// Builds a workload that `kelvin run` then finds built: AWS's clients can take longer than a test waits for a sign of life.
pub(crate) fn build_workload(name: &str) {
    build(name, name);
}

fn build(package: &str, bin: &str) {
    let mut cargo = kelvin_artifact::cargo();
    cargo.args(["build", "--package", package, "--bin", bin]).current_dir(root());
    cargo.env("CARGO_TARGET_DIR", target());
    let status = cargo.stderr(Stdio::null()).status().expect("cargo can be started");
    assert!(status.success(), "{bin} of {package} does not build");
}

fn target() -> &'static Path {
    kept().parent().expect("it is a folder of the target folder")
}

/// Folders of one test's own: results, scripts, and the temporary files of all that it starts.
pub(crate) struct Place {
    folder: TempDir,
}

impl Place {
    pub(crate) fn new() -> Place {
        let folder = tempfile::Builder::new().prefix("it-").tempdir().expect("/tmp is writable");
        fs::create_dir(folder.path().join("tmp")).expect("the folder is new");
        Place { folder }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Where `kelvin run` puts its runs.
    pub(crate) fn results(&self) -> PathBuf {
        self.path("results")
    }

    /// `TMPDIR` of everything that is started here, and so a text that only those processes have in their environment or on
    /// their command line.
    pub(crate) fn tmp(&self) -> PathBuf {
        self.path("tmp")
    }

    /// Writes a script and returns its path.
    pub(crate) fn script(&self, text: &str) -> String {
        let path = self.path("script.rhai");
        fs::write(&path, text).expect("the folder is writable");
        path.display().to_string()
    }

    /// `kelvin` in the root of this workspace, with an environment that does not depend on who runs the tests. Tests run at
    /// the same time, which runs do not do without `--force`.
    pub(crate) fn kelvin(&self, args: &[&str]) -> Command {
        let mut command = self.kelvin_unforced(args);
        if args.first() == Some(&"run") {
            command.arg("--force");
            // Most tests are about something else, and need not wait for gaps and for the disk.
            command.args(["--gap", "none", "--page-cache", "warm"]);
        }
        command
    }

    /// The same, as it is typed.
    pub(crate) fn kelvin_unforced(&self, args: &[&str]) -> Command {
        let mut command = bare_command();
        command.args(args).current_dir(root()).stdin(Stdio::null());
        let of_terminals = [
            "CI",
            "CLICOLOR",
            "CLICOLOR_FORCE",
            "COLUMNS",
            "LC_ALL",
            "LC_CTYPE",
            "NO_COLOR",
            "TERM",
        ];
        for name in of_terminals {
            command.env_remove(name);
        }
        for name in ["KELVIN_NODE", "KELVIN_PYTHON"] {
            command.env_remove(name);
        }
        // Those of who runs the tests only where they say so.
        let runtimes = std::env::var_os("KELVIN_RUNTIMES");
        command.env("KELVIN_RUNTIMES", runtimes.unwrap_or_else(|| self.path("runtimes").into()));
        command.env("LANG", "C.UTF-8").env("TMPDIR", self.tmp()).env("CARGO_TARGET_DIR", target());
        // What these tests need has been fetched when they were built.
        command.env("CARGO_NET_OFFLINE", "true");
        command
    }

    /// A subcommand with the results of this place.
    pub(crate) fn with_results(&self, args: &[&str]) -> Command {
        let mut command = self.kelvin(args);
        command.arg("--out").arg(self.results());
        command
    }

    /// `kelvin run` with this scenario. What one that comes with kelvin prints has to fit into terminals.
    pub(crate) fn run(&self, scenario: &str, args: &[&str]) -> Done {
        let mut command = self.with_results(&["run", scenario]);
        let done = self.wait(command.args(args));
        let has_runs = list_runs(&self.results()).is_ok_and(|runs| !runs.is_empty());
        if !scenario.ends_with(".rhai") && has_runs {
            self.assert_reports_fit();
        }
        done
    }

    /// No line of a report of the latest run is longer than the terminal is wide.
    pub(crate) fn assert_reports_fit(&self) {
        for (columns, args) in [
            (40, &["report"][..]),
            (80, &["report"]),
            (140, &["report"]),
            (80, &["report", "--ladder"]),
        ] {
            let mut report = self.with_results(args);
            let done = self.wait(report.env("COLUMNS", columns.to_string())).exits(0);
            let long = done.stdout.lines().find(|line| line.chars().count() > columns);
            assert_eq!(long, None, "{columns} columns:\n{}", done.stdout);
        }
    }

    /// A run that was recorded long ago, with `run.json` changed; its folder, which is among the results.
    pub(crate) fn recorded(&self, change: impl FnOnce(String) -> String) -> PathBuf {
        let from = root().join("crates/record/tests/fixtures/v1");
        let to = self.results().join(RECORDED);
        fs::create_dir_all(&to).expect("the folder is writable");
        for file in fs::read_dir(from).expect("it is there").flatten() {
            fs::copy(file.path(), to.join(file.file_name())).expect("it can be copied");
        }
        let path = to.join("run.json");
        let text = fs::read_to_string(&path).expect("it is there");
        fs::write(path, change(text)).expect("it can be written");
        to
    }

    /// A command line as a shell reads it, with the environment of all commands here.
    pub(crate) fn shell(&self, line: &str) -> Command {
        let like = self.kelvin_unforced(&[]);
        let mut shell = shell_command();
        shell.args(["-c", &format!("exec {line}")]).current_dir(root()).stdin(Stdio::null());
        for (name, value) in like.get_envs() {
            match value {
                Some(value) => shell.env(name, value),
                None => shell.env_remove(name),
            };
        }
        shell
    }

    /// What a command prints to a terminal that is so many columns wide.
    pub(crate) fn on_terminal(&self, columns: u16, command: &mut Command) -> String {
        let mut ours = File::from(openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).expect("pty"));
        grantpt(&ours).and_then(|()| unlockpt(&ours)).expect("a terminal can be opened");
        let name = ptsname(&ours, Vec::new()).expect("it has a name");
        let theirs = rustix::fs::open(name, OFlags::RDWR | OFlags::NOCTTY, Mode::empty());
        let theirs = theirs.expect("it can be opened");
        let size = Winsize { ws_row: 24, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 };
        tcsetwinsize(&theirs, size).expect("it has a size");
        let mut child = command.stdout(theirs).spawn().expect("the program can be started");
        // The last one that has it open is the program now.
        command.stdout(Stdio::null());
        let (mut printed, mut piece) = (Vec::new(), [0; 4096]);
        // Its end is an error, when the program has ended.
        while let Ok(read @ 1..) = ours.read(&mut piece) {
            printed.extend_from_slice(&piece[..read]);
        }
        assert!(child.wait().expect("it is our child").success());
        String::from_utf8(printed).expect("it is UTF-8").replace("\r\n", "\n")
    }

    /// `kelvin run` with a script. Variants are named in scripts, so that builds use the profile of these tests.
    pub(crate) fn run_script(&self, text: &str, args: &[&str]) -> Done {
        self.run(&self.script(text), args)
    }

    /// Whether something is enforced on this machine; says so if it is not, as the test leaves something out then.
    pub(crate) fn is_enforced(&self, limit: &str) -> bool {
        let done = self.run_script("", &["--require", limit]);
        if done.code == Some(0) {
            return true;
        }
        let done = done.exits(1).complains(&format!("--require {limit}: it is not enforced"));
        writeln!(std::io::stderr(), "not checked: {}", done.stderr.trim()).ok();
        false
    }

    /// Runs a command to its end, which leaves nothing behind however it ended.
    pub(crate) fn wait(&self, command: &mut Command) -> Done {
        let done = Running::start(command).end();
        self.assert_nothing_is_left();
        done
    }

    /// No files and, by the text that only they have, no processes.
    pub(crate) fn assert_nothing_is_left(&self) {
        let left: Vec<_> = fs::read_dir(self.tmp()).expect("it is there").flatten().collect();
        assert!(left.is_empty(), "left behind: {left:?}");
        let left = crate::processes::of(&self.tmp());
        assert!(left.is_empty(), "still running: {left:?}");
    }

    /// The only run of this place.
    pub(crate) fn only_run(&self) -> Run {
        Run::open(&self.only_directory()).expect("a run can be read")
    }

    /// The folder of the only run of this place.
    pub(crate) fn only_directory(&self) -> PathBuf {
        let mut runs = list_runs(&self.results()).expect("results can be read");
        assert_eq!(runs.len(), 1, "{runs:?}");
        runs.remove(0).directory
    }
}

/// A command that has ended.
#[derive(Clone, Debug)]
pub(crate) struct Done {
    /// `None` if a signal ended it.
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

impl Done {
    /// Asserts the exit code; what was printed tells why it is another.
    #[track_caller]
    pub(crate) fn exits(self, code: i32) -> Done {
        assert_eq!(self.code, Some(code), "{}{}", self.stdout, self.stderr);
        self
    }

    /// Asserts that standard output contains this.
    #[track_caller]
    pub(crate) fn prints(self, text: &str) -> Done {
        assert!(self.stdout.contains(text), "no {text:?} in:\n{}{}", self.stdout, self.stderr);
        self
    }

    /// Asserts that standard error contains this.
    #[track_caller]
    pub(crate) fn complains(self, text: &str) -> Done {
        assert!(self.stderr.contains(text), "no {text:?} in:\n{}", self.stderr);
        self
    }
}

/// A command under way; killed if the test fails meanwhile.
pub(crate) struct Running {
    child: Child,
    stdout: Receiver<String>,
    stderr: Receiver<String>,
    /// What has been read of standard error.
    seen: String,
}

impl Running {
    pub(crate) fn start(command: &mut Command) -> Running {
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("the program can be started");
        let mut stdout = BufReader::new(child.stdout.take().expect("it was asked for"));
        let stderr = BufReader::new(child.stderr.take().expect("it was asked for"));
        let (printed, output) = mpsc::channel();
        thread::spawn(move || {
            // Ends of lines are kept, so that the whole is what was printed.
            let mut line = String::new();
            while stdout.read_line(&mut line).expect("standard output is UTF-8") > 0 {
                if printed.send(std::mem::take(&mut line)).is_err() {
                    return;
                }
            }
        });
        let (lines, received) = mpsc::channel();
        thread::spawn(move || {
            stderr.lines().map_while(Result::ok).try_for_each(|line| lines.send(line))
        });
        Running { child, stdout: output, stderr: received, seen: String::new() }
    }

    /// Waits for a line of standard error that contains this.
    pub(crate) fn wait_for_line(&mut self, text: &str) {
        while let Some(line) = self.next_line() {
            if line.contains(text) {
                return;
            }
        }
        panic!("it ended before it said {text:?}:\n{}", self.seen);
    }

    /// Reads standard error until this moment.
    pub(crate) fn read_until(&mut self, moment: Instant) {
        loop {
            let left = moment.saturating_duration_since(Instant::now());
            match self.stderr.recv_timeout(left) {
                Ok(line) => self.seen.extend([line.as_str(), "\n"]),
                // It may have closed standard error and go on.
                Err(mpsc::RecvTimeoutError::Disconnected) if !left.is_zero() => thread::yield_now(),
                Err(_) => return,
            }
        }
    }

    /// The next line of standard output, without its end.
    pub(crate) fn printed_line(&mut self) -> String {
        let line = self.stdout.recv_timeout(PATIENCE).expect("it prints another line");
        line.trim_end().to_owned()
    }

    /// Of the process.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    pub(crate) fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).expect("it is our child");
    }

    /// Waits for the end.
    pub(crate) fn end(mut self) -> Done {
        while self.next_line().is_some() {}
        let stdout = self.stdout.iter().collect();
        let status = self.child.wait().expect("it is our child");
        Done { code: status.code(), stdout, stderr: std::mem::take(&mut self.seen) }
    }

    /// The next line of standard error; `None` at its end.
    fn next_line(&mut self) -> Option<String> {
        match self.stderr.recv_timeout(PATIENCE) {
            // Of another test.
            Ok(line) if line.starts_with("another run is going on") => self.next_line(),
            Ok(line) => {
                self.seen.push_str(&line);
                self.seen.push('\n');
                Some(line)
            }
            Err(mpsc::RecvTimeoutError::Disconnected) => None,
            Err(mpsc::RecvTimeoutError::Timeout) => panic!("it hangs:\n{}", self.seen),
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

#[expect(clippy::disallowed_methods, reason = "the program itself is what is tested here")]
fn bare_command() -> Command {
    Command::new(env!("CARGO_BIN_EXE_kelvin"))
}

#[expect(clippy::disallowed_methods, reason = "what a user would type is tested here")]
fn shell_command() -> Command {
    Command::new("/bin/sh")
}

/// A document of a run's folder.
pub(crate) fn json(path: &Path) -> Value {
    let text = fs::read_to_string(path).expect("the file is there");
    serde_json::from_str(&text).expect("it is JSON")
}

/// Writes a program that can be executed at once. By another process: what another test starts meanwhile would inherit an
/// open file, and a program that is open for writing cannot be started.
pub(crate) fn program(path: &Path, text: &str) {
    let folder = path.parent().expect("a file is in a folder");
    fs::create_dir_all(folder).expect("the folder is writable");
    let source = path.with_extension("text");
    fs::write(&source, text).expect("the folder is writable");
    let mut copy = shell();
    copy.args(["-c", "cp \"$0\" \"$1\" && chmod 755 \"$1\""]).arg(&source).arg(path);
    assert!(copy.status().expect("a shell").success());
    fs::remove_file(source).expect("it is ours");
}

#[expect(
    clippy::disallowed_methods,
    reason = "what functions get is compared with what others get"
)]
pub(crate) fn shell() -> Command {
    Command::new("/bin/sh")
}
