// SPDX-License-Identifier: MIT

import java.io.BufferedReader;
import java.io.IOException;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/** Drives conntrail-emu by its control socket: docs/reference/control.md. */
final class Control implements AutoCloseable {
    private final SocketChannel socket;
    private final BufferedReader answers;

    Control(Path path) throws IOException {
        socket = SocketChannel.open(UnixDomainSocketAddress.of(path));
        answers = new BufferedReader(Channels.newReader(socket, StandardCharsets.UTF_8));
    }

    /** Sends one request, a JSON object, and returns its answer, which is one as well. */
    String ask(String request) throws IOException {
        ByteBuffer line = StandardCharsets.UTF_8.encode(request + "\n");
        while (line.hasRemaining()) {
            socket.write(line);
        }
        String answer = answers.readLine();
        if (answer == null || !answer.startsWith("{\"ok\":true")) {
            throw new IOException(answer == null ? "the supervisor has ended" : answer);
        }
        return answer;
    }

    @Override
    public void close() throws IOException {
        socket.close();
    }
}
