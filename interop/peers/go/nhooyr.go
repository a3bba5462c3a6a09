// nhooyr.io/websocket: its server and its client.
package main

import (
	"context"
	"errors"
	"fmt"
	"log"
	"net/http"
	"os"

	"nhooyr.io/websocket"
)

func echo(socket *websocket.Conn) {
	socket.SetReadLimit(1 << 24)
	for {
		kind, data, err := socket.Read(context.Background())
		var closed websocket.CloseError
		if errors.As(err, &closed) {
			fmt.Println("closed", int(closed.Code), closed.Reason)
		}
		if err != nil {
			return
		}
		switch {
		case kind == websocket.MessageText && string(data) == "ping":
			// It waits for the pong, which another call has to read.
			go socket.Ping(context.Background())
		case kind == websocket.MessageText && string(data) == "close":
			err = socket.Close(4001, "bye")
		default:
			err = socket.Write(context.Background(), kind, data)
		}
		if err != nil {
			log.Print(err)
		}
	}
}

func serve(response http.ResponseWriter, request *http.Request) {
	options := websocket.AcceptOptions{
		Subprotocols:    []string{"echo.v1"},
		CompressionMode: websocket.CompressionContextTakeover,
	}
	socket, err := websocket.Accept(response, request, &options)
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
	options := websocket.DialOptions{
		Subprotocols:    []string{"other.v1", "echo.v1"},
		CompressionMode: websocket.CompressionContextTakeover,
	}
	socket, response, err := websocket.Dial(context.Background(), os.Args[2], &options)
	if err != nil {
		if response != nil {
			fmt.Println("refused", response.StatusCode)
		}
		log.Fatal(err)
	}
	fmt.Println("open", socket.Subprotocol())
	echo(socket)
}
