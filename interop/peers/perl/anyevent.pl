# AnyEvent::WebSocket::Client: a client. It has no compression.
use strict;
use warnings;
use AnyEvent;
use AnyEvent::WebSocket::Client;
use AnyEvent::WebSocket::Message;

$| = 1;
my ($role, $url) = @ARGV;
my $done = AnyEvent->condvar;
my $client = AnyEvent::WebSocket::Client->new(
  subprotocol => ['other.v1', 'echo.v1'], max_payload_size => 1 << 24);
my $connection;
$client->connect($url)->cb(sub {
  $connection = eval { shift->recv };
  if (!$connection) {
    print "refused $@\n";
    return $done->send;
  }
  print 'open ', $connection->subprotocol // '', "\n";
  $connection->on(each_message => sub {
    my ($connection, $message) = @_;
    my $body = $message->is_text ? $message->body : '';
    if ($body eq 'ping') {
      $connection->send(AnyEvent::WebSocket::Message->new(opcode => 9, body => 'hello'));
    } elsif ($body eq 'close') {
      $connection->close(4001, 'bye');
    } else {
      $connection->send($message);
    }
  });
  $connection->on(finish => sub {
    my ($connection) = @_;
    print join(' ', 'closed', $connection->close_code // 1005, $connection->close_reason // ''), "\n";
    $done->send;
  });
});
$done->recv;
