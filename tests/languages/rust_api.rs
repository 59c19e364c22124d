// SPDX-License-Identifier: MIT
//! The crates, each function once: a client, a proxy and a server in one program under conntrail-emu.
//!
//!     rust_api PROXY_PORT UDP_PROXY_PORT UDP_SERVER_PORT
//!     rust_api layouts      the size of each structure, and the place of each member
use conntrail::sys;
use std::io;
use std::mem::{size_of, MaybeUninit};
use std::net::{SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::panic::catch_unwind;
use std::ptr::addr_of;

const WHERE: &str = "93.184.216.34:80";
const UDP_WHERE: &str = "93.184.216.34:53";

macro_rules! layout {
    ($kind:ty, $($member:ident)*) => {
        let room = MaybeUninit::<$kind>::uninit();
        let at = room.as_ptr();
        println!("{} {}", stringify!($kind), size_of::<$kind>());
        $(println!("{} {} {}", stringify!($kind), stringify!($member),
            unsafe { addr_of!((*at).$member) as usize } - at as usize);)*
    };
}

use sys::{conntrail_buffer, conntrail_flow, conntrail_message};

fn print_layouts() {
    layout!(conntrail_buffer, bytes size);
    layout!(conntrail_message, struct_size peer local payload payload_count payload_size records records_capacity
        records_size context context_capacity context_size control control_capacity control_size flags lost
        library_socket library_call);
    layout!(conntrail_flow, struct_size peer local destination library_socket);
}

fn status<T>(result: conntrail::Result<T>) -> (sys::conntrail_status, bool) {
    let error = result.err().expect("a failure");
    assert!(!error.to_string().is_empty());
    (error.status(), error.is_outbound())
}

fn connect_through(listener: &TcpListener) -> (TcpStream, TcpStream) {
    let client = TcpStream::connect(WHERE).unwrap();
    (client, listener.accept().unwrap().0)
}

// A socket that is not connected: the standard library has none for TCP, and libc makes it.
fn new_socket() -> TcpStream {
    extern "C" {
        fn socket(family: i32, kind: i32, protocol: i32) -> i32;
    }
    unsafe { std::os::unix::io::FromRawFd::from_raw_fd(socket(2, 1, 0)) }
}

fn check_tcp(listener: &TcpListener) {
    let wanted: SocketAddr = WHERE.parse().unwrap();
    let (_client, accepted) = connect_through(listener);
    let outbound = new_socket();
    assert_eq!(conntrail::original_destination(&accepted), Ok(wanted));
    let records = conntrail::query_records(&accepted).unwrap().unwrap();
    assert!(records.len() > 3000);
    let context = conntrail::query_context(&accepted).unwrap().unwrap();
    assert_eq!(conntrail::decode_context(&context), Some(wanted));
    assert_eq!(conntrail::decode_context(b"own"), None);
    assert_eq!(conntrail::set_records(&outbound, &records), Ok(()));
    assert_eq!(conntrail::transfer_records(&accepted, &outbound), Ok(true));
    assert_eq!(status(conntrail::set_records(&outbound, b"no records")), (sys::CONNTRAIL_INVALID, false));
    assert_eq!(status(conntrail::transfer_records(&accepted, listener)), (sys::CONNTRAIL_INVALID, true));
    assert_eq!(status(conntrail::prepare_listener(&outbound, 8)), (sys::CONNTRAIL_INVALID, false));
    assert_eq!(conntrail::prepare_listener(&outbound, 0), Ok(()));
    let error = conntrail::query_records(&outbound).unwrap_err();
    assert_eq!((error.status(), error.native()), (sys::CONNTRAIL_NOT_CONNECTED, 10057));
    assert_eq!(io::Error::from(error).kind(), io::ErrorKind::NotConnected);
}

fn check_decoder(listener: &TcpListener) {
    let (_client, accepted) = connect_through(listener);
    let own: SocketAddr = "[2001:db8::1]:4711".parse().unwrap();
    let by = |found: Option<SocketAddr>| {
        conntrail::original_destination_by(&accepted, listener, |context| {
            assert!(!context.is_empty());
            found
        })
    };
    assert_eq!(by(Some(own)), Ok(own));
    assert_eq!(status(by(None)), (sys::CONNTRAIL_UNKNOWN_LAYOUT, false));
    std::panic::set_hook(Box::new(|_| {}));
    let panic = catch_unwind(|| conntrail::original_destination_by(&accepted, listener, |_| panic!("of the decoder")));
    let _ = std::panic::take_hook();
    assert_eq!(*panic.unwrap_err().downcast::<&str>().unwrap(), "of the decoder");
}

fn check_not_redirected() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let _client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    let accepted = listener.accept().unwrap().0;
    assert_eq!(conntrail::query_records(&accepted), Ok(None));
    assert_eq!(conntrail::query_context(&accepted), Ok(None));
    assert_eq!(conntrail::transfer_records(&accepted, &new_socket()), Ok(false));
    assert_eq!(status(conntrail::original_destination(&accepted)), (sys::CONNTRAIL_NOT_REDIRECTED, false));
}

fn check_datagrams(proxy: &UdpSocket, server: &UdpSocket) {
    conntrail::enable_messages(proxy).unwrap();
    let client = UdpSocket::bind("0.0.0.0:0").unwrap();
    let outbound = UdpSocket::bind("0.0.0.0:0").unwrap();
    let wanted: SocketAddr = UDP_WHERE.parse().unwrap();
    client.send_to(b"ask", wanted).unwrap();
    let peeked = conntrail::receive(proxy, 100, sys::CONNTRAIL_MESSAGE_PEEK).unwrap();
    let first = conntrail::receive(proxy, 100, 0).unwrap();
    assert_eq!((peeked.payload, &first.payload[..]), (b"ask".to_vec(), &b"ask"[..]));
    assert!(first.records.len() > 3000 && !first.context.is_empty());
    assert_eq!((first.lost, first.local), (0, None));
    let mut flow = conntrail::Flow::new(proxy, &first).unwrap();
    assert_eq!((flow.destination(), flow.peer()), (wanted, first.peer));
    conntrail::send(&outbound, &first.payload, Some(flow.destination()), &first.records).unwrap();
    let cut = conntrail::receive(server, 2, 0).unwrap();
    assert_eq!((&cut.payload[..], cut.lost), (&b"as"[..], sys::CONNTRAIL_LOST_DATA));
    flow.reply(proxy, b"answer").unwrap();
    let mut answer = [0; 10];
    assert_eq!(client.recv_from(&mut answer).unwrap(), (6, wanted));
    proxy.set_nonblocking(true).unwrap();
    assert_eq!(conntrail::receive(proxy, 100, 0).unwrap_err().status(), sys::CONNTRAIL_WOULD_BLOCK);
}

fn main() {
    let words: Vec<String> = std::env::args().skip(1).collect();
    if words[0] == "layouts" {
        return print_layouts();
    }
    let place = |word: &String| ("127.0.0.1", word.parse::<u16>().unwrap());
    assert_eq!(unsafe { sys::conntrail_version() }, 0x000100);
    let listener = TcpListener::bind(place(&words[0])).unwrap();
    let (proxy, server) = (UdpSocket::bind(place(&words[1])).unwrap(), UdpSocket::bind(place(&words[2])).unwrap());
    check_tcp(&listener);
    check_decoder(&listener);
    check_not_redirected();
    check_datagrams(&proxy, &server);
    println!("ok");
}
