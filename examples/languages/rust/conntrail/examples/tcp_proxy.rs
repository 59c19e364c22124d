// SPDX-License-Identifier: MIT
//! A transparent TCP proxy with the standard library alone, for Linux.
//!
//!     tcp_proxy ADDRESS:PORT
//!
//! With tokio, `TcpSocket::new_v4()?` is the outbound socket, and `connect()` its last step; with socket2,
//! `Socket::new()`. The standard library has no socket that is not connected yet, so that here libc makes it.
use std::io;
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::os::raw::{c_int, c_void};
use std::os::unix::io::{AsRawFd, FromRawFd};
use std::thread;

extern "C" {
    fn socket(family: c_int, kind: c_int, protocol: c_int) -> c_int;
    fn connect(socket: c_int, address: *const c_void, size: u32) -> c_int;
}

const INET: c_int = 2;
const INET6: c_int = 10;
const STREAM: c_int = 1;
const CLOSE_ON_EXEC: c_int = 0o2000000;

fn check(result: c_int) -> io::Result<c_int> {
    if result < 0 {
        return Err(io::Error::last_os_error());
    }
    Ok(result)
}

fn new_socket(destination: &SocketAddr) -> io::Result<TcpStream> {
    let family = if destination.is_ipv4() { INET } else { INET6 };
    let made = check(unsafe { socket(family, STREAM | CLOSE_ON_EXEC, 0) })?;
    Ok(unsafe { TcpStream::from_raw_fd(made) })
}

fn connect_to(outbound: &TcpStream, destination: &SocketAddr) -> io::Result<()> {
    let mut address = [0u8; 28];
    let family = if destination.is_ipv4() { INET } else { INET6 };
    address[..2].copy_from_slice(&(family as u16).to_ne_bytes());
    address[2..4].copy_from_slice(&destination.port().to_be_bytes());
    let size = match destination {
        SocketAddr::V4(v4) => {
            address[4..8].copy_from_slice(&v4.ip().octets());
            16
        }
        SocketAddr::V6(v6) => {
            address[8..24].copy_from_slice(&v6.ip().octets());
            address[24..].copy_from_slice(&v6.scope_id().to_ne_bytes());
            28
        }
    };
    check(unsafe { connect(outbound.as_raw_fd(), address.as_ptr().cast(), size) })?;
    Ok(())
}

/// The records are set before the socket connects.
fn connect_onward(accepted: &TcpStream) -> io::Result<TcpStream> {
    let destination = conntrail::original_destination(accepted)?;
    let outbound = new_socket(&destination)?;
    conntrail::transfer_records(accepted, &outbound)?;
    connect_to(&outbound, &destination)?;
    Ok(outbound)
}

fn pump(mut from: &TcpStream, mut to: &TcpStream) {
    // A connection that broke is at its end, too.
    let _ = io::copy(&mut from, &mut to);
    let _ = to.shutdown(Shutdown::Write);
}

fn serve(accepted: TcpStream) {
    match connect_onward(&accepted) {
        Ok(outbound) => thread::scope(|scope| {
            scope.spawn(|| pump(&outbound, &accepted));
            pump(&accepted, &outbound);
        }),
        Err(error) => eprintln!("tcp_proxy: {error}"),
    }
}

fn main() -> io::Result<()> {
    let place = std::env::args().nth(1).unwrap_or_else(|| {
        eprintln!("usage: tcp_proxy ADDRESS:PORT");
        std::process::exit(2);
    });
    let listener = TcpListener::bind(place)?;
    println!("ready {}", listener.local_addr()?);
    for accepted in listener.incoming().flatten() {
        thread::spawn(|| serve(accepted));
    }
    Ok(())
}
