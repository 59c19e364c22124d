// SPDX-License-Identifier: MIT
//! UDP: datagrams with records and context, and the flows of a proxy.
use crate::address::{read_address, write_address};
use crate::error::check;
use crate::{Result, Socket};
use conntrail_sys as sys;
use std::net::SocketAddr;
use std::ptr;

const FRESH: sys::conntrail_message = sys::conntrail_message {
    struct_size: std::mem::size_of::<sys::conntrail_message>(),
    peer: sys::NO_ADDRESS,
    local: sys::NO_ADDRESS,
    payload: ptr::null_mut(),
    payload_count: 0,
    payload_size: 0,
    records: ptr::null_mut(),
    records_capacity: 0,
    records_size: 0,
    context: ptr::null_mut(),
    context_capacity: 0,
    context_size: 0,
    control: ptr::null_mut(),
    control_capacity: 0,
    control_size: 0,
    flags: 0,
    lost: 0,
    library_socket: sys::CONNTRAIL_INVALID_SOCKET,
    library_call: ptr::null_mut(),
};

/// Lets records and context arrive with datagrams. Before bind.
pub fn enable_messages(socket: &impl Socket) -> Result<()> {
    check(unsafe { sys::conntrail_enable_messages(socket.number()) })?;
    Ok(())
}

/// A datagram that was received.
#[derive(Clone, Debug)]
pub struct Datagram {
    pub payload: Vec<u8>,
    pub peer: SocketAddr,
    /// Where it was sent to, if the system says so.
    pub local: Option<SocketAddr>,
    /// Empty, or what send() takes.
    pub records: Vec<u8>,
    pub context: Vec<u8>,
    /// What did not fit: sys::CONNTRAIL_LOST_... by or.
    pub lost: u32,
}

/// One datagram of at most `size` bytes; what did not fit is named by `lost`.
pub fn receive(socket: &impl Socket, size: usize, flags: u32) -> Result<Datagram> {
    let (mut payload, mut records, mut context) =
        (vec![0; size], vec![0; sys::CONNTRAIL_LARGEST_BLOB], vec![0; sys::CONNTRAIL_LARGEST_BLOB]);
    let mut whole = sys::conntrail_buffer { bytes: payload.as_mut_ptr().cast(), size };
    let mut message = sys::conntrail_message {
        payload: &mut whole,
        payload_count: 1,
        records: records.as_mut_ptr().cast(),
        records_capacity: records.len(),
        context: context.as_mut_ptr().cast(),
        context_capacity: context.len(),
        flags,
        ..FRESH
    };
    match unsafe { sys::conntrail_recvmsg(socket.number(), &mut message) } {
        sys::CONNTRAIL_DATA_TRUNCATED | sys::CONNTRAIL_CONTROL_TRUNCATED | sys::CONNTRAIL_INVALID_MESSAGE => {}
        status => {
            check(status)?;
        }
    }
    payload.truncate(message.payload_size);
    records.truncate(message.records_size);
    context.truncate(message.context_size);
    let peer = read_address(&message.peer).expect("a datagram has a sender");
    Ok(Datagram { payload, peer, local: read_address(&message.local), records, context, lost: message.lost })
}

/// One datagram, with the records of a flow's first one, or none. `peer` None: where the socket is connected.
pub fn send(socket: &impl Socket, payload: &[u8], peer: Option<SocketAddr>, records: &[u8]) -> Result<()> {
    // conntrail_sendmsg() only reads them.
    let mut whole = sys::conntrail_buffer { bytes: payload.as_ptr() as *mut _, size: payload.len() };
    let mut message = sys::conntrail_message {
        peer: peer.map_or(sys::NO_ADDRESS, |address| write_address(&address)),
        payload: &mut whole,
        payload_count: 1,
        records: records.as_ptr() as *mut _,
        records_size: records.len(),
        ..FRESH
    };
    check(unsafe { sys::conntrail_sendmsg(socket.number(), &mut message) })?;
    Ok(())
}

/// A client and its destination.
pub struct Flow {
    native: sys::conntrail_flow,
}

// The flow owns a socket at most, and no call keeps a pointer to it.
unsafe impl Send for Flow {}

impl Flow {
    /// Of the flow's first datagram, which `socket` received.
    pub fn new(socket: &impl Socket, first: &Datagram) -> Result<Flow> {
        let mut native = sys::conntrail_flow {
            struct_size: std::mem::size_of::<sys::conntrail_flow>(),
            peer: sys::NO_ADDRESS,
            local: sys::NO_ADDRESS,
            destination: sys::NO_ADDRESS,
            library_socket: sys::CONNTRAIL_INVALID_SOCKET,
        };
        let message = sys::conntrail_message {
            peer: write_address(&first.peer),
            local: first.local.map_or(sys::NO_ADDRESS, |address| write_address(&address)),
            records: first.records.as_ptr() as *mut _,
            records_capacity: first.records.len(),
            records_size: first.records.len(),
            context: first.context.as_ptr() as *mut _,
            context_capacity: first.context.len(),
            context_size: first.context.len(),
            lost: first.lost,
            ..FRESH
        };
        check(unsafe {
            sys::conntrail_datagram_destination(socket.number(), &message, None, ptr::null_mut(), &mut native)
        })?;
        Ok(Flow { native })
    }

    pub fn peer(&self) -> SocketAddr {
        read_address(&self.native.peer).expect("a flow has a client")
    }

    pub fn destination(&self) -> SocketAddr {
        read_address(&self.native.destination).expect("a flow has a destination")
    }

    /// To the client, which sees the destination as the sender.
    pub fn reply(&mut self, socket: &impl Socket, payload: &[u8]) -> Result<()> {
        let mut whole = sys::conntrail_buffer { bytes: payload.as_ptr() as *mut _, size: payload.len() };
        check(unsafe { sys::conntrail_reply(socket.number(), &mut self.native, &mut whole, 1) })?;
        Ok(())
    }
}

impl Drop for Flow {
    fn drop(&mut self) {
        unsafe { sys::conntrail_flow_end(&mut self.native) }
    }
}
