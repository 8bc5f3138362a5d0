//! Documents that clients name by an id, from a file that their build wrote.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use serde_json::Value;

use super::read::Document;
use super::rules::Rules;
use crate::Error;

/// Documents that clients name by an id.
#[derive(Clone, Default)]
pub struct Trusted {
    documents: BTreeMap<String, Arc<Document>>,
    /// Nothing else is run.
    pub(super) only: bool,
}

impl Trusted {
    /// Reads a JSON object of ids and documents.
    ///
    /// # Errors
    /// Everything that is wrong with the file and its documents, together.
    pub fn read(file: &Path, only: bool, rules: &Rules) -> Result<Self, Error> {
        let name = file.display();
        let text = std::fs::read_to_string(file)
            .map_err(|fault| Error::Fault(format!("{name} cannot be read: {fault}")))?;
        Self::parse(&text, only, rules).map_err(|faults| {
            let faults = faults.join("\n  ");
            Error::Fault(format!(
                "these trusted documents of {name} cannot be:\n  {faults}"
            ))
        })
    }

    /// The same from the file's text.
    ///
    /// # Errors
    /// A sentence for each fault.
    pub fn parse(text: &str, only: bool, rules: &Rules) -> Result<Self, Vec<String>> {
        let Ok(Value::Object(entries)) = serde_json::from_str(text) else {
            return Err(vec!["it is a JSON object of ids and documents".into()]);
        };
        let mut documents = BTreeMap::new();
        let mut faults = Vec::new();
        for (id, document) in entries {
            let Value::String(text) = document else {
                faults.push(format!("{id}: a document is a string"));
                continue;
            };
            match rules.judge(&text) {
                Ok(document) => {
                    documents.insert(id, Arc::new(document));
                }
                Err(errors) => faults.extend(errors.iter().map(|error| {
                    let at = error.locations.first();
                    let at = at.map(|at| format!(" (at {}:{})", at.line, at.column));
                    format!("{id}: {}{}", error.message, at.unwrap_or_default())
                })),
            }
        }
        if documents.is_empty() && faults.is_empty() {
            faults.push("there is none in it".into());
        }
        if faults.is_empty() {
            Ok(Self { documents, only })
        } else {
            Err(faults)
        }
    }

    /// By its id, which may be the document's hash: then also as `sha256:…`.
    pub(super) fn get(&self, id: &str) -> Option<Arc<Document>> {
        let bare = id.strip_prefix("sha256:").unwrap_or(id);
        let document = self.documents.get(id).or_else(|| self.documents.get(bare));
        document.cloned()
    }
}
