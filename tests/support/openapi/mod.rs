//! Microsoft's own documents of the REST API (`assets/azure-openapi`) as a judge of what the product sends and of
//! what the demo answers. Knows nothing of the product. What the documents leave out, and where they are known to
//! be wrong, is listed here with its section of azure-contract; nothing else is let through.

mod operation;
mod request;
mod schema;

use std::path::Path;
use std::sync::OnceLock;

use serde_json::Value;

pub(crate) use operation::Operation;
pub(crate) use request::Seen;

/// The documents, and the API version that each describes.
const DOCUMENTS: [(&str, &str); 7] = [
    ("accounts-7.1.json", "7.1"),
    ("core-7.1.json", "7.1"),
    ("core-server-7.0.json", "7.0"),
    ("feed-7.1.json", "7.1"),
    ("feed-server-7.0.json", "7.0"),
    ("profile-7.1.json", "7.1"),
    ("tokens-7.1.json", "7.1-preview.1"),
];

/// A request that no document describes, and the section of azure-contract that does.
#[derive(Debug)]
struct Undocumented {
    method: &'static str,
    /// In the cloud; `*`: any.
    host: &'static str,
    path: &'static str,
    query: &'static [&'static str],
    /// Of previews only; `None`: it has no version.
    versions: Option<&'static [&'static str]>,
    section: &'static str,
}

/// The ladder of azure-contract 1.4 for what has previews only.
const PREVIEWS: Option<&[&str]> = Some(&["7.1-preview.1", "7.0-preview.1", "6.0-preview.1"]);

const fn get(section: &'static str, host: &'static str, path: &'static str) -> Undocumented {
    Undocumented { method: "GET", host, path, query: &[], versions: None, section }
}

/// What no document describes.
const UNDOCUMENTED: [Undocumented; 12] = [
    Undocumented {
        query: &["connectOptions"],
        versions: PREVIEWS,
        ..get("1.5", "dev.azure.com", "{organization}/_apis/connectionData")
    },
    Undocumented { versions: PREVIEWS, ..get("1.3", "dev.azure.com", "{organization}/_apis/resourceAreas") },
    Undocumented {
        versions: Some(&["5.0-preview.1", "7.1-preview.1"]),
        ..get("1.3", "dev.azure.com", "{organization}/_apis/resourceAreas/{areaId}")
    },
    Undocumented {
        query: &["accountName", "hostId"],
        versions: Some(&["5.0-preview.1", "7.1-preview.1"]),
        ..get("1.3", "dev.azure.com", "_apis/resourceAreas/{areaId}")
    },
    Undocumented { method: "OPTIONS", ..get("1.4", "*", "{organization}/_apis") },
    get("2.5", "vssps.dev.azure.com", "{organization}"),
    get("2.5", PACKAGES, "{organization}"),
    Undocumented {
        method: "POST",
        ..get("2.3", "login.microsoftonline.com", "{tenant}/oauth2/v2.0/devicecode")
    },
    Undocumented { method: "POST", ..get("2.3", "login.microsoftonline.com", "{tenant}/oauth2/v2.0/token") },
    get("7.3", PACKAGES, "{organization}/{project?}/_packaging/{feed}/Cargo/index/config.json"),
    get("7.4", PACKAGES, "{organization}/{project?}/_packaging/{feed}/Cargo/index/{a}/{b}/{crate}"),
    get(
        "7.4",
        PACKAGES,
        "{organization}/{project?}/_packaging/{feed}/Cargo/api/v1/crates/{crate}/{version}/download",
    ),
];

const PACKAGES: &str = "pkgs.dev.azure.com";

/// Every operation that there is.
#[derive(Debug)]
pub(crate) struct Documents(Vec<Operation>);

impl Documents {
    /// # Panics
    /// When a document is missing or damaged: without them nothing would be judged.
    pub(crate) fn get() -> &'static Self {
        static DOCUMENTS: OnceLock<Documents> = OnceLock::new();
        DOCUMENTS.get_or_init(Self::read)
    }

    fn read() -> Self {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/azure-openapi");
        let mut operations = Vec::new();
        for (name, version) in DOCUMENTS {
            let path = folder.join(name);
            let text = std::fs::read_to_string(&path)
                .unwrap_or_else(|error| panic!("{} is needed to judge requests: {error}", path.display()));
            let mut document: Value =
                serde_json::from_str(&text).unwrap_or_else(|error| panic!("{name}: {error}"));
            let before = operations.len();
            Operation::read_all(&mut document, version, &mut operations);
            assert!(operations.len() > before, "{name} describes nothing");
        }
        operations.extend(UNDOCUMENTED.iter().map(Operation::undocumented));
        Self(operations)
    }

    /// The operation that a request is.
    ///
    /// # Errors
    /// When there is none, or the request is not as that one wants it.
    pub(crate) fn judge(&self, seen: &Seen) -> Result<&Operation, String> {
        let routes: Vec<&Operation> = self.0.iter().filter(|operation| operation.is_route_of(seen)).collect();
        if routes.is_empty() {
            return Err(format!("{seen}: no document describes it"));
        }
        let mut complaints = Vec::new();
        for operation in routes {
            match operation.judge(seen) {
                Ok(()) => return Ok(operation),
                Err(complaint) => complaints.push(format!("{}: {complaint}", operation.name)),
            }
        }
        Err(format!("{seen}: {}", complaints.join("; ")))
    }

    /// Whether there is an operation with that method, host and path.
    pub(crate) fn knows(&self, seen: &Seen) -> bool {
        self.0.iter().any(|operation| operation.is_route_of(seen))
    }

    /// Why the requests are not as they should be: those of the product by the documents, and those of Cargo, which
    /// has no business with the REST API.
    pub(crate) fn complaints(&self, seen: &[Seen]) -> Vec<String> {
        let ours =
            seen.iter().filter(|seen| seen.agent.starts_with("az-cargo-wizard/") && !seen.is_storage());
        let theirs =
            seen.iter().filter(|seen| seen.agent.starts_with("cargo/") && seen.path.contains("_apis/"));
        ours.filter_map(|seen| self.judge(seen).err())
            .chain(theirs.map(|seen| format!("{seen}: Cargo asks the REST API")))
            .collect()
    }
}
