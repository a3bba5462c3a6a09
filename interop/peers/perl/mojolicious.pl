# Mojolicious: its server and its client.
use Mojo::Base -strict;
use Mojo::IOLoop;
use Mojo::Server::Daemon;
use Mojo::UserAgent;
use Mojo::WebSocket qw(WS_PING);
use Mojolicious;

$| = 1;
my ($role, $argument) = @ARGV;

sub echo {
  my $tx = shift;
  $tx->max_websocket_size(1 << 24);
  $tx->on(text => sub {
    my ($tx, $bytes) = @_;
    if ($bytes eq 'ping') { $tx->send([1, 0, 0, 0, WS_PING, 'hello']) }
    elsif ($bytes eq 'close') { $tx->finish(4001, 'bye') }
    else { $tx->send({text => $bytes}) }
  });
  $tx->on(binary => sub { $_[0]->send({binary => $_[1]}) });
  $tx->on(finish => sub { say join ' ', 'closed', $_[1] // 1005, $_[2] // '' });
}

if ($role eq 'serve') {
  my $app = Mojolicious->new(secrets => ['peer']);
  $app->log->level('warn');
  $app->routes->websocket('/*any' => {any => ''} => sub {
    my $c = shift;
    $c->tx->with_protocols('echo.v1');
    $c->tx->with_compression;
    $c->inactivity_timeout(60);
    $c->rendered(101);
    echo($c->tx);
  });
  my $listen = ["http://127.0.0.1:$argument"];
  Mojo::Server::Daemon->new(app => $app, listen => $listen, silent => 1)->run;
} else {
  my $agent = Mojo::UserAgent->new;
  my $fields = {'Sec-WebSocket-Extensions' => 'permessage-deflate'};
  $agent->websocket($argument => $fields => ['other.v1', 'echo.v1'] => sub {
    my ($agent, $tx) = @_;
    if (!$tx->is_websocket) {
      say 'refused ', $tx->res->code // '';
      return Mojo::IOLoop->stop;
    }
    say 'open ', $tx->protocol // '';
    echo($tx);
    # After the answer to the Close was written.
    $tx->on(finish => sub { Mojo::IOLoop->timer(0.2 => sub { Mojo::IOLoop->stop }) });
  });
  Mojo::IOLoop->start;
}
