//! The crates of the demo: their graph, their packed files, their index lines, and the lock file that
//! names them. Packed anew in every process, always to the same bytes.

use std::collections::BTreeMap;
use std::io::{self, Write as _};
use std::sync::{Arc, OnceLock};

use flate2::{Compression, GzBuilder};
use hyper::body::Bytes;
use semver::{Version, VersionReq};
use serde::Deserialize;
use serde_json::json;
use sha2::{Digest as _, Sha256};

const CRATES: &str = include_str!("../../assets/demo/crates.toml");
const MANIFEST: &str = include_str!("../../assets/demo/crate/manifest.toml");
const LIB: &str = include_str!("../../assets/demo/crate/lib.rs");
const README: &str = include_str!("../../assets/demo/crate/README.md");

/// What `Cargo.lock` calls crates.io, also under source replacement (azure-contract 7.7).
const CRATES_IO: &str = "registry+https://github.com/rust-lang/crates.io-index";

/// The time of every packed file, as Cargo itself packs them: 2006-07-24.
const PACKED_AT: u64 = 1_153_704_088;

/// What a tar archive adds before a file, fills it up to, and adds twice at its own end.
const TAR_BLOCK: usize = 512;
const ARCHIVE_END: usize = 2 * TAR_BLOCK;

/// One crate in one version, packed.
#[derive(Debug)]
pub(super) struct Crate {
    pub(super) name: String,
    pub(super) version: Version,
    /// Published by people of the demo's organizations, not on its crates.io.
    pub(super) internal: bool,
    /// The SHA-256 of the packed bytes, in hexadecimal.
    pub(super) checksum: String,
    /// One line of the sparse index, without its line end (azure-contract 7.4).
    pub(super) index_line: String,
    pub(super) packed: Bytes,
    pub(super) yanked: bool,
    needs: Vec<Need>,
}

/// A dependency: which crate, in which versions.
#[derive(Debug, Clone)]
struct Need {
    name: String,
    requirement: String,
}

/// How many crates of which size are generated, for measurements and for tests that need large ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MadeCrates {
    pub count: usize,
    /// Of each packed crate; 3 at least.
    pub kibibytes: usize,
}

/// All crates of the demo, by name and version.
#[derive(Debug)]
pub(super) struct Catalog {
    pub(super) crates: Vec<Arc<Crate>>,
    project: Vec<Need>,
    project_dev: Vec<Need>,
}

impl Catalog {
    /// The catalog, packed at the first call. Takes tens of milliseconds: not for an async thread.
    pub(super) fn packed() -> Arc<Self> {
        static CATALOG: OnceLock<Arc<Catalog>> = OnceLock::new();
        CATALOG.get_or_init(|| Arc::new(Self::pack())).clone()
    }

    fn pack() -> Self {
        let file: CratesFile = toml_edit::de::from_str(CRATES).expect("assets/demo/crates.toml is sound");
        Self::of(file)
    }

    /// Generated crates in their place; the sample project needs all of them.
    pub(super) fn made(made: MadeCrates) -> Self {
        let names: Vec<String> = (0..made.count).map(|number| format!("made-{number:04}")).collect();
        let needs: Vec<String> = names.iter().map(|name| format!("{name} 1.0")).collect();
        let row = |name| CrateRow(name, "1.0.0".to_owned(), made.kibibytes, String::new());
        Self::of(CratesFile {
            public: names.into_iter().map(row).collect(),
            internal: Vec::new(),
            storefront: ProjectFile { dependencies: needs.join(", "), dev_dependencies: String::new() },
        })
    }

    fn of(file: CratesFile) -> Self {
        let public = file.public.into_iter().map(|row| (row, false));
        let internal = file.internal.into_iter().map(|row| (row, true));
        let mut crates: Vec<Arc<Crate>> =
            public.chain(internal).map(|(row, internal)| Arc::new(Crate::pack(row, internal))).collect();
        crates.sort_by(|one, other| (&one.name, &one.version).cmp(&(&other.name, &other.version)));
        Self {
            crates,
            project: Need::list(&file.storefront.dependencies),
            project_dev: Need::list(&file.storefront.dev_dependencies),
        }
    }

