//! The one place that writes, renames and deletes files of the person: links, modes, locks, backups and
//! atomic replacement. Knows nothing of what the files mean.

mod garbled;
mod held;
mod temporary;

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

pub use garbled::{is_garbled, read_ours, set_aside_of};
pub use held::Held;
pub use temporary::sweep;
use temporary::{keep_new, temporary_in};

use crate::domain::text::clean;
use crate::error::{Exit, Report};

/// Larger configuration files are not read: nobody writes such a file by hand.
const MAX_TEXT: u64 = 8 * 1024 * 1024;

/// How long another instance may hold the lock, in steps of [`LOCK_PAUSE`].
const LOCK_TRIES: u32 = 250;
const LOCK_PAUSE: Duration = Duration::from_millis(20);

/// What can go wrong with a file; the path is always said.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    #[error("cannot {action} `{}`", clean(&path.to_string_lossy()))]
    Io {
        action: &'static str,
        path: PathBuf,
        #[source]
        source: io::Error,
    },
    #[error("`{}` is not UTF-8 text", clean(&.0.to_string_lossy()))]
    NotText(PathBuf),
    #[error("`{}` is too large to be a configuration file", clean(&.0.to_string_lossy()))]
    TooLarge(PathBuf),
    #[error(
        "`{}` is a link that leaves the workspace: it is really `{}`",
        clean(&path.to_string_lossy()),
        clean(&real.to_string_lossy())
    )]
    LinkLeaves { path: PathBuf, real: PathBuf },
    #[error("others can read `{}`, so nothing in it is secret", clean(&.0.to_string_lossy()))]
    NotPrivate(PathBuf),
    #[error("`{}` has changed since it was shown", clean(&.0.to_string_lossy()))]
    Changed(PathBuf),
    #[error("another az-cargo-wizard has been writing for five seconds")]
    Busy,
}

impl From<FileError> for Report {
    fn from(error: FileError) -> Self {
        let (code, hint) = match &error {
            FileError::Io { source, .. } => of_system(source.kind()),
            FileError::NotText(_) | FileError::TooLarge(_) => {
                ("file-not-text", "move the file away or mend it by hand; it was left as it is")
            }
            FileError::LinkLeaves { .. } => (
                "link-leaves-workspace",
                "replace the link by a file, or choose the user's configuration instead",
            ),
            FileError::NotPrivate(_) => {
                ("file-not-private", "`chmod 600` it, and replace the credentials that it held")
            }
            FileError::Changed(_) => ("file-changed", "look at the new difference, then agree again"),
            FileError::Busy => ("busy", "close the other one, then try again"),
        };
        let report = Self::new(Exit::Failed, code, error.to_string()).hint(hint);
        match &error {
            FileError::Io { source, .. } => report.cause(source.to_string()),
            _ => report,
        }
    }
}

/// Code and hint of what the system says.
fn of_system(kind: io::ErrorKind) -> (&'static str, &'static str) {
    match kind {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
            ("disk-full", "free some space, then try again; the file is as it was")
        }
        io::ErrorKind::FileTooLarge => {
            ("file-size-limit", "raise the limit on file sizes (`ulimit -f`); the file is as it was")
        }
        io::ErrorKind::PermissionDenied => {
            ("file-not-allowed", "check who owns the file and its folder; the file is as it was")
        }
        _ => ("file-failed", "check the path and its folder; the file is as it was"),
    }
}

fn failed<'a>(action: &'static str, path: &'a Path) -> impl FnOnce(io::Error) -> FileError + 'a {
    move |source| FileError::Io { action, path: path.to_owned(), source }
}

/// Whether a link may lead the writer elsewhere (product.md, 'Trust').
#[derive(Debug, Clone, Copy)]
pub enum Links<'a> {
    /// The person's own file: many link it from a folder of dotfiles.
    Follow,
    /// A project's file: its real place must lie in this folder.
    Within(&'a Path),
}

/// Who may read a file that doesn't exist yet; an existing one keeps its mode.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NewFile {
    /// By the process's umask.
    Ordinary,
    /// 0600; an existing file is made 0600 too.
    Private,
}

