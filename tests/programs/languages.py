# SPDX-License-Identifier: MIT
"""Clients in many languages, and a Go proxy."""

import os
import shutil

from program import EXAMPLES, NAME, PYTHON, URL, VENDORS, WHERE, Missing, expect, program
import program as tests

WAYS = os.path.join(tests.HERE, "../supervisor/ways.c")
GO_CLIENT = """package main
import ("fmt"; "io"; "net/http"; "os")
func main() {
  r, e := http.Get(os.Args[1])
  if e != nil { panic(e) }
  b, _ := io.ReadAll(r.Body)
  fmt.Print(string(b))
}
"""
JAVA_CLIENT = """
import java.net.URI; import java.net.http.*;
public class Client {
  public static void main(String[] a) throws Exception {
    var request = HttpRequest.newBuilder(URI.create(a[0])).build();
    System.out.print(HttpClient.newHttpClient().send(request, HttpResponse.BodyHandlers.ofString()).body());
  }
}
"""
JAVA_NIO = """
import java.net.*; import java.nio.*; import java.nio.channels.*; import java.nio.charset.*;
public class Nio {
  public static void main(String[] a) throws Exception {
    var selector = Selector.open(); var channel = SocketChannel.open(); channel.configureBlocking(false);
    channel.register(selector, SelectionKey.OP_CONNECT);
    boolean done = channel.connect(new InetSocketAddress(a[0], 80));
    while (!done) { selector.select(20000); done = channel.finishConnect(); }
    System.out.println(channel.getRemoteAddress());
    channel.keyFor(selector).cancel(); selector.selectNow(); channel.configureBlocking(true);
    channel.write(ByteBuffer.wrap("GET /hello HTTP/1.0\\r\\n\\r\\n".getBytes()));
    var room = ByteBuffer.allocate(4000);
    while (channel.read(room) >= 0) { }
    System.out.print(new String(room.array(), 0, room.position(), StandardCharsets.US_ASCII));
  }
}
"""
RUST_CLIENT = """
use std::io::{Read, Write}; use std::net::*; use std::time::Duration;
fn main() {
    let place: SocketAddr = std::env::args().nth(1).unwrap().parse().unwrap();
    let mut stream = TcpStream::connect_timeout(&place, Duration::from_secs(20)).unwrap();
    assert_eq!(stream.peer_addr().unwrap(), place);
    stream.write_all(b"GET /hello HTTP/1.0\\r\\n\\r\\n").unwrap();
    let mut text = String::new(); stream.read_to_string(&mut text).unwrap(); print!("{}", text);
}
"""
ASYNCIO = f"""
import asyncio
async def get():
    r, w = await asyncio.open_connection("{WHERE}", 80)
    assert w.get_extra_info("peername") == ("{WHERE}", 80)
    w.write(b"GET /hello HTTP/1.0\\r\\n\\r\\n"); data = await r.read(); w.close(); return data
async def main():
    got = await asyncio.gather(*(get() for _ in range(20)))
    print(all(b"hello-world" in d for d in got) and "20 times hello-world")
asyncio.run(main())
"""


def go(test, name, cgo, source=None):
    """Builds the program of this file, or of the folder of this name."""
    within = test.path(source) if source else test.folder
    test.build("go", "build", "-o", test.path(name), *([] if source else ["client.go"]), within=within, CGO_ENABLED=cgo,
               GO111MODULE="auto", GOPROXY="off", GOFLAGS="-p=2", GOCACHE=os.path.join(tests.CACHE, "go"))
    return test.path(name)


@program("go static", "go")
def go_static(test):
    test.write("client.go", GO_CLIENT)
    client = go(test, "client", "0")
    test.page(client, URL)
    test.blocked(client, URL)


@program("go cgo", "go", "cc")
def go_cgo(test):
    test.write("client.go", GO_CLIENT)
    client = go(test, "client", "1")
    test.page(client, URL)
    test.blocked(client, URL)


@program("go names", "go", "cc")
def go_names(test):
    """Its own resolver, and that of the C library."""
    test.write("client.go", GO_CLIENT)
    for cgo, resolver in (("0", "go"), ("1", "cgo")):
        client = go(test, "client", cgo)
        test.by_name(client, f"http://{NAME}/hello", GODEBUG=f"netdns={resolver}")