    /// Every version of a crate; names are told apart by case.
    pub(super) fn versions<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Arc<Crate>> {
        self.crates.iter().filter(move |krate| krate.name == name)
    }

    /// The lines of `[dependencies]` and of `[dev-dependencies]` of the sample project.
    pub(super) fn project_needs(&self) -> (String, String) {
        (manifest_lines(&self.project), manifest_lines(&self.project_dev))
    }

    /// The sample project's `Cargo.lock`, exactly as Cargo writes it.
    pub(super) fn lock_file(&self) -> String {
        let mut entries = BTreeMap::new();
        let needs: Vec<Need> = self.project.iter().chain(&self.project_dev).cloned().collect();
        entries.insert(("storefront".to_owned(), Version::new(0, 1, 0)), self.lock_entry(None, &needs));
        for krate in self.public() {
            let entry = self.lock_entry(Some(&krate.checksum), &krate.needs);
            entries.insert((krate.name.clone(), krate.version.clone()), entry);
        }
        let mut text = "# This file is automatically @generated by Cargo.\n\
                        # It is not intended for manual editing.\nversion = 3\n"
            .to_owned();
        for ((name, version), rest) in entries {
            text.push_str(&format!("\n[[package]]\nname = \"{name}\"\nversion = \"{version}\"\n{rest}"));
        }
        text
    }

    fn lock_entry(&self, checksum: Option<&str>, needs: &[Need]) -> String {
        let mut text = String::new();
        if let Some(checksum) = checksum {
            text.push_str(&format!("source = \"{CRATES_IO}\"\nchecksum = \"{checksum}\"\n"));
        }
        let mut names: Vec<String> = needs.iter().map(|need| self.lock_name(need)).collect();
        names.sort();
        if !names.is_empty() {
            text.push_str("dependencies = [\n");
            for name in names {
                text.push_str(&format!(" \"{name}\",\n"));
            }
            text.push_str("]\n");
        }
        text
    }

    /// The name alone, or with its version where the lock file holds several.
    fn lock_name(&self, need: &Need) -> String {
        let requirement = VersionReq::parse(&need.requirement).expect("requirements are sound");
        let versions: Vec<&Version> =
            self.public().filter(|krate| krate.name == need.name).map(|krate| &krate.version).collect();
        match versions.iter().find(|version| requirement.matches(version)) {
            Some(version) if versions.len() > 1 => format!("{} {version}", need.name),
            _ => need.name.clone(),
        }
    }

    /// The crates of the demo's crates.io.
    pub(super) fn public(&self) -> impl Iterator<Item = &Crate> {
        self.crates.iter().map(Arc::as_ref).filter(|krate| !krate.internal)
    }
}

impl Crate {
    fn pack(row: CrateRow, internal: bool) -> Self {
        let CrateRow(name, version, kibibytes, needs) = row;
        let version = Version::parse(&version).expect("versions are sound");
        let needs = Need::list(&needs);
        let packed = pack(&name, &version, &needs, kibibytes * 1024).expect("memory takes any write");
        let checksum = hex(&Sha256::digest(&packed));
        let index_line = index_line(&name, &version, &checksum, &needs);
        Self { name, version, internal, checksum, index_line, packed: packed.into(), yanked: false, needs }
    }

    /// One that somebody has published, with its line of the index.
    pub(super) fn published(
        (name, version): (String, Version),
        checksum: String,
        (index_line, packed): (String, Bytes),
    ) -> Self {
        Self { name, version, internal: true, checksum, index_line, packed, yanked: false, needs: Vec::new() }
    }

