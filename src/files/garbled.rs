//! Files of the tool's own that turn out to mean nothing: set aside, so that they are neither in the way nor lost.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::{FileError, failed, read};

/// Reads a file of the tool's own before it is changed: its text, and what it means. One that means nothing is set
/// aside, so that it is neither in the way nor lost.
///
/// # Errors
/// When it can't be read, or be set aside.
pub fn read_ours<T: Default>(
    path: &Path,
    parse: impl FnOnce(&str) -> Option<T>,
) -> Result<(Option<String>, T), FileError> {
    let text = match read(path) {
        Err(FileError::NotText(_) | FileError::TooLarge(_)) => Some(String::new()),
        text => text?,
    };
    let Some(text) = text else { return Ok((None, T::default())) };
    if let Some(value) = parse(&text) {
        return Ok((Some(text), value));
    }
    set_aside(path)?;
    Ok((None, T::default()))
}

/// Whether such a file is there and means nothing; nothing is changed.
pub fn is_garbled<T>(path: &Path, parse: impl FnOnce(&str) -> Option<T>) -> bool {
    match read(path) {
        Ok(text) => text.is_some_and(|text| parse(&text).is_none()),
        Err(error) => matches!(error, FileError::NotText(_) | FileError::TooLarge(_)),
    }
}

/// What a file that means nothing is called from then on, after its own name.
const GARBLED: &str = ".garbled-";

/// Gives a file a name under which nobody looks for it.
fn set_aside(path: &Path) -> Result<(), FileError> {
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    for number in 1..1000 {
        let aside = path.with_file_name(format!("{name}{GARBLED}{number}"));
        if fs::symlink_metadata(&aside).is_err() {
            return fs::rename(path, &aside).map_err(failed("set aside", path));
        }
    }
    Err(failed("set aside", path)(io::ErrorKind::AlreadyExists.into()))
}

/// The files that meant nothing and were set aside in place of this one, by name.
#[must_use]
pub fn set_aside_of(path: &Path) -> Vec<PathBuf> {
    let (Some(dir), Some(name)) = (path.parent(), path.file_name()) else { return Vec::new() };
    let names = fs::read_dir(dir).into_iter().flatten().flatten().map(|entry| entry.path());
    let start = format!("{}{GARBLED}", name.to_string_lossy());
    let is_aside =
        |path: &PathBuf| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(&start));
    let mut aside: Vec<PathBuf> = names.filter(is_aside).collect();
    aside.sort();
    aside
}
