# websocket-driver: its server and its client, over blocking sockets. Compression is a package of its own,
# which Debian does not have.
require "socket"
require "uri"
require "websocket/driver"

$stdout.sync = true

# A connection. The driver writes to it.
class Peer
  attr_reader :url

  def initialize(stream, url)
    @stream = stream
    @url = url
  end

  def write(data)
    @stream.write(data)
  end

  def run(driver)
    driver.on(:message) do |event|
      case event.data
      when "ping" then driver.ping("hello")
      when "close" then driver.close("bye", 4001)
      when String then driver.text(event.data)
      else driver.binary(event.data)
      end
    end
    driver.on(:close) do |event|
      puts "closed #{event.code} #{event.reason}"
      @stream.close
    end
    driver.on(:error) { |error| puts "refused #{error.message}" }
    yield driver
    driver.parse(@stream.readpartial(65_536)) until @stream.closed?
  rescue EOFError, IOError, SystemCallError
    @stream.close
  end
end

role, argument = ARGV
options = { max_length: 1 << 24 }
if role == "serve"
  server = TCPServer.new("127.0.0.1", argument.to_i)
  loop do
    Thread.new(server.accept) do |stream|
      peer = Peer.new(stream, nil)
      peer.run(WebSocket::Driver.server(peer, protocols: ["echo.v1"], **options)) do |driver|
        driver.on(:connect) { driver.start }
      end
    end
  end
else
  uri = URI(argument)
  peer = Peer.new(TCPSocket.new(uri.host, uri.port), argument)
  driver = WebSocket::Driver.client(peer, protocols: ["other.v1", "echo.v1"], **options)
  peer.run(driver) do
    driver.on(:open) { puts "open #{driver.protocol}" }
    driver.start
  end
end
