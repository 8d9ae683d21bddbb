//! The invocations of one function, sorted by what they can tell.

use std::collections::BTreeMap;

use kelvin_lambda::{Start, Status};
use kelvin_record::{FunctionRecord, InvocationRecord, Run};

/// The records of one function.
#[derive(Debug)]
pub struct FunctionRows<'a> {
    /// Its row in `run.json`.
    pub record: &'a FunctionRecord,
    /// How many whole launches it has.
    pub launches: u64,
    /// All its invocations.
    pub rows: Vec<&'a InvocationRecord>,
}

impl<'a> FunctionRows<'a> {
    /// Of every function of a run, in the order of deployment.
    pub fn of(run: &'a Run) -> Vec<FunctionRows<'a>> {
        let mut rows: BTreeMap<u32, Vec<&InvocationRecord>> = BTreeMap::new();
        for row in &run.invocations {
            if let Some(function) = run.function_of(row) {
                rows.entry(function).or_default().push(row);
            }
        }
        let functions = (0..).zip(&run.record.functions);
        functions
            .map(|(index, record)| FunctionRows {
                record,
                launches: run.launches.iter().filter(|l| l.function == index).count() as u64,
                rows: rows.remove(&index).unwrap_or_default(),
            })
            .collect()
    }

    /// Whether it was invoked under load, and in no other way.
    pub fn only_loads(&self) -> bool {
        !self.rows.is_empty() && self.rows.iter().all(|row| row.load.is_some())
    }

    /// How many whole launches did not begin within a load.
    pub fn launches_outside_of_loads(&self) -> u64 {
        let begun = |row: &&&InvocationRecord| row.index == 0 && row.load.is_some();
        let of_loads = self.rows.iter().filter(begun).filter(|row| row.launch.is_some()).count();
        self.launches.saturating_sub(of_loads as u64)
    }

    /// The cold start of every launch, where it succeeded.
    pub fn cold(&self) -> Vec<&'a InvocationRecord> {
        let mut cold: BTreeMap<u64, &InvocationRecord> = BTreeMap::new();
        for row in self.succeeded(Start::Cold) {
            if let Some(launch) = row.launch {
                cold.entry(launch).or_insert(row);
            }
        }
        cold.into_values().collect()
    }

    /// The warm starts that succeeded, launch by launch.
    pub fn warm(&self) -> Vec<Vec<&'a InvocationRecord>> {
        let mut warm: BTreeMap<u64, Vec<&InvocationRecord>> = BTreeMap::new();
        for row in self.succeeded(Start::Warm) {
            if let Some(launch) = row.launch {
                warm.entry(launch).or_default().push(row);
            }
        }
        warm.into_values().collect()
    }

    /// Invocations outside of loads that succeeded after a start of this kind.
    pub fn succeeded(&self, start: Start) -> impl Iterator<Item = &'a InvocationRecord> {
        let of_kind = move |row: &&InvocationRecord| {
            row.load.is_none() && row.status == Status::Ok && row.start == start
        };
        self.rows.iter().copied().filter(of_kind)
    }

    /// Why none succeeded after a start of this kind, outside of loads.
    pub fn why_none(&self, start: Start) -> &'static str {
        if self.rows.is_empty() {
            return "was not invoked";
        }
        if self.only_loads() {
            return "was only put under load";
        }
        let made = self.rows.iter().any(|row| row.load.is_none() && row.start == start);
        let init_failed = self.rows.iter().any(|row| row.load.is_none() && row.init_failed);
        match (made, start) {
            (false, _) if init_failed => "INIT failed",
            (false, Start::Cold) => "had no cold start",
            (false, _) => "had no warm start",
            (true, Start::Cold) => "no cold start succeeded",
            (true, _) => "no warm start succeeded",
        }
    }

    /// Invocations that did not succeed.
    pub fn failed(&self) -> impl Iterator<Item = &'a InvocationRecord> {
        self.rows.iter().copied().filter(|row| row.status != Status::Ok)
    }

    /// How many starts of this kind failed outside of loads: where numbers are too few, these are why, or a part of it.
    pub fn failed_starts(&self, start: Start) -> u64 {
        // An environment of which INIT fails is never ready for a cold start.
        let of_kind = |row: &&InvocationRecord| {
            row.start == start || (start == Start::Cold && row.init_failed)
        };
        self.failed().filter(|row| row.load.is_none()).filter(of_kind).count() as u64
    }
}
