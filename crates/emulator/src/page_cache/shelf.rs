//! The books of the pool: which original is lent as it is, and which copies of it there are. No files are touched here.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::tree::Tree;

/// All originals that were ever asked for, with their copies.
#[derive(Debug)]
pub(super) struct Shelf {
    originals: HashMap<PathBuf, Original>,
    /// Bytes of all copies, and how many there may be.
    bytes: u64,
    most_bytes: u64,
    next_id: u64,
}

#[derive(Debug)]
struct Original {
    /// What it was when it was last asked for.
    tree: Arc<Tree>,
    in_place: InPlace,
    copies: Vec<Copy>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum InPlace {
    Free,
    Lent,
    /// Others have it mapped, or nobody can tell: only a copy is known to be cold.
    Useless,
}

#[derive(Debug)]
struct Copy {
    id: u64,
    bytes: u64,
    lent: bool,
    tree: Arc<Tree>,
}

/// What was lent, to give it back.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Lent {
    InPlace { original: PathBuf },
    Copy { original: PathBuf, id: u64 },
}

/// Why there can be no further copy.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Full {
    pub most_bytes: u64,
}

impl Shelf {
    pub(super) fn new(most_bytes: u64) -> Shelf {
        Shelf { originals: HashMap::new(), bytes: 0, most_bytes, next_id: 0 }
    }

    /// Lends the original, if nobody has it and it can be cold. `tree` is what it is now.
    pub(super) fn lend_in_place(&mut self, original: &Path, tree: &Arc<Tree>) -> Option<Lent> {
        let of = self.original(original, tree);
        if of.in_place != InPlace::Free {
            return None;
        }
        of.in_place = InPlace::Lent;
        Some(Lent::InPlace { original: original.to_owned() })
    }

    /// Takes the original back, which did not leave the page cache: it is not lent again before it changes.
    pub(super) fn in_place_is_useless(&mut self, original: &Path) {
        if let Some(of) = self.originals.get_mut(original) {
            of.in_place = InPlace::Useless;
        }
    }

    /// Lends a copy that is there.
    pub(super) fn lend_copy(&mut self, original: &Path, tree: &Arc<Tree>) -> Option<(Lent, u64)> {
        let of = self.original(original, tree);
        let copy = of.copies.iter_mut().find(|copy| !copy.lent && copy.tree == of.tree)?;
        copy.lent = true;
        Some((Lent::Copy { original: original.to_owned(), id: copy.id }, copy.id))
    }

    /// Lends a copy that is still to be made, and says which folders have to go for it.
    pub(super) fn lend_new_copy(
        &mut self,
        original: &Path,
        tree: &Arc<Tree>,
    ) -> Result<(Lent, u64, Vec<u64>), Full> {
        let wanted = tree.bytes();
        let copies = self.originals.values().flat_map(|of| &of.copies);
        let lent: u64 = copies.filter(|copy| copy.lent).map(|copy| copy.bytes).sum();
        if lent + wanted > self.most_bytes {
            return Err(Full { most_bytes: self.most_bytes });
        }
        let mut removed = self.outdated(original, tree);
        while self.bytes + wanted > self.most_bytes {
            let Some(id) = self.take_idle() else { break };
            removed.push(id);
        }
        let id = self.next_id;
        self.next_id += 1;
        self.bytes += wanted;
        let copy = Copy { id, bytes: wanted, lent: true, tree: Arc::clone(tree) };
        self.original(original, tree).copies.push(copy);
        Ok((Lent::Copy { original: original.to_owned(), id }, id, removed))
    }

    /// Forgets a copy that could not be made.
    pub(super) fn forget_copy(&mut self, original: &Path, id: u64) {
        let Some(of) = self.originals.get_mut(original) else { return };
        for copy in of.copies.extract_if(.., |copy| copy.id == id) {
            self.bytes -= copy.bytes;
        }
    }