    /// The same, yanked or not.
    pub(super) fn with_yanked(&self, yanked: bool) -> Self {
        let word = |is: bool| format!("\"yanked\":{is}");
        Self {
            name: self.name.clone(),
            version: self.version.clone(),
            internal: self.internal,
            checksum: self.checksum.clone(),
            index_line: self.index_line.replace(&word(!yanked), &word(yanked)),
            packed: self.packed.clone(),
            yanked,
            needs: self.needs.clone(),
        }
    }

    /// `tidewater-1.44.2`.
    pub(super) fn stem(&self) -> String {
        format!("{}-{}", self.name, self.version)
    }
}

impl Need {
    /// Reads `name requirement, name requirement`.
    fn list(text: &str) -> Vec<Self> {
        text.split(", ")
            .filter_map(|need| need.split_once(' '))
            .map(|(name, requirement)| Self { name: name.to_owned(), requirement: requirement.to_owned() })
            .collect()
    }
}

fn manifest_lines(needs: &[Need]) -> String {
    let lines: Vec<String> =
        needs.iter().map(|need| format!("{} = \"{}\"", need.name, need.requirement)).collect();
    lines.join("\n")
}

fn index_line(name: &str, version: &Version, checksum: &str, needs: &[Need]) -> String {
    let deps: Vec<_> = needs
        .iter()
        .map(|need| {
            json!({
                "name": need.name, "req": format!("^{}", need.requirement), "features": [],
                "optional": false, "default_features": true, "target": null, "kind": "normal",
            })
        })
        .collect();
    json!({
        "name": name, "vers": version.to_string(), "deps": deps, "cksum": checksum, "features": {},
        "yanked": false, "v": 2,
    })
    .to_string()
}

/// A gzip of a tar, of about the given size. Stored rather than compressed: the padding is noise, and no
/// later version of the compressor can then change the bytes, and with them the checksums.
fn pack(name: &str, version: &Version, needs: &[Need], size: usize) -> io::Result<Vec<u8>> {
    let fill = |template: &str| {
        template
            .replace("{{name}}", name)
            .replace("{{version}}", &version.to_string())
            .replace("{{dependencies}}", &manifest_lines(needs))
            .into_bytes()
    };
    let mut files =
        vec![("Cargo.toml", fill(MANIFEST)), ("src/lib.rs", fill(LIB)), ("README.md", fill(README))];
    let rest =
        size.checked_sub(files.iter().map(|(_, text)| archived(text.len())).sum::<usize>() + ARCHIVE_END);
    match rest.and_then(|rest| rest.checked_sub(TAR_BLOCK)) {
        Some(rest) => files.push(("data/padding.bin", padding(name, version, rest))),
        // The smallest are smaller than that.
        None => files.truncate(2),
    }
    let gzip = GzBuilder::new().mtime(0).operating_system(255).write(Vec::new(), Compression::none());
    let mut archive = tar::Builder::new(gzip);
    for (path, text) in files {
        let mut header = tar::Header::new_ustar();
        header.set_size(text.len() as u64);
        header.set_mode(0o644);
        header.set_mtime(PACKED_AT);
        header.set_entry_type(tar::EntryType::Regular);
        archive.append_data(&mut header, format!("{name}-{version}/{path}"), text.as_slice())?;
    }
    let mut gzip = archive.into_inner()?;
    gzip.flush()?;
    gzip.finish()
}

fn archived(length: usize) -> usize {
    TAR_BLOCK + length.next_multiple_of(TAR_BLOCK)
}

/// Noise that depends on nothing but the crate: xorshift64*, seeded with its name.
fn padding(name: &str, version: &Version, size: usize) -> Vec<u8> {
    let digest = Sha256::digest(format!("padding of {name} {version}"));
    let mut seed = [0; 8];
    seed.copy_from_slice(&digest[..8]);
    // Zero is the one state that never leaves itself.
    let mut state = u64::from_le_bytes(seed) | 1;
    let mut bytes = Vec::with_capacity(size + 8);
    while bytes.len() < size {
        state ^= state >> 12;
        state ^= state << 25;
        state ^= state >> 27;
        bytes.extend_from_slice(&state.wrapping_mul(0x2545_F491_4F6C_DD1D).to_le_bytes());
    }
    bytes.truncate(size);
    bytes
}

