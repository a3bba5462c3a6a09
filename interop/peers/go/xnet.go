// golang.org/x/net/websocket: its server and its client. It cannot send a chosen close code.
package main

import (
	"fmt"
	"log"
	"net/http"
	"os"

	"golang.org/x/net/websocket"
)

// A message, and the type of its frames.
type message struct {
	kind byte
	data []byte
}

var codec = websocket.Codec{
	Marshal: func(value interface{}) ([]byte, byte, error) {
		m := value.(message)
		return m.data, m.kind, nil
	},
	Unmarshal: func(data []byte, kind byte, value interface{}) error {
		*value.(*message) = message{kind, data}
		return nil
	},
}

func echo(socket *websocket.Conn) {
	defer socket.Close()
	for {
		var m message
		if err := codec.Receive(socket, &m); err != nil {
			return
		}
		if string(m.data) == "ping" {
			m = message{websocket.PingFrame, []byte("hello")}
		}
		if err := codec.Send(socket, m); err != nil {
			log.Print(err)
			return
		}
	}
}

func choose(config *websocket.Config, _ *http.Request) error {
	offered := config.Protocol
	config.Protocol = nil
	for _, name := range offered {
		if name == "echo.v1" {
			config.Protocol = []string{name}
		}
	}
	return nil
}

func main() {
	if os.Args[1] == "serve" {
		server := websocket.Server{Handler: echo, Handshake: choose}
		log.Fatal(http.ListenAndServe("127.0.0.1:"+os.Args[2], server))
	}
	config, err := websocket.NewConfig(os.Args[2], "http://127.0.0.1")
	if err != nil {
		log.Fatal(err)
	}
	config.Protocol = []string{"other.v1", "echo.v1"}
	socket, err := websocket.DialConfig(config)
	if err != nil {
		fmt.Println("refused", err)
		return
	}
	fmt.Println("open", socket.Config().Protocol[0])
	echo(socket)
}
