# SPDX-License-Identifier: MIT
"""More servers with their own clients; and servers that are clients of both vendors."""

from program import WHERE, program
import program as tests


def port():
    return tests.world.free_port()


def ask(test, server, real, count, *client, text="hello-world", **how):
    """A client of a server whose port is REAL: COUNT connections through both vendors."""
    scenario = test.two_vendors([{"name": "server", "ready_within": 60, "command": server}], {f"{WHERE}:{real}": "server"})
    test.got(test.supervise(scenario, *client, **how), text)
    test.delivered(count)
    test.told()


def front(test, command, here):
    """It asks the origin, through both vendors."""
    scenario = test.two_vendors([test.origin(), {"name": "front", "ready_within": 60, "command": command}])
    test.got(test.supervise(scenario, "curl", "-sS", "--retry", "9", "--retry-connrefused", "--retry-delay", "1",
                            f"http://127.0.0.1:{here}/hello"), "hello-world")
    test.delivered()
    test.told()


@program("rsync", "rsync")
def rsync(test):
    conf = test.write("rsync.conf", f"use chroot = no\n[files]\npath = {test.folder}\n")
    ask(test, ["rsync", "--daemon", "--no-detach", "--address=127.0.0.1", f"--port={port()}", f"--config={conf}"], 873, 1,
        "sh", "-c", f"rsync rsync://{WHERE}/files/hello {test.path('copy')} && cat {test.path('copy')}")


@program("memcached", "memcached", "memccp", "memccat")
def memcached(test):
    ask(test, ["memcached", "-u", "nobody", "-l", "127.0.0.1", "-p", str(port())], 11211, 2,
        "sh", "-c", f"memccp --servers={WHERE} hello && memccat --servers={WHERE} hello", cwd=test.folder)


@program("mosquitto", "mosquitto", "mosquitto_pub", "mosquitto_sub")
def mosquitto(test):
    conf = test.write("mosquitto.conf", f"listener {port()} 127.0.0.1\nallow_anonymous true\n")
    ask(test, ["mosquitto", "-c", conf], 1883, 2,
        "sh", "-c", f"mosquitto_pub -h {WHERE} -t a -m hello-world -r && mosquitto_sub -h {WHERE} -t a -C 1")


@program("ftp", "vsftpd", "lftp", root=True)
def ftp(test):
    """The server connects back to its client for the file."""
    conf = test.write("vsftpd.conf", f"""
listen=YES
listen_address=127.0.0.1
listen_port={port()}
background=NO
anonymous_enable=YES
anon_root={test.folder_of("files")}
no_anon_password=YES
port_enable=YES
connect_from_port_20=NO
secure_chroot_dir={test.folder_of("empty")}
seccomp_sandbox=NO
ftp_username=games
nopriv_user=nobody
""")
    test.write("files/hello", "hello-world")
    ask(test, ["vsftpd", conf], 21, 1, "lftp", "-e",
        "set ftp:passive-mode off; set net:max-retries 1; set net:timeout 20; cat hello; bye", f"ftp://{WHERE}")


@program("apache", "apache2", "curl")
def apache(test):
    here = port()
    modules = "".join(f"LoadModule {name}_module /usr/lib/apache2/modules/mod_{name}.so\n"
                      for name in ("mpm_event", "proxy", "proxy_http", "authz_core"))
    front(test, ["apache2", "-X", "-f", test.write("apache.conf", f"""
{modules}
ServerRoot {test.folder}
PidFile {test.folder}/pid
ErrorLog {test.folder}/log
ServerName localhost
Listen 127.0.0.1:{here}
User nobody
Group nogroup
ProxyPass / http://{WHERE}/
""")], here)


@program("varnish", "varnishd", "curl")
def varnish(test):
    here = port()
    backend = test.write("backend.vcl", f'vcl 4.1;\nbackend default {{ .host = "{WHERE}"; .port = "80"; }}\n')
    front(test, ["varnishd", "-F", "-n", test.folder_of("state"), "-a", f"127.0.0.1:{here}", "-T", "none", "-f", backend,
                 "-s", "malloc,10m"], here)


@program("stunnel", "stunnel4", "openssl", "curl")
def stunnel(test):
    """Plain here, TLS for both vendors."""
    here = port()
    test.build("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "key", "-out", "certificate", "-subj",
               "/CN=x", "-days", "1")
    conf = test.write("stunnel.conf", f"""
foreground = yes
pid =
[tls]
client = yes
accept = 127.0.0.1:{here}
connect = {WHERE}:443
""")
    tls = {"name": "tls", "command": ["openssl", "s_server", "-accept", f"127.0.0.1:{port()}", "-cert",
                                      test.path("certificate"), "-key", test.path("key"), "-WWW", "-quiet"]}
    scenario = test.two_vendors([tls, {"name": "stunnel", "command": ["stunnel4", conf]}], {f"{WHERE}:443": "tls"})
    test.got(test.supervise(scenario, "curl", "-sS", f"http://127.0.0.1:{here}/hello", cwd=test.folder), "hello-world")
    test.delivered()
    test.told()
