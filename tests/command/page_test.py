# SPDX-License-Identifier: MIT
"""The page of `trail --html`, in a real browser: clicked through, by keyboard, dark, and printed."""

import base64
import os
import json
import subprocess
import sys
import time

import browser
import world

world.need("chromium", "curl")
PANEL = "document.getElementById('hop')"
ROWS = "document.querySelectorAll('.row')"


def page_of(w, name="page.html"):
    path = os.path.join(w.folder, name)
    with open(path, "w", encoding="utf-8") as file:
        done = subprocess.run([world.COMMAND, "trail", "--html", w.trail], stdout=file, check=False)
    world.expect(done.returncode == 0, f"trail --html: {done}")
    return path


def brightness(page, selector, what):
    color = page.value(f"getComputedStyle(document.querySelector('{selector}')).{what}")
    red, green, blue = [int(part) for part in color[color.index("(") + 1:-1].split(",")[:3]]
    linear = [part / 3294.6 if part <= 10 else ((part / 255 + 0.055) / 1.055) ** 2.4
              for part in (red, green, blue)]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(page, selector, what="color"):
    one, other = sorted((brightness(page, selector, what),
                         brightness(page, "body", "backgroundColor")))
    return (other + 0.05) / (one + 0.05)


def click_through(w, page):
    """Each hop opens, and shows its own data."""
    events = w.events()
    page.open(page_of(w))
    world.expect(page.value(ROWS + ".length") == len(events), "not one row for each event")
    world.expect(page.value(PANEL + ".hidden"), "something is open at first")
    for event in events:
        page.click(f'.row[data-number="{event["number"]}"] circle')
        shown = page.value(f"[...{PANEL}.querySelectorAll('dt')].map((k) => "
                           "[k.textContent, k.nextElementSibling.textContent])") or []
        sentence = "text" if event.get("text") else "misuse" if event.get("misuse") else None
        wanted = [[key, str(value)] for key, value in event.items() if key != sentence]
        world.expect(shown == wanted, f"event {event['number']}: {shown} instead of {wanted}")
        if sentence:
            whole = page.value(PANEL + ".textContent")
            world.expect(whole.count(event[sentence]) == 1, f"the sentence is not there once: {whole}")
    page.click(f'.row[data-number="{events[-1]["number"]}"] circle')
    world.expect(page.value(PANEL + ".hidden"), "a second click does not close it")
    heads = page.value("[...document.querySelectorAll('.head title')].map((t) => t.textContent)")
    world.expect(heads[:3] == ["curl", "bravo-proxy", "acme-proxy"], f"columns {heads}")
    world.expect(f"{world.WHERE}:80" in heads, f"no column for the destination: {heads}")
    summary = page.value("document.getElementById('sum').textContent")
    world.expect("2 redirected" in summary and "1 delivered" in summary and "no fault" in summary,
                 summary)
    arrows = page.value("document.querySelectorAll('.row path[marker-end]').length")
    drawn = [e for e in events if e["kind"] in ("connecting", "redirected", "delivered")]
    world.expect(arrows == len(drawn), f"{arrows} arrows for {len(drawn)} hops")


def by_keyboard(w, page):
    page.open(page_of(w))
    focused = "document.activeElement.getAttribute('data-number')"
    for _ in ("service", "program", "problems", "the first event"):
        page.press("Tab")
    world.expect(page.value(focused) == "1", f"Tab leads to {page.value(focused)}")
    page.press("ArrowDown")
    page.press("ArrowDown")
    page.press("Enter")
    world.expect(page.value(focused) == "3", "arrows do not lead on")
    world.expect("redirected" in page.value(PANEL + ".textContent"), "Enter does not open")
    world.expect(page.value("document.activeElement.getAttribute('aria-expanded')") == "true",
                 "a screen reader does not say that it is open")
    page.press("Escape")
    world.expect(page.value(PANEL + ".hidden"), "Escape does not close")
    page.press("End")
    world.expect(page.value(focused) == str(len(w.events())), "End does not lead to the last")
    page.press("ArrowDown")
    page.press("Home")
    world.expect(page.value(focused) == "1", "Home does not lead to the first")


def looks(w, page):
    """Readable in light and dark (4.5 to 1, as WCAG's level AA asks), and on paper."""
    page.open(page_of(w))
    light = brightness(page, "body", "backgroundColor")
    for scheme in ("light", "dark"):
        page.call("Emulation.setEmulatedMedia",
                  features=[{"name": "prefers-color-scheme", "value": scheme}])
        for selector, what in (("body", "color"), ("header p", "color"), (".row.take .say", "fill"),
                               (".row.good .say", "fill"), (".row .number", "fill"),
                               (".head text", "fill")):
            ratio = contrast(page, selector, what)
            world.expect(ratio >= 4.5, f"{scheme}: {selector} has contrast {ratio:.1f}")
    world.expect(brightness(page, "body", "backgroundColor") < 0.1 < 0.9 < light,
                 "dark and light look the same")
    pdf = base64.b64decode(page.call("Page.printToPDF")["data"])
    world.expect(pdf.startswith(b"%PDF") and len(pdf) > 5000, f"printed {len(pdf)} bytes")
    world.expect(page.value("document.getElementById('all').open"), "the table is not printed")
    page.call("Emulation.setEmulatedMedia", features=[])


