//! A text field whose text is never seen: not on the screen, not in `Debug`.

use std::fmt;

use crate::domain::credential::Secret;

use super::super::keymap::Key;
use super::field::Field;

/// A hidden field. Taking its secret empties it.
#[derive(Default)]
pub(in super::super) struct SecretField {
    field: Field,
}

impl fmt::Debug for SecretField {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SecretField({} characters)", self.len())
    }
}

impl SecretField {
    pub(in super::super) fn len(&self) -> usize {
        self.field.text().chars().count()
    }

    pub(in super::super) fn key(&mut self, key: Key) -> bool {
        self.field.key(key)
    }

    pub(in super::super) fn paste(&mut self, text: &str) {
        self.field.paste(text);
    }

    /// The secret; the field is empty afterwards.
    pub(in super::super) fn take(&mut self) -> Secret {
        Secret::new(std::mem::take(&mut self.field).text())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_secret_is_in_no_debug_output_and_leaves_once() {
        let mut field = SecretField::default();
        field.paste("hunter2");
        assert_eq!(format!("{field:?}"), "SecretField(7 characters)");
        assert_eq!(field.take().len(), 7);
        assert_eq!(field.len(), 0);
    }
}
