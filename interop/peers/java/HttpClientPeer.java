import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.WebSocket;
import java.net.http.WebSocketHandshakeException;
import java.nio.ByteBuffer;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;

/** java.net.http: a client. It has no compression, and passes fragments on as they arrive. */
public final class HttpClientPeer implements WebSocket.Listener {
    private final CompletableFuture<Void> end = new CompletableFuture<>();
    private final StringBuilder text = new StringBuilder();

    @Override
    public CompletionStage<?> onText(WebSocket socket, CharSequence part, boolean last) {
        text.append(part);
        CompletionStage<?> sent = null;
        if (last) {
            String message = text.toString();
            text.setLength(0);
            sent = switch (message) {
                case "ping" -> socket.sendPing(ByteBuffer.wrap("hello".getBytes()));
                case "close" -> socket.sendClose(4001, "bye");
                default -> socket.sendText(message, true);
            };
        }
        return next(socket, sent);
    }

    @Override
    public CompletionStage<?> onBinary(WebSocket socket, ByteBuffer part, boolean last) {
        ByteBuffer copy = ByteBuffer.allocate(part.remaining()).put(part).flip();
        return next(socket, socket.sendBinary(copy, last));
    }

    /** Asks for more after a message was sent: one may be on its way at a time. */
    private CompletionStage<?> next(WebSocket socket, CompletionStage<?> sent) {
        if (sent == null) {
            socket.request(1);
            return null;
        }
        return sent.thenRun(() -> socket.request(1));
    }

    @Override
    public CompletionStage<?> onClose(WebSocket socket, int code, String reason) {
        System.out.println("closed " + code + " " + reason);
        // A moment for the answer, which it sends after this method.
        CompletableFuture.runAsync(() -> end.complete(null), CompletableFuture.delayedExecutor(
                300, java.util.concurrent.TimeUnit.MILLISECONDS));
        return null;
    }

    @Override
    public void onError(WebSocket socket, Throwable error) {
        end.completeExceptionally(error);
    }

    public static void main(String[] arguments) {
        HttpClientPeer peer = new HttpClientPeer();
        try {
            WebSocket socket = HttpClient.newHttpClient().newWebSocketBuilder()
                    .subprotocols("other.v1", "echo.v1")
                    .buildAsync(URI.create(arguments[1]), peer).join();
            System.out.println("open " + socket.getSubprotocol());
            peer.end.join();
            System.exit(0);
        } catch (CompletionException error) {
            if (error.getCause() instanceof WebSocketHandshakeException refusal) {
                System.out.println("refused " + refusal.getResponse().statusCode());
            }
            error.printStackTrace();
            System.exit(1);
        }
    }
}
