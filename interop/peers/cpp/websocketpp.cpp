// websocketpp: its server and its client.
#include <iostream>
#include <websocketpp/client.hpp>
#include <websocketpp/config/asio_no_tls.hpp>
#include <websocketpp/config/asio_no_tls_client.hpp>
#include <websocketpp/extensions/permessage_deflate/enabled.hpp>
#include <websocketpp/server.hpp>

using websocketpp::connection_hdl;

template <typename Base> struct Config : Base {
    struct permessage_deflate_config {};
    typedef websocketpp::extensions::permessage_deflate::enabled<permessage_deflate_config>
        permessage_deflate_type;
};
typedef websocketpp::server<Config<websocketpp::config::asio>> Server;
typedef websocketpp::client<Config<websocketpp::config::asio_client>> Client;

template <typename Endpoint> void prepare(Endpoint &endpoint) {
    endpoint.clear_access_channels(websocketpp::log::alevel::all);
    endpoint.set_max_message_size(1 << 24);
    endpoint.init_asio();
    endpoint.set_message_handler([&](connection_hdl handle, typename Endpoint::message_ptr message) {
        const std::string &payload = message->get_payload();
        websocketpp::lib::error_code error;
        if (payload == "ping")
            endpoint.ping(handle, "hello", error);
        else if (payload == "close")
            endpoint.close(handle, 4001, "bye", error);
        else
            endpoint.send(handle, payload, message->get_opcode(), error);
    });
    endpoint.set_close_handler([&](connection_hdl handle) {
        auto connection = endpoint.get_con_from_hdl(handle);
        std::cout << "closed " << connection->get_remote_close_code() << ' '
                  << connection->get_remote_close_reason() << std::endl;
    });
}

int main(int, char **arguments) {
    std::string argument = arguments[2];
    if (arguments[1] == std::string("serve")) {
        Server server;
        prepare(server);
        server.set_reuse_addr(true);
        server.set_validate_handler([&](connection_hdl handle) {
            auto connection = server.get_con_from_hdl(handle);
            for (const std::string &name : connection->get_requested_subprotocols())
                if (name == "echo.v1") connection->select_subprotocol(name);
            return true;
        });
        server.listen("127.0.0.1", argument);
        server.start_accept();
        server.run();
        return 0;
    }
    Client client;
    prepare(client);
    client.set_open_handler([&](connection_hdl handle) {
        auto connection = client.get_con_from_hdl(handle);
        std::cout << "open " << connection->get_response_header("Sec-WebSocket-Protocol")
                  << std::endl;
    });
    client.set_fail_handler([&](connection_hdl handle) {
        std::cout << "refused " << client.get_con_from_hdl(handle)->get_response_code() << std::endl;
    });
    websocketpp::lib::error_code error;
    auto connection = client.get_connection(argument, error);
    connection->add_subprotocol("other.v1");
    connection->add_subprotocol("echo.v1");
    client.connect(connection);
    client.run();
}
