// Qt: its server and its client. Version 5 has neither compression nor subprotocols.
#include <QCoreApplication>
#include <QHostAddress>
#include <QTextStream>
#include <QTimer>
#include <QWebSocket>
#include <QWebSocketServer>

static void print(const QString &line) {
    QTextStream(stdout) << line << "\n";
}

static void echo(QWebSocket *socket) {
    QObject::connect(socket, &QWebSocket::textMessageReceived, [=](const QString &text) {
        if (text == "ping")
            socket->ping("hello");
        else if (text == "close")
            socket->close(QWebSocketProtocol::CloseCode(4001), "bye");
        else
            socket->sendTextMessage(text);
    });
    QObject::connect(socket, &QWebSocket::binaryMessageReceived, [=](const QByteArray &data) {
        socket->sendBinaryMessage(data);
    });
    QObject::connect(socket, &QWebSocket::disconnected, [=] {
        print(QString("closed %1 %2").arg(socket->closeCode()).arg(socket->closeReason()));
        socket->deleteLater();
    });
}

int main(int count, char **arguments) {
    QCoreApplication application(count, arguments);
    QString argument = arguments[2];
    if (arguments[1] == QString("serve")) {
        auto *server = new QWebSocketServer("peer", QWebSocketServer::NonSecureMode);
        server->listen(QHostAddress::LocalHost, argument.toUShort());
        QObject::connect(server, &QWebSocketServer::newConnection, [=] {
            echo(server->nextPendingConnection());
        });
        return application.exec();
    }
    auto *socket = new QWebSocket;
    bool isOpen = false;
    QObject::connect(socket, &QWebSocket::connected, [&] {
        isOpen = true;
        print("open");
    });
    QObject::connect(socket, &QWebSocket::disconnected, [&] {
        if (!isOpen) print("refused " + socket->errorString());
        // After the answer to the Close was written.
        QTimer::singleShot(200, &application, &QCoreApplication::quit);
    });
    echo(socket);
    socket->open(QUrl(argument));
    return application.exec();
}
