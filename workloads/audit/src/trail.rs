//! The trail: entries that name the one before by its hash, compressed as they come.

use std::io::{BufRead, BufReader, Write};

use flate2::Compression;
use flate2::bufread::MultiGzDecoder;
use flate2::write::GzEncoder;
use kelvin_workload::{WorkloadError, sha256_hex};
use serde::{Deserialize, Serialize};

use crate::record::Record;

/// How much of it is pending, in compressed bytes, before it is handed over to whoever keeps it for good.
const MOST_PENDING_BYTES: usize = 256 * 1024;

/// What comes before the first entry, in the place of a hash.
const GENESIS: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// How a trail stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Standing {
    /// How many entries it has, those that were handed over included.
    pub entries: u64,
    /// SHA-256 of the last one, in lower-case hexadecimal; zeros if there is none.
    pub last: String,
}

/// A trail, of which only the pending part is still here.
#[derive(Debug)]
pub(crate) struct Trail {
    standing: Standing,
    /// How it stood when its pending part began.
    handed_over: Standing,
    /// A gzip member a record, one after the other (RFC 1952, 2.2); in it, a line an entry.
    pending: Vec<u8>,
}

/// A line. A reader needs to know only which one it follows.
#[derive(Serialize, Deserialize)]
struct Entry<'a> {
    entry: u64,
    #[serde(skip_deserializing)]
    subject: &'a str,
    #[serde(skip_deserializing)]
    field: &'a str,
    #[serde(skip_deserializing)]
    was: &'a str,
    #[serde(skip_deserializing)]
    is: &'a str,
    previous: &'a str,
}

impl Trail {
    /// Without entries.
    pub(crate) fn new() -> Trail {
        let standing = Standing { entries: 0, last: GENESIS.to_owned() };
        Trail { handed_over: standing.clone(), standing, pending: Vec::new() }
    }

    /// Adds an entry for every field of a record, and compresses them.
    pub(crate) fn append(&mut self, record: &Record) -> Result<(), WorkloadError> {
        self.try_append(record)
            .map_err(|error| WorkloadError::work_failed("could not write the trail", error))
    }

    fn try_append(&mut self, record: &Record) -> std::io::Result<()> {
        if self.pending.len() > MOST_PENDING_BYTES {
            // Whoever keeps it for good is not part of what is measured.
            self.pending.clear();
            self.handed_over = self.standing.clone();
        }
        let subject = record.subject();
        let mut member = GzEncoder::new(&mut self.pending, Compression::default());
        for field in record.fields() {
            let Standing { entries, last } = &mut self.standing;
            *entries += 1;
            let entry = Entry {
                entry: *entries,
                subject: &subject,
                field: &field.path,
                was: &field.was,
                is: &field.is,
                previous: last,
            };
            let mut line = serde_json::to_vec(&entry)?;
            *last = sha256_hex(&line);
            line.push(b'\n');
            member.write_all(&line)?;
        }
        member.finish()?;
        Ok(())
    }

    /// How it stands, after a look at every pending entry. Fails if one is not where it should be.
    pub(crate) fn verify(&self) -> Result<Standing, WorkloadError> {
        let broken = |entry: u64, what: String| {
            WorkloadError::work_failed("the trail is broken", format!("entry {entry}: {what}"))
        };
        let Standing { mut entries, mut last } = self.handed_over.clone();
        let pending = BufReader::new(MultiGzDecoder::new(&*self.pending));
        // Nothing at all is no gzip member, but a trail.
        let lines = (!self.pending.is_empty()).then(|| pending.split(b'\n'));
        for line in lines.into_iter().flatten() {
            entries += 1;
            let line = line.map_err(|error| broken(entries, error.to_string()))?;
            let entry: Entry<'_> = serde_json::from_slice(&line)
                .map_err(|error| broken(entries, error.to_string()))?;
            if entry.entry != entries || entry.previous != last {
                return Err(broken(entries, "it does not follow the one before".to_owned()));
            }
            last = sha256_hex(&line);
        }
        let found = Standing { entries, last };
        if found != self.standing {
            return Err(broken(entries, "the trail ends with it too early".to_owned()));
        }
        Ok(found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::request::Login;

    fn login(user: &str) -> Record {
        let (address, agent) = ("127.0.0.1".to_owned(), "x".repeat(400));
        Record::login(Login { user: user.to_owned(), address, agent }).unwrap()
    }

    #[test]
    fn what_was_handed_over_still_counts() {
        let mut trail = Trail::new();
        let mut records = 0;
        while trail.handed_over.entries == 0 {
            trail.append(&login(&format!("user {records}"))).unwrap();
            records += 1;
        }
        assert!(trail.pending.len() < MOST_PENDING_BYTES);
        assert_eq!(trail.verify().unwrap().entries, 3 * records);
    }

    #[test]
    fn a_trail_that_was_tampered_with_is_found_out() {
        let mut trail = Trail::new();
        let first = {
            trail.append(&login("a")).unwrap();
            trail.pending.len()
        };
        trail.append(&login("b")).unwrap();
        assert_eq!(trail.verify().unwrap(), trail.standing);
        let check = |pending: Vec<u8>, expected: &str| {
            let (standing, handed_over) = (trail.standing.clone(), trail.handed_over.clone());
            let error = Trail { standing, handed_over, pending }.verify().unwrap_err();
            assert_eq!(error.error_message(), format!("the trail is broken: {expected}"));
        };
        let (a, b) = trail.pending.split_at(first);
        check([b, a].concat(), "entry 1: it does not follow the one before");
        check([a, a].concat(), "entry 4: it does not follow the one before");
        check(a.to_vec(), "entry 3: the trail ends with it too early");
        check(Vec::new(), "entry 0: the trail ends with it too early");
        let cut = trail.pending.len() - 20;
        let error = Trail { pending: trail.pending[..cut].to_vec(), ..trail }.verify();
        assert!(error.is_err());
    }
}
