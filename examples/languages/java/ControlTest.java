// SPDX-License-Identifier: MIT

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * Uses the supervisor that started the tests, or starts one. The property "scenario" names its file.
 */
class ControlTest {
    private static final List<String> FETCH = List.of("curl", "-sS", "-m", "20", "http://93.184.216.34/");
    private static final List<String> attach = new ArrayList<>(); // the words in front of a supervised program
    private static Control control;
    private static Process serving;
    private static Path folder;

    @BeforeAll
    static void begin() throws IOException {
        String path = System.getenv("CONNTRAIL_EMU_CONTROL");
        control = path != null ? new Control(Path.of(path)) : serve();
    }

    private static Control serve() throws IOException {
        folder = Files.createTempDirectory("control-");
        Path path = folder.resolve("control");
        serving = new ProcessBuilder("conntrail-emu", "serve", "--quiet", "--fail-on", "none", "--control",
                path.toString(), System.getProperty("scenario"))
                .redirectError(ProcessBuilder.Redirect.INHERIT).start();
        BufferedReader lines = serving.inputReader();
        String socket = lines.readLine();
        lines.readLine(); // "CONNTRAIL_EMU_CONTROL=": the programs listen
        attach.addAll(List.of("conntrail-emu", "attach", socket.replace("CONNTRAIL_EMU_SOCKET=", ""), "--"));
        return new Control(path);
    }

    @AfterAll
    static void end() throws Exception {
        if (serving != null) {
            control.ask("{\"do\":\"quit\"}");
            assertEquals(0, serving.waitFor());
            Files.delete(folder);
        }
        control.close();
    }

    @BeforeEach
    void reset() throws IOException {
        control.ask("{\"do\":\"reset\"}");
    }

    private static Process client() throws IOException {
        List<String> words = Stream.concat(attach.stream(), FETCH.stream()).toList();
        return new ProcessBuilder(words).redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .redirectError(ProcessBuilder.Redirect.INHERIT).start();
    }

    private static void expect(String expected) throws IOException {
        String answer = control.ask("{\"do\":\"expect\",\"expect\":" + expected + "}");
        assertTrue(answer.contains("\"met\":true"), answer + control.ask("{\"do\":\"counts\"}"));
    }

    @Test
    void aConnectionIsRedirected() throws Exception {
        assertEquals(0, client().waitFor());
        expect("{\"connecting\":1,\"redirected\":{\"acme\":1},\"loop\":0,\"misuse\":0}");
    }

    @Test
    void nothingIsLeftOfAnotherTest() throws Exception {
        String counts = control.ask("{\"do\":\"counts\"}");
        assertTrue(counts.contains("\"connections\":0,"), counts);
    }

    @Test
    void aConnectThatFails() throws Exception {
        control.ask("{\"do\":\"add\",\"faults\":[{\"operation\":\"connect\",\"native\":10061,\"nth\":1}]}");
        assertNotEquals(0, client().waitFor());
        assertEquals(0, client().waitFor());
        expect("{\"fault\":1,\"redirected\":{\"acme\":1}}");
    }

    @Test
    void aProgramInTheBackgroundIsWaitedFor() throws Exception {
        Process running = client();
        String event = control.ask("{\"do\":\"wait\",\"kind\":\"redirected\",\"service\":\"acme\",\"seconds\":30}");
        assertTrue(event.contains("\"destination\":\"93.184.216.34:80\""), event);
        assertEquals(0, running.waitFor());
    }
}
