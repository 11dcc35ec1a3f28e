//! Any sequence of switches, removals, undos and edits by others, over generated configuration files: byte for byte
//! what a model of pieces says, which knows nothing of TOML.

use std::fs;
use std::path::PathBuf;

use az_cargo_wizard::cargo::config_file::Places;
use az_cargo_wizard::cargo::error::ConfigError;
use az_cargo_wizard::cargo::switch::{self, InFolder};
use az_cargo_wizard::cargo::undo::{self, UndoError};
use az_cargo_wizard::domain::plan::SwitchTo;
use az_cargo_wizard::domain::registry::{IndexUrl, RegistryName};
use az_cargo_wizard::host::Env;
use proptest::prelude::*;

const NAMES: [&str; 6] = ["a", "b", "my-feed", "D_4", "e", "f"];
const ACTS: usize = 50;

fn index(name: &str) -> String {
    format!("sparse+https://pkgs.dev.azure.com/fabrikam/_packaging/{name}/Cargo/index/")
}

/// A part of a file that one act adds or takes away.
#[derive(Debug, Clone, PartialEq)]
struct Piece {
    kind: Kind,
    text: String,
}

#[derive(Debug, Clone, PartialEq)]
enum Kind {
    Foreign,
    /// `[registries]` itself.
    List,
    Registry(usize),
    /// `[source.crates-io]` itself.
    Source,
    Replace(usize),
    /// `crates-io = { }` in a table `[source]`: as [`Kind::Replace`] leaves it there.
    Inline,
}

/// One file as the model has it.
#[derive(Debug, Clone, PartialEq, Default)]
struct File {
    /// `None`: there is none.
    pieces: Option<Vec<Piece>>,
    eol: &'static str,
    /// It bears the old name, `config`.
    is_old: bool,
}

impl File {
    fn text(&self) -> Option<String> {
        Some(self.pieces.as_ref()?.iter().map(|piece| piece.text.as_str()).collect())
    }

    fn pieces(&self) -> &[Piece] {
        self.pieces.as_deref().unwrap_or_default()
    }

    fn replaced(&self) -> Option<usize> {
        self.pieces().iter().find_map(|piece| match piece.kind {
            Kind::Replace(name) => Some(name),
            _ => None,
        })
    }

    fn knows(&self, name: usize) -> bool {
        self.pieces().iter().any(|piece| piece.kind == Kind::Registry(name))
    }

    fn drop(&mut self, wanted: &Kind) {
        let Some(pieces) = &mut self.pieces else { return };
        for piece in pieces.iter_mut().filter(|piece| piece.kind == *wanted) {
            if let Some((entry, _)) = piece.text.split_once(" replace-with")
                && entry.ends_with('{')
            {
                let (_, rest) = piece.text.split_once(" }").unwrap();
                *piece = Piece { kind: Kind::Inline, text: format!("{entry} }}{rest}") };
            }
        }
        pieces.retain(|piece| piece.kind != *wanted);
    }

    fn insert(&mut self, at: usize, kind: Kind, text: String) {
        self.pieces.get_or_insert_default().insert(at, Piece { kind, text });
    }

    /// A section at the end, after an empty line; whether the last line ends stays as it is.
    fn append(&mut self, parts: [(Kind, String); 2]) {
        let text = self.text().unwrap_or_default();
        let eol = self.eol;
        let body = text.trim_start_matches('\u{feff}');
        let is_complete = body.is_empty() || body.ends_with('\n');
        let mut gap = String::new();
        let end = if is_complete { "" } else { eol };
        let so_far = format!("{text}{end}");
        if !body.trim().is_empty() && !so_far.ends_with("\n\n") && !so_far.ends_with("\n\r\n") {
            gap.push_str(eol);
        }
        // The line that had no end has one now, and goes with it.
        if let Some(last) = self.pieces.iter_mut().flatten().rfind(|piece| !piece.text.is_empty()) {
            last.text.push_str(end);
        }
        let pieces = self.pieces.get_or_insert_default();
        pieces.push(Piece { kind: Kind::Foreign, text: gap });
        let [(header_kind, header), (kind, line)] = parts;
        let line = if is_complete { format!("{line}{eol}") } else { line };
        if header_kind == kind {
            pieces.push(Piece { kind, text: format!("{header}{eol}{line}") });
        } else {
            pieces.push(Piece { kind: header_kind, text: format!("{header}{eol}") });
            pieces.push(Piece { kind, text: line });
        }
    }

