// SPDX-License-Identifier: MIT
//! The C API of conntrail as its headers declare it; `ci/rules/languages` compares them. The headers say what
//! each call does.
#![allow(non_camel_case_types)]

use std::os::raw::{c_char, c_int, c_uint, c_void};

/// What the system calls a socket.
#[cfg(not(windows))]
pub type conntrail_socket = c_int;
#[cfg(windows)]
pub type conntrail_socket = usize;
#[cfg(not(windows))]
pub const CONNTRAIL_INVALID_SOCKET: conntrail_socket = -1;
#[cfg(windows)]
pub const CONNTRAIL_INVALID_SOCKET: conntrail_socket = usize::MAX;

/// Any value can come from a newer library: so it is a number, and no enum.
pub type conntrail_status = c_int;
pub const CONNTRAIL_OK: conntrail_status = 0;
pub const CONNTRAIL_OK_NOTHING_TO_TRANSFER: conntrail_status = 1;
pub const CONNTRAIL_FAULT: conntrail_status = -1;
pub const CONNTRAIL_INVALID: conntrail_status = -2;
pub const CONNTRAIL_NOT_SOCKET: conntrail_status = -3;
pub const CONNTRAIL_NOT_CONNECTED: conntrail_status = -4;
pub const CONNTRAIL_INVALID_MESSAGE: conntrail_status = -5;
pub const CONNTRAIL_NOT_INITIALISED: conntrail_status = -6;
pub const CONNTRAIL_NOT_REDIRECTED: conntrail_status = -20;
pub const CONNTRAIL_NO_CONTEXT: conntrail_status = -21;
pub const CONNTRAIL_BUFFER_TOO_SMALL: conntrail_status = -22;
pub const CONNTRAIL_LIMIT: conntrail_status = -23;
pub const CONNTRAIL_UNKNOWN_LAYOUT: conntrail_status = -24;
pub const CONNTRAIL_DATA_TRUNCATED: conntrail_status = -25;
pub const CONNTRAIL_CONTROL_TRUNCATED: conntrail_status = -26;
pub const CONNTRAIL_WOULD_BLOCK: conntrail_status = -27;
pub const CONNTRAIL_PENDING: conntrail_status = -28;
pub const CONNTRAIL_TIMED_OUT: conntrail_status = -29;
pub const CONNTRAIL_TOO_LARGE: conntrail_status = -30;
pub const CONNTRAIL_DESTINATION_UNKNOWN: conntrail_status = -31;
pub const CONNTRAIL_DESTINATION_IS_PROXY: conntrail_status = -32;
pub const CONNTRAIL_ACCESS: conntrail_status = -40;
pub const CONNTRAIL_IN_PROGRESS: conntrail_status = -41;
pub const CONNTRAIL_INTERRUPTED: conntrail_status = -42;
pub const CONNTRAIL_NET_DOWN: conntrail_status = -43;
pub const CONNTRAIL_ABORTED: conntrail_status = -44;
pub const CONNTRAIL_CONNECT_FAILED: conntrail_status = -45;
pub const CONNTRAIL_UNREACHABLE: conntrail_status = -46;
pub const CONNTRAIL_DESTINATION_ACCESS: conntrail_status = -47;
pub const CONNTRAIL_UNKNOWN: conntrail_status = -59;
pub const CONNTRAIL_NOT_SUPPORTED: conntrail_status = -60;
pub const CONNTRAIL_NO_PROTOCOL_OPTION: conntrail_status = -61;
pub const CONNTRAIL_MULTIPATH: conntrail_status = -62;
pub const CONNTRAIL_VERSION_MISMATCH: conntrail_status = -63;
pub const CONNTRAIL_NO_MEMORY: conntrail_status = -80;
/// The OUTBOUND twin of a failure is this much below it.
pub const CONNTRAIL_OUTBOUND_OFFSET: c_int = 1000;

pub const CONNTRAIL_LARGEST_BLOB: usize = 65536;
pub const CONNTRAIL_USUAL_BLOB: usize = 1024;
pub const CONNTRAIL_LISTEN_TRANSPARENT: c_uint = 1;
pub const CONNTRAIL_MOST_BUFFERS: usize = 16;
pub const CONNTRAIL_MESSAGE_PEEK: c_uint = 1;
pub const CONNTRAIL_MESSAGE_KEEP_LOCAL: c_uint = 2;
pub const CONNTRAIL_LOST_DATA: c_uint = 1;
pub const CONNTRAIL_LOST_RECORDS: c_uint = 2;
pub const CONNTRAIL_LOST_CONTEXT: c_uint = 4;
pub const CONNTRAIL_LOST_CONTROL: c_uint = 8;
pub const CONNTRAIL_LOST_MALFORMED: c_uint = 16;

/// A struct sockaddr_storage, as bytes.
#[repr(C, align(8))]
#[derive(Clone, Copy)]
pub struct sockaddr_storage {
    pub bytes: [u8; 128],
}

pub const NO_ADDRESS: sockaddr_storage = sockaddr_storage { bytes: [0; 128] };

