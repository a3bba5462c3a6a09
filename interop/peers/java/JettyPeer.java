import java.net.URI;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import org.eclipse.jetty.websocket.api.Session;
import org.eclipse.jetty.websocket.api.UpgradeException;
import org.eclipse.jetty.websocket.api.WebSocketAdapter;
import org.eclipse.jetty.websocket.client.ClientUpgradeRequest;
import org.eclipse.jetty.websocket.client.WebSocketClient;
import org.eclipse.jetty.websocket.server.WebSocketHandler;
import org.eclipse.jetty.websocket.servlet.WebSocketServletFactory;

/** Jetty: its server and its client. */
public final class JettyPeer extends WebSocketAdapter {
    private final CountDownLatch end = new CountDownLatch(1);

    @Override
    public void onWebSocketConnect(Session session) {
        super.onWebSocketConnect(session);
        session.getPolicy().setMaxTextMessageSize(1 << 24);
        session.getPolicy().setMaxBinaryMessageSize(1 << 24);
    }

    @Override
    public void onWebSocketText(String message) {
        try {
            switch (message) {
                case "ping" -> getRemote().sendPing(ByteBuffer.wrap("hello".getBytes()));
                case "close" -> getSession().close(4001, "bye");
                default -> getRemote().sendString(message);
            }
        } catch (java.io.IOException error) {
            error.printStackTrace();
        }
    }

    @Override
    public void onWebSocketBinary(byte[] data, int offset, int length) {
        try {
            getRemote().sendBytes(ByteBuffer.wrap(data, offset, length));
        } catch (java.io.IOException error) {
            error.printStackTrace();
        }
    }

    @Override
    public void onWebSocketClose(int code, String reason) {
        System.out.println("closed " + code + " " + reason);
        end.countDown();
    }

    @Override
    public void onWebSocketError(Throwable error) {
        error.printStackTrace();
    }

    public static void main(String[] arguments) throws Exception {
        if (arguments[0].equals("serve")) {
            serve(Integer.parseInt(arguments[1]));
        } else {
            connect(URI.create(arguments[1]));
        }
    }

    private static void serve(int port) throws Exception {
        Server server = new Server();
        ServerConnector connector = new ServerConnector(server);
        connector.setHost("127.0.0.1");
        connector.setPort(port);
        server.addConnector(connector);
        server.setHandler(new WebSocketHandler() {
            @Override
            public void configure(WebSocketServletFactory factory) {
                factory.setCreator((request, response) -> {
                    if (request.getSubProtocols().contains("echo.v1")) {
                        response.setAcceptedSubProtocol("echo.v1");
                    }
                    return new JettyPeer();
                });
            }
        });
        server.start();
        server.join();
    }

    private static void connect(URI uri) throws Exception {
        WebSocketClient client = new WebSocketClient();
        client.getPolicy().setMaxTextMessageSize(1 << 24);
        client.getPolicy().setMaxBinaryMessageSize(1 << 24);
        client.start();
        ClientUpgradeRequest request = new ClientUpgradeRequest();
        request.setSubProtocols(List.of("other.v1", "echo.v1"));
        request.addExtensions("permessage-deflate");
        JettyPeer peer = new JettyPeer();
        try {
            Session session = client.connect(peer, uri, request).get(10, TimeUnit.SECONDS);
            System.out.println("open " + session.getUpgradeResponse().getAcceptedSubProtocol());
            peer.end.await();
            Thread.sleep(300);
        } catch (ExecutionException error) {
            if (error.getCause() instanceof UpgradeException refusal) {
                System.out.println("refused " + refusal.getResponseStatusCode());
            }
        }
        System.exit(0);
    }
}
