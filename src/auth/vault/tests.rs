use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use proptest::prelude::*;

use super::*;
use crate::error::Report;

/// A keyring in memory, with the faults that real ones have.
#[derive(Debug, Clone, Default)]
pub(super) struct Fake {
    entries: Arc<Mutex<BTreeMap<String, String>>>,
    fault: Option<Fault>,
    /// How many more writes and deletions it takes.
    left: Option<Arc<Mutex<usize>>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fault {
    Silent,
    Locked,
    Forgets,
}

impl Fake {
    fn with(fault: Fault) -> Self {
        Self { fault: Some(fault), ..Self::default() }
    }

    fn vault(&self) -> Vault {
        Vault::over(Store::System(System::Fake(self.clone())), Duration::from_secs(60))
    }

    /// Whatever works on it stops for ever, as with a keyring that waits for its password.
    fn answer(&self) -> Result<(), VaultError> {
        match self.fault {
            Some(Fault::Silent) => loop {
                std::thread::park();
            },
            Some(Fault::Locked) => Err(VaultError::Locked("no prompt".into())),
            _ => Ok(()),
        }
    }

    fn spend(&self) -> Result<(), VaultError> {
        let Some(left) = &self.left else { return Ok(()) };
        let mut left = left.lock().unwrap();
        *left = left.checked_sub(1).ok_or_else(|| VaultError::Refused("killed".into()))?;
        Ok(())
    }

    pub(super) fn get(&self, name: &str) -> Result<Option<Secret>, VaultError> {
        self.answer()?;
        Ok(self.entries.lock().unwrap().get(name).map(Secret::new))
    }

    pub(super) fn put(&self, name: &str, secret: &Secret) -> Result<(), VaultError> {
        self.answer()?;
        self.spend()?;
        assert!(secret.expose().len() <= 2_560, "Windows would refuse it");
        if self.fault != Some(Fault::Forgets) {
            self.entries.lock().unwrap().insert(name.to_owned(), secret.expose().to_owned());
        }
        Ok(())
    }

