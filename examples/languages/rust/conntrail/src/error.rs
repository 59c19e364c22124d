// SPDX-License-Identifier: MIT
//! A call that failed.
use conntrail_sys as sys;
use std::{ffi::CStr, fmt, io};

pub type Result<T> = std::result::Result<T, Error>;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Error {
    status: sys::conntrail_status,
    native: u32,
}

impl Error {
    /// One of sys::CONNTRAIL_..., without the half of a transfer that it speaks of.
    pub fn status(&self) -> sys::conntrail_status {
        unsafe { sys::conntrail_status_cause(self.status) }
    }

    /// Of a transfer: the outbound socket refused, and not the accepted one.
    pub fn is_outbound(&self) -> bool {
        self.status <= -sys::CONNTRAIL_OUTBOUND_OFFSET
    }

    /// What conntrail_native_error() said.
    pub fn native(&self) -> u32 {
        self.native
    }
}

impl fmt::Display for Error {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The library's sentences live as long as the program.
        let sentence = unsafe { CStr::from_ptr(sys::conntrail_status_sentence(self.status)) };
        out.write_str(&sentence.to_string_lossy())
    }
}

impl std::error::Error for Error {}

impl From<Error> for io::Error {
    fn from(error: Error) -> Self {
        let kind = match error.status() {
            sys::CONNTRAIL_WOULD_BLOCK => io::ErrorKind::WouldBlock,
            sys::CONNTRAIL_ACCESS | sys::CONNTRAIL_DESTINATION_ACCESS => io::ErrorKind::PermissionDenied,
            sys::CONNTRAIL_INVALID => io::ErrorKind::InvalidInput,
            sys::CONNTRAIL_NOT_CONNECTED => io::ErrorKind::NotConnected,
            _ => io::ErrorKind::Other,
        };
        io::Error::new(kind, error)
    }
}

/// A success is handed on.
pub(crate) fn check(status: sys::conntrail_status) -> Result<sys::conntrail_status> {
    if status < 0 {
        return Err(Error { status, native: unsafe { sys::conntrail_native_error() } });
    }
    Ok(status)
}