#[repr(C)]
#[derive(Clone, Copy)]
pub struct conntrail_buffer {
    pub bytes: *mut c_void,
    pub size: usize,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct conntrail_message {
    pub struct_size: usize,
    pub peer: sockaddr_storage,
    pub local: sockaddr_storage,
    pub payload: *mut conntrail_buffer,
    pub payload_count: usize,
    pub payload_size: usize,
    pub records: *mut c_void,
    pub records_capacity: usize,
    pub records_size: usize,
    pub context: *mut c_void,
    pub context_capacity: usize,
    pub context_size: usize,
    pub control: *mut c_void,
    pub control_capacity: usize,
    pub control_size: usize,
    pub flags: c_uint,
    pub lost: c_uint,
    pub library_socket: conntrail_socket,
    pub library_call: *mut c_void,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct conntrail_flow {
    pub struct_size: usize,
    pub peer: sockaddr_storage,
    pub local: sockaddr_storage,
    pub destination: sockaddr_storage,
    pub library_socket: conntrail_socket,
}

/// A query that was begun.
#[repr(C)]
pub struct conntrail_operation {
    opaque: [u8; 0],
}

pub type conntrail_completion = Option<unsafe extern "C" fn(argument: *mut c_void)>;

pub type conntrail_context_decoder = Option<
    unsafe extern "C" fn(
        context: *const c_void,
        size: usize,
        destination: *mut sockaddr_storage,
        argument: *mut c_void,
    ) -> conntrail_status,
>;

extern "C" {
    pub fn conntrail_version() -> u32;
    pub fn conntrail_status_name(status: conntrail_status) -> *const c_char;
    pub fn conntrail_status_sentence(status: conntrail_status) -> *const c_char;
    pub fn conntrail_status_cause(status: conntrail_status) -> conntrail_status;
    pub fn conntrail_status_from_native(native: u32) -> conntrail_status;
    pub fn conntrail_native_error() -> u32;
    pub fn conntrail_report(status: conntrail_status) -> conntrail_status;

    pub fn conntrail_query_records(
        socket: conntrail_socket,
        buffer: *mut c_void,
        capacity: usize,
        size: *mut usize,
    ) -> conntrail_status;
    pub fn conntrail_query_context(
        socket: conntrail_socket,
        buffer: *mut c_void,
        capacity: usize,
        size: *mut usize,
    ) -> conntrail_status;
    pub fn conntrail_set_records(socket: conntrail_socket, records: *const c_void, size: usize) -> conntrail_status;
    pub fn conntrail_transfer_records(accepted: conntrail_socket, outbound: conntrail_socket) -> conntrail_status;
    pub fn conntrail_original_destination(
        accepted: conntrail_socket,
        destination: *mut sockaddr_storage,
    ) -> conntrail_status;
    pub fn conntrail_original_destination_by(
        accepted: conntrail_socket,
        listener: conntrail_socket,
        decode: conntrail_context_decoder,
        argument: *mut c_void,
        destination: *mut sockaddr_storage,
    ) -> conntrail_status;
    pub fn conntrail_decode_context(
        context: *const c_void,
        size: usize,
        destination: *mut sockaddr_storage,
    ) -> conntrail_status;
    pub fn conntrail_prepare_listener(socket: conntrail_socket, flags: c_uint) -> conntrail_status;

    pub fn conntrail_enable_messages(socket: conntrail_socket) -> conntrail_status;
    pub fn conntrail_recvmsg(socket: conntrail_socket, message: *mut conntrail_message) -> conntrail_status;
    pub fn conntrail_sendmsg(socket: conntrail_socket, message: *mut conntrail_message) -> conntrail_status;
    pub fn conntrail_datagram_destination(
        socket: conntrail_socket,
        first: *const conntrail_message,
        decode: conntrail_context_decoder,
        argument: *mut c_void,
        flow: *mut conntrail_flow,
    ) -> conntrail_status;
    pub fn conntrail_reply(
        socket: conntrail_socket,
        flow: *mut conntrail_flow,
        payload: *mut conntrail_buffer,
        payload_count: usize,
    ) -> conntrail_status;
    pub fn conntrail_flow_end(flow: *mut conntrail_flow);

    pub fn conntrail_begin_query_records(
        socket: conntrail_socket,
        completion: conntrail_completion,
        argument: *mut c_void,
        operation: *mut *mut conntrail_operation,
    ) -> conntrail_status;
    pub fn conntrail_begin_query_context(
        socket: conntrail_socket,
        completion: conntrail_completion,
        argument: *mut c_void,
        operation: *mut *mut conntrail_operation,
    ) -> conntrail_status;
    pub fn conntrail_begin_original_destination(
        accepted: conntrail_socket,
        listener: conntrail_socket,
        completion: conntrail_completion,
        argument: *mut c_void,
        operation: *mut *mut conntrail_operation,
    ) -> conntrail_status;
    pub fn conntrail_operation_result(
        operation: *const conntrail_operation,
        blob: *mut *const c_void,
        size: *mut usize,
    ) -> conntrail_status;
    pub fn conntrail_operation_cancel(operation: *mut conntrail_operation);
    pub fn conntrail_operation_free(operation: *mut conntrail_operation);
}