/// One replacement of a file's whole text.
#[derive(Debug)]
pub struct Replacement<'a> {
    pub path: &'a Path,
    /// The text that was there when the person agreed; `None`: no file.
    pub expected: Option<&'a str>,
    pub text: &'a str,
    pub links: Links<'a>,
    pub new_file: NewFile,
}

/// Reads a text file as it is, byte-order mark and line ends included; `None` where there is none.
///
/// # Errors
/// When it can't be read, is too large or no UTF-8.
pub fn read(path: &Path) -> Result<Option<String>, FileError> {
    let data = match fs::metadata(path) {
        Ok(data) => data,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(failed("read", path)(error)),
    };
    if data.len() > MAX_TEXT {
        return Err(FileError::TooLarge(path.to_owned()));
    }
    // A checkout may hold a link to a device or a pipe, which would never end.
    if !data.is_file() {
        return Err(failed("read", path)(io::Error::other("it is no ordinary file")));
    }
    let bytes = fs::read(path).map_err(failed("read", path))?;
    String::from_utf8(bytes).map(Some).map_err(|_| FileError::NotText(path.to_owned()))
}

/// The same for a file of secrets: refuses one that anybody else can read or write.
///
/// # Errors
/// [`FileError::NotPrivate`], and those of [`read`].
pub fn read_private(path: &Path) -> Result<Option<String>, FileError> {
    let text = read(path)?;
    #[cfg(unix)]
    if text.is_some() {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = fs::metadata(path).map_err(failed("read", path))?.permissions().mode();
        if mode & 0o077 != 0 {
            return Err(FileError::NotPrivate(path.to_owned()));
        }
    }
    Ok(text)
}

/// The path with every link resolved, as far as it exists; refuses one that leaves the allowed folder.
///
/// # Errors
/// [`FileError::LinkLeaves`], or when a folder on the way can't be read.
pub fn real_path(path: &Path, links: Links<'_>) -> Result<PathBuf, FileError> {
    let real = resolve(path)?;
    if let Links::Within(root) = links {
        let root = root.canonicalize().map_err(failed("resolve", root))?;
        if !real.starts_with(&root) {
            return Err(FileError::LinkLeaves { path: path.to_owned(), real });
        }
    }
    Ok(real)
}

/// Resolves links of the longest existing part; a dangling link counts as leading to its target.
fn resolve(path: &Path) -> Result<PathBuf, FileError> {
    let mut path = path.to_owned();
    // Bounded, so that a circle of links ends.
    for _ in 0..40 {
        match path.canonicalize() {
            Ok(real) => return Ok(real),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(failed("resolve", &path)(error)),
        }
        let Ok(target) = fs::read_link(&path) else {
            let (Some(parent), Some(name)) = (path.parent(), path.file_name()) else { return Ok(path) };
            return Ok(resolve(parent)?.join(name));
        };
        path = path.parent().map_or_else(|| target.clone(), |parent| parent.join(&target));
    }
    Err(failed("resolve", &path)(io::Error::other("too many links")))
}

/// Replaces a file's text at once: whoever reads it finds the old text or the new one, never a part.
/// Fails without a trace when the file is no longer what the person saw.
///
/// # Errors
/// Every [`FileError`]; the file is then as it was.
pub fn replace(change: &Replacement<'_>) -> Result<(), FileError> {
    let real = real_path(change.path, change.links)?;
    let Some(dir) = real.parent() else {
        return Err(failed("write", &real)(io::ErrorKind::InvalidInput.into()));
    };
    let existing = read(&real)?;
    if existing.as_deref() != change.expected {
        return Err(FileError::Changed(change.path.to_owned()));
    }
    if change.new_file == NewFile::Private {
        create_private_dir(dir)?;
    } else {
        fs::create_dir_all(dir).map_err(failed("create", dir))?;
    }
    let mut temporary = temporary_in(dir, mode_of(&real, change.new_file))?;
    temporary.write_all(change.text.as_bytes()).map_err(failed("write", &real))?;
    temporary.as_file().sync_all().map_err(failed("write", &real))?;
    // On Windows a lock would keep readers out, and it goes with the file to its new name. Were the file swept
    // away now, the rename would fail and the old text stay.
    #[cfg(windows)]
    let _ = temporary.as_file().unlock();
    temporary.persist(&real).map_err(|error| failed("replace", &real)(error.error))?;
    sync_dir(dir);
    Ok(())
}

