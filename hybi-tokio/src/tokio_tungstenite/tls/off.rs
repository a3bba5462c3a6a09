//! No TLS.

use super::{
    client::Target,
    error::{Result, UrlError},
    stream::{Connector, MaybeTlsStream},
};

#[allow(clippy::unused_async)] // as with the feature `rustls`
pub(super) async fn encrypt<S>(
    stream: S,
    target: &Target<'_>,
    _: Option<Connector>,
) -> Result<MaybeTlsStream<S>> {
    if target.is_secure {
        return Err(UrlError::TlsFeatureNotEnabled.into());
    }
    Ok(MaybeTlsStream::Plain(stream))
}
