//! The folder `payloads`: what was sent to a function that failed, and what its caller got. Only where that is asked for.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::{RecordError, files};

/// The folder grows to this size and no further, in bytes.
pub const PAYLOADS_LIMIT_BYTES: u64 = 64 << 20;

/// The folder has events and responses of so many invocations at most.
pub const PAYLOADS_LIMIT: u64 = 1000;

/// Names of the two files of one invocation, from the folder of its run.
pub fn payload_files(request_id: &str) -> [String; 2] {
    ["event.json", "response"].map(|what| format!("{}/{request_id}.{what}", files::PAYLOADS))
}

/// Writes the folder of one run.
#[derive(Debug, Default)]
pub(crate) struct Payloads {
    invocations: u64,
    bytes: u64,
}

impl Payloads {
    /// Adds the event and the response of an invocation; `false` if there is no room for them.
    pub(crate) fn add(
        &mut self,
        directory: &Path,
        request_id: &str,
        [event, response]: [&[u8]; 2],
    ) -> Result<bool, RecordError> {
        let bytes = self.bytes + event.len() as u64 + response.len() as u64;
        if bytes > PAYLOADS_LIMIT_BYTES || self.invocations >= PAYLOADS_LIMIT {
            return Ok(false);
        }
        let folder = directory.join(files::PAYLOADS);
        fs::create_dir_all(&folder)
            .map_err(|source| RecordError::Create { path: folder, source })?;
        for (name, payload) in payload_files(request_id).iter().zip([event, response]) {
            let path = directory.join(name);
            fs::write(&path, payload).map_err(|source| RecordError::Write { path, source })?;
        }
        self.invocations += 1;
        self.bytes = bytes;
        Ok(true)
    }

    /// Takes over those of an invocation from the folder of another run, if they are there.
    pub(crate) fn keep(
        &mut self,
        directory: &Path,
        from: &Path,
        request_id: &str,
    ) -> Result<(), RecordError> {
        if !request_id.chars().all(|c| c.is_ascii_alphanumeric() || c == '-') {
            // Of a record that somebody has changed: no id of a request leads out of the folder.
            return Ok(());
        }
        let paths = payload_files(request_id).map(|name| from.join(name));
        let read = |path: &PathBuf| match fs::read(path) {
            Ok(payload) => Ok(Some(payload)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(source) => Err(RecordError::Read { path: path.clone(), source }),
        };
        let (event, response) = (read(&paths[0])?, read(&paths[1])?);
        if let Some((event, response)) = event.zip(response) {
            self.add(directory, request_id, [&event, &response])?;
        }
        Ok(())
    }
}
