//! Generates the crate cache of a busy machine: crates, unpacked sources and indexes of four registries.

use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};

use az_cargo_wizard::cargo::index_dir::dir_names;
use sha2::{Digest as _, Sha256};

const REGISTRIES: [&str; 3] = ["alpha", "beta", "gamma"];
const CRATES_IO: &str = "sparse+https://index.crates.io/";

/// What a cache is to hold.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Tree {
    pub(crate) crates: usize,
    /// Of each `.crate` file.
    pub(crate) bytes: usize,
    /// Whether each crate is unpacked: a folder with a manifest, a mark and a source file.
    pub(crate) unpacked: bool,
    /// Whether the index tells checksums.
    pub(crate) checksums: bool,
}

/// A home for Cargo with that cache, and a project beside it.
#[derive(Debug)]
pub(crate) struct Home {
    pub(crate) root: tempfile::TempDir,
    pub(crate) files: Vec<PathBuf>,
}

impl Home {
    pub(crate) fn cargo_home(&self) -> PathBuf {
        self.root.path().join("cargo-home")
    }

    pub(crate) fn project(&self) -> PathBuf {
        self.root.path().join("project")
    }
}

impl Tree {
    pub(crate) fn grow(self) -> Home {
        let root = tempfile::tempdir().expect("there is a folder for temporary files");
        let mut home = Home { root, files: Vec::with_capacity(self.crates) };
        fs::create_dir_all(home.project()).expect("it can be written");
        let registry = home.cargo_home().join("registry");
        let mut config = String::new();
        let mut dirs = Vec::new();
        for name in REGISTRIES {
            let index = format!("sparse+https://pkgs.dev.azure.com/org/_packaging/{name}/Cargo/index/");
            config.push_str(&format!("[registries.{name}]\nindex = \"{index}\"\n"));
            dirs.push(dir_names(&index).expect("it is an address").current);
        }
        dirs.push(dir_names(CRATES_IO).expect("it is an address").current);
        for dir in &dirs {
            for kept in ["cache", "src", "index"] {
                fs::create_dir_all(registry.join(kept).join(dir)).expect("it can be written");
            }
            write(&registry.join("index").join(dir).join("config.json"), b"{\"dl\":\"https://h/dl\"}");
        }
        write(&home.cargo_home().join("config.toml"), config.as_bytes());
        let mut noise = Noise(1);
        for number in 0..self.crates {
            let dir = &dirs[number % dirs.len()];
            // One in eight is in two registries.
            let name = format!("made-{:06}", if number % 8 == 1 { number - 1 } else { number });
            self.plant(&registry, (dir, &name), (&mut noise, &mut home.files));
        }
        home
    }

    fn plant(
        self,
        registry: &Path,
        (dir, name): (&str, &str),
        (noise, files): (&mut Noise, &mut Vec<PathBuf>),
    ) {
        let bytes = noise.bytes(self.bytes);
        let file = registry.join("cache").join(dir).join(format!("{name}-1.0.0.crate"));
        write(&file, &bytes);
        files.push(file);
        if self.unpacked {
            let sources = registry.join("src").join(dir).join(format!("{name}-1.0.0"));
            fs::create_dir_all(sources.join("src")).expect("it can be written");
            for file in ["Cargo.toml", ".cargo-ok", "src/lib.rs"] {
                write(&sources.join(file), &bytes[..bytes.len().min(64)]);
            }
        }
        if self.checksums {
            let sum =
                Sha256::digest(&bytes).iter().fold(String::new(), |hex, byte| hex + &format!("{byte:02x}"));
            let line = format!("{{\"name\":\"{name}\",\"vers\":\"1.0.0\",\"deps\":[],\"cksum\":\"{sum}\"}}");
            let file = registry.join("index").join(dir).join(".cache/ma/de").join(name);
            fs::create_dir_all(file.parent().expect("it is in a folder")).expect("it can be written");
            write(&file, format!("\u{3}\u{2}\0\0\0etag: \"x\"\x001.0.0\0{line}\0").as_bytes());
        }
    }
}

fn write(path: &Path, bytes: &[u8]) {
    File::create(path).and_then(|mut file| file.write_all(bytes)).expect("it can be written");
}

/// Bytes that no file system compresses; the same in every run.
struct Noise(u64);

impl Noise {
    fn bytes(&mut self, length: usize) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(length + 8);
        while bytes.len() < length {
            self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            bytes.extend((self.0 ^ (self.0 >> 29)).to_le_bytes());
        }
        bytes.truncate(length);
        bytes
    }
}
