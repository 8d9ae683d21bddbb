//! What a script adds to the record besides measurements, and how much of it.

use rhai::{NativeCallContext, Position};

use crate::session::{Fault, Session, State};

/// How much of one kind there is so far.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Kept {
    entries: usize,
    bytes: usize,
    /// Whether something had to be left out.
    over: bool,
}

/// Of each kind.
#[derive(Debug, Default)]
pub(crate) struct KeptOf {
    pub(crate) notes: Kept,
    pub(crate) answers: Kept,
    pub(crate) checks: Kept,
    pub(crate) functions: Kept,
    pub(crate) services: Kept,
}

/// What becomes of one more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Room {
    Enough,
    /// There is none any more, which nobody has been told.
    NoMore,
    None,
}

impl Kept {
    /// Counts one more of so many bytes, if it fits.
    fn add(&mut self, bytes: usize, most: usize, most_bytes: usize) -> Room {
        if self.over {
            return Room::None;
        }
        self.entries += 1;
        self.bytes = self.bytes.saturating_add(bytes);
        self.over = self.entries > most || self.bytes > most_bytes;
        if self.over { Room::NoMore } else { Room::Enough }
    }
}

impl Session {
    /// `note()` and `print()`; silent while only parameters are read. What is too much is left out, which is noted once.
    pub(crate) fn note(&self, text: &str, from: Option<&NativeCallContext<'_>>) {
        let Some(host) = self.listener() else { return };
        match self.room(|kept| &mut kept.notes, text.len(), self.limits.notes) {
            Room::Enough => host.note(text),
            Room::NoMore => host.note(&self.left_out("notes", from)),
            Room::None => {}
        }
    }

    /// `answer()`, likewise.
    pub(crate) fn give_answer(&self, text: &str, from: &NativeCallContext<'_>) {
        let Some(host) = self.listener() else { return };
        match self.room(|kept| &mut kept.answers, text.len(), self.limits.notes) {
            Room::Enough => host.answer(text),
            Room::NoMore => host.note(&self.left_out("answers", Some(from))),
            Room::None => {}
        }
    }

    /// Counts one more check or threshold. Fails if there are too many, as none of them can be left out.
    pub(crate) fn add_check(&self, call: &str, name: &str) -> Result<(), Fault> {
        let most = self.limits.checks;
        match self.room(|kept| &mut kept.checks, name.len(), most) {
            Room::Enough => Ok(()),
            Room::NoMore | Room::None => Err(format!(
                "{call}: a run has at most {most} checks and thresholds, whose names have {} bytes together",
                self.limits.text_bytes
            )
            .into()),
        }
    }

    /// Counts one more function, or another configuration of one.
    pub(crate) fn add_function(&self, call: &str) -> Result<(), Fault> {
        let most = self.limits.functions;
        match self.room(|kept| &mut kept.functions, 0, most) {
            Room::Enough => Ok(()),
            Room::NoMore | Room::None => Err(format!(
                "{call}: a run has at most {most} functions and changes of their configuration"
            )
            .into()),
        }
    }

    /// Counts one more service, or change of one.
    pub(crate) fn add_service(&self, call: &str) -> Result<(), Fault> {
        let most = self.limits.services;
        match self.room(|kept| &mut kept.services, 0, most) {
            Room::Enough => Ok(()),
            Room::NoMore | Room::None => {
                Err(format!("{call}: a run has at most {most} services and changes of them").into())
            }
        }
    }

    fn room(&self, of: fn(&mut KeptOf) -> &mut Kept, bytes: usize, most: usize) -> Room {
        let State { kept, .. } = &mut *self.state();
        of(kept).add(bytes, most, self.limits.text_bytes)
    }

    fn left_out(&self, what: &str, from: Option<&NativeCallContext<'_>>) -> String {
        let line = from.map(NativeCallContext::call_position).and_then(Position::line);
        let line = line.map(|line| format!(", at line {line}")).unwrap_or_default();
        let (most, bytes) = (self.limits.notes, self.limits.text_bytes);
        format!(
            "{what} from here on are left out{line}: a run keeps {most} of them and {bytes} bytes"
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_that_does_not_fit_is_told_and_none_comes_after_it() {
        let check = |bytes: &[usize], expected: &[Room]| {
            let mut kept = Kept::default();
            let rooms: Vec<Room> = bytes.iter().map(|bytes| kept.add(*bytes, 3, 10)).collect();
            assert_eq!(rooms, expected, "{bytes:?}");
        };
        check(
            &[1, 2, 3, 4, 5],
            &[Room::Enough, Room::Enough, Room::Enough, Room::NoMore, Room::None],
        );
        check(&[4, 7, 1], &[Room::Enough, Room::NoMore, Room::None]);
        check(&[usize::MAX, usize::MAX], &[Room::NoMore, Room::None]);
    }
}