    pub(super) fn give_back(&mut self, lent: &Lent) {
        match lent {
            Lent::InPlace { original } => {
                if let Some(of) = self.originals.get_mut(original)
                    && of.in_place == InPlace::Lent
                {
                    of.in_place = InPlace::Free;
                }
            }
            Lent::Copy { original, id } => {
                let copies = self.originals.get_mut(original).map(|of| &mut of.copies);
                for copy in copies.into_iter().flatten().filter(|copy| copy.id == *id) {
                    copy.lent = false;
                }
            }
        }
    }

    fn original(&mut self, original: &Path, tree: &Arc<Tree>) -> &mut Original {
        let new =
            || Original { tree: Arc::clone(tree), in_place: InPlace::Free, copies: Vec::new() };
        let of = self.originals.entry(original.to_owned()).or_insert_with(new);
        if of.tree != *tree {
            of.tree = Arc::clone(tree);
            if of.in_place == InPlace::Useless {
                of.in_place = InPlace::Free;
            }
        }
        of
    }

    /// Takes the copies off the books that nobody has and that are no longer as the original.
    fn outdated(&mut self, original: &Path, tree: &Arc<Tree>) -> Vec<u64> {
        let of = self.original(original, tree);
        let current = Arc::clone(&of.tree);
        let outdated: Vec<_> =
            of.copies.extract_if(.., |copy| !copy.lent && copy.tree != current).collect();
        self.bytes -= outdated.iter().map(|copy| copy.bytes).sum::<u64>();
        outdated.into_iter().map(|copy| copy.id).collect()
    }

    fn take_idle(&mut self) -> Option<u64> {
        let copies = self.originals.values_mut().map(|of| &mut of.copies);
        let copy =
            copies.filter_map(|copies| copies.extract_if(.., |copy| !copy.lent).next()).next()?;
        self.bytes -= copy.bytes;
        Some(copy.id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tree(file: &Path) -> Arc<Tree> {
        Arc::new(Tree::read(file).unwrap())
    }

    #[test]
    fn one_has_the_original_the_others_copies_and_what_comes_back_is_lent_again() {
        let place = tempfile::tempdir().unwrap();
        let file = place.path().join("file");
        std::fs::write(&file, "123").unwrap();
        let (mut shelf, now) = (Shelf::new(7), tree(&file));
        let first = shelf.lend_in_place(&file, &now).unwrap();
        assert_eq!(shelf.lend_in_place(&file, &now), None);
        assert_eq!(shelf.lend_copy(&file, &now), None);
        let (second, id, removed) = shelf.lend_new_copy(&file, &now).unwrap();
        assert!(removed.is_empty());
        let (_third, other, _) = shelf.lend_new_copy(&file, &now).unwrap();
        assert_ne!(id, other);
        assert_eq!(shelf.lend_new_copy(&file, &now), Err(Full { most_bytes: 7 }));
        shelf.give_back(&second);
        assert_eq!(shelf.lend_copy(&file, &now), Some((second, id)));
        shelf.give_back(&first);
        assert!(shelf.lend_in_place(&file, &now).is_some());
    }

    #[test]
    fn what_did_not_leave_the_cache_or_has_changed_is_not_lent() {
        let place = tempfile::tempdir().unwrap();
        let file = place.path().join("file");
        std::fs::write(&file, "123").unwrap();
        let (mut shelf, before) = (Shelf::new(100), tree(&file));
        shelf.lend_in_place(&file, &before).unwrap();
        shelf.in_place_is_useless(&file);
        assert_eq!(shelf.lend_in_place(&file, &before), None);
        let (idle, old, _) = shelf.lend_new_copy(&file, &before).unwrap();
        let (broken, gone, _) = shelf.lend_new_copy(&file, &before).unwrap();
        assert_ne!(broken, idle);
        shelf.forget_copy(&file, gone);
        shelf.give_back(&idle);
        std::fs::write(&file, "12345").unwrap();
        let after = tree(&file);
        assert_eq!(shelf.lend_copy(&file, &after), None);
        assert!(shelf.lend_in_place(&file, &after).is_some());
        let (_, _, removed) = shelf.lend_new_copy(&file, &after).unwrap();
        assert_eq!((removed, shelf.bytes), (vec![old], 5));
    }
}
