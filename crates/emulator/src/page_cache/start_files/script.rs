//! What a script starts: its interpreter (execve(2)), and, of a script of the shell, the programs that plain lines name.
//!
//! A shell script is not run, so only what stands in it is found: no variables but the package's folder, no substitution, no
//! functions.

use std::path::{Path, PathBuf};

use super::path_of;

/// The first bytes of a file, of which the kernel takes the interpreter (`BINPRM_BUF_SIZE`).
const HEAD: usize = 256;

/// Bootstraps are short; what stands after this is not read.
pub(super) const MOST_BYTES: u64 = 64 * 1024;

const SHELLS: [&str; 6] = ["sh", "bash", "dash", "ash", "zsh", "ksh"];

/// A program as a script names it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Named {
    /// With a `/` it is a path, otherwise it is looked up in PATH.
    pub program: PathBuf,
    /// Of its arguments those that are paths.
    pub files: Vec<PathBuf>,
}

/// The programs that a script starts, its interpreter first; `None` if it is no script.
pub(super) fn programs(text: &[u8], task_root: &Path) -> Option<Vec<Named>> {
    let head = &text[..text.len().min(HEAD)];
    let interpreters = interpreters(head.split(|&byte| byte == b'\n').next()?);
    let language = interpreters.last()?.clone();
    let mut programs: Vec<Named> =
        interpreters.into_iter().map(|interpreter| named(interpreter, Vec::new())).collect();
    let is_shell = language.file_name().and_then(|name| name.to_str());
    if is_shell.is_some_and(|name| SHELLS.contains(&name)) {
        let text = String::from_utf8_lossy(text);
        programs.extend(text.lines().filter_map(|line| started(line, task_root)));
    }
    Some(programs)
}

/// The interpreter that the first line of a script names, and the program that `env` is told there, as far as that can be
/// told; none of another file.
pub(crate) fn interpreters(line: &[u8]) -> Vec<PathBuf> {
    let (first, told) = first_line(line);
    let told = told.and_then(|told| {
        let told = split_string(told).unwrap_or(told);
        program_of_env(words(told, Path::new("/var/task")).into_iter())
    });
    first.into_iter().chain(told.map(PathBuf::from)).collect()
}

/// The name that `env` looks for in PATH for the first line of a script, where that is certain: before it is no option or
/// variable that may change the search, and nothing in it is replaced (env(1)).
pub(crate) fn searched(line: &[u8]) -> Option<&str> {
    let (_, told) = first_line(line);
    let told = told?;
    let name = split_string(told).unwrap_or(told).split_ascii_whitespace().next()?;
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-' | '+');
    (!name.starts_with('-') && name.chars().all(is_plain)).then_some(name)
}

/// The interpreter, and if that is `env`, what it is told.
fn first_line(line: &[u8]) -> (Option<PathBuf>, Option<&str>) {
    let line = line.strip_prefix(b"#!").unwrap_or_default().trim_ascii();
    let end = line.iter().position(u8::is_ascii_whitespace).unwrap_or(line.len());
    let (interpreter, told) = line.split_at(end);
    if interpreter.is_empty() {
        return (None, None);
    }
    let interpreter = path_of(interpreter);
    let is_env = interpreter.file_name() == Some("env".as_ref());
    let told = str::from_utf8(told).ok().map(str::trim_ascii);
    (Some(interpreter), told.filter(|_| is_env))
}

/// What `env` is told in one word (`env -S`).
fn split_string(told: &str) -> Option<&str> {
    told.strip_prefix("-S")
        .or_else(|| told.strip_prefix("-vS"))
        .or_else(|| told.strip_prefix("--split-string="))
}

/// What `env` starts that is told these words.
fn program_of_env(mut words: impl Iterator<Item = String>) -> Option<String> {
    loop {
        let word = words.next()?;
        match word.as_str() {
            "-u" | "--unset" | "-C" | "--chdir" | "-a" | "--argv0" => drop(words.next()),
            option if option.starts_with('-') || option.contains('=') => {}
            _ => return Some(word),
        }
    }
}

fn named(program: PathBuf, files: Vec<PathBuf>) -> Named {
    Named { program, files }
}

/// The program that a line of a shell script starts, by `exec` or by its path; `None` if it cannot be told.
fn started(line: &str, task_root: &Path) -> Option<Named> {
    let words = words(line, task_root);
    let mut words = words.into_iter().peekable();
    let is_assignment = |word: &String| {
        word.split_once('=').is_some_and(|(name, _)| {
            !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
        })
    };
    while words.next_if(is_assignment).is_some() {}
    let by_exec = words.next_if(|word| word == "exec").is_some();
    if by_exec {
        while let Some(option) = words.next_if(|word| word.starts_with('-')) {
            if option == "-a" {
                words.next(); // The name that the program is told.
            }
        }
    }
    let by_env = words.next_if(|word| word == "env" || word == "/usr/bin/env").is_some();
    let program = if by_env { program_of_env(words.by_ref())? } else { words.next()? };
    let is_path = program.contains('/');
    if program.contains(['$', '<', '>']) || !(by_exec || is_path) {
        return None;
    }
    let program = if is_path { task_root.join(program) } else { program.into() };
    let files = words.filter(|word| word.contains('/') && !word.contains('$'));
    Some(named(program, files.map(|file| task_root.join(file)).collect()))
}

