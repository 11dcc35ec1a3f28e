//! The storage behind the downloads: a second origin that knows signed addresses and no people
//! (azure-contract 7.4).

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hyper::{Method, StatusCode};
use sha2::{Digest as _, Sha256};

use super::call::Call;
use super::crates::Crate;
use super::reply::{Reply, Weight};
use super::server::State;

/// Where a crate can be had without a credential, by whoever holds this address.
pub(super) fn address(call: &Call<'_>, krate: &Crate) -> String {
    let path = path_of(krate);
    let signature = signature(call.state, &path);
    let origin = call.door.blob_origin(&call.state.blob_origin);
    format!("{origin}{path}?sv=2024-11-04&sr=b&sp=r&se=9999-12-31T23%3A59%3A59Z&sig={signature}")
}

/// The file itself.
pub(super) fn crate_file(krate: &Crate) -> Reply {
    Reply::new(StatusCode::OK).body("application/octet-stream", krate.packed.clone()).weight(Weight::Crate)
}

fn path_of(krate: &Crate) -> String {
    format!("/blob/{}", krate.checksum)
}

fn signature(state: &State, path: &str) -> String {
    let digest = Sha256::new().chain_update(state.access.blob_key).chain_update(path).finalize();
    URL_SAFE_NO_PAD.encode(digest)
}

/// Answers a request to the storage origin. One with an `Authorization` header is refused: whoever sends
/// it has given the credential away to another host.
pub(super) fn answer(call: &Call<'_>) -> Reply {
    if call.has_authorization() {
        return refusal(StatusCode::BAD_REQUEST, "InvalidAuthenticationInfo");
    }
    if call.query("sig") != Some(signature(call.state, &call.path).as_str()) {
        return refusal(StatusCode::FORBIDDEN, "AuthenticationFailed");
    }
    let krate = call.state.catalog.crates.iter().find(|krate| path_of(krate) == call.path);
    let published = call.path.rsplit('/').next().and_then(|checksum| call.state.shelf.by_checksum(checksum));
    match krate.or(published.as_ref()) {
        Some(krate) if call.method == Method::GET => crate_file(krate),
        _ => refusal(StatusCode::NOT_FOUND, "BlobNotFound"),
    }
}

fn refusal(status: StatusCode, code: &str) -> Reply {
    let text = format!("<?xml version=\"1.0\" encoding=\"utf-8\"?><Error><Code>{code}</Code></Error>");
    Reply::new(status).body("application/xml", text)
}
