//! Whose network a function uses.

use std::fmt;

/// Whose network the processes of an execution environment use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Network {
    /// One of their own, as on Lambda: no two environments can be in each other's way.
    Private,
    /// That of the machine: a function reaches what listens there, and what it listens on others reach.
    Host,
}

impl Network {
    /// Both.
    pub const ALL: [Network; 2] = [Network::Private, Network::Host];

    /// `private` or `host`.
    pub fn as_str(self) -> &'static str {
        match self {
            Network::Private => "private",
            Network::Host => "host",
        }
    }

    /// The one of that name.
    pub fn from_name(name: &str) -> Option<Network> {
        Network::ALL.into_iter().find(|network| network.as_str() == name)
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