/// The words of a line up to a comment or the end of the command, without quotes and with the package's folder filled in.
fn words(line: &str, task_root: &Path) -> Vec<String> {
    let (mut words, mut word, mut quote) = (Vec::new(), None::<String>, None);
    let mut chars = line.trim().chars();
    while let Some(c) = chars.next() {
        match (c, quote) {
            (c, Some(open)) if c == open => quote = None,
            ('\'' | '"', None) => {
                quote = Some(c);
                word.get_or_insert_default();
            }
            ('\\', None | Some('"')) => word.get_or_insert_default().extend(chars.next()),
            ('#', None) if word.is_none() => break,
            (';' | '|' | '&', None) => break,
            (c, None) if c.is_whitespace() => words.extend(word.take()),
            // Single quotes keep a dollar as it is, which then cannot be told from a variable: rare enough.
            (c, _) => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    let task_root = task_root.to_string_lossy();
    let fill = |word: String| {
        ["${LAMBDA_TASK_ROOT}", "$LAMBDA_TASK_ROOT", "$(dirname $0)", "${0%/*}"]
            .iter()
            .fold(word, |word, name| word.replace(name, &task_root))
    };
    words.into_iter().map(fill).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: Option<&[&str]>) {
        let found = programs(text.as_bytes(), Path::new("/pkg"));
        let found = found.map(|programs| {
            let line = |named: Named| {
                let parts = std::iter::once(named.program).chain(named.files);
                parts.map(|part| part.display().to_string()).collect::<Vec<_>>().join(" + ")
            };
            programs.into_iter().map(line).collect::<Vec<_>>()
        });
        let expected = expected.map(|lines| lines.iter().map(|&line| line.to_owned()).collect());
        assert_eq!(found, expected, "{text}");
    }

    #[test]
    fn the_first_line_names_the_interpreter() {
        check("", None);
        check("#!", None);
        check("\x7fELF", None);
        check("#!/opt/python -I", Some(&["/opt/python"]));
        check("#!  /opt/node\nexec other", Some(&["/opt/node"]));
        check("#!/usr/bin/env python3\n", Some(&["/usr/bin/env", "python3"]));
        check("#!/usr/bin/env -S A=b node --x\n", Some(&["/usr/bin/env", "node"]));
        for told in [
            "-S -u PYTHONPATH python3 app.py",
            "-Spython3 app.py",
            "-vS python3",
            "--split-string=python3 -u",
            "-S -C /dir --unset=A -i python3",
            "-S 'python3' \"-u\"",
        ] {
            check(&format!("#!/usr/bin/env {told}\n"), Some(&["/usr/bin/env", "python3"]));
        }
        let told = "#!/usr/bin/env -S '${LAMBDA_TASK_ROOT}/my python' -u";
        check(told, Some(&["/usr/bin/env", "/var/task/my python"]));
        check("#!/usr/bin/env -S -u\n", Some(&["/usr/bin/env"]));
        check("#!/usr/bin/env bash\nexec ./app", Some(&["/usr/bin/env", "bash", "/pkg/./app"]));
    }

    #[test]
    fn plain_lines_of_a_shell_script_name_programs() {
        for (line, expected) in [
            ("exec python3 -m awslambdaric \"$_HANDLER\"", Some("python3")),
            ("exec '/opt/it'\\''s/python 3' '/a b/c.py' x", Some("/opt/it's/python 3 + /a b/c.py")),
            ("exec \"$LAMBDA_TASK_ROOT/bin/app\"", Some("/pkg/bin/app")),
            ("  exec ${LAMBDA_TASK_ROOT}/app # why", Some("/pkg/app")),
            ("exec \"$(dirname $0)/app\" > /dev/null", Some("/pkg/app + /dev/null")),
            ("A=b exec -a name node app.js", Some("node")),
            ("exec env -i A=b ./app", Some("/pkg/./app")),
            ("exec env -u HOME -C /tmp node app.js", Some("node")),
            ("./app --flag; exec never", Some("/pkg/./app")),
            ("exec \"$RUNTIME/app\"", None),
            ("exec >&2", None),
            ("exec 2>&1", None),
            ("echo /not/started", None),
            ("cd /somewhere", None),
            ("# exec never", None),
            ("", None),
        ] {
            let found = ["/bin/sh"].into_iter().chain(expected).collect::<Vec<_>>();
            check(&format!("#!/bin/sh\n{line}\n"), Some(&found));
        }
    }
}
