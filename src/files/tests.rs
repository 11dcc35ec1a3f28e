use super::*;

fn replacement<'a>(path: &'a Path, expected: Option<&'a str>, text: &'a str) -> Replacement<'a> {
    Replacement { path, expected, text, links: Links::Follow, new_file: NewFile::Ordinary }
}

#[test]
fn a_file_is_made_and_replaced_with_its_folder() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a/.cargo/config.toml");
    replace(&replacement(&path, None, "one")).unwrap();
    replace(&replacement(&path, Some("one"), "two")).unwrap();
    assert_eq!(read(&path).unwrap().as_deref(), Some("two"));
    assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), 1, "no temporary file is left");
}

#[test]
fn a_file_that_changed_meanwhile_is_left_alone() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("config.toml");
    fs::write(&path, "theirs").unwrap();
    let refused = replace(&replacement(&path, Some("seen"), "ours"));
    assert!(matches!(refused, Err(FileError::Changed(_))));
    assert!(matches!(replace(&replacement(&path, None, "ours")), Err(FileError::Changed(_))));
    assert_eq!(fs::read_to_string(&path).unwrap(), "theirs");
}

#[cfg(unix)]
#[test]
fn a_link_of_the_person_stays_a_link_and_its_target_keeps_its_mode() {
    use std::os::unix::fs::{PermissionsExt as _, symlink};
    let dir = tempfile::tempdir().unwrap();
    let real = dir.path().join("dotfiles.toml");
    fs::write(&real, "old").unwrap();
    fs::set_permissions(&real, fs::Permissions::from_mode(0o640)).unwrap();
    let link = dir.path().join("config.toml");
    symlink(&real, &link).unwrap();
    replace(&replacement(&link, Some("old"), "new")).unwrap();
    assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
    assert_eq!(fs::read_to_string(&real).unwrap(), "new");
    assert_eq!(fs::metadata(&real).unwrap().permissions().mode() & 0o777, 0o640);
}

#[cfg(unix)]
#[test]
fn a_link_of_a_project_may_not_leave_it() {
    use std::os::unix::fs::symlink;
    let dir = tempfile::tempdir().unwrap();
    let project = dir.path().join("project");
    fs::create_dir_all(&project).unwrap();
    for outside in ["outside", "missing"] {
        let outside = dir.path().join(outside);
        if outside.ends_with("outside") {
            fs::create_dir_all(&outside).unwrap();
        }
        let link = project.join(".cargo");
        symlink(&outside, &link).unwrap();
        let path = link.join("config.toml");
        let change = Replacement { links: Links::Within(&project), ..replacement(&path, None, "x") };
        assert!(matches!(replace(&change), Err(FileError::LinkLeaves { .. })), "{}", outside.display());
        assert!(!outside.join("config.toml").exists());
        fs::remove_file(&link).unwrap();
    }
}

#[cfg(unix)]
#[test]
fn private_files_and_backups_are_readable_by_nobody_else() {
    use std::os::unix::fs::PermissionsExt as _;
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("credentials.toml");
    fs::write(&path, "old").unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
    let change = Replacement { new_file: NewFile::Private, ..replacement(&path, Some("old"), "new") };
    replace(&change).unwrap();
    let backup = back_up(&dir.path().join("state/backups"), "config.toml", "old").unwrap();
    let again = back_up(&dir.path().join("state/backups"), "config.toml", "old").unwrap();
    assert_ne!(backup, again);
    for file in [path, backup] {
        assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600, "{}", file.display());
    }
    let mode = fs::metadata(dir.path().join("state/backups")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o700);
}

#[test]
fn a_locked_file_is_changed_in_place_and_private() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("home/credentials.toml");
    update_locked(&path, |before| Ok::<_, FileError>(format!("{before}a longer text"))).unwrap();
    update_locked(&path, |before| Ok::<_, FileError>(before.replace("longer ", ""))).unwrap();
    assert_eq!(read(&path).unwrap().as_deref(), Some("a text"));
    let refused = update_locked(&path, |_| Err(FileError::NotText(path.clone())));
    assert!(refused.is_err());
    assert_eq!(read(&path).unwrap().as_deref(), Some("a text"));
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    }
}

#[cfg(unix)]
#[test]
fn a_device_is_never_read() {
    let dir = tempfile::tempdir().unwrap();
    let link = dir.path().join("config.toml");
    std::os::unix::fs::symlink("/dev/zero", &link).unwrap();
    assert!(matches!(read(&link), Err(FileError::Io { .. })));
}

#[test]
fn only_one_holds_the_lock() {
    let dir = tempfile::tempdir().unwrap();
    let held = lock(dir.path(), "write.lock").unwrap();
    let second = OpenOptions::new().write(true).open(dir.path().join("write.lock")).unwrap();
    assert!(matches!(second.try_lock(), Err(TryLockError::WouldBlock)));
    drop(held);
    assert!(second.try_lock().is_ok());
}