def wrong(w, page):
    """A loop is marked, with whose proxy forgot."""
    proxies = {"acme": [sys.executable, world.FORGETFUL, "PLACE"],
               "bravo": [world.PROXY, "PLACE"]}
    w.run(w.chain(["acme", "bravo"], proxies), "curl", "-sS", "-m", "100",
          f"http://{world.WHERE}/hello")
    page.open(page_of(w))
    loops = w.events("loop")
    said = page.value("[...document.querySelectorAll('.row.bad .say')].map((t) => t.textContent)")
    world.expect(loops and any("LOOP" in text and "acme" in text for text in said), f"{said}")
    world.expect(page.value("document.querySelectorAll('#sum .bad').length") == 1,
                 "the summary does not warn")
    ratio = contrast(page, ".row.bad .say", "fill")
    world.expect(ratio >= 4.5, f"what is wrong has contrast {ratio:.1f}")


def long(w, page):
    """Of a long trail a part is drawn; keys and the button for problems lead through all of it."""
    with open(w.trail, "w", encoding="ascii") as file:
        file.write('{"conntrail_trail":1,"profile":"documented"}\n')
        for number in range(1, 2502):
            event = {"number": number, "kind": "connecting", "process": 6 + number // 1001,
                     "program": f"p{number // 1001}", "socket": number, "destination": "1.2.3.4:80"}
            if number == 1000:
                event |= {"kind": "redirected", "service": "acme", "target": "127.0.0.1:1"}
            elif number == 1001:
                event |= {"kind": "accepted", "from": 1000}
            elif number in (2, 2400):
                event |= {"kind": "misuse", "misuse": "so"}
            file.write(json.dumps(event) + "\n")
    page.open(page_of(w))
    part, focused = "document.getElementById('part').textContent", "document.activeElement"
    world.expect(page.value(ROWS + ".length") == 1000, "the first part has not 1,000 lines")
    world.expect(page.value(part) == "lines 1 to 1000 of 2501", page.value(part))
    heads = "[...document.querySelectorAll('.head title')].map((t) => t.textContent)"
    world.expect(page.value(heads) == ["p0", "p1", "1.2.3.4:80"],
                 f"who accepts in the next part has no column: {page.value(heads)}")
    for _ in range(2):
        page.click("#wrong")
    world.expect(page.value(part) == "lines 2001 to 2501 of 2501" and
                 page.value(focused + ".dataset.number") == "2400" and
                 "misuse" in page.value(PANEL + ".textContent"), "not at the second problem")
    page.click("#wrong")
    world.expect(page.value(focused + ".dataset.number") == "2", "not at the first problem again")
    page.click("#later")
    world.expect(page.value(PANEL + ".hidden") and page.value(part) == "lines 1001 to 2000 of 2501",
                 "later does not lead on")
    page.click('.row[data-number="2000"] circle')
    page.press("ArrowDown")
    world.expect(page.value(focused + ".dataset.number") == "2001", "the key stops at the part's end")
    page.press("Home")
    world.expect(page.value(focused + ".dataset.number") == "1" and
                 page.value("document.getElementById('earlier').disabled"), "not at the first")
    world.expect(not page.value("document.querySelectorAll('table').length"), "a table on the screen")
    page.click("summary")
    world.expect(page.becomes("document.querySelectorAll('tr').length === 2502"),
                 "the table lacks some")


def chosen(page, name, value):
    """A person's choice in one of the filters."""
    page.value(f"""(() => {{ const one = document.getElementById('{name}');
        if (one.type === 'checkbox') one.checked = {json.dumps(value)}; else one.value = {json.dumps(value)};
        one.dispatchEvent(new Event('change')); }})()""")


def shown_numbers(page):
    return [int(text) for text in page.value(f"[...{ROWS}].map((row) => row.dataset.number)")]


def numbers_of(events, which):
    return [event["number"] for event in events if which(event)]


def filters(w, page):
    """By service, by program, by problem; the rest of the page follows."""
    events = w.events()
    page.open(page_of(w))
    chosen(page, "service", "acme")
    wanted = numbers_of(events, lambda e: e.get("service") == "acme")
    world.expect(wanted and shown_numbers(page) == wanted, f"{shown_numbers(page)} for {wanted}")
    said = page.value("document.getElementById('shown').textContent")
    world.expect(said == f"{len(wanted)} of {len(events)} events match", said)
    page.click("summary")
    world.expect(page.becomes(f"document.querySelectorAll('tr').length === {len(wanted) + 1}"),
                 "the table has what the filter leaves out")
    chosen(page, "program", "curl")
    both = numbers_of(events, lambda e: e.get("service") == "acme" and e.get("program") == "curl")
    world.expect(shown_numbers(page) == both, f"{shown_numbers(page)} for {both}")
    chosen(page, "service", "")
    alone = numbers_of(events, lambda e: e.get("program") == "curl")
    world.expect(shown_numbers(page) == alone, f"{shown_numbers(page)} for {alone}")
    chosen(page, "problems", True)
    world.expect(not shown_numbers(page), "curl has a problem that is not in the trail")