    pub(super) fn delete(&self, name: &str) -> Result<(), VaultError> {
        self.answer()?;
        self.spend()?;
        self.entries.lock().unwrap().remove(name);
        Ok(())
    }
}

fn base() -> Base {
    Base::parse("https://dev.azure.com/contoso").unwrap()
}

fn long(letter: char) -> Secret {
    Secret::new(letter.to_string().repeat(6_000))
}

#[test]
fn what_is_kept_is_found_by_organization_and_kind_alone() {
    let fake = Fake::default();
    let vault = fake.vault();
    let other = Base::parse("https://dev.azure.com/contoso2").unwrap();
    vault.write(&base(), Slot::Pat, &Secret::new("one")).unwrap();
    assert_eq!(vault.read(&base(), Slot::Pat).unwrap(), Some(Secret::new("one")));
    assert_eq!(vault.read(&base(), Slot::Access).unwrap(), None);
    assert_eq!(vault.read(&other, Slot::Pat).unwrap(), None);
    vault.forget(&base()).unwrap();
    vault.forget(&base()).unwrap();
    assert_eq!(vault.read(&base(), Slot::Pat).unwrap(), None);
    assert!(fake.entries.lock().unwrap().is_empty());
}

#[test]
fn a_long_token_is_kept_in_parts_and_leaves_none_behind() {
    let fake = Fake::default();
    let vault = fake.vault();
    vault.write(&base(), Slot::Access, &long('a')).unwrap();
    assert_eq!(fake.entries.lock().unwrap().len(), 4);
    assert_eq!(vault.read(&base(), Slot::Access).unwrap(), Some(long('a')));
    vault.write(&base(), Slot::Access, &long('b')).unwrap();
    assert_eq!(fake.entries.lock().unwrap().len(), 4);
    vault.write(&base(), Slot::Access, &long('b')).unwrap();
    assert_eq!(vault.read(&base(), Slot::Access).unwrap(), Some(long('b')));
    vault.write(&base(), Slot::Access, &Secret::new("short")).unwrap();
    assert_eq!(fake.entries.lock().unwrap().len(), 1);
    vault.write(&base(), Slot::Access, &long('c')).unwrap();
    vault.forget(&base()).unwrap();
    assert!(fake.entries.lock().unwrap().is_empty());
}

#[test]
fn a_token_as_long_as_an_entry_or_next_to_that_comes_back() {
    let vault = Fake::default().vault();
    for length in LONGEST_ENTRY - 1..=LONGEST_ENTRY + 1 {
        let token = Secret::new("x".repeat(length));
        vault.write(&base(), Slot::Access, &token).unwrap();
        assert_eq!(vault.read(&base(), Slot::Access).unwrap(), Some(token), "{length} bytes");
    }
}

#[test]
fn killed_at_any_step_the_old_secret_or_the_new_one_is_whole() {
    for (old, new) in [(long('a'), long('b')), (long('a'), Secret::new("s")), (Secret::new("s"), long('b'))] {
        for steps in 0..12 {
            let fake = Fake::default();
            fake.vault().write(&base(), Slot::Refresh, &old).unwrap();
            let limited = Fake { left: Some(Arc::new(Mutex::new(steps))), ..fake.clone() };
            let done = limited.vault().write(&base(), Slot::Refresh, &new).is_ok();
            let found = fake.vault().read(&base(), Slot::Refresh).unwrap().unwrap();
            assert!(found == new || !done && found == old, "after {steps} steps");
        }
    }
}

#[test]
fn a_store_is_tried_before_it_is_chosen() {
    let fake = Fake::default();
    fake.vault().try_out().unwrap();
    assert!(fake.entries.lock().unwrap().is_empty(), "the trial leaves nothing");
    assert!(matches!(Fake::with(Fault::Forgets).vault().try_out(), Err(VaultError::Forgetful)));
    assert!(matches!(Fake::with(Fault::Locked).vault().try_out(), Err(VaultError::Locked(_))));
}

#[test]
fn a_keyring_that_never_answers_is_left_at_the_deadline_and_not_asked_again() {
    let store = Store::System(System::Fake(Fake::with(Fault::Silent)));
    let vault = Vault::over(store, Duration::from_millis(1));
    assert!(matches!(vault.try_out(), Err(VaultError::Silent(had)) if had == Duration::from_millis(1)));
    let patient = Vault { deadline: Duration::from_secs(3600), ..vault };
    let error = patient.read(&base(), Slot::Pat).unwrap_err();
    assert!(matches!(error, VaultError::Silent(_)) && error.is_out_of_reach());
    assert!(Report::from(error).hint.unwrap().contains("--store file"));
}

#[test]
fn an_entry_that_is_not_ours_is_said_and_can_be_replaced() {
    let fake = Fake::default();
    let vault = fake.vault();
    for garbage in ["", "plain", "@", "@tag x", "@tag 1", "@tag 99999999999", "@0000 2"] {
        fake.entries.lock().unwrap().insert(name_of(&base(), Slot::Pat), garbage.to_owned());
        assert!(matches!(vault.read(&base(), Slot::Pat), Err(VaultError::Garbled)), "{garbage}");
        vault.write(&base(), Slot::Pat, &Secret::new("new")).unwrap();
        assert_eq!(vault.read(&base(), Slot::Pat).unwrap(), Some(Secret::new("new")));
    }
}

#[test]
fn what_belongs_to_another_kind_is_forgotten_alone() {
    let vault = Fake::default().vault();
    for slot in Slot::ALL {
        vault.write(&base(), slot, &Secret::new("x")).unwrap();
    }
    vault.forget_but(&base(), &[Slot::Pat]).unwrap();
    assert_eq!(Slot::ALL.map(|slot| vault.read(&base(), slot).unwrap().is_some()), [true, false, false]);
}

/// Its own turn, the person's and the keyring's answer: what can be waited for is counted, and less than a second.
#[test]
fn cargo_is_told_within_a_second_whatever_it_has_waited_for() {
    let most = Duration::from_secs(1);
    for waited in 0..=TURNS_OF_A_PERSON {
        assert!(PAUSE * waited + left_after(waited) < most, "{waited} turns of a person");
        assert!(
            left_after(waited) >= Duration::from_millis(400),
            "a keyring that works answers in this time"
        );
    }
    let dir = tempfile::tempdir().unwrap();
    assert_eq!(Vault::quiet_system(dir.path()).unwrap().deadline, left_after(0));
    assert_eq!(Vault::steady_system(dir.path()).unwrap().deadline, PATIENT);
    assert_eq!(Vault::system(dir.path()).unwrap().deadline, PATIENT);
}

#[test]
fn cargo_is_told_soon_that_a_person_has_the_keyring() {
    let dir = tempfile::tempdir().unwrap();
    let person = Vault::system(dir.path()).unwrap();
    let taken = Vault::quiet_system(dir.path()).unwrap_err();
    assert!(matches!(taken, VaultError::Taken) && taken.is_out_of_reach() && !taken.is_outage());
    assert!(Report::from(taken).hint.unwrap().contains("--store file"));
    drop(person);
    Vault::quiet_system(dir.path()).unwrap();
    // Cargos wait for each other as long as it takes.
    let other = Vault::steady_system(dir.path()).unwrap();
    assert!(!files::is_locked(dir.path(), PATIENT_LOCK) && files::is_locked(dir.path(), LOCK));
    drop(other);
    assert!(!files::is_locked(dir.path(), LOCK));
}

#[cfg(unix)]
mod in_a_file {
    use std::fs;
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;
    use crate::files::FileError;

