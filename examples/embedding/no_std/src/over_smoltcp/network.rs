//! A client and a server on one interface with a loopback device.

use hybi::{Connection, Error, Event, Uri, client, random::Entropy};
use smoltcp::{
    iface::{Config, Interface, SocketHandle, SocketSet, SocketStorage},
    phy::Device,
    socket::tcp::{Socket, SocketBuffer},
    time::{Duration, Instant},
    wire::{HardwareAddress, IpAddress, IpCidr},
};

use super::{Client, Echo, Failure, Outbox};

const ADDRESS: IpAddress = IpAddress::v4(127, 0, 0, 1);
const PORT: u16 = 9001;
const URI: &str = "ws://127.0.0.1:9001/";

/// How long a conversation may take.
const TIMEOUT: Duration = Duration::from_secs(10);

/// A server, a client, and the interface between them.
pub(super) struct Network<'a, D, C, E: Entropy> {
    device: &'a mut D,
    clock: C,
    deadline: Instant,
    interface: Interface,
    sockets: SocketSet<'a>,
    server_socket: SocketHandle,
    server: Echo,
    /// The result of the server, after the end.
    outcome: Option<Result<(), Failure>>,
    client_socket: SocketHandle,
    client: Client<'static, E>,
}

/// The memory of the sockets.
pub(super) struct Memory<'a> {
    buffers: [[u8; 512]; 4],
    sockets: [SocketStorage<'a>; 2],
}

impl Memory<'_> {
    pub(super) const fn new() -> Self {
        Self { buffers: [[0; 512]; 4], sockets: [SocketStorage::EMPTY; 2] }
    }
}

impl<'a, D: Device, C: FnMut() -> Instant, E: Entropy> Network<'a, D, C, E> {
    /// A listening server, and a client that connects to it from this port.
    pub(super) fn connect(
        device: &'a mut D,
        mut clock: C,
        entropy: E,
        port: u16,
        memory: &'a mut Memory<'a>,
    ) -> Result<Self, Failure> {
        let now = clock();
        let mut interface = Interface::new(Config::new(HardwareAddress::Ip), device, now);
        interface.update_ip_addrs(|addresses| addresses.extend([IpCidr::new(ADDRESS, 8)]));

        let [one, two, three, four] =
            memory.buffers.each_mut().map(|bytes| SocketBuffer::new(&mut bytes[..]));
        let mut server = Socket::new(one, two);
        server.listen(PORT).map_err(|_| Failure::Connect)?;
        let mut client = Socket::new(three, four);
        let connected = client.connect(interface.context(), (ADDRESS, PORT), port);
        connected.map_err(|_| Failure::Connect)?;

        let mut sockets = SocketSet::new(&mut memory.sockets[..]);
        Ok(Self {
            device,
            clock,
            deadline: now + TIMEOUT,
            interface,
            server_socket: sockets.add(server),
            server: Echo::new(now),
            outcome: None,
            client_socket: sockets.add(client),
            client: Client::new(&Uri::parse(URI).map_err(client::Error::from)?, entropy)?,
            sockets,
        })
    }

    /// Waits until the connection is open, then sends as the client.
    pub(super) fn send(
        &mut self,
        send: impl FnOnce(&mut Connection<hybi::Client<E>>, &mut Outbox) -> Result<(), Error>,
    ) -> Result<(), Failure> {
        loop {
            if let Some((websocket, outbox)) = self.client.open() {
                return Ok(send(websocket, outbox)?);
            }
            self.poll()?;
        }
    }

    /// Waits for the next event of the client, and checks it.
    pub(super) fn expect(
        &mut self,
        is_expected: impl FnOnce(Event<'_>) -> bool,
    ) -> Result<(), Failure> {
        loop {
            if let Some(event) = self.poll()? {
                return if is_expected(event) { Ok(()) } else { Err(Failure::Unexpected) };
            }
        }
    }

    /// Waits for the end of the connection, without another event. Returns the result of the server.
    pub(super) fn end(&mut self) -> Result<Result<(), Failure>, Failure> {
        loop {
            if self.poll()?.is_some() {
                return Err(Failure::Unexpected);
            }
            if let (Some(outcome), true) = (self.outcome, self.client.should_close_transport()) {
                return Ok(outcome);
            }
        }
    }

    /// One iteration of the main loop.
    fn poll(&mut self) -> Result<Option<Event<'_>>, Failure> {
        let now = (self.clock)();
        if now >= self.deadline {
            return Err(Failure::Deadline);
        }
        self.interface.poll(now, self.device, &mut self.sockets);
        if self.outcome.is_none() {
            let ended = self.server.poll(now, self.sockets.get_mut(self.server_socket));
            self.outcome = match ended {
                Ok(false) => None,
                Ok(true) => Some(Ok(())),
                Err(error) => Some(Err(error)),
            };
        }
        self.client.poll(self.sockets.get_mut(self.client_socket))
    }
}
