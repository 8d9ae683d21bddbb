//! Whose network a function uses.

use std::fmt;

/// Whose network the processes of an execution environment use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Network {
    /// One of their own, as on Lambda: no two environments can be in each other's way.
    Private,
    /// One of their own, from which a way leads to the outside world.
    Outside,
    /// That of the machine: a function reaches what listens there, and what it listens on others reach.
    Host,
}

impl Network {
    /// All of them.
    pub const ALL: [Network; 3] = [Network::Private, Network::Outside, Network::Host];

    /// `private`, `outside` or `host`.
    pub fn as_str(self) -> &'static str {
        match self {
            Network::Private => "private",
            Network::Outside => "outside",
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
