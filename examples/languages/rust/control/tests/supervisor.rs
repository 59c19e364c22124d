// SPDX-License-Identifier: MIT
//! Starts a supervisor for each test, because Rust's test harness runs nothing after the last one. Under
//! `conntrail-emu run --control PATH SCENARIO -- cargo test -- --test-threads=1` all use the same one.

use control::Control;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Output, Stdio};
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::{env, process};

const SCENARIO: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../scenarios/one-service.json");
static STARTED: AtomicU32 = AtomicU32::new(0);

struct Supervisor {
    control: Control,
    served: Option<(Child, String)>, // and where programs attach
}

impl Supervisor {
    fn begin() -> Supervisor {
        let mut begun = match env::var("CONNTRAIL_EMU_CONTROL") {
            Ok(path) => Supervisor { control: Control::open(path).unwrap(), served: None },
            Err(_) => Supervisor::serve(),
        };
        begun.ask(r#"{"do":"reset"}"#);
        begun
    }

    fn serve() -> Supervisor {
        let name = format!("control-{}-{}", process::id(), STARTED.fetch_add(1, Relaxed));
        let path = env::temp_dir().join(name);
        let mut child = Command::new("conntrail-emu")
            .args(["serve", "--quiet", "--fail-on", "none", "--control"])
            .arg(&path)
            .arg(SCENARIO)
            .stdout(Stdio::piped())
            .spawn()
            .expect("conntrail-emu");
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut value = |name: &str| {
            let line = lines.next().expect("a line of serve").unwrap();
            line.strip_prefix(name).expect(name).to_owned()
        };
        let socket = value("CONNTRAIL_EMU_SOCKET=");
        let control = Control::open(value("CONNTRAIL_EMU_CONTROL=")).unwrap();
        Supervisor { control, served: Some((child, socket)) }
    }

    fn ask(&mut self, request: &str) -> String {
        self.control.ask(request).unwrap()
    }

    fn expect(&mut self, expected: &str) {
        let answer = self.ask(&format!(r#"{{"do":"expect","expect":{}}}"#, expected));
        assert!(answer.contains(r#""met":true"#), "{}{}", answer, self.ask(r#"{"do":"counts"}"#));
    }

    fn client(&self) -> Command {
        let fetch = ["curl", "-sS", "-m", "20", "http://93.184.216.34/"];
        let mut command = Command::new(if self.served.is_some() { "conntrail-emu" } else { fetch[0] });
        if let Some((_, socket)) = &self.served {
            command.args(["attach", socket, "--", fetch[0]]);
        }
        command.args(&fetch[1..]);
        command
    }

    fn fetch(&self) -> Output {
        self.client().output().expect("curl")
    }
}

impl Drop for Supervisor {
    fn drop(&mut self) {
        if let Some((child, _)) = &mut self.served {
            let _ = self.control.ask(r#"{"do":"quit"}"#);
            let _ = child.wait();
        }
    }
}

#[test]
fn a_connection_is_redirected() {
    let mut supervisor = Supervisor::begin();
    let done = supervisor.fetch();
    assert!(done.status.success(), "{:?}", done);
    supervisor.expect(r#"{"connecting":1,"redirected":{"acme":1},"loop":0,"misuse":0}"#);
}

#[test]
fn nothing_is_left_of_another_test() {
    let mut supervisor = Supervisor::begin();
    let counts = supervisor.ask(r#"{"do":"counts"}"#);
    assert!(counts.contains(r#""connections":0"#), "{}", counts);
}

#[test]
fn a_connect_that_fails() {
    let mut supervisor = Supervisor::begin();
    supervisor.ask(r#"{"do":"add","faults":[{"operation":"connect","native":10061,"nth":1}]}"#);
    let failed = supervisor.fetch();
    assert!(!failed.status.success(), "{:?}", failed);
    let done = supervisor.fetch();
    assert!(done.status.success(), "{:?}", done);
    supervisor.expect(r#"{"fault":1,"redirected":{"acme":1}}"#);
}

#[test]
fn a_program_in_the_background_is_waited_for() {
    let mut supervisor = Supervisor::begin();
    let mut running = supervisor.client().stdout(Stdio::null()).spawn().expect("curl");
    let event = supervisor.ask(r#"{"do":"wait","kind":"redirected","service":"acme","seconds":30}"#);
    assert!(event.contains(r#""destination":"93.184.216.34:80""#), "{}", event);
    assert!(running.wait().unwrap().success());
}
