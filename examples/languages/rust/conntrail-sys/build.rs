// SPDX-License-Identifier: MIT
//! Finds libconntrail: in CONNTRAIL_LIB_DIR, or by pkg-config.
use std::env;
use std::process::Command;

fn main() {
    println!("cargo:rerun-if-env-changed=CONNTRAIL_LIB_DIR");
    if let Ok(folder) = env::var("CONNTRAIL_LIB_DIR") {
        println!("cargo:rustc-link-search=native={folder}");
    } else {
        let found = Command::new("pkg-config")
            .args(["--libs-only-L", "conntrail"])
            .output()
            .expect("set CONNTRAIL_LIB_DIR to the folder of libconntrail, or install pkg-config");
        assert!(found.status.success(), "pkg-config does not find conntrail: set CONNTRAIL_LIB_DIR");
        for word in String::from_utf8_lossy(&found.stdout).split_whitespace() {
            println!("cargo:rustc-link-search=native={}", word.trim_start_matches("-L"));
        }
    }
    println!("cargo:rustc-link-lib=conntrail");
    if env::var("CARGO_CFG_WINDOWS").is_ok() {
        println!("cargo:rustc-link-lib=ws2_32");
    }
}
