//! A loopback device in fixed memory. That of smoltcp allocates.

use smoltcp::{
    phy::{self, ChecksumCapabilities, Device, DeviceCapabilities, Medium},
    time::Instant,
};

/// The largest packet.
const MTU: usize = 600;
const PACKETS: usize = 8;

pub(crate) struct Loopback {
    packets: [Packet; PACKETS],
    first: usize,
    count: usize,
}

#[derive(Clone, Copy)]
pub(crate) struct Packet {
    bytes: [u8; MTU],
    length: usize,
}

impl Loopback {
    pub(crate) const fn new() -> Self {
        let empty = Packet { bytes: [0; MTU], length: 0 };
        Self { packets: [empty; PACKETS], first: 0, count: 0 }
    }
}

impl Device for Loopback {
    type RxToken<'a> = Packet;
    type TxToken<'a> = Room<'a>;

    fn receive(&mut self, _: Instant) -> Option<(Packet, Room<'_>)> {
        if self.count == 0 {
            return None;
        }
        let packet = self.packets[self.first];
        self.first = (self.first + 1) % PACKETS;
        self.count -= 1;
        Some((packet, Room(self)))
    }

    fn transmit(&mut self, _: Instant) -> Option<Room<'_>> {
        (self.count < PACKETS).then_some(Room(self))
    }

    fn capabilities(&self) -> DeviceCapabilities {
        let mut capabilities = DeviceCapabilities::default();
        capabilities.medium = Medium::Ip;
        capabilities.max_transmission_unit = MTU;
        capabilities.checksum = ChecksumCapabilities::ignored();
        capabilities
    }
}

impl phy::RxToken for Packet {
    fn consume<R, F: FnOnce(&[u8]) -> R>(self, take: F) -> R {
        take(&self.bytes[..self.length])
    }
}

/// Room for one more packet.
pub(crate) struct Room<'a>(&'a mut Loopback);

impl phy::TxToken for Room<'_> {
    fn consume<R, F: FnOnce(&mut [u8]) -> R>(self, length: usize, fill: F) -> R {
        let Self(Loopback { packets, first, count }) = self;
        let packet = &mut packets[(*first + *count) % PACKETS];
        *count += 1;
        packet.length = length;
        fill(&mut packet.bytes[..length])
    }
}
