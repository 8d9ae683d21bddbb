//! Ctrl-C, SIGTERM and SIGHUP: the first ends the run in order, the second at once.

use std::io;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::thread;

use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;
use tokio::sync::watch;

use crate::exit::{Exit, Interrupted};

/// Whether the user wants the run to end.
#[derive(Clone, Debug)]
pub(crate) struct Stop {
    /// For those who wait.
    pub watch: watch::Receiver<bool>,
}

impl Stop {
    /// Watches for signals from now on.
    pub(crate) fn on_signals() -> io::Result<Stop> {
        let (sender, watch) = watch::channel(false);
        let flag = Arc::new(AtomicBool::new(false));
        let signals = [SIGINT, SIGTERM, SIGHUP];
        for signal in signals {
            // Registered first, so that it sees the flag only at the second signal. What runs is ended by the guard.
            let code = i32::from(Exit::Interrupted as u8);
            signal_hook::flag::register_conditional_shutdown(signal, code, Arc::clone(&flag))?;
            signal_hook::flag::register(signal, Arc::clone(&flag))?;
        }
        let mut received = Signals::new(signals)?;
        thread::Builder::new().name("kelvin-signals".to_owned()).spawn(move || {
            for _ in received.forever() {
                sender.send_replace(true);
            }
        })?;
        Ok(Stop { watch })
    }

    /// For those who ask now and then.
    pub(crate) fn is_wanted(&self) -> bool {
        *self.watch.borrow()
    }

    /// Fails if the user wants the run to end.
    pub(crate) fn check(&self) -> Result<(), Interrupted> {
        if self.is_wanted() { Err(Interrupted) } else { Ok(()) }
    }
}
