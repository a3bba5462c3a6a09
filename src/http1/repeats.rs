//! Where the repeated values of list fields are, so that a head full of them is searched once.

use super::known::Name;

/// As many places as lists may have elements by default: a head with more is refused, or its
/// fields are searched each time.
const MAX: usize = 128;

/// The places of the second and later values of list fields, in order.
#[derive(Clone)]
pub(super) struct Repeats {
    /// More than `MAX` if there was no room for all of them.
    count: usize,
    names: [u8; MAX],
    /// Start and length in the field lines.
    places: [(u32, u32); MAX],
}

impl Repeats {
    pub(super) const NONE: Self = Self { count: 0, names: [0; MAX], places: [(0, 0); MAX] };

    /// Adds a value that is part of these lines.
    pub(super) fn add(&mut self, name: Name, value: &[u8], lines: &[u8]) {
        let start = value.as_ptr().addr().wrapping_sub(lines.as_ptr().addr());
        let place = (u32::try_from(start), u32::try_from(value.len()));
        match (self.names.get_mut(self.count), self.places.get_mut(self.count), place) {
            (Some(slot), Some(to), (Ok(start), Ok(length))) => {
                (*slot, *to) = (name as u8, (start, length));
                self.count += 1;
            }
            _ => self.count = MAX + 1,
        }
    }

    /// The values of this name, in these lines; `None` if they are not all here.
    pub(super) fn of<'a>(
        &self,
        name: Name,
        lines: &'a [u8],
    ) -> Option<impl Iterator<Item = &'a [u8]> + Clone> {
        let names = self.names.get(..self.count)?;
        let places = names.iter().zip(&self.places);
        let places = places.filter(move |(other, _)| **other == name as u8);
        Some(places.filter_map(|(_, (start, length))| {
            let start = *start as usize;
            lines.get(start..start + *length as usize)
        }))
    }
}
