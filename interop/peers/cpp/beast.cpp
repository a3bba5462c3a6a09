// Boost.Beast: its server and its client, over blocking sockets.
#include <boost/asio.hpp>
#include <boost/beast.hpp>
#include <iostream>
#include <thread>

namespace beast = boost::beast;
namespace http = beast::http;
namespace websocket = beast::websocket;
using tcp = boost::asio::ip::tcp;
using Socket = websocket::stream<tcp::socket>;

static void prepare(Socket &socket) {
    websocket::permessage_deflate deflate;
    deflate.client_enable = true;
    deflate.server_enable = true;
    socket.set_option(deflate);
    socket.read_message_max(1 << 24);
    socket.next_layer().set_option(tcp::no_delay(true));
}

static void echo(Socket &socket) {
    beast::error_code error;
    for (;;) {
        beast::flat_buffer buffer;
        socket.read(buffer, error);
        if (error == websocket::error::closed)
            std::cout << "closed " << (socket.reason().code ? socket.reason().code : 1005) << ' '
                      << socket.reason().reason << std::endl;
        if (error) return;
        std::string text = socket.got_text() ? beast::buffers_to_string(buffer.data()) : "";
        if (text == "ping") {
            socket.ping("hello", error);
        } else if (text == "close") {
            socket.close({websocket::close_code(4001), "bye"}, error);
        } else {
            socket.text(socket.got_text());
            socket.write(buffer.data(), error);
        }
    }
}

static void serve(tcp::socket stream) {
    Socket socket(std::move(stream));
    beast::error_code error;
    beast::flat_buffer buffer;
    http::request<http::string_body> request;
    http::read(socket.next_layer(), buffer, request, error);
    prepare(socket);
    bool offered = request["Sec-WebSocket-Protocol"].find("echo.v1") != beast::string_view::npos;
    socket.set_option(websocket::stream_base::decorator([&](websocket::response_type &response) {
        if (offered) response.set("Sec-WebSocket-Protocol", "echo.v1");
    }));
    if (!error) socket.accept(request, error);
    if (!error) echo(socket);
}

int main(int, char **arguments) {
    boost::asio::io_context context;
    std::string argument = arguments[2];
    if (arguments[1] == std::string("serve")) {
        auto address = boost::asio::ip::make_address("127.0.0.1");
        tcp::acceptor acceptor(context, {address, (unsigned short)std::stoi(argument)});
        for (;;) std::thread(serve, acceptor.accept()).detach();
    }
    // ws://HOST:PORT/PATH
    std::string rest = argument.substr(5);
    std::string authority = rest.substr(0, rest.find('/')), path = rest.substr(rest.find('/'));
    std::string port = authority.substr(authority.find(':') + 1);
    Socket socket(context);
    socket.next_layer().connect({boost::asio::ip::make_address("127.0.0.1"),
                                 (unsigned short)std::stoi(port)});
    prepare(socket);
    socket.set_option(websocket::stream_base::decorator([](websocket::request_type &request) {
        request.set("Sec-WebSocket-Protocol", "other.v1, echo.v1");
    }));
    websocket::response_type response;
    beast::error_code error;
    socket.handshake(response, authority, path, error);
    if (error) {
        std::cout << "refused " << response.result_int() << std::endl;
        return 0;
    }
    std::cout << "open " << response["Sec-WebSocket-Protocol"] << std::endl;
    echo(socket);
}
