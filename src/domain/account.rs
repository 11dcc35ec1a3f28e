//! Who a credential belongs to (azure-contract 1.5).

/// The identity that Azure DevOps reports when a request came without a usable credential.
pub const ANONYMOUS_ID: &str = "aaaaaaaa-aaaa-aaaa-aaaa-aaaaaaaaaaaa";

/// The signed-in person, as `connectionData` tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// `None` where a token may not ask who it belongs to (azure-contract 12).
    pub id: Option<String>,
    pub display_name: String,
    /// Mail address or `DOMAIN\user`; empty where the service tells none.
    pub sign_in_name: String,
}

impl Account {
    /// What a token's owner is called where the token may not ask for the name.
    pub const TOKEN_HOLDER: &str = "token holder";

    /// `Ana Costa (ana@contoso.example)`.
    #[must_use]
    pub fn label(&self) -> String {
        if self.sign_in_name.is_empty() {
            self.display_name.clone()
        } else {
            format!("{} ({})", self.display_name, self.sign_in_name)
        }
    }
}
