//! Cases from files, for functions that do not describe themselves.

use std::fs;
use std::path::{Path, PathBuf};

use kelvin_lambda::{Answer, CaseDescription};
use serde_json::Value;

use crate::{ArtifactError, WorkloadPackage};

impl WorkloadPackage {
    /// The cases of `events/*.json` with the answers of `answers/*.json`, sorted by file name; `None` if the package names
    /// no folder of events.
    pub fn cases_from_files(&self) -> Result<Option<Vec<CaseDescription>>, ArtifactError> {
        let Some(events) = &self.events else { return Ok(None) };
        for (key, folder) in [("events", Some(events)), ("answers", self.answers.as_ref())] {
            if let Some(folder) = folder.filter(|folder| !folder.is_dir()) {
                let (package, folder) = (self.name.clone(), folder.clone());
                return Err(ArtifactError::NoFolder { package, key, folder });
            }
        }
        let mut cases = Vec::new();
        for path in json_files(events)? {
            let event = read(&path)?;
            cases.push(CaseDescription {
                name: stem(&path),
                event,
                answer: Answer::Unknown,
                bytes: None,
            });
        }
        if cases.is_empty() {
            return Err(ArtifactError::NoEvents { folder: events.clone() });
        }
        for path in self
            .answers
            .iter()
            .map(|folder| json_files(folder))
            .collect::<Result<Vec<_>, _>>()?
            .concat()
        {
            let name = stem(&path);
            match cases.iter_mut().find(|case| case.name == name) {
                Some(case) => case.answer = Answer::Json(read(&path)?),
                None => return Err(ArtifactError::LonelyAnswer { path }),
            }
        }
        Ok(Some(cases))
    }
}

fn json_files(folder: &Path) -> Result<Vec<PathBuf>, ArtifactError> {
    let error = |source| ArtifactError::Read { path: folder.to_owned(), source };
    let mut paths = Vec::new();
    for entry in fs::read_dir(folder).map_err(error)? {
        let path = entry.map_err(error)?.path();
        if path.extension().is_some_and(|extension| extension == "json") {
            paths.push(path);
        }
    }
    paths.sort();
    Ok(paths)
}

fn read(path: &Path) -> Result<Value, ArtifactError> {
    let text =
        fs::read(path).map_err(|source| ArtifactError::Read { path: path.to_owned(), source })?;
    serde_json::from_slice(&text)
        .map_err(|source| ArtifactError::Json { path: path.to_owned(), source })
}

fn stem(path: &Path) -> String {
    path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn package(files: &[(&str, &str)]) -> (tempfile::TempDir, WorkloadPackage) {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in files {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        let package = WorkloadPackage {
            name: "f".into(),
            id: "path+file:///f#0.1.0".into(),
            description: None,
            bin: "f".into(),
            events: Some(folder.path().join("events")),
            answers: Some(folder.path().join("answers")),
        };
        (folder, package)
    }

    #[test]
    fn answers_go_with_events_of_the_same_name() {
        let files = [
            ("events/b.json", "2"),
            ("events/a.json", "1"),
            ("answers/b.json", "[4]"),
            ("events/x.txt", ""),
        ];
        let (_folder, package) = package(&files);
        let cases = package.cases_from_files().unwrap().unwrap();
        let seen: Vec<_> =
            cases.iter().map(|case| (case.name.as_str(), &case.event, &case.answer)).collect();
        assert_eq!(
            seen,
            [
                ("a", &Value::from(1), &Answer::Unknown),
                ("b", &Value::from(2), &Answer::Json(Value::from(vec![4]))),
            ]
        );
    }

    #[test]
    fn mistakes_are_named() {
        let check = |files: &[(&str, &str)], expected: &str| {
            let (folder, package) = package(files);
            let error = package.cases_from_files().unwrap_err().to_string();
            assert_eq!(error.replace(&folder.path().display().to_string(), "DIR"), expected);
        };
        check(
            &[("answers/a.json", "1")],
            "`events` in [package.metadata.kelvin] of package f names DIR/events, which is not a folder",
        );
        check(
            &[("events/a.json", "1")],
            "`answers` in [package.metadata.kelvin] of package f names DIR/answers, which is not a folder",
        );
        check(
            &[("events/a.txt", "1"), ("answers/a.json", "1")],
            "DIR/events has no *.json files, one for each case",
        );
        check(&[("events/a.json", "{"), ("answers/a.json", "1")], "DIR/events/a.json is not JSON");
        check(
            &[("events/a.json", "1"), ("answers/b.json", "1")],
            "answer DIR/answers/b.json belongs to no event of that name",
        );
    }
}
