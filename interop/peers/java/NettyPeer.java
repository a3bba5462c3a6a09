import io.netty.bootstrap.Bootstrap;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.channel.nio.NioEventLoopGroup;
import io.netty.channel.socket.SocketChannel;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.channel.socket.nio.NioSocketChannel;
import io.netty.handler.codec.http.EmptyHttpHeaders;
import io.netty.handler.codec.http.HttpClientCodec;
import io.netty.handler.codec.http.HttpObjectAggregator;
import io.netty.handler.codec.http.HttpServerCodec;
import io.netty.handler.codec.http.websocketx.BinaryWebSocketFrame;
import io.netty.handler.codec.http.websocketx.CloseWebSocketFrame;
import io.netty.handler.codec.http.websocketx.PingWebSocketFrame;
import io.netty.handler.codec.http.websocketx.TextWebSocketFrame;
import io.netty.handler.codec.http.websocketx.WebSocketClientHandshakerFactory;
import io.netty.handler.codec.http.websocketx.WebSocketClientProtocolHandler;
import io.netty.handler.codec.http.websocketx.WebSocketFrame;
import io.netty.handler.codec.http.websocketx.WebSocketFrameAggregator;
import io.netty.handler.codec.http.websocketx.WebSocketServerProtocolHandler;
import io.netty.handler.codec.http.websocketx.WebSocketVersion;
import io.netty.handler.codec.http.websocketx.extensions.compression.WebSocketClientCompressionHandler;
import io.netty.handler.codec.http.websocketx.extensions.compression.WebSocketServerCompressionHandler;
import java.net.URI;

/** Netty: its server and its client. */
public final class NettyPeer extends SimpleChannelInboundHandler<WebSocketFrame> {
    private static final int MAX = 1 << 24;

    @Override
    protected void channelRead0(ChannelHandlerContext context, WebSocketFrame frame) {
        if (frame instanceof CloseWebSocketFrame close) {
            System.out.println("closed " + (close.statusCode() < 0 ? 1005 : close.statusCode())
                    + " " + close.reasonText());
        } else if (frame instanceof TextWebSocketFrame text) {
            switch (text.text()) {
                case "ping" -> context.writeAndFlush(
                        new PingWebSocketFrame(Unpooled.copiedBuffer("hello".getBytes())));
                case "close" -> context.writeAndFlush(new CloseWebSocketFrame(4001, "bye"));
                default -> context.writeAndFlush(new TextWebSocketFrame(text.text()));
            }
        } else if (frame instanceof BinaryWebSocketFrame) {
            context.writeAndFlush(frame.retain());
        }
    }

    @Override
    public void userEventTriggered(ChannelHandlerContext context, Object event) {
        if (event == WebSocketClientProtocolHandler.ClientHandshakeStateEvent.HANDSHAKE_COMPLETE) {
            System.out.println("open");
        }
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext context, Throwable error) {
        System.out.println("refused " + error.getMessage());
        context.close();
    }

    public static void main(String[] arguments) throws Exception {
        NioEventLoopGroup group = new NioEventLoopGroup(2);
        if (arguments[0].equals("serve")) {
            new ServerBootstrap().group(group).channel(NioServerSocketChannel.class)
                    .childHandler(new ChannelInitializer<SocketChannel>() {
                        @Override
                        protected void initChannel(SocketChannel channel) {
                            channel.pipeline().addLast(new HttpServerCodec(),
                                    new HttpObjectAggregator(65536),
                                    new WebSocketServerCompressionHandler(),
                                    new WebSocketServerProtocolHandler("/", "echo.v1", true, MAX),
                                    new WebSocketFrameAggregator(MAX), new NettyPeer());
                        }
                    }).bind("127.0.0.1", Integer.parseInt(arguments[1])).sync();
            return;
        }
        URI uri = URI.create(arguments[1]);
        var handshaker = WebSocketClientHandshakerFactory.newHandshaker(uri, WebSocketVersion.V13,
                "other.v1,echo.v1", true, EmptyHttpHeaders.INSTANCE, MAX);
        new Bootstrap().group(group).channel(NioSocketChannel.class)
                .handler(new ChannelInitializer<SocketChannel>() {
                    @Override
                    protected void initChannel(SocketChannel channel) {
                        channel.pipeline().addLast(new HttpClientCodec(),
                                new HttpObjectAggregator(65536),
                                WebSocketClientCompressionHandler.INSTANCE,
                                new WebSocketClientProtocolHandler(handshaker),
                                new WebSocketFrameAggregator(MAX), new NettyPeer());
                    }
                }).connect(uri.getHost(), uri.getPort()).sync().channel().closeFuture().sync();
        group.shutdownGracefully();
        System.exit(0);
    }
}
