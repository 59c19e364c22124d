// SPDX-License-Identifier: MIT
//! Anything that lends its socket.
use conntrail_sys as sys;

pub trait Socket {
    fn number(&self) -> sys::conntrail_socket;
}

#[cfg(unix)]
impl<T: std::os::unix::io::AsFd> Socket for T {
    fn number(&self) -> sys::conntrail_socket {
        std::os::unix::io::AsRawFd::as_raw_fd(&self.as_fd())
    }
}

#[cfg(windows)]
impl<T: std::os::windows::io::AsSocket> Socket for T {
    fn number(&self) -> sys::conntrail_socket {
        std::os::windows::io::AsRawSocket::as_raw_socket(&self.as_socket()) as sys::conntrail_socket
    }
}
