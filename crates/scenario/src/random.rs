//! What scripts draw themselves: `random_int()` and the like, from the run's seed.

use std::sync::MutexGuard;

use rhai::NativeCallContext;

use crate::chance::Chance;
use crate::language::Language;
use crate::session::{Fault, Session};

impl Session {
    fn chance(&self) -> MutexGuard<'_, Chance> {
        self.chance.lock().expect("nothing panics while it draws")
    }

    fn random_int(&self, low: i64, high: i64) -> Result<i64, Fault> {
        if low > high {
            return Err(format!(
                "random_int: the first number must not be greater than the second, got {low} and {high}"
            )
            .into());
        }
        Ok(self.chance().int(low, high))
    }

    fn random_string(&self, length: i64) -> Result<String, Fault> {
        let most = self.limits.string_bytes;
        match usize::try_from(length).ok().filter(|length| *length <= most) {
            Some(length) => Ok(self.chance().text(length)),
            None => {
                Err(format!("random_string: expected a length of 0 to {most}, got {length}").into())
            }
        }
    }
}

/// Makes the functions known.
pub(crate) fn add(language: &mut Language<'_>) {
    language.group("Chance");
    language.add(
        "random_int(a, b)",
        "A whole number from the first to the second, both included, that follows from the seed.",
        |s| {
            move |ctx: NativeCallContext<'_>, low: i64, high: i64| {
                s.answer(&ctx, s.random_int(low, high))
            }
        },
    ).returns("the number").example("note(random_int(1, 6));");
    language
        .add(
            "random_float()",
            "A decimal number from 0 to below 1 that follows from the seed.",
            |s| move || s.chance().float(),
        )
        .returns("the number")
        .example("if random_float() < 0.5 { f.invoke(); }");
    language
        .add("random_string(n)", "So many letters and digits that follow from the seed.", |s| {
            move |ctx: NativeCallContext<'_>, length: i64| s.answer(&ctx, s.random_string(length))
        })
        .returns("the text")
        .example("f.invoke(#{ text: random_string(1_000) });");
    language
        .add("uuid()", "A UUID of version 4 that follows from the seed.", |s| {
            move || s.chance().uuid()
        })
        .returns("the text")
        .example("f.invoke(#{ id: uuid() });");
}
