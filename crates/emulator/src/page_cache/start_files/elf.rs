//! What an ELF file asks of the dynamic loader, read from its program headers alone.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use object::elf::{DT_NEEDED, DT_RPATH, DT_RUNPATH, DT_STRSZ, DT_STRTAB, FileHeader64, PT_LOAD};
use object::endian::Endianness;
use object::read::StringTable;
use object::read::elf::{Dyn, FileHeader, ProgramHeader};
use object::{ReadCache, ReadRef};

use super::path_of;

/// The most libraries that are read from one file.
const MOST_NEEDED: usize = 512;

/// What an executable or a library needs before its first instruction.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Elf {
    /// For which machine it is (`e_machine`): the loader passes over libraries of another.
    pub machine: u16,
    /// The dynamic loader; `None` in libraries and static programs.
    pub loader: Option<PathBuf>,
    /// Names of libraries, as they are written in the file.
    pub needed: Vec<PathBuf>,
    /// Folders that are looked at before `LD_LIBRARY_PATH`; the loader ignores them in a file that has a `runpath`.
    pub rpath: Vec<PathBuf>,
    /// Folders that are looked at after `LD_LIBRARY_PATH`.
    pub runpath: Vec<PathBuf>,
}

impl Elf {
    /// Reads a file; `None` if it is no ELF file of 64 bits.
    pub(crate) fn read(path: &Path) -> io::Result<Option<Elf>> {
        let cache = ReadCache::new(File::open(path)?);
        Ok(parse(&cache))
    }
}

/// What is damaged is left out, as far as the loader itself would come.
fn parse<'data, R: ReadRef<'data>>(data: R) -> Option<Elf> {
    let header = FileHeader64::<Endianness>::parse(data).ok()?;
    let endian = header.endian().ok()?;
    let segments = header.program_headers(endian, data).ok()?;
    let mut elf = Elf { machine: header.e_machine(endian).0, ..Elf::default() };
    let loader = segments.iter().find_map(|segment| segment.interpreter(endian, data).ok()?);
    elf.loader = loader.map(path_of);
    let dynamic = segments.iter().find_map(|segment| segment.dynamic(endian, data).ok()?);
    let dynamic = dynamic.unwrap_or_default();
    let value = |tag| {
        dynamic.iter().find(|entry| entry.d_tag(endian) == tag).map(|entry| entry.d_val(endian))
    };
    let (Some(address), Some(bytes)) = (value(DT_STRTAB), value(DT_STRSZ)) else {
        return Some(elf);
    };
    // The table is given by its address in memory.
    let start =
        segments.iter().filter(|segment| segment.p_type(endian) == PT_LOAD).find_map(|segment| {
            let within = address.checked_sub(segment.p_vaddr(endian))?;
            (within < segment.p_filesz(endian)).then(|| segment.p_offset(endian) + within)
        });
    let Some(start) = start else { return Some(elf) };
    let strings = StringTable::new(data, start, start.saturating_add(bytes));
    for entry in dynamic {
        let Ok(offset) = u32::try_from(entry.d_val(endian)) else { continue };
        let text = || strings.get(offset).unwrap_or_default();
        match entry.d_tag(endian) {
            DT_NEEDED if elf.needed.len() < MOST_NEEDED => elf.needed.push(path_of(text())),
            DT_RPATH => elf.rpath.extend(folders(text())),
            DT_RUNPATH => elf.runpath.extend(folders(text())),
            _ => {}
        }
    }
    Some(elf)
}

fn folders(list: &[u8]) -> impl Iterator<Item = PathBuf> {
    list.split(|&byte| byte == b':').filter(|folder| !folder.is_empty()).map(path_of)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_program_needs_a_loader_and_a_c_library() {
        let elf = Elf::read(&std::env::current_exe().unwrap()).unwrap().unwrap();
        assert!(elf.loader.is_some_and(|loader| loader.is_absolute()));
        let is_libc = |name: &PathBuf| name.to_string_lossy().starts_with("libc.");
        assert!(elf.needed.iter().any(is_libc), "{:?}", elf.needed);
    }

    #[test]
    fn what_is_no_elf_file_or_damaged_is_no_panic() {
        let mut program = std::fs::read("/bin/sh").unwrap();
        let head = program[..4096].to_vec();
        let head = &*head;
        assert_eq!(parse(&b""[..]), None);
        assert_eq!(parse(&b"#!/bin/sh\n"[..]), None);
        let whole = parse(head).unwrap();
        assert!(whole.loader.is_some() && whole.needed.is_empty(), "{whole:?}");
        for length in 0..head.len() {
            parse(&head[..length]);
        }
        for at in 0..512 {
            let byte = std::mem::replace(&mut program[at], 0xff);
            parse(&*program);
            program[at] = byte;
        }
    }
}
