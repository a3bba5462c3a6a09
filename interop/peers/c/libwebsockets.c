// libwebsockets: its server and its client.
#include <libwebsockets.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// A connection: the message that is received, and what to write next.
struct session {
    unsigned char *message;
    size_t length, sent;
    int is_binary, is_whole, is_ping;
};

static int done;
static const struct lws_extension extensions[] = {
    {"permessage-deflate", lws_extension_callback_pm_deflate,
     "permessage-deflate; client_max_window_bits"},
    {NULL, NULL, NULL},
};

static void append(struct session *session, const void *data, size_t length) {
    session->message = realloc(session->message, LWS_PRE + session->length + length + 1);
    memcpy(session->message + LWS_PRE + session->length, data, length);
    session->length += length;
}

static int write_next(struct lws *socket, struct session *session) {
    if (session->is_ping) {
        unsigned char ping[LWS_PRE + 5];
        memcpy(ping + LWS_PRE, "hello", 5);
        session->is_ping = 0;
        return lws_write(socket, ping + LWS_PRE, 5, LWS_WRITE_PING) < 0 ? -1 : 0;
    }
    if (!session->is_whole) return 0;
    int mode = session->is_binary ? LWS_WRITE_BINARY : LWS_WRITE_TEXT;
    int written = lws_write(socket, session->message + LWS_PRE, session->length, mode);
    session->length = session->is_whole = 0;
    lws_rx_flow_control(socket, 1);
    return written < 0 ? -1 : 0;
}

static int callback(struct lws *socket, enum lws_callback_reasons reason, void *user, void *in,
                    size_t length) {
    struct session *session = user;
    unsigned char *bytes = in;
    switch (reason) {
    case LWS_CALLBACK_CLIENT_ESTABLISHED:
        printf("open %s\n", lws_get_protocol(socket)->name);
        break;
    case LWS_CALLBACK_CLIENT_CONNECTION_ERROR:
        printf("refused %s\n", in ? (char *)in : "");
        done = 1;
        break;
    case LWS_CALLBACK_CLIENT_RECEIVE:
    case LWS_CALLBACK_RECEIVE:
        session->is_binary = lws_frame_is_binary(socket);
        append(session, in, length);
        if (!lws_is_final_fragment(socket) || lws_remaining_packet_payload(socket)) break;
        if (session->length == 4 && !memcmp(session->message + LWS_PRE, "ping", 4)) {
            session->is_ping = 1;
            session->length = 0;
        } else if (session->length == 5 && !memcmp(session->message + LWS_PRE, "close", 5)) {
            lws_close_reason(socket, 4001, (unsigned char *)"bye", 3);
            return -1;
        } else {
            session->is_whole = 1;
            lws_rx_flow_control(socket, 0);
        }
        lws_callback_on_writable(socket);
        break;
    case LWS_CALLBACK_CLIENT_WRITEABLE:
    case LWS_CALLBACK_SERVER_WRITEABLE:
        return write_next(socket, session);
    case LWS_CALLBACK_WS_PEER_INITIATED_CLOSE:
        if (length < 2)
            printf("closed 1005\n");
        else
            printf("closed %d %.*s\n", bytes[0] << 8 | bytes[1], (int)length - 2, bytes + 2);
        break;
    case LWS_CALLBACK_CLIENT_CLOSED:
        done = 1;
        // fall through
    case LWS_CALLBACK_CLOSED:
        free(session->message);
        session->message = NULL;
        break;
    default:
        return lws_callback_http_dummy(socket, reason, user, in, length);
    }
    return 0;
}

static const struct lws_protocols protocols[] = {
    {"echo.v1", callback, sizeof(struct session), 1 << 16},
    {NULL, NULL, 0, 0},
};

int main(int count, char **arguments) {
    setvbuf(stdout, NULL, _IOLBF, 0);
    lws_set_log_level(LLL_ERR, NULL);
    int is_server = strcmp(arguments[1], "serve") == 0;
    struct lws_context_creation_info info = {0};
    info.port = is_server ? atoi(arguments[2]) : CONTEXT_PORT_NO_LISTEN;
    info.iface = is_server ? "127.0.0.1" : NULL;
    info.protocols = protocols;
    info.extensions = extensions;
    struct lws_context *context = lws_create_context(&info);
    if (!is_server) {
        const char *scheme, *host, *path;
        char target[200];
        struct lws_client_connect_info connect = {0};
        lws_parse_uri(arguments[2], &scheme, &host, &connect.port, &path);
        snprintf(target, sizeof target, "/%s", path);
        char authority[200];
        snprintf(authority, sizeof authority, "%s:%d", host, connect.port);
        connect.context = context;
        connect.address = host;
        connect.path = target;
        connect.host = authority;
        connect.protocol = "other.v1, echo.v1";
        connect.local_protocol_name = "echo.v1";
        lws_client_connect_via_info(&connect);
    }
    while (!done && lws_service(context, 0) >= 0) {}
    lws_context_destroy(context);
}
