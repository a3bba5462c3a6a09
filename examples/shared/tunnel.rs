//! Opens a tunnel through an HTTP proxy.

use std::{
    error::Error,
    io::{Read, Write},
};

use hybi::{
    Inbox, Uri, UriBuf,
    proxy::{Connect, Refused, Response},
};

/// A proxy, and the credentials for it.
pub(crate) struct Proxy<'a> {
    /// Its host and its port.
    pub(crate) uri: UriBuf,
    /// A user name and a password.
    credentials: Option<(&'a str, &'a str)>,
}

impl<'a> Proxy<'a> {
    /// Reads `http://HOST:PORT` or `http://USER:PASSWORD@HOST:PORT`. Nothing in it is decoded.
    pub(crate) fn parse(url: &'a str) -> Result<Self, Box<dyn Error>> {
        let rest = url.strip_prefix("http://").ok_or("the URL of a proxy begins with http://")?;
        let (credentials, authority) = match rest.rsplit_once('@') {
            Some((credentials, authority)) => (Some(credentials), authority),
            None => (None, rest),
        };
        let credentials = match credentials.map(|both| both.split_once(':')) {
            Some(None) => return Err("the user name for the proxy has no password".into()),
            both => both.flatten(),
        };
        Ok(Self { uri: UriBuf::parse_http(format!("http://{authority}"))?, credentials })
    }

    /// Requests a tunnel to the host of this URI, and waits for it. Bytes that follow the response
    /// stay in the inbox.
    pub(crate) fn open(
        &self,
        uri: &Uri<'_>,
        stream: &mut (impl Read + Write),
        inbox: &mut Inbox,
    ) -> Result<(), Box<dyn Error>> {
        let mut outbox = Vec::new();
        let connect = Connect::new(uri);
        let connect = match self.credentials {
            Some((user, password)) => connect.basic_auth(user, password),
            None => connect,
        };
        let mut opening = connect.send(&mut outbox)?;
        stream.write_all(&outbox)?;
        loop {
            if inbox.read_from(stream)? == 0 {
                return Err("the proxy hung up before it opened a tunnel".into());
            }
            match opening.receive(inbox)? {
                None => {}
                Some(Response::Tunnel(_)) => return Ok(()),
                Some(Response::Refused(refused)) => return Err(explain(&refused).into()),
            }
        }
    }
}

/// Describes a response that does not open the tunnel.
fn explain(refused: &Refused<'_>) -> String {
    let answered = format!("the proxy answered with status {}", refused.status());
    let schemes: Vec<&str> = refused.challenges().map(|challenge| challenge.scheme()).collect();
    if schemes.is_empty() {
        return answered;
    }
    format!("{answered}: it asks for credentials ({})", schemes.join(", "))
}
