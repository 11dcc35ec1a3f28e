//! Who calls, which organizations there are, and where their services are (azure-contract 1.3, 1.5, 4.1,
//! 4.2).

use hyper::StatusCode;
use serde_json::{Value, json};

use super::{Released, check_version};
use crate::demo::access::{ACCOUNT, PERSON, Scope, person_id};
use crate::demo::call::Call;
use crate::demo::front::Service;
use crate::demo::reply::Reply;
use crate::demo::world::{Guid, Organization};
use crate::domain::account::ANONYMOUS_ID;

/// The fixed ids of the areas that the demo serves.
const AREAS: [(&str, &str); 5] = [
    ("7ab4e64e-c4d8-4f50-ae73-5ef2e21642a5", "Packaging"),
    ("71f96160-8701-4914-aed9-c44b89f20ccd", "Cargo"),
    ("79134c72-4a58-4b42-976c-04e7115f32bf", "core"),
    ("0d55247a-1c47-4462-9b1f-5e2125590ee6", "Account"),
    ("8ccfef3d-2b87-4e99-8ccb-66e343d2daa8", "Profile"),
];

/// What a Server calls the person.
const SERVER_ACCOUNT: &str = "CONTOSO\\ana";

pub(super) fn areas(call: &Call<'_>, organization: &Organization) -> Result<Reply, Reply> {
    check_version(call, Released::PreviewOnly)?;
    // A Server has none: its collection's own address serves everything.
    let here: &[(&str, &str)] = if call.door.is_server() { &[] } else { &AREAS };
    let areas: Vec<Value> = here.iter().map(|area| area_json(call, organization, *area)).collect();
    Ok(Reply::list(&areas))
}

/// One area; needs no credential.
pub(super) fn area(call: &Call<'_>, organization: &Organization, id: &str) -> Result<Reply, Reply> {
    check_version(call, Released::PreviewOnly)?;
    let area = AREAS.iter().find(|(area, _)| area.eq_ignore_ascii_case(id));
    let area = area.ok_or_else(|| call.no_controller())?;
    Ok(Reply::json(&area_json(call, organization, *area)))
}

/// The same at the deployment, which is told the organization by name or id.
pub(super) fn area_of_account(call: &Call<'_>, id: &str) -> Result<Reply, Reply> {
    let organizations = &call.world.organizations;
    let found = match (call.query("accountName"), call.query("hostId")) {
        (Some(name), _) => call.world.organization(name),
        (None, Some(id)) => organizations.iter().find(|organization| organization.id.is(id)),
        (None, None) => None,
    };
    area(call, found.ok_or_else(|| call.no_controller())?, id)
}

fn area_json(call: &Call<'_>, organization: &Organization, (id, name): (&str, &str)) -> Value {
    let service = match name {
        "Packaging" => Service::Feeds,
        "Cargo" => Service::Packages,
        "Account" | "Profile" => Service::Identities,
        _ => Service::Web,
    };
    json!({ "id": id, "name": name, "locationUrl": format!("{}/", call.base(service, organization)) })
}

/// Who the credential belongs to; an organization with public projects answers strangers, too.
pub(super) fn connection_data(call: &Call<'_>, organization: &Organization) -> Result<Reply, Reply> {
    check_version(call, Released::PreviewOnly)?;
    let user = match call.viewer(organization, Scope::WhoAmI)? {
        Some(_) if call.door.is_server() => windows_person_json(),
        Some(_) => person_json(organization),
        None => anonymous_json(),
    };
    Ok(Reply::json(&json!({
        "authenticatedUser": user,
        "authorizedUser": user,
        "instanceId": organization.id.as_str(),
        "deploymentId": Guid::of("deployment", &[]).as_str(),
        "deploymentType": if call.door.is_server() { "onPremises" } else { "hosted" },
        "locationServiceData": {
            "serviceOwner": "00025394-6065-48ca-87d9-7f5672854ef7",
            "defaultAccessMappingMoniker": "PublicAccessMapping",
            "lastChangeId": 259_878_979, "lastChangeId64": 259_878_979,
        },
    })))
}

fn person_json(organization: &Organization) -> Value {
    let (id, tenant) = (person_id(), &organization.tenant);
    json!({
        "id": id.as_str(),
        "descriptor": format!("Microsoft.IdentityModel.Claims.ClaimsIdentity;{tenant}\\{ACCOUNT}"),
        "subjectDescriptor": format!("aad.{}", id.as_str().replace('-', "")),
        "providerDisplayName": PERSON,
        "isActive": true,
        "properties": { "Account": { "$type": "System.String", "$value": ACCOUNT } },
        "resourceVersion": 2, "metaTypeId": 0,
    })
}

/// The same person as a Server knows them (azure-contract 1.5).
fn windows_person_json() -> Value {
    json!({
        "id": person_id().as_str(),
        "descriptor": "System.Security.Principal.WindowsIdentity;S-1-5-21-1004336348-1177238915-682003330-512",
        "providerDisplayName": PERSON,
        "isActive": true,
        "properties": { "Account": { "$type": "System.String", "$value": SERVER_ACCOUNT } },
        "resourceVersion": 2, "metaTypeId": 0,
    })
}

fn anonymous_json() -> Value {
    json!({
        "id": ANONYMOUS_ID,
        "descriptor": format!("System:PublicAccess;{ANONYMOUS_ID}"),
        "providerDisplayName": "Anonymous",
        "isActive": true,
        "properties": {},
        "resourceVersion": 2, "metaTypeId": 255,
    })
}

pub(super) fn profile(call: &Call<'_>) -> Result<Reply, Reply> {
    call.person(Scope::Profile)?;
    check_version(call, Released::Yes)?;
    let id = person_id();
    Ok(Reply::json(&json!({
        "displayName": PERSON, "publicAlias": id.as_str(), "emailAddress": ACCOUNT, "coreRevision": 1647,
        "timeStamp": "2026-02-01T10:00:00.727+00:00", "id": id.as_str(), "revision": 1647,
    })))
}

/// The organizations of a member; the demo's person is in both.
pub(super) fn accounts(call: &Call<'_>) -> Result<Reply, Reply> {
    call.person(Scope::Profile)?;
    check_version(call, Released::Yes)?;
    let Some(member) = call.query("memberId").or_else(|| call.query("ownerId")) else {
        let message = "Necessary parameters ownerId or memberId were not provided";
        return Err(Reply::failure(StatusCode::BAD_REQUEST, "VssPropertyValidationException", message));
    };
    let mine = person_id().is(member);
    let organizations = call.world.organizations.iter().filter(|_| mine);
    let accounts: Vec<Value> = organizations
        .map(|organization| {
            json!({
                "accountId": organization.id.as_str(), "accountUri": format!("{}/", call.base(Service::Identities, organization)),
                "accountName": organization.name, "properties": {},
            })
        })
        .collect();
    Ok(Reply::list(&accounts))
}
