import jakarta.websocket.ClientEndpointConfig;
import jakarta.websocket.CloseReason;
import jakarta.websocket.ContainerProvider;
import jakarta.websocket.DeploymentException;
import jakarta.websocket.Endpoint;
import jakarta.websocket.EndpointConfig;
import jakarta.websocket.MessageHandler;
import jakarta.websocket.Session;
import jakarta.websocket.server.ServerContainer;
import jakarta.websocket.server.ServerEndpointConfig;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import org.apache.catalina.Context;
import org.apache.catalina.startup.Tomcat;
import org.apache.tomcat.websocket.server.WsSci;

/** Tomcat: its server and its client, in the interface of Jakarta. */
public final class TomcatPeer extends Endpoint {
    private static final CountDownLatch END = new CountDownLatch(1);

    @Override
    public void onOpen(Session session, EndpointConfig config) {
        session.setMaxTextMessageBufferSize(1 << 24);
        session.setMaxBinaryMessageBufferSize(1 << 24);
        // Classes, not lambdas: Tomcat reads the type of the message from them.
        session.addMessageHandler(new MessageHandler.Whole<String>() {
            @Override
            public void onMessage(String message) {
                text(session, message);
            }
        });
        session.addMessageHandler(new MessageHandler.Whole<ByteBuffer>() {
            @Override
            public void onMessage(ByteBuffer data) {
                binary(session, data);
            }
        });
    }

    private static void text(Session session, String message) {
        try {
            switch (message) {
                case "ping" -> session.getBasicRemote().sendPing(ByteBuffer.wrap("hello".getBytes()));
                case "close" -> session.close(
                        new CloseReason(CloseReason.CloseCodes.getCloseCode(4001), "bye"));
                default -> session.getBasicRemote().sendText(message);
            }
        } catch (IOException error) {
            throw new UncheckedIOException(error);
        }
    }

    private static void binary(Session session, ByteBuffer data) {
        try {
            session.getBasicRemote().sendBinary(data);
        } catch (IOException error) {
            throw new UncheckedIOException(error);
        }
    }

    @Override
    public void onClose(Session session, CloseReason reason) {
        System.out.println("closed " + reason.getCloseCode().getCode() + " "
                + reason.getReasonPhrase());
        END.countDown();
    }

    @Override
    public void onError(Session session, Throwable error) {
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
        Tomcat tomcat = new Tomcat();
        String folder = Files.createTempDirectory("tomcat").toString();
        tomcat.setBaseDir(folder);
        tomcat.setHostname("127.0.0.1");
        tomcat.setPort(port);
        tomcat.getConnector().setProperty("address", "127.0.0.1");
        Context context = tomcat.addContext("", folder);
        context.addServletContainerInitializer(new WsSci(), null);
        context.addApplicationListener(Listener.class.getName());
        Tomcat.addServlet(context, "none", new jakarta.servlet.http.HttpServlet() { });
        context.addServletMappingDecoded("/", "none");
        tomcat.start();
        tomcat.getServer().await();
    }

    /** Registers the endpoint when the context starts. */
    public static final class Listener implements jakarta.servlet.ServletContextListener {
        @Override
        public void contextInitialized(jakarta.servlet.ServletContextEvent event) {
            var container = (ServerContainer) event.getServletContext()
                    .getAttribute(ServerContainer.class.getName());
            try {
                container.addEndpoint(ServerEndpointConfig.Builder.create(TomcatPeer.class, "/")
                        .subprotocols(List.of("echo.v1")).build());
            } catch (DeploymentException error) {
                throw new IllegalStateException(error);
            }
        }
    }

    private static void connect(URI uri) throws Exception {
        var container = ContainerProvider.getWebSocketContainer();
        var config = ClientEndpointConfig.Builder.create()
                .preferredSubprotocols(List.of("other.v1", "echo.v1"))
                .extensions(List.copyOf(container.getInstalledExtensions())).build();
        try {
            Session session = container.connectToServer(new TomcatPeer(), config, uri);
            System.out.println("open " + session.getNegotiatedSubprotocol());
            END.await();
            Thread.sleep(300);
        } catch (DeploymentException error) {
            System.out.println("refused " + error.getMessage());
        }
        System.exit(0);
    }
}
