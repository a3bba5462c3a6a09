// POCO: its server and its client. They pass frames to the program, and have no compression.
#include <Poco/Net/HTTPClientSession.h>
#include <Poco/Net/HTTPRequest.h>
#include <Poco/Net/HTTPRequestHandler.h>
#include <Poco/Net/HTTPRequestHandlerFactory.h>
#include <Poco/Net/HTTPResponse.h>
#include <Poco/Net/HTTPServer.h>
#include <Poco/Net/HTTPServerRequest.h>
#include <Poco/Net/HTTPServerResponse.h>
#include <Poco/Net/NetException.h>
#include <Poco/Net/WebSocket.h>
#include <Poco/URI.h>
#include <iostream>
#include <unistd.h>

using namespace Poco::Net;

static void echo(WebSocket &socket) {
    socket.setMaxPayloadSize(1 << 24);
    for (;;) {
        Poco::Buffer<char> buffer(0);
        int flags = 0;
        int length = socket.receiveFrame(buffer, flags);
        int opcode = flags & WebSocket::FRAME_OP_BITMASK;
        if (length == 0 && flags == 0) return;
        std::string data(buffer.begin(), buffer.begin() + length);
        if (opcode == WebSocket::FRAME_OP_CLOSE) {
            int code = length < 2 ? 1005 : (unsigned char)data[0] << 8 | (unsigned char)data[1];
            std::cout << "closed " << code << ' ' << data.substr(length < 2 ? 0 : 2) << std::endl;
            if (length < 2)
                socket.shutdown();
            else
                socket.shutdown(code);
            return;
        }
        if (opcode == WebSocket::FRAME_OP_PING)
            socket.sendFrame(data.data(), length, WebSocket::FRAME_FLAG_FIN | WebSocket::FRAME_OP_PONG);
        else if (data == "ping")
            socket.sendFrame("hello", 5, WebSocket::FRAME_FLAG_FIN | WebSocket::FRAME_OP_PING);
        else if (data == "close") {
            socket.shutdown(4001, "bye");
            socket.receiveFrame(buffer, flags);
            return;
        } else if (opcode != WebSocket::FRAME_OP_PONG)
            socket.sendFrame(data.data(), length, flags);
    }
}

struct Handler : HTTPRequestHandler {
    void handleRequest(HTTPServerRequest &request, HTTPServerResponse &response) override {
        if (request.get("Sec-WebSocket-Protocol", "").find("echo.v1") != std::string::npos)
            response.set("Sec-WebSocket-Protocol", "echo.v1");
        try {
            WebSocket socket(request, response);
            echo(socket);
        } catch (Poco::Exception &error) {
            std::cerr << error.displayText() << std::endl;
        }
    }
};

struct Factory : HTTPRequestHandlerFactory {
    HTTPRequestHandler *createRequestHandler(const HTTPServerRequest &) override {
        return new Handler;
    }
};

int main(int, char **arguments) {
    if (arguments[1] == std::string("serve")) {
        ServerSocket listener(SocketAddress("127.0.0.1", std::stoi(arguments[2])));
        HTTPServer server(new Factory, listener, new HTTPServerParams);
        server.start();
        for (;;) pause();
    }
    Poco::URI uri(arguments[2]);
    HTTPClientSession session(uri.getHost(), uri.getPort());
    HTTPRequest request(HTTPRequest::HTTP_GET, uri.getPath(), HTTPRequest::HTTP_1_1);
    request.set("Sec-WebSocket-Protocol", "other.v1, echo.v1");
    HTTPResponse response;
    try {
        WebSocket socket(session, request, response);
        std::cout << "open " << response.get("Sec-WebSocket-Protocol", "") << std::endl;
        echo(socket);
    } catch (WebSocketException &error) {
        std::cout << "refused " << response.getStatus() << std::endl;
    } catch (Poco::Exception &error) {
        std::cerr << error.displayText() << std::endl;
    }
}
