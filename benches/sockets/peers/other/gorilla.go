// `gorilla ADDRESS`: gorilla/websocket. Its buffers are those of the HTTP server, 4 KiB each.
package main

import (
	"log"
	"net/http"
	"os"

	"github.com/gorilla/websocket"
)

func serve(response http.ResponseWriter, request *http.Request) {
	upgrader := websocket.Upgrader{EnableCompression: true}
	socket, err := upgrader.Upgrade(response, request, nil)
	if err != nil {
		return
	}
	defer socket.Close()
	for {
		kind, data, err := socket.ReadMessage()
		if err == nil {
			err = socket.WriteMessage(kind, data)
		}
		if err != nil {
			return
		}
	}
}

func main() {
	log.Fatal(http.ListenAndServe(os.Args[1], http.HandlerFunc(serve)))
}