@program("go proxy", "go", "cc", "curl")
def go_proxy(test):
    """By the numbers of linux.h, without a library; with cgo and without, each as the first and as the second."""
    shutil.copytree(os.path.join(EXAMPLES, "languages/go"), test.path("source"))
    built = [go(test, "proxy" + cgo, cgo, "source") for cgo in "01"]
    for order in (built, built[::-1]):
        scenario = test.through({v: [p, f"127.0.0.1:{tests.world.free_port()}"] for v, p in zip(VENDORS, order)})
        test.got(test.supervise(scenario, "curl", "-sS", "-m", "20", URL), "hello-world")
        test.delivered()
        test.told()


@program("php curl", "php")
def php_curl(test):
    """Its plugin is loaded with RTLD_DEEPBIND."""
    if "curl" not in test.output("php", "-m").split():
        raise Missing("not installed: php-curl")
    script = f"$c = curl_init('{URL}'); exit(curl_exec($c) ? 0 : 1);"
    test.page("php", "-r", script)
    test.blocked("php", "-r", script)


@program("php streams", "php")
def php_streams(test):
    test.page("php", "-r", f"readfile('{URL}');")


@program("java HttpClient", "java", "javac")
def java_http(test):
    test.write("Client.java", JAVA_CLIENT)
    test.build("javac", "Client.java")
    test.page("java", "-cp", test.folder, "Client", URL)
    test.by_name("java", "-cp", test.folder, "Client", f"http://{NAME}/hello")


@program("java nio", "java", "javac")
def java_nio(test):
    test.write("Nio.java", JAVA_NIO)
    test.build("javac", "Nio.java")
    done = test.page("java", "-cp", test.folder, "Nio", WHERE)
    expect(f"/{WHERE}:80\n" in done.stdout, f"it sees another peer: {done.stdout}")


@program("rust", "rustc", "cc")
def rust(test):
    test.write("client.rs", RUST_CLIENT)
    test.build("rustc", "-o", "client", "client.rs")
    test.page(test.path("client"), f"{WHERE}:80")


@program("node", "node")
def node(test):
    test.page("node", "-e", f"fetch('{URL}').then(r => r.text()).then(console.log)")


@program("node names", "node")
def node_names(test):
    """c-ares, and libuv's threads with the C library's resolver."""
    test.by_name("node", "-e", f"""require('dns').resolve4('{NAME}', (e, all) => {{ if (e) throw e;
      fetch('http://' + all[0] + '/hello').then(r => r.text()).then(console.log) }})""")
    test.by_name("node", "-e", f"require('http').get('http://{NAME}/hello', r => r.pipe(process.stdout))")


@program("python asyncio")
def python_asyncio(test):
    test.page(PYTHON, "-c", ASYNCIO, count=20)


@program("perl", "perl")
def perl(test):
    test.page("perl", "-MIO::Socket::INET", "-e", f"$s = IO::Socket::INET->new('{WHERE}:80') or die; "
              'print $s "GET /hello HTTP/1.0\\r\\n\\r\\n"; print while <$s>')


@program("ruby", "ruby")
def ruby(test):
    test.page("ruby", "-rnet/http", "-e", f"print Net::HTTP.get(URI('{URL}'))")


@program("aria2", "aria2c")
def aria2(test):
    """c-ares."""
    test.by_name("aria2c", "-q", "-d", test.folder, "-o", "fetched", f"http://{NAME}/hello", output=None)
    expect(test.read("fetched") == "hello-world\n", "aria2 wrote another file")


@program("busybox", "busybox")
def busybox(test):
    """A static program; in a cleaned environment as well."""
    command = [shutil.which("busybox"), "wget", "-q", "-O", "-", URL]
    test.page(*command)
    test.page("env", "-i", *command)
    test.blocked(*command)


@program("i386", "cc")
def i386(test):
    """Both ways of 32-bit calls: static ones and dynamic ones; a client that blocks, and one that does not."""
    for name, flags in (("dynamic", ["-m32"]), ("static", ["-m32", "-static"])):
        if test.builds("cc", "-D_GNU_SOURCE", "-pthread", *flags, WAYS, "-o", name):
            for way in ("plain", "non-blocking"):
                test.page(test.path(name), way, WHERE, "80")
            test.blocked(test.path(name), "plain", WHERE, "80")
        else:
            raise Missing("not installed: gcc-multilib")