def link(w, page):
    """page.html#3 opens event 3, filtered or not; the open event shows its own link."""
    path = page_of(w)
    page.open(path + "#3")
    opened = "document.querySelector('.row.open')?.dataset.number"
    world.expect(page.becomes(opened + " === '3'"), f"#3 opens {page.value(opened)}")
    world.expect(page.value(PANEL + ".querySelector('a').getAttribute('href')") == "#3", "no link")
    chosen(page, "problems", True)
    page.value("location.hash = '#2'")
    world.expect(page.becomes(opened + " === '2'"), "a link to a filtered event does not open it")
    world.expect(shown_numbers(page)[0] == 1, "the filters hide the rest still")
    page.open(path + "?again#nothing")
    world.expect(page.value(PANEL + ".hidden"), "a link to nothing opens something")


def widths(w, page):
    """A phone, a tablet, a desk: the drawing and the table scroll by themselves, the page does not."""
    for width in (360, 768, 1400):
        page.call("Emulation.setDeviceMetricsOverride", width=width, height=800, deviceScaleFactor=1,
                  mobile=False)
        page.open(page_of(w))
        page.click('.row[data-number="1"] circle')
        wide = page.value("""[...document.querySelectorAll('header *, #hop, #hop *')].filter((one) =>
            one.getBoundingClientRect().right > innerWidth + 1).map((one) => one.id || one.tagName)""")
        across = page.value("document.documentElement.scrollWidth - innerWidth")
        world.expect(across <= 0, f"at {width} pixels the page is {across} wider than the window")
        world.expect(not wide, f"at {width} pixels these leave the window: {wide}")
    page.call("Emulation.clearDeviceMetricsOverride")


def large(w, page):
    """100,000 events; how long it takes is printed."""
    count = 100000
    with open(w.trail, "w", encoding="ascii") as file:
        file.write('{"conntrail_trail":1,"profile":"documented"}\n')
        for number in range(1, count + 1):
            file.write(f'{{"number":{number},"kind":"connecting","process":{number % 7},"program":"p",'
                       f'"socket":{number},"destination":"1.2.3.4:80"}}\n')
    path = page_of(w)
    begin = time.monotonic()
    page.open(path)
    print(f"# {count} events are shown after {time.monotonic() - begin:.2f} s")
    part = page.value("document.getElementById('part').textContent")
    world.expect(part == f"lines 1 to 1000 of {count}", part)
    page.click("summary")
    world.expect(page.becomes("document.querySelectorAll('tr').length === 10001"), "no table")
    said = page.value("document.querySelector('#all p').textContent")
    world.expect(said == f"10000 of {count} events: a table ends after 10000; "
                 "conntrail-emu trail FILE prints all", said)


def hostile(w, page):
    """Names that would be markup are text."""
    name = '</script><img src="http://127.0.0.1:1/x" onerror="document.title=1">'
    with open(w.trail, "w", encoding="ascii") as file:
        file.write('{"conntrail_trail":1,"profile":"documented"}\n')
        file.write(json.dumps({"number": 1, "kind": "connecting", "process": 7, "program": name,
                               "socket": 4, "destination": "<b>x</b>"}) + "\n")
        file.write('{"number":2,"kind":"misuse","process":7,"socket":4,"misuse":"<i>so</i>"}\n')
        file.write('{"kind":"lost","size":3}\n')
        file.write('{"kind":"unknown name","name":"<u>exmaple.com</u>"}\n')
    page.open(page_of(w))
    world.expect(page.value(ROWS + ".length") == 4, "not four rows")
    world.expect(page.value("document.body.textContent").count("no host is called <u>exmaple.com</u>") > 0, "unknown name")
    world.expect(page.value("document.querySelectorAll('img,b,i,u').length") == 0, "markup came through")
    page.click('.row[data-number="1"] circle')
    world.expect(name in page.value(PANEL + ".textContent"), "the name is not shown as it is")
    with open(w.trail, "a", encoding="ascii") as file:
        file.write('{"number":3')
    done = subprocess.run([world.COMMAND, "trail", "--html", w.trail], stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True, check=False)
    world.expect(done.returncode == 1 and not done.stdout and f"{w.trail}:6:" in done.stderr,
                 f"half a line: {done}")


with world.World() as w:
    chrome = browser.Browser("chromium", w.folder)
    try:
        w.run(w.chain(["bravo", "acme"], {name: [world.PROXY, "PLACE"]
                                          for name in ("acme", "bravo")}),
              "curl", "-sS", "-m", "100", f"http://{world.WHERE}/hello")
        for test in (click_through, by_keyboard, filters, link, widths, looks, wrong, long, large, hostile):
            test(w, chrome)
        outside = [url for url in chrome.requests if not url.startswith(("file://", "about:"))]
        world.expect(not outside, f"the page asked for {outside}")
        world.expect(not chrome.errors, f"errors in the page: {chrome.errors}")
    finally:
        chrome.close()
world.finish()
