// SPDX-License-Identifier: MIT
//! A sockaddr_storage is 128 bytes: the family in the first two, the port in the next two, big-endian. IPv4 has its
//! address at 4; IPv6 the flow at 4, the address at 8, the scope at 24.
use conntrail_sys as sys;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV4, SocketAddrV6};

const INET: u16 = 2;
#[cfg(windows)]
const INET6: u16 = 23;
#[cfg(not(windows))]
const INET6: u16 = 10;

fn part<const N: usize>(bytes: &[u8; 128], at: usize) -> [u8; N] {
    let mut copied = [0; N];
    copied.copy_from_slice(&bytes[at..at + N]);
    copied
}

pub(crate) fn read_address(storage: &sys::sockaddr_storage) -> Option<SocketAddr> {
    let bytes = &storage.bytes;
    let port = u16::from_be_bytes(part(bytes, 2));
    match u16::from_ne_bytes(part(bytes, 0)) {
        INET => Some(SocketAddrV4::new(Ipv4Addr::from(part::<4>(bytes, 4)), port).into()),
        INET6 => {
            let (flow, scope) = (u32::from_ne_bytes(part(bytes, 4)), u32::from_ne_bytes(part(bytes, 24)));
            Some(SocketAddrV6::new(Ipv6Addr::from(part::<16>(bytes, 8)), port, flow, scope).into())
        }
        _ => None,
    }
}

pub(crate) fn write_address(address: &SocketAddr) -> sys::sockaddr_storage {
    let mut storage = sys::NO_ADDRESS;
    let bytes = &mut storage.bytes;
    bytes[2..4].copy_from_slice(&address.port().to_be_bytes());
    match address {
        SocketAddr::V4(v4) => {
            bytes[..2].copy_from_slice(&INET.to_ne_bytes());
            bytes[4..8].copy_from_slice(&v4.ip().octets());
        }
        SocketAddr::V6(v6) => {
            bytes[..2].copy_from_slice(&INET6.to_ne_bytes());
            bytes[4..8].copy_from_slice(&v6.flowinfo().to_ne_bytes());
            bytes[8..24].copy_from_slice(&v6.ip().octets());
            bytes[24..28].copy_from_slice(&v6.scope_id().to_ne_bytes());
        }
    }
    storage
}
