//! What a cold start finds in the page cache of the machine that it runs on.

use std::fmt;

/// Whether the files that a function reads when it starts are in the page cache.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PageCache {
    /// They are not, as in a new microVM: everything is read from the disk.
    #[default]
    Cold,
    /// They are: a start takes no longer than the program itself does.
    Warm,
}

impl PageCache {
    /// Both.
    pub const ALL: [PageCache; 2] = [PageCache::Cold, PageCache::Warm];

    /// `cold` or `warm`.
    pub fn as_str(self) -> &'static str {
        match self {
            PageCache::Cold => "cold",
            PageCache::Warm => "warm",
        }
    }

    /// The one of that name.
    pub fn from_name(name: &str) -> Option<PageCache> {
        PageCache::ALL.into_iter().find(|page_cache| page_cache.as_str() == name)
    }
}

impl fmt::Display for PageCache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
