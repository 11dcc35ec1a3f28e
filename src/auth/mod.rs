//! How a person becomes a credential: a typed token, the Azure CLI, Entra's device code, the environment. Speaks to
//! Entra and to nobody else; who a credential belongs to, the organization says.

mod aadsts;
pub mod az;
mod child;
mod device;
pub mod entra;
pub mod environment;
pub mod error;
pub mod jwt;
pub mod pat;
pub mod tenant;
pub mod vault;

pub use error::{AzError, EntraError, EnvironmentError, PatError};
pub use vault::Vault;