/// Bytes in lower-case hexadecimal.
pub(super) fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digit = |value: u8| char::from(DIGITS[usize::from(value)]);
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CratesFile {
    public: Vec<CrateRow>,
    internal: Vec<CrateRow>,
    storefront: ProjectFile,
}

/// Name, version, size in KiB, needs.
#[derive(Deserialize)]
struct CrateRow(String, String, usize, String);

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct ProjectFile {
    dependencies: String,
    dev_dependencies: String,
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use super::*;

    #[test]
    fn the_same_bytes_are_packed_in_every_run() {
        let (one, other) = (Catalog::packed(), Catalog::pack());
        let all = |catalog: &Catalog| {
            let mut digest = Sha256::new();
            for krate in &catalog.crates {
                digest.update(format!("{} {}\n", krate.stem(), krate.checksum));
            }
            hex(&digest.finalize())
        };
        assert_eq!(all(&one), all(&other));
        // Lock files that demos have written name these bytes: a new value here needs a new `WORLD_VERSION`.
        assert_eq!(all(&one), "602258eb16ae1a3bcb3d06533d0d41bd26e2c49988f2762a494b0c7ab54940f9");
    }

    #[test]
    fn sixty_crates_of_two_kilobytes_to_two_megabytes() {
        let catalog = Catalog::packed();
        let sizes: Vec<usize> = catalog.public().map(|krate| krate.packed.len()).collect();
        assert_eq!(sizes.len(), 60);
        let total: usize = sizes.iter().sum();
        assert!((9_000_000..13_000_000).contains(&total), "{total}");
        assert!(sizes.iter().all(|size| (2_500..2_200_000).contains(size)), "{sizes:?}");
        assert!(sizes.iter().filter(|size| **size < 200_000).count() > 40);
    }

    #[test]
    fn every_need_is_met_by_one_crate_and_every_crate_is_needed() {
        let catalog = Catalog::packed();
        let lock = catalog.lock_file();
        for krate in catalog.public() {
            for need in &krate.needs {
                let requirement = VersionReq::parse(&need.requirement).unwrap();
                let met = catalog.versions(&need.name).filter(|k| requirement.matches(&k.version));
                assert_eq!(met.count(), 1, "{} needs {need:?}", krate.stem());
            }
            let (name, version) = (&krate.name, &krate.version);
            assert!(
                lock.contains(&format!(" \"{name}\",\n"))
                    || lock.contains(&format!(" \"{name} {version}\",\n")),
                "nobody needs {name}"
            );
        }
        assert_eq!(lock.matches("[[package]]").count(), 61);
        assert_eq!(lock.matches("checksum = ").count(), 60);
    }

    #[test]
    fn a_packed_crate_holds_a_manifest_a_library_and_nothing_that_runs() {
        let catalog = Catalog::packed();
        let krate = catalog.versions("inkstream").next().unwrap();
        let mut archive = tar::Archive::new(flate2::read::GzDecoder::new(krate.packed.as_ref()));
        let mut paths = Vec::new();
        for entry in archive.entries().unwrap() {
            let mut entry = entry.unwrap();
            let path = entry.path().unwrap().to_string_lossy().into_owned();
            let mut bytes = Vec::new();
            entry.read_to_end(&mut bytes).unwrap();
            if path.ends_with("Cargo.toml") {
                let text = String::from_utf8(bytes).unwrap();
                assert!(text.contains("name = \"inkstream\"") && !text.contains("{{"), "{text}");
            }
            paths.push(path);
        }
        assert_eq!(
            paths,
            ["Cargo.toml", "src/lib.rs", "README.md", "data/padding.bin"]
                .map(|p| format!("inkstream-0.1.22/{p}"))
        );
    }
}
