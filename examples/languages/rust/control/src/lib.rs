// SPDX-License-Identifier: MIT
//! Drives conntrail-emu by its control socket: docs/reference/control.md.

use std::io::{self, BufRead, BufReader, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;

/// A connection to the supervisor.
pub struct Control {
    socket: BufReader<UnixStream>,
}

impl Control {
    pub fn open(path: impl AsRef<Path>) -> io::Result<Control> {
        Ok(Control { socket: BufReader::new(UnixStream::connect(path)?) })
    }

    /// Sends one request, a JSON object, and returns its answer, which is one as well.
    pub fn ask(&mut self, request: &str) -> io::Result<String> {
        writeln!(self.socket.get_mut(), "{}", request)?;
        let mut answer = String::new();
        self.socket.read_line(&mut answer)?;
        if answer.starts_with(r#"{"ok":true"#) {
            Ok(answer)
        } else {
            Err(io::Error::new(io::ErrorKind::Other, answer))
        }
    }
}
