// gorilla/websocket: its server and its client.
package main

import (
	"errors"
	"fmt"
	"log"
	"net/http"
	"os"
	"time"

	"github.com/gorilla/websocket"
)

func echo(socket *websocket.Conn) {
	defer socket.Close()
	for {
		kind, data, err := socket.ReadMessage()
		var closed *websocket.CloseError
		if errors.As(err, &closed) {
			fmt.Println("closed", closed.Code, closed.Text)
		}
		if err != nil {
			return
		}
		deadline := time.Now().Add(time.Second)
		switch {
		case kind == websocket.TextMessage && string(data) == "ping":
			err = socket.WriteControl(websocket.PingMessage, []byte("hello"), deadline)
		case kind == websocket.TextMessage && string(data) == "close":
			body := websocket.FormatCloseMessage(4001, "bye")
			err = socket.WriteControl(websocket.CloseMessage, body, deadline)
		default:
			err = socket.WriteMessage(kind, data)
		}
		if err != nil {
			log.Print(err)
		}
	}
}

func serve(response http.ResponseWriter, request *http.Request) {
	upgrader := websocket.Upgrader{EnableCompression: true, Subprotocols: []string{"echo.v1"}}
	socket, err := upgrader.Upgrade(response, request, nil)
	if err != nil {
		log.Print(err)
		return
	}
	echo(socket)
}

func main() {
	if os.Args[1] == "serve" {
		log.Fatal(http.ListenAndServe("127.0.0.1:"+os.Args[2], http.HandlerFunc(serve)))
	}
	subprotocols := []string{"other.v1", "echo.v1"}
	dialer := websocket.Dialer{EnableCompression: true, Subprotocols: subprotocols}
	socket, response, err := dialer.Dial(os.Args[2], nil)
	if err == websocket.ErrBadHandshake {
		fmt.Println("refused", response.StatusCode)
		return
	}
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("open", socket.Subprotocol())
	echo(socket)
}
