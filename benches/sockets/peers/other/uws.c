/* uWebSockets through its C interface in the library of socketify (PyPI), on libuv.
 *
 * `uws PORT`. uWebSockets itself collects the replies to what it has read, and writes them at once. */

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

/* The package has no header, so this declares what is used of the interface. */

typedef struct uws_app uws_app;
typedef struct uws_websocket uws_websocket;

typedef void (*on_event)(uws_websocket *, void *);
typedef void (*on_message)(uws_websocket *, const char *, size_t, int, void *);
typedef void (*on_control)(uws_websocket *, const char *, size_t, void *);
typedef void (*on_close)(uws_websocket *, int, const char *, size_t, void *);

struct tls_options {
    const char *files[6];
    int prefers_low_memory;
};

struct behavior {
    int compression;
    unsigned max_payload_length;
    unsigned short idle_timeout;
    unsigned max_backpressure;
    bool close_on_backpressure_limit, reset_idle_timeout_on_send, send_pings;
    unsigned short max_lifetime;
    void *upgrade;
    on_event open;
    on_message message;
    on_event drain;
    on_control ping, pong;
    on_close close;
    void *subscription;
};

struct listen_config {
    int port;
    const char *host;
    int options;
};

uws_app *uws_create_app(int tls, struct tls_options);
void uws_ws(int tls, uws_app *, const char *pattern, struct behavior, void *);
void uws_app_listen_with_config(int tls, uws_app *, struct listen_config,
                                void (*)(void *, struct listen_config, void *), void *);
void uws_app_run(int tls, uws_app *);
int uws_ws_send_with_options(int tls, uws_websocket *, const char *, size_t, int opcode, bool compress,
                             bool fin);

enum { SHARED_COMPRESSOR = 1, SHARED_DECOMPRESSOR = 1 << 8 };

static void opened(uws_websocket *websocket, void *data) {}

static void drained(uws_websocket *websocket, void *data) {}

static void controlled(uws_websocket *websocket, const char *payload, size_t length, void *data) {}

static void closed(uws_websocket *websocket, int code, const char *reason, size_t length, void *data) {}

static void received(uws_websocket *websocket, const char *message, size_t length, int opcode, void *data) {
    uws_ws_send_with_options(0, websocket, message, length, opcode, true, true);
}

static void listening(void *socket, struct listen_config config, void *data) {
    if (!socket) {
        fprintf(stderr, "cannot listen on port %d\n", config.port);
        exit(1);
    }
}

int main(int count, char **arguments) {
    if (count != 2) {
        fprintf(stderr, "usage: uws PORT\n");
        return 2;
    }
    struct behavior behavior = {
        .compression = SHARED_COMPRESSOR | SHARED_DECOMPRESSOR,
        .max_payload_length = 64 << 20,
        .idle_timeout = 120,
        .max_backpressure = 64 << 20,
        .reset_idle_timeout_on_send = true,
        .send_pings = true,
        .open = opened,
        .message = received,
        .drain = drained,
        .ping = controlled,
        .pong = controlled,
        .close = closed,
    };
    uws_app *app = uws_create_app(0, (struct tls_options){0});
    uws_ws(0, app, "/*", behavior, NULL);
    struct listen_config config = {.port = atoi(arguments[1]), .host = "127.0.0.1"};
    uws_app_listen_with_config(0, app, config, listening, NULL);
    uws_app_run(0, app);
    return 0;
}