    fn add_registry(&mut self, name: usize) {
        let (word, index) = (NAMES[name], index(NAMES[name]));
        let last = self.pieces().iter().rposition(|piece| matches!(piece.kind, Kind::Registry(_)));
        let is_dotted = last.is_some_and(|last| self.pieces()[last].text.starts_with("registries."));
        match self.pieces().iter().position(|piece| piece.kind == Kind::List) {
            Some(list) => {
                let line = format!("{word} = {{ index = \"{index}\" }}{}", self.eol);
                self.insert(last.unwrap_or(list).max(list) + 1, Kind::Registry(name), line);
            }
            None if is_dotted => {
                let line = format!("registries.{word}.index = \"{index}\"{}", self.eol);
                self.insert(last.unwrap_or_default() + 1, Kind::Registry(name), line);
            }
            None => self.append([
                (Kind::Registry(name), format!("[registries.{word}]")),
                (Kind::Registry(name), format!("index = \"{index}\"")),
            ]),
        }
    }

    fn replace_with(&mut self, name: usize) {
        let line = format!("replace-with = \"{}\"", NAMES[name]);
        let eol = self.eol;
        for piece in self.pieces.iter_mut().flatten() {
            if let Kind::Replace(old) = piece.kind {
                let (before, after) = (format!("\"{}\"", NAMES[old]), format!("\"{}\"", NAMES[name]));
                *piece = Piece { kind: Kind::Replace(name), text: piece.text.replace(&before, &after) };
                return;
            }
            if piece.kind == Kind::Inline {
                let text = piece.text.replace("{ }", &format!("{{ {line} }}"));
                *piece = Piece { kind: Kind::Replace(name), text };
                return;
            }
        }
        match self.pieces().iter().position(|piece| piece.kind == Kind::Source) {
            Some(header) => self.insert(header + 1, Kind::Replace(name), format!("{line}{eol}")),
            None => {
                self.append([(Kind::Source, "[source.crates-io]".to_owned()), (Kind::Replace(name), line)]);
            }
        }
    }
}

/// The files, nearest first, and what they were before each act that can be taken back.
#[derive(Debug, Clone)]
struct Model {
    files: [File; 3],
    before: Vec<[File; 3]>,
}

const PROJECT: usize = 0;
/// In a folder above the project.
const ABOVE: usize = 1;
const USER: usize = 2;

#[derive(Debug, PartialEq)]
enum Outcome {
    Changed,
    Nothing,
    Refused,
}

impl Model {
    fn switch(&mut self, to: Option<usize>) -> Outcome {
        let old = self.files.clone();
        match to {
            None => self.files.iter_mut().for_each(|file| {
                if let Some(name) = file.replaced() {
                    file.drop(&Kind::Replace(name));
                }
            }),
            Some(name) => {
                let deciding = self.files.iter().position(|file| file.replaced().is_some());
                let naming = self.files.iter().position(|file| file.knows(name));
                let target = deciding.or(naming).unwrap_or(PROJECT);
                // What lies above it knows it for everyone who has this one, too; the person's own file does not.
                let is_known = match target {
                    USER => self.files[USER].knows(name),
                    target => self.files[target..=ABOVE].iter().any(|file| file.knows(name)),
                };
                let file = &mut self.files[target];
                if !is_known {
                    file.add_registry(name);
                }
                if file.replaced() != Some(name) {
                    file.replace_with(name);
                }
            }
        }
        self.noted(old)
    }

    fn remove(&mut self, name: usize) -> Outcome {
        let is_in_force = self.files.iter().any(|file| file.replaced() == Some(name));
        if is_in_force || !self.files.iter().any(|file| file.knows(name)) {
            return Outcome::Refused;
        }
        let old = self.files.clone();
        self.files.iter_mut().for_each(|file| file.drop(&Kind::Registry(name)));
        self.noted(old)
    }

    fn undo(&mut self) -> Outcome {
        match self.before.pop() {
            Some(before) => {
                self.files = before;
                Outcome::Changed
            }
            None => Outcome::Refused,
        }
    }

    fn noted(&mut self, old: [File; 3]) -> Outcome {
        if old == self.files {
            return Outcome::Nothing;
        }
        self.before.push(old);
        Outcome::Changed
    }

    /// Somebody else edits the first line: it was so in all of the past, as far as undo is concerned.
    fn edit(&mut self, which: usize, line: &str) {
        if self.files[which].pieces.is_none() {
            return;
        }
        for file in self.before.iter_mut().map(|files| &mut files[which]).chain([&mut self.files[which]]) {
            // Of a file that was new the edit is left.
            let edited = || vec![Piece { kind: Kind::Foreign, text: String::new() }];
            if let Some(first) = file.pieces.get_or_insert_with(edited).first_mut() {
                line.clone_into(&mut first.text);
            }
        }
    }
}

