//! The TCP segment in a captured packet.

use std::net::{IpAddr, SocketAddr};

use etherparse::{LaxNetSlice, LaxSlicedPacket, TransportSlice};

/// The link types that are read (<https://www.tcpdump.org/linktypes.html>).
const NULL: u32 = 0;
const ETHERNET: u32 = 1;
const RAW: [u32; 5] = [12, 14, 101, 228, 229];
const LOOP: u32 = 108;
const LINUX_SLL: u32 = 113;
const LINUX_SLL2: u32 = 276;

/// A TCP segment.
pub(crate) struct Segment<'a> {
    pub(crate) from: SocketAddr,
    pub(crate) to: SocketAddr,
    pub(crate) sequence: u32,
    pub(crate) syn: bool,
    pub(crate) ack: bool,
    /// FIN, or RST.
    pub(crate) ends: bool,
    pub(crate) payload: &'a [u8],
}

/// Whether packets of this link type can be read.
pub(crate) fn is_known(link: u32) -> bool {
    RAW.contains(&link) || [NULL, ETHERNET, LOOP, LINUX_SLL, LINUX_SLL2].contains(&link)
}

/// The segment in a packet; `None` if it is another protocol, a fragment, or malformed.
pub(crate) fn segment(link: u32, packet: &[u8]) -> Option<Segment<'_>> {
    let sliced = match link {
        ETHERNET => LaxSlicedPacket::from_ethernet(packet).ok()?,
        // The header before the IP packet, by its length.
        NULL | LOOP => LaxSlicedPacket::from_ip(packet.get(4..)?).ok()?,
        LINUX_SLL => LaxSlicedPacket::from_ip(packet.get(16..)?).ok()?,
        LINUX_SLL2 => LaxSlicedPacket::from_ip(packet.get(20..)?).ok()?,
        _ => LaxSlicedPacket::from_ip(packet).ok()?,
    };
    let (from, to): (IpAddr, IpAddr) = match sliced.net? {
        LaxNetSlice::Ipv4(ip) => {
            (ip.header().source_addr().into(), ip.header().destination_addr().into())
        }
        LaxNetSlice::Ipv6(ip) => {
            (ip.header().source_addr().into(), ip.header().destination_addr().into())
        }
        LaxNetSlice::Arp(_) => return None,
    };
    let Some(TransportSlice::Tcp(tcp)) = sliced.transport else { return None };
    Some(Segment {
        from: (from, tcp.source_port()).into(),
        to: (to, tcp.destination_port()).into(),
        sequence: tcp.sequence_number(),
        syn: tcp.syn(),
        ack: tcp.ack(),
        ends: tcp.fin() || tcp.rst(),
        payload: tcp.payload(),
    })
}