/// The same for a file of the tool's own that nobody else reads: 0600, through links.
///
/// # Errors
/// Those of [`replace`].
pub fn replace_private(path: &Path, expected: Option<&str>, text: &str) -> Result<(), FileError> {
    replace(&Replacement { path, expected, text, links: Links::Follow, new_file: NewFile::Private })
}

/// Who may read the new text: whoever may read the old one, unless it is private.
fn mode_of(real: &Path, new_file: NewFile) -> temporary::Mode {
    match (new_file, fs::metadata(real)) {
        (NewFile::Private, _) => temporary::Mode::Private,
        (NewFile::Ordinary, Ok(existing)) => temporary::Mode::Like(existing.permissions()),
        (NewFile::Ordinary, Err(_)) => temporary::Mode::Ordinary,
    }
}

/// Makes a rename durable; not every file system can, and none needs it to be atomic.
fn sync_dir(dir: &Path) {
    if let Ok(dir) = File::open(dir) {
        let _ = dir.sync_all();
    }
}

/// Opens a file to write at its end; a new one is 0600.
///
/// # Errors
/// When it can't be opened.
pub fn append(path: &Path) -> Result<File, FileError> {
    let mut options = OpenOptions::new();
    options.append(true).create(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        options.mode(0o600);
    }
    options.open(path).map_err(failed("write", path))
}

/// Creates a folder that only the person can enter; missing parents too. An existing one is left as it is.
///
/// # Errors
/// When it can't be created.
pub fn create_private_dir(dir: &Path) -> Result<(), FileError> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::DirBuilderExt as _;
        builder.mode(0o700);
    }
    builder.create(dir).map_err(failed("create", dir))
}

/// Keeps a text in the backup folder under a name that doesn't exist yet, 0600. Killed on the way, it leaves a
/// temporary file that the next run sweeps, and no part of a backup.
///
/// # Errors
/// When the folder can't be created or written.
pub fn back_up(dir: &Path, name: &str, text: &str) -> Result<PathBuf, FileError> {
    create_private_dir(dir)?;
    let (path, _) = keep_new(dir, |random| format!("{name}.{random}"), text)?;
    Ok(path)
}

/// A file for a program that is started, deleted on drop.
#[derive(Debug)]
pub struct Scratch(tempfile::TempPath);

impl Scratch {
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.0
    }
}

/// Writes a text into a new file of the folder, 0600, whose name ends so.
///
/// # Errors
/// When the folder can't be written.
pub fn scratch(dir: &Path, ending: &str, text: &str) -> Result<Scratch, FileError> {
    let mut file = tempfile::Builder::new()
        .prefix("az-cargo-wizard-")
        .suffix(ending)
        .tempfile_in(dir)
        .map_err(failed("write in", dir))?;
    file.write_all(text.as_bytes()).map_err(failed("write in", dir))?;
    Ok(Scratch(file.into_temp_path()))
}

/// A lock that no second instance holds; given back on drop.
#[derive(Debug)]
pub struct Lock {
    file: File,
}

impl Drop for Lock {
    fn drop(&mut self) {
        // Closing it does the same, but not while a child is just being started: that has a copy for a moment.
        let _ = self.file.unlock();
    }
}

/// Takes the lock of this name in the folder, waiting up to five seconds.
///
/// # Errors
/// [`FileError::Busy`], or when the lock file can't be made.
pub fn lock(dir: &Path, name: &str) -> Result<Lock, FileError> {
    create_private_dir(dir)?;
    let path = dir.join(name);
    let file = lock_file(&path)?;
    wait_for_lock(&file, &path)?;
    Ok(Lock { file })
}

/// The same without waiting; `None` while another process has it.
///
/// # Errors
/// When the lock file can't be made or locked.
pub fn try_lock(dir: &Path, name: &str) -> Result<Option<Lock>, FileError> {
    create_private_dir(dir)?;
    let path = dir.join(name);
    let file = lock_file(&path)?;
    match file.try_lock() {
        Ok(()) => Ok(Some(Lock { file })),
        Err(TryLockError::WouldBlock) => Ok(None),
        Err(TryLockError::Error(error)) => Err(failed("lock", &path)(error)),
    }
}