/// The same files on the disk.
struct Disk {
    dir: tempfile::TempDir,
    env: Env,
    names: [&'static str; 3],
}

impl Disk {
    fn new(model: &Model) -> Self {
        let names = model.files.each_ref().map(|file| if file.is_old { "config" } else { "config.toml" });
        let disk = Self { dir: tempfile::tempdir().unwrap(), env: Env::default(), names };
        for folder in ["up/ws/.cargo", "up/.cargo", "home", "state"] {
            fs::create_dir_all(disk.dir.path().join(folder)).unwrap();
        }
        disk.write(model);
        disk
    }

    fn path(&self, which: usize) -> PathBuf {
        self.dir.path().join(["up/ws/.cargo", "up/.cargo", "home"][which]).join(self.names[which])
    }

    fn write(&self, model: &Model) {
        for (which, file) in model.files.iter().enumerate() {
            if let Some(text) = file.text() {
                fs::write(self.path(which), text).unwrap();
            }
        }
    }

    fn texts(&self) -> [Option<String>; 3] {
        [PROJECT, ABOVE, USER].map(|which| fs::read_to_string(self.path(which)).ok())
    }

    fn with<T>(&self, act: impl FnOnce(&Places<'_>) -> T) -> T {
        let [workspace, cargo_home, state_dir] =
            ["up/ws", "home", "state"].map(|name| self.dir.path().join(name));
        act(&Places {
            workspace: Some(&workspace),
            cargo_home: &cargo_home,
            state_dir: &state_dir,
            env: &self.env,
            overwrite_replacement: false,
            program: None,
            now: 1,
        })
    }

    fn act(&self, act: &Act) -> Outcome {
        self.with(|places| match act {
            Act::Undo => match undo::plan(None, places) {
                Ok(plan) => {
                    assert_eq!(plan.conflict(), None, "{plan:?}");
                    undo::apply(&plan, places).unwrap();
                    Outcome::Changed
                }
                Err(UndoError::Nothing) => Outcome::Refused,
                Err(error) => panic!("{error:?}"),
            },
            Act::Switch(_) | Act::Remove(_) => {
                let folder = InFolder::read(places.workspace.unwrap(), places).unwrap();
                let plan = match act {
                    Act::Remove(name) => folder.remove(NAMES[*name], places),
                    Act::Switch(Some(name)) => folder.switch(&registry(*name), places),
                    _ => folder.switch(&SwitchTo::CratesIo, places),
                };
                match plan {
                    Ok(change) if switch::apply(&change, places).unwrap().is_empty() => Outcome::Nothing,
                    Ok(_) => Outcome::Changed,
                    Err(ConfigError::RegistryInForce { .. } | ConfigError::NoSuchRegistry { .. }) => {
                        Outcome::Refused
                    }
                    Err(error) => panic!("{error:?}"),
                }
            }
            Act::Edit(..) => Outcome::Nothing,
        })
    }
}

fn registry(name: usize) -> SwitchTo {
    SwitchTo::Registry {
        name: RegistryName::parse(NAMES[name]).unwrap(),
        index: IndexUrl::parse(&index(NAMES[name])).unwrap(),
    }
}

#[derive(Debug, Clone)]
enum Act {
    /// `None`: to crates.io.
    Switch(Option<usize>),
    Remove(usize),
    Undo,
    /// The first line of that file by another program.
    Edit(usize, u8),
}

fn acts() -> impl Strategy<Value = Vec<Act>> {
    let name = 0..NAMES.len();
    let act = prop_oneof![
        5 => proptest::option::weighted(0.8, name.clone()).prop_map(Act::Switch),
        2 => name.prop_map(Act::Remove),
        3 => Just(Act::Undo),
        1 => (0..3_usize, any::<u8>()).prop_map(|(which, number)| Act::Edit(which, number)),
    ];
    proptest::collection::vec(act, ACTS)
}

const SPELLINGS: [Spelling; 4] = [Spelling::Sections, Spelling::List, Spelling::Dotted, Spelling::Inline];

const FOREIGN: [&str; 6] = [
    "[net]\nretry = 3 # the proxy is slow\n",
    "# a comment between\n\n",
    "[alias]\nb = \"build\"\n\"odd key\" = [\n  \"x\", # inside\n]\n",
    "\n\n",
    "[term]\nprogress.when = 'auto'\n\n",
    "[build]\n  jobs = 4\n",
];

/// How a file spells what it says.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Spelling {
    Sections,
    /// The registries as entries of one table.
    List,
    /// Dotted keys at the top of the file.
    Dotted,
    /// `[source]` with an entry for crates.io.
    Inline,
}

/// A file whose last line may lack its end.
fn file(which: usize) -> impl Strategy<Value = File> {
    let parts = (
        proptest::sample::subsequence((0..NAMES.len()).collect::<Vec<_>>(), 0..=4),
        proptest::sample::subsequence(FOREIGN.to_vec(), 0..=4).prop_shuffle(),
        proptest::option::weighted(0.6, 0..NAMES.len()),
        (any::<bool>(), any::<bool>(), any::<bool>(), proptest::bool::weighted(0.3)),
        (0..8_u8, proptest::sample::select(SPELLINGS.to_vec())),
    );
    parts.prop_map(move |(names, foreign, replace, (crlf, mark, cut, is_old), (chance, spelling))| {
        let eol = if crlf { "\r\n" } else { "\n" };
        // Most projects have nothing above them.
        if chance == 0 || (which == ABOVE && chance < 4) {
            return File { pieces: None, eol: "\n", is_old: false };
        }
        let mut pieces = Vec::new();
        let mut add = |kind: Kind, text: &str| pieces.push(Piece { kind, text: text.replace('\n', eol) });
        add(Kind::Foreign, if mark { "\u{feff}# first\n" } else { "# first\n" });
        add(Kind::Foreign, "# second\n\n");
        let is_sectioned = matches!(spelling, Spelling::Sections | Spelling::Inline);
        if spelling == Spelling::Dotted {
            for name in &names {
                let word = NAMES[*name];
                let line = format!("registries.{word}.index = '{}' # {word}\n", index(word));
                add(Kind::Registry(*name), &line);
            }
            if let Some(name) = replace {
                let line = format!("source.crates-io.replace-with = \"{}\" # here\n", NAMES[name]);
                add(Kind::Replace(name), &line);
            }
            add(Kind::Foreign, "\n");
        }
        if spelling == Spelling::List {
            add(Kind::List, "[registries]\n");
            for name in &names {
                let word = NAMES[*name];
                add(Kind::Registry(*name), &format!("{word} = {{ index = '{}' }} # {word}\n", index(word)));
            }
            add(Kind::Foreign, "\n");
        }
        let mut foreign = foreign.into_iter();
        for name in names.iter().filter(|_| is_sectioned) {
            let word = NAMES[*name];
            add(
                Kind::Registry(*name),
                &format!("[registries.{word}] # {word}\nindex = \"{}\"\n", index(word)),
            );
            foreign.next().into_iter().for_each(|text| add(Kind::Foreign, text));
        }
        if let Some(name) = replace.filter(|_| spelling == Spelling::Inline) {
            add(Kind::Foreign, "[source]\n");
            let line = format!("crates-io = {{ replace-with = \"{}\" }} # here\n", NAMES[name]);
            add(Kind::Replace(name), &line);
        } else if let Some(name) = replace.filter(|_| spelling != Spelling::Dotted) {
            add(Kind::Source, "[source.crates-io]\n");
            add(Kind::Replace(name), &format!("replace-with = \"{}\" # here\n", NAMES[name]));
        }
        foreign.for_each(|text| add(Kind::Foreign, text));
        if cut && let Some(last) = pieces.last_mut() {
            let length = last.text.trim_end_matches(['\r', '\n']).len();
            last.text.truncate(length);
        }
        File { pieces: Some(pieces), eol, is_old }
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 10, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn fifty_acts_end_where_the_model_says(
        project in file(PROJECT),
        above in file(ABOVE),
        user in file(USER),
        acts in acts(),
    ) {
        let mut model = Model { files: [project, above, user], before: Vec::new() };
        let disk = Disk::new(&model);
        for (number, act) in acts.iter().enumerate() {
            let outcome = match act {
                Act::Switch(to) => model.switch(*to),
                Act::Remove(name) => model.remove(*name),
                Act::Undo => model.undo(),
                Act::Edit(which, line) => {
                    let eol = model.files[*which].eol;
                    model.edit(*which, &format!("# edited {line}{eol}"));
                    disk.write(&model);
                    Outcome::Nothing
                }
            };
            prop_assert_eq!(disk.act(act), outcome, "{}: {:?}", number, act);
            prop_assert_eq!(disk.texts(), model.files.each_ref().map(File::text), "{}: {:?}", number, act);
        }
    }
}