    #[test]
    fn a_file_keeps_them_for_the_person_alone() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("state/credentials.json");
        let vault = Vault::file(path.clone());
        assert_eq!(vault.read(&base(), Slot::Pat).unwrap(), None);
        vault.forget(&base()).unwrap();
        assert!(!path.exists(), "forgetting makes no file");
        vault.try_out().unwrap();
        vault.write(&base(), Slot::Access, &long('x')).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(Vault::file(path.clone()).read(&base(), Slot::Access).unwrap(), Some(long('x')));

        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
        let error = vault.read(&base(), Slot::Access).unwrap_err();
        assert!(matches!(error, VaultError::File(FileError::NotPrivate(_))));
        assert!(vault.write(&base(), Slot::Pat, &Secret::new("x")).is_err());
    }

    #[test]
    fn a_file_that_makes_no_sense_is_said_and_never_quoted() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("credentials.json");
        for text in ["hunter2", "{\"version\":1,\"entries\":\"hunter2\"}", "{\"version\":9,\"entries\":{}}"] {
            fs::write(&path, text).unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
            let error = Vault::file(path.clone()).read(&base(), Slot::Pat).unwrap_err();
            assert!(matches!(error, VaultError::Garbled), "{text}");
            let printed = format!("{error:?}");
            assert!(!format!("{printed}{}", Report::from(error)).contains("hunter2"));
        }
    }

    #[test]
    fn two_processes_at_once_lose_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("credentials.json");
        let base_of = |n: usize| Base::parse(&format!("https://dev.azure.com/org{n}")).unwrap();
        std::thread::scope(|scope| {
            for n in 0..8 {
                let vault = Vault::file(path.clone());
                scope.spawn(move || {
                    vault.write(&base_of(n), Slot::Pat, &Secret::new(format!("p{n}"))).unwrap();
                });
            }
        });
        for n in 0..8 {
            let found = Vault::file(path.clone()).read(&base_of(n), Slot::Pat).unwrap();
            assert_eq!(found, Some(Secret::new(format!("p{n}"))));
        }
    }
}

proptest! {
    #[test]
    fn any_token_comes_back_as_it_was(tokens in prop::collection::vec("[!-~]{1,4000}", 1..4)) {
        let vault = Fake::default().vault();
        for token in tokens {
            let token = Secret::new(token);
            vault.write(&base(), Slot::Refresh, &token).unwrap();
            prop_assert_eq!(vault.read(&base(), Slot::Refresh).unwrap(), Some(token));
        }
    }

    #[test]
    fn nothing_printed_holds_a_secret(token in "[a-z]{20}") {
        let vault = Fake::default().vault();
        vault.write(&base(), Slot::Pat, &Secret::new(token.clone())).unwrap();
        let fake_is_for_tests = format!("{} {:?}", vault, vault.read(&base(), Slot::Pat));
        prop_assert!(!fake_is_for_tests.contains(&token));
    }
}
