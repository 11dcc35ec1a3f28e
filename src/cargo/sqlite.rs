//! Reads the rows of ordinary tables of a SQLite 3 file, and nothing else of it: Cargo's record of uses is a
//! convenience that is not worth a database engine in C. It takes no lock; a file that a writer has not finished,
//! that is damaged or of a kind not known here, is no file.
//!
//! Format: <https://www.sqlite.org/fileformat2.html>.

use std::fs::File;
use std::io::{self, Read as _, Seek as _, SeekFrom};
use std::path::Path;

const MAGIC: &[u8] = b"SQLite format 3\0";
const HEADER: usize = 100;
const LEAF: u8 = 0x0d;
const INTERIOR: u8 = 0x05;
/// Tables of Cargo have four columns.
const MOST_COLUMNS: usize = 16;

/// A file that is open for reading.
#[derive(Debug)]
pub(super) struct Database {
    file: File,
    page_size: usize,
    /// Of a page, without what is reserved for extensions.
    usable: usize,
    pages: u32,
    changes: u32,
}

/// One value of a row.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Value<'a> {
    Null,
    Integer(i64),
    Text(&'a str),
    /// A number with a fraction, or bytes.
    Other,
}

impl Value<'_> {
    pub(super) fn integer(self) -> Option<i64> {
        match self {
            Self::Integer(number) => Some(number),
            _ => None,
        }
    }
}

impl Database {
    /// `None` for anything but a file in the ordinary mode with text in UTF-8, and while a writer is at work or was
    /// cut short: its journal lies beside the file.
    pub(super) fn open(path: &Path) -> io::Result<Option<Self>> {
        let mut journal = path.as_os_str().to_owned();
        journal.push("-journal");
        if Path::new(&journal).exists() || !path.symlink_metadata()?.is_file() {
            return Ok(None);
        }
        let mut file = File::open(path)?;
        let length = file.metadata()?.len();
        let mut header = [0; HEADER];
        if length < HEADER as u64 {
            return Ok(None);
        }
        file.read_exact(&mut header)?;
        let page_size = match u16::from_be_bytes([header[16], header[17]]) {
            1 => 65536,
            size => usize::from(size),
        };
        let usable = page_size.saturating_sub(usize::from(header[20]));
        let is_ours = header.starts_with(MAGIC)
            && page_size.is_power_of_two()
            && usable >= 480
            && header[18..20] == [1, 1]
            && be32(&header, 56) == Some(1);
        let pages = u32::try_from(length / page_size.max(1) as u64).unwrap_or(u32::MAX);
        let changes = be32(&header, 24).unwrap_or_default();
        Ok(is_ours.then_some(Self { file, page_size, usable, pages, changes }))
    }

    /// Whether a writer has been here since it was opened: what was read may then be neither old nor new.
    pub(super) fn has_changed(&mut self) -> bool {
        let mut counter = [0; 4];
        let read = self.file.seek(SeekFrom::Start(24)).and_then(|_| self.file.read_exact(&mut counter));
        read.is_err() || u32::from_be_bytes(counter) != self.changes
    }