/// Whether somebody holds the lock of this name; one that can't be looked at counts as free.
#[must_use]
pub fn is_locked(dir: &Path, name: &str) -> bool {
    // Shared, so that those who look don't see each other.
    let looked = File::open(dir.join(name)).map(|file| file.try_lock_shared());
    matches!(looked, Ok(Err(TryLockError::WouldBlock)))
}

fn lock_file(path: &Path) -> Result<File, FileError> {
    let mut options = OpenOptions::new();
    options.create(true).truncate(false).write(true).open(path).map_err(failed("open", path))
}

fn wait_for_lock(file: &File, path: &Path) -> Result<(), FileError> {
    for _ in 0..LOCK_TRIES {
        match file.try_lock() {
            Ok(()) => return Ok(()),
            Err(TryLockError::WouldBlock) => std::thread::sleep(LOCK_PAUSE),
            Err(TryLockError::Error(error)) => return Err(failed("lock", path)(error)),
        }
    }
    Err(FileError::Busy)
}

/// Changes a private file (0600, made where it is missing) in place while its own lock is held. A rename
/// would be safer against a cut, but Cargo locks and writes its credentials this way (cargo-contract 3.8):
/// whoever waits for the lock of the old file would write into a file that is gone.
///
/// # Errors
/// What `change` says, or every [`FileError`]; a disk that is full leaves the old text, or an empty file where
/// there was none.
pub fn update_locked<E: From<FileError>>(
    path: &Path,
    change: impl FnOnce(&str) -> Result<String, E>,
) -> Result<(), E> {
    create_private_dir(path.parent().unwrap_or(Path::new(".")))?;
    let mut options = OpenOptions::new();
    options.create(true).truncate(false).read(true).write(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        options.mode(0o600);
    }
    let mut file = options.open(path).map_err(failed("open", path))?;
    wait_for_lock(&file, path)?;
    let mut bytes = Vec::new();
    (&file).take(MAX_TEXT + 1).read_to_end(&mut bytes).map_err(failed("read", path))?;
    if bytes.len() as u64 > MAX_TEXT {
        return Err(FileError::TooLarge(path.to_owned()).into());
    }
    let before = String::from_utf8(bytes).map_err(|_| FileError::NotText(path.to_owned()))?;
    let after = change(&before)?;
    make_private(&file).map_err(failed("write", path))?;
    if after != before {
        overwrite(&mut file, &before, &after).map_err(failed("write", path))?;
    }
    Ok(())
}

/// Takes the room first, then writes what differs, then cuts. Killed in between, either text is followed by empty
/// lines, and never the new one by the tail of the old.
fn overwrite(file: &mut File, old: &str, new: &str) -> io::Result<()> {
    let length = old.len().max(new.len());
    let room = "\n".repeat(length - old.len());
    if let Err(error) = write_at(file, old.len(), &room).and_then(|()| file.sync_all()) {
        // A shorter file needs no room.
        let _ = file.set_len(old.len() as u64);
        return Err(error);
    }
    let same = old.bytes().zip(new.bytes()).take_while(|(old, new)| old == new).count();
    let filled = format!("{new}{}", "\n".repeat(length - new.len()));
    write_at(file, same, &filled.as_bytes()[same..])?;
    file.set_len(new.len() as u64)?;
    file.sync_all()
}

fn write_at(file: &mut File, at: usize, bytes: impl AsRef<[u8]>) -> io::Result<()> {
    file.seek(SeekFrom::Start(at as u64))?;
    file.write_all(bytes.as_ref())
}

#[cfg(unix)]
fn make_private(file: &File) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    file.set_permissions(fs::Permissions::from_mode(0o600))
}

#[cfg(not(unix))]
#[expect(clippy::unnecessary_wraps, reason = "one signature on every system")]
fn make_private(_: &File) -> io::Result<()> {
    Ok(())
}

/// Deletes a file; one that is gone already is fine.
///
/// # Errors
/// When it is there and can't be deleted.
pub fn remove(path: &Path) -> Result<(), FileError> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(failed("delete", path)(error)),
        _ => Ok(()),
    }
}

/// Deletes a folder that was made for a file which is gone. One that holds something by now stays, and so does one
/// that can't be deleted: it is in nobody's way.
pub fn remove_empty_dir(dir: &Path) {
    let _ = fs::remove_dir(dir);
}

#[cfg(test)]
mod tests;
