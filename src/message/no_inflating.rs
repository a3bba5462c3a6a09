//! The counterpart of `inflating` without the feature `deflate`. No compressed message can begin.

use super::{incoming::Step, limits::Limits, partial::Partial};
use crate::{
    buffer::{Inbox, Parts, Storage},
    deflate::Session,
    error::{Error, LimitExceeded},
    frame::Header,
};

/// Never constructed.
#[derive(Debug)]
pub(crate) enum Inflating {}

impl Inflating {
    #[allow(clippy::needless_pass_by_value)]
    pub(super) const fn new(_: Partial) -> Option<Self> {
        None
    }

    pub(super) const fn is_in_frame(&self) -> bool {
        match *self {}
    }

    pub(super) const fn in_chunks(&self) -> bool {
        match *self {}
    }

    pub(super) const fn is_extended(&self) -> bool {
        match *self {}
    }

    pub(super) fn is_held_by<S: Storage>(&self, _: &Inbox<S>) -> bool {
        match *self {}
    }

    pub(super) fn begin(&mut self, _: &Header, _: &Limits<'_>) -> Result<(), LimitExceeded> {
        match *self {}
    }

    pub(super) fn advance(
        &mut self,
        _: &mut Parts<'_>,
        _: &mut Session,
        _: &Limits<'_>,
    ) -> Result<Step, Error> {
        match *self {}
    }
}
