//! Small private files that are held: locked by their writer from before they have their name until it ends, by
//! itself or killed. Whoever can take one knows that its writer is gone.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

use super::temporary::keep_new;
use super::{FileError, MAX_TEXT, create_private_dir, failed, remove};

/// A file of ours that nobody else holds. Dropped, it stays on the disk and is free to be taken.
#[derive(Debug)]
pub struct Held {
    path: PathBuf,
    file: File,
}

impl Held {
    /// Writes a new file, 0600, under a random name with that extension. It is whole and held as soon as it can
    /// be seen.
    ///
    /// # Errors
    /// When the folder can't be created or written.
    pub fn new(dir: &Path, extension: &str, text: &str) -> Result<Self, FileError> {
        create_private_dir(dir)?;
        let (path, file) = keep_new(dir, |random| format!("{random}.{extension}"), text)?;
        Ok(Self { path, file })
    }

    /// Takes every file with that extension whose holder is gone. A file system without locks gives none.
    ///
    /// # Errors
    /// When the folder is there and can't be read.
    pub fn take_all(dir: &Path, extension: &str) -> Result<Vec<Self>, FileError> {
        let entries = match fs::read_dir(dir) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(failed("read", dir)(error)),
        };
        let mut paths: Vec<PathBuf> = entries
            .flatten()
            .filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_file()))
            .map(|entry| entry.path())
            .filter(|path| path.extension().is_some_and(|found| found == extension))
            .collect();
        paths.sort();
        Ok(paths.into_iter().filter_map(Self::take).collect())
    }

    fn take(path: PathBuf) -> Option<Self> {
        let file = OpenOptions::new().read(true).write(true).open(&path).ok()?;
        file.try_lock().ok()?;
        // Somebody may have taken it, and removed it, since its name was read. Names are never used again.
        path.exists().then_some(Self { path, file })
    }

    /// Adds to the end, in one write.
    ///
    /// # Errors
    /// When it can't be written.
    pub fn append(&mut self, text: &str) -> Result<(), FileError> {
        self.file.seek(SeekFrom::End(0)).map_err(failed("write", &self.path))?;
        self.file.write_all(text.as_bytes()).map_err(failed("write", &self.path))
    }

    /// The text; what is no UTF-8 is replaced.
    ///
    /// # Errors
    /// When it can't be read.
    pub fn read(&self) -> Result<String, FileError> {
        let mut bytes = Vec::new();
        let mut file = &self.file;
        file.seek(SeekFrom::Start(0)).map_err(failed("read", &self.path))?;
        file.take(MAX_TEXT).read_to_end(&mut bytes).map_err(failed("read", &self.path))?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }

    /// Deletes it.
    ///
    /// # Errors
    /// When it can't be deleted.
    pub fn remove(self) -> Result<(), FileError> {
        remove(&self.path)
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        // Closing it does the same, but not while a child is just being started: that has a copy for a moment.
        let _ = self.file.unlock();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_held_file_is_nobody_elses_until_its_holder_is_gone() {
        let dir = tempfile::tempdir().unwrap();
        let dir = dir.path().join("runs");
        assert!(Held::take_all(&dir, "json").unwrap().is_empty());
        let mut held = Held::new(&dir, "json", "one\n").unwrap();
        held.append("two\n").unwrap();
        assert!(Held::take_all(&dir, "json").unwrap().is_empty());
        drop(held);
        assert!(Held::take_all(&dir, "txt").unwrap().is_empty());
        let mut taken = Held::take_all(&dir, "json").unwrap();
        assert_eq!(taken.len(), 1);
        assert!(Held::take_all(&dir, "json").unwrap().is_empty(), "one taker at a time");
        let taken = taken.remove(0);
        assert_eq!(taken.read().unwrap(), "one\ntwo\n");
        taken.remove().unwrap();
        assert_eq!(fs::read_dir(&dir).unwrap().count(), 0);
    }

    #[cfg(unix)]
    #[test]
    fn it_is_private_and_links_are_not_taken() {
        use std::os::unix::fs::PermissionsExt as _;
        let dir = tempfile::tempdir().unwrap();
        let held = Held::new(dir.path(), "json", "x").unwrap();
        assert_eq!(fs::metadata(&held.path).unwrap().permissions().mode() & 0o777, 0o600);
        let outside = tempfile::NamedTempFile::new().unwrap();
        std::os::unix::fs::symlink(outside.path(), dir.path().join("link.json")).unwrap();
        drop(held);
        assert_eq!(Held::take_all(dir.path(), "json").unwrap().len(), 1);
    }
}