    /// Hands over every row of a table with its number; `None` where there is no such table or it is damaged.
    pub(super) fn rows(&mut self, table: &str, mut take: impl FnMut(i64, &[Value<'_>])) -> Option<()> {
        let mut root = None;
        self.walk(1, &mut |_, values| {
            if let [Value::Text("table"), Value::Text(name), _, Value::Integer(page), ..] = values
                && *name == table
            {
                root = u32::try_from(*page).ok();
            }
        })?;
        self.walk(root?, &mut take)
    }

    /// Goes through a tree of pages. Each page has one place in it, so that a damaged file ends too.
    fn walk(&mut self, root: u32, take: &mut impl FnMut(i64, &[Value<'_>])) -> Option<()> {
        let mut page = vec![0; self.page_size];
        let mut waiting = vec![root];
        let mut left = self.pages;
        while let Some(number) = waiting.pop() {
            left = left.checked_sub(1)?;
            self.read_page(number, &mut page)?;
            let start = if number == 1 { HEADER } else { 0 };
            let kind = *page.get(start)?;
            let cells = usize::from(be16(&page, start + 3)?);
            let pointers = start + if kind == INTERIOR { 12 } else { 8 };
            let cell = |at: usize| Some(usize::from(be16(&page, pointers + 2 * at)?));
            match kind {
                INTERIOR => {
                    waiting.push(be32(&page, start + 8)?);
                    for at in (0..cells).rev() {
                        waiting.push(be32(&page, cell(at)?)?);
                    }
                }
                LEAF => {
                    for at in 0..cells {
                        self.row(page.get(cell(at)?..)?, take);
                    }
                }
                _ => return None,
            }
        }
        Some(())
    }

    fn read_page(&mut self, number: u32, page: &mut [u8]) -> Option<()> {
        let at = u64::from(number.checked_sub(1)?) * self.page_size as u64;
        self.file.seek(SeekFrom::Start(at)).ok()?;
        self.file.read_exact(page).ok()
    }

    /// One cell of a leaf. Rows that go on in other pages are longer than any of Cargo's, and passed over.
    fn row(&self, cell: &[u8], take: &mut impl FnMut(i64, &[Value<'_>])) -> Option<()> {
        let (length, cell) = varint(cell)?;
        let (id, cell) = varint(cell)?;
        let length = usize::try_from(length).ok().filter(|length| *length <= self.usable - 35)?;
        let record = cell.get(..length)?;
        let (header, _) = varint(record)?;
        let header = usize::try_from(header).ok()?;
        let mut body = record.get(header..)?;
        let mut kinds = record.get(record.len() - varint(record)?.1.len()..header)?;
        let mut values = [Value::Null; MOST_COLUMNS];
        let mut columns = 0;
        while !kinds.is_empty() && columns < MOST_COLUMNS {
            let (kind, rest) = varint(kinds)?;
            kinds = rest;
            (values[columns], body) = value(kind, body)?;
            columns += 1;
        }
        take(id, &values[..columns]);
        Some(())
    }
}

fn value(kind: i64, body: &[u8]) -> Option<(Value<'_>, &[u8])> {
    let length = match kind {
        0 | 8 | 9 => 0,
        1..=4 => usize::try_from(kind).ok()?,
        5 => 6,
        6 | 7 => 8,
        kind if kind >= 12 => usize::try_from((kind - 12) / 2).ok()?,
        _ => return None,
    };
    let (bytes, rest) = body.split_at_checked(length)?;
    let value = match kind {
        0 => Value::Null,
        8 => Value::Integer(0),
        9 => Value::Integer(1),
        1..=6 => Value::Integer(integer(bytes)),
        kind if kind >= 13 && kind % 2 == 1 => std::str::from_utf8(bytes).map_or(Value::Other, Value::Text),
        _ => Value::Other,
    };
    Some((value, rest))
}

/// Big-endian, with a sign, of one to eight bytes.
fn integer(bytes: &[u8]) -> i64 {
    let sign = if bytes.first().is_some_and(|first| first & 0x80 != 0) { -1 } else { 0 };
    bytes.iter().fold(sign, |number, byte| number << 8 | i64::from(*byte))
}

/// Seven bits a byte, the highest first; the ninth byte counts whole.
fn varint(bytes: &[u8]) -> Option<(i64, &[u8])> {
    let mut number = 0_i64;
    for (at, byte) in bytes.iter().take(9).enumerate() {
        if at == 8 {
            return Some((number << 8 | i64::from(*byte), &bytes[9..]));
        }
        number = number << 7 | i64::from(byte & 0x7f);
        if byte & 0x80 == 0 {
            return Some((number, &bytes[at + 1..]));
        }
    }
    None
}

fn be16(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_be_bytes(bytes.get(at..at + 2)?.try_into().ok()?))
}

fn be32(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_be_bytes(bytes.get(at..at.checked_add(4)?)?.try_into().ok()?))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn numbers_of_every_length_are_read() {
        assert_eq!(varint(&[0x7f, 1]), Some((127, &[1][..])));
        assert_eq!(varint(&[0x81, 0x00]), Some((128, &[][..])));
        assert_eq!(varint(&[0xff; 9]), Some((-1, &[][..])));
        assert_eq!(varint(&[0xff; 8]), None);
        assert_eq!(integer(&[0xff, 0xfe]), -2);
        assert_eq!(integer(&[0x00, 0x80]), 128);
    }

    proptest! {
        #[test]
        fn any_page_after_a_sound_header_is_survived(bytes in prop::collection::vec(any::<u8>(), 412..1500), root in 0u32..5) {
            let mut header = vec![0; HEADER];
            header[..16].copy_from_slice(MAGIC);
            header[16..18].copy_from_slice(&512_u16.to_be_bytes());
            header[18..20].copy_from_slice(&[1, 1]);
            header[59] = 1;
            let file = tempfile::NamedTempFile::new().unwrap();
            std::fs::write(file.path(), [header, bytes].concat()).unwrap();
            let mut database = Database::open(file.path()).unwrap().unwrap();
            let mut rows = 0;
            let _ = database.rows("registry_crate", |_, _| rows += 1);
            let _ = database.walk(root, &mut |_, _| rows += 1);
        }
    }
}
