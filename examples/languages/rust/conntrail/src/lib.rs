// SPDX-License-Identifier: MIT
//! conntrail for Rust: the C API with results, vectors and socket addresses.
//!
//! ```no_run
//! # fn proxy(accepted: std::net::TcpStream, outbound: std::net::UdpSocket) -> conntrail::Result<()> {
//! let destination = conntrail::original_destination(&accepted)?;
//! conntrail::transfer_records(&accepted, &outbound)?; // before outbound connects
//! # Ok(()) }
//! ```
//!
//! A socket is whatever lends its descriptor: `TcpStream`, tokio's `TcpSocket`, socket2's `Socket`. Each function
//! calls the C function of its name, whose description in the headers holds here as well.
mod address;
mod datagram;
mod error;
mod socket;

pub use conntrail_sys as sys;
pub use datagram::{enable_messages, receive, send, Datagram, Flow};
pub use error::{Error, Result};
pub use socket::Socket;

use address::{read_address, write_address};
use error::check;
use std::any::Any;

use std::net::SocketAddr;
use std::os::raw::c_void;
use std::panic::{catch_unwind, resume_unwind, AssertUnwindSafe};

type Query = unsafe extern "C" fn(sys::conntrail_socket, *mut c_void, usize, *mut usize) -> sys::conntrail_status;

/// None where the status says that there is none.
fn query(ask: Query, accepted: &impl Socket) -> Result<Option<Vec<u8>>> {
    let mut found = vec![0u8; sys::CONNTRAIL_USUAL_BLOB];
    let mut size = 0;
    let mut put =
        |buffer: &mut Vec<u8>| unsafe { ask(accepted.number(), buffer.as_mut_ptr().cast(), buffer.len(), &mut size) };
    let mut status = put(&mut found);
    if status == sys::CONNTRAIL_BUFFER_TOO_SMALL {
        found.resize(sys::CONNTRAIL_LARGEST_BLOB, 0);
        status = put(&mut found);
    }
    if status == sys::CONNTRAIL_NOT_REDIRECTED || status == sys::CONNTRAIL_NO_CONTEXT {
        return Ok(None);
    }
    check(status)?;
    found.truncate(size);
    Ok(Some(found))
}

/// The redirect records of an accepted connection; None if it was not redirected.
pub fn query_records(accepted: &impl Socket) -> Result<Option<Vec<u8>>> {
    query(sys::conntrail_query_records, accepted)
}

/// The redirect context of an accepted connection; None if it has none.
pub fn query_context(accepted: &impl Socket) -> Result<Option<Vec<u8>>> {
    query(sys::conntrail_query_context, accepted)
}

/// Before the socket connects.
pub fn set_records(outbound: &impl Socket, records: &[u8]) -> Result<()> {
    check(unsafe { sys::conntrail_set_records(outbound.number(), records.as_ptr().cast(), records.len()) })?;
    Ok(())
}

/// Whether there were records to transfer. Before the outbound socket connects.
pub fn transfer_records(accepted: &impl Socket, outbound: &impl Socket) -> Result<bool> {
    let status = check(unsafe { sys::conntrail_transfer_records(accepted.number(), outbound.number()) })?;
    Ok(status != sys::CONNTRAIL_OK_NOTHING_TO_TRANSFER)
}

/// Where the client wanted to go.
pub fn original_destination(accepted: &impl Socket) -> Result<SocketAddr> {
    let mut found = sys::NO_ADDRESS;
    check(unsafe { sys::conntrail_original_destination(accepted.number(), &mut found) })?;
    Ok(read_address(&found).expect("OK comes with an IPv4 or IPv6 address"))
}

struct Decoder<F> {
    decode: F,
    panic: Option<Box<dyn Any + Send>>,
}

/// A panic must not pass the library's frames.
unsafe extern "C" fn call_decoder<F>(
    context: *const c_void,
    size: usize,
    destination: *mut sys::sockaddr_storage,
    argument: *mut c_void,
) -> sys::conntrail_status
where
    F: FnMut(&[u8]) -> Option<SocketAddr>,
{
    let decoder = &mut *argument.cast::<Decoder<F>>();
    let bytes: &[u8] = if size == 0 { &[] } else { std::slice::from_raw_parts(context.cast(), size) };
    match catch_unwind(AssertUnwindSafe(|| (decoder.decode)(bytes))) {
        Ok(Some(address)) => {
            *destination = write_address(&address);
            sys::CONNTRAIL_OK
        }
        Ok(None) => sys::CONNTRAIL_UNKNOWN_LAYOUT,
        Err(panic) => {
            decoder.panic = Some(panic);
            sys::CONNTRAIL_UNKNOWN_LAYOUT
        }
    }
}

/// The same with the listener, for TPROXY, and a layout of one's own: `decode` returns None for another layout.
pub fn original_destination_by<F>(accepted: &impl Socket, listener: &impl Socket, decode: F) -> Result<SocketAddr>
where
    F: FnMut(&[u8]) -> Option<SocketAddr>,
{
    let mut decoder = Decoder { decode, panic: None };
    let mut found = sys::NO_ADDRESS;
    let status = unsafe {
        sys::conntrail_original_destination_by(
            accepted.number(),
            listener.number(),
            Some(call_decoder::<F>),
            (&mut decoder as *mut Decoder<F>).cast(),
            &mut found,
        )
    };
    if let Some(panic) = decoder.panic {
        resume_unwind(panic);
    }
    check(status)?;
    Ok(read_address(&found).expect("OK comes with an IPv4 or IPv6 address"))
}

/// The layouts that original_destination() knows; None for another one.
pub fn decode_context(context: &[u8]) -> Option<SocketAddr> {
    let mut found = sys::NO_ADDRESS;
    let status = unsafe { sys::conntrail_decode_context(context.as_ptr().cast(), context.len(), &mut found) };
    if status == sys::CONNTRAIL_OK {
        read_address(&found)
    } else {
        None
    }
}

/// Before bind: `flags` is 0, or CONNTRAIL_LISTEN_TRANSPARENT for TPROXY.
pub fn prepare_listener(listener: &impl Socket, flags: u32) -> Result<()> {
    check(unsafe { sys::conntrail_prepare_listener(listener.number(), flags) })?;
    Ok(())
}
