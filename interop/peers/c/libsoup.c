// libsoup: its server and its client.
#include <libsoup/soup.h>
#include <stdio.h>
#include <string.h>

static GMainLoop *loop;

static void on_message(SoupWebsocketConnection *socket, int type, GBytes *message, gpointer data) {
    gsize length;
    const char *bytes = g_bytes_get_data(message, &length);
    if (length == 5 && memcmp(bytes, "close", 5) == 0)
        soup_websocket_connection_close(socket, 4001, "bye");
    else
        soup_websocket_connection_send_message(socket, type, message);
}

static void on_closed(SoupWebsocketConnection *socket, gpointer is_client) {
    const char *reason = soup_websocket_connection_get_close_data(socket);
    int code = soup_websocket_connection_get_close_code(socket);
    printf("closed %d %s\n", code ? code : 1005, reason ? reason : "");
    g_object_unref(socket);
    if (is_client) g_main_loop_quit(loop);
}

static void echo(SoupWebsocketConnection *socket, gpointer is_client) {
    soup_websocket_connection_set_max_incoming_payload_size(socket, 1 << 24);
    g_signal_connect(socket, "message", G_CALLBACK(on_message), NULL);
    g_signal_connect(socket, "closed", G_CALLBACK(on_closed), is_client);
}

static void on_accepted(SoupServer *server, SoupServerMessage *message, const char *path,
                        SoupWebsocketConnection *socket, gpointer data) {
    echo(g_object_ref(socket), NULL);
}

static void on_connected(GObject *session, GAsyncResult *result, gpointer message) {
    GError *error = NULL;
    SoupWebsocketConnection *socket =
        soup_session_websocket_connect_finish(SOUP_SESSION(session), result, &error);
    if (!socket) {
        printf("refused %d %s\n", soup_message_get_status(message), error->message);
        g_main_loop_quit(loop);
        return;
    }
    const char *protocol = soup_websocket_connection_get_protocol(socket);
    printf("open %s\n", protocol ? protocol : "");
    echo(socket, socket);
}

int main(int count, char **arguments) {
    setvbuf(stdout, NULL, _IOLBF, 0);
    loop = g_main_loop_new(NULL, FALSE);
    if (strcmp(arguments[1], "serve") == 0) {
        char *protocols[] = {"echo.v1", NULL};
        SoupServer *server = soup_server_new(NULL, NULL);
        soup_server_add_websocket_handler(server, "/", NULL, protocols, on_accepted, NULL, NULL);
        soup_server_listen_local(server, atoi(arguments[2]), SOUP_SERVER_LISTEN_IPV4_ONLY, NULL);
    } else {
        char *protocols[] = {"other.v1", "echo.v1", NULL};
        SoupMessage *message = soup_message_new("GET", arguments[2]);
        SoupSession *session = soup_session_new();
        soup_session_add_feature_by_type(session, SOUP_TYPE_WEBSOCKET_EXTENSION_MANAGER);
        soup_session_websocket_connect_async(session, message, NULL, protocols, G_PRIORITY_DEFAULT,
                                             NULL, on_connected, message);
    }
    g_main_loop_run(loop);
}
