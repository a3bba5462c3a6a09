//! What the client offered, kept until the response arrives.

#[cfg(feature = "alloc")]
use alloc::string::String;

#[cfg(feature = "alloc")]
use crate::http1::token::elements;
use crate::{deflate::Offer, extension};

/// What the client offered. The response is checked against it.
#[derive(Clone)]
pub(crate) struct Offered<'a> {
    pub(crate) subprotocols: Subprotocols<'a>,
    pub(crate) extensions: Extensions<'a>,
    pub(crate) requires_subprotocol: bool,
    pub(crate) deflate: Offer<'a>,
}

/// The offered subprotocols.
#[derive(Clone)]
pub(crate) enum Subprotocols<'a> {
    Borrowed(&'a [&'a str]),
    /// Joined by commas, which no subprotocol contains.
    #[cfg(feature = "alloc")]
    Owned(String),
}

/// The offered extensions other than permessage-deflate: a valid list, or an empty string.
#[derive(Clone)]
pub(crate) enum Extensions<'a> {
    Borrowed(&'a str),
    #[cfg(feature = "alloc")]
    Owned(String),
}

impl Extensions<'_> {
    fn list(&self) -> &[u8] {
        match self {
            Self::Borrowed(list) => list.as_bytes(),
            #[cfg(feature = "alloc")]
            Self::Owned(list) => list.as_bytes(),
        }
    }
}

impl Offered<'_> {
    pub(crate) fn has_subprotocol(&self, name: &str) -> bool {
        match &self.subprotocols {
            Subprotocols::Borrowed(names) => names.contains(&name),
            #[cfg(feature = "alloc")]
            Subprotocols::Owned(list) => elements(list.as_bytes()).any(|n| n == name.as_bytes()),
        }
    }

    pub(crate) fn has_extension(&self, name: &str) -> bool {
        let mut others = extension::parsed(self.extensions.list());
        self.deflate.is_of(name) || others.any(|offer| offer.name() == name)
    }

    /// Copies what is borrowed.
    #[cfg(feature = "alloc")]
    pub(crate) fn into_owned(self) -> Offered<'static> {
        Offered {
            subprotocols: Subprotocols::Owned(match self.subprotocols {
                Subprotocols::Borrowed(names) => joined(names),
                Subprotocols::Owned(list) => list,
            }),
            extensions: Extensions::Owned(match self.extensions {
                Extensions::Borrowed(list) => list.into(),
                Extensions::Owned(list) => list,
            }),
            requires_subprotocol: self.requires_subprotocol,
            deflate: self.deflate.into_owned(),
        }
    }
}

/// The names with commas between them.
#[cfg(feature = "alloc")]
fn joined(names: &[&str]) -> String {
    let length = names.iter().map(|name| name.len() + b",".len()).sum();
    let mut list = String::with_capacity(length);
    for name in names {
        if !list.is_empty() {
            list.push(',');
        }
        list.push_str(name);
    }
    list
}
