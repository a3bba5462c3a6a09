//! Relays, deadlines, and settings.

use core::time::Duration;

use hybi::{
    Client, CloseReply, Config, Connection, Pongs, Server,
    deadline::{Bucket, Cause, Deadlines, Stage, Timeouts},
    extension::Claims,
    relay::{Relay, Side},
};

use crate::{
    buffers::{Numbers, Out},
    proof::proofs,
};

proofs! {
    relay_new(entropy: Numbers) { Relay::new(entropy) }
    relay_with_claims(relay: Relay<Numbers>, claims: Claims) { Relay::with_claims(relay, claims) }
    relay_pass(relay: &mut Relay<Numbers>, from: Side, bytes: &mut [u8]) { Relay::pass(relay, from, bytes) }
    relay_end_of_input(relay: &mut Relay<Numbers>, from: Side) { Relay::end_of_input(relay, from) }
    relay_send_close(relay: &mut Relay<Numbers>, to: Side, outbox: &mut Out<'_>) { Relay::send_close(relay, to, outbox) }
    relay_should_close_transport(relay: &Relay<Numbers>, side: Side) { Relay::should_close_transport(relay, side) }
    relay_is_closing(relay: &Relay<Numbers>) { Relay::is_closing(relay) }
    relay_failure(relay: &Relay<Numbers>) { Relay::failure(relay) }
    deadlines_new(timeouts: Timeouts, now: Duration) { Deadlines::new(timeouts, now) }
    deadlines_on_read(deadlines: &mut Deadlines, now: Duration) { Deadlines::on_read(deadlines, now) }
    deadlines_on_write(deadlines: &mut Deadlines, now: Duration, length: usize) { Deadlines::on_write(deadlines, now, length) }
    deadlines_expire_server(deadlines: &mut Deadlines, now: Duration, websocket: &mut Connection<Server>, outbox: &mut Out<'_>) { Deadlines::expire::<Server>(deadlines, now, websocket, outbox) }
    deadlines_expire_client(deadlines: &mut Deadlines, now: Duration, websocket: &mut Connection<Client<Numbers>>, outbox: &mut Out<'_>) { Deadlines::expire::<Client<Numbers>>(deadlines, now, websocket, outbox) }
    deadlines_check(deadlines: &mut Deadlines, now: Duration, stage: Stage, pending: usize) { Deadlines::check(deadlines, now, stage, pending) }
    deadlines_deadline(deadlines: &Deadlines) { Deadlines::deadline(deadlines) }
    deadlines_cause(deadlines: &Deadlines) { Deadlines::cause(deadlines) }
    deadlines_round_trip(deadlines: &Deadlines) { Deadlines::round_trip(deadlines) }
    bucket_new(capacity: u32, interval: Duration) { Bucket::new(capacity, interval) }
    bucket_take(bucket: &mut Bucket, now: Duration, count: u32) { Bucket::take(bucket, now, count) }
    cause_close_code(cause: Cause) { Cause::close_code(cause) }
    cause_status(cause: Cause) { Cause::status(cause) }
    timeouts_new() { Timeouts::new() }
    timeouts_opening(timeouts: Timeouts, timeout: Duration) { Timeouts::opening(timeouts, timeout) }
    timeouts_ping(timeouts: Timeouts, timeout: Option<Duration>) { Timeouts::ping(timeouts, timeout) }
    timeouts_silence(timeouts: Timeouts, timeout: Option<Duration>) { Timeouts::silence(timeouts, timeout) }
    timeouts_pong(timeouts: Timeouts, timeout: Option<Duration>) { Timeouts::pong(timeouts, timeout) }
    timeouts_writing(timeouts: Timeouts, timeout: Duration) { Timeouts::writing(timeouts, timeout) }
    timeouts_closing(timeouts: Timeouts, timeout: Duration) { Timeouts::closing(timeouts, timeout) }
    timeouts_age(timeouts: Timeouts, timeout: Option<Duration>) { Timeouts::age(timeouts, timeout) }
    config_new() { Config::new() }
    config_max_message_size(config: Config, bytes: u64) { Config::max_message_size(config, bytes) }
    config_max_frame_size(config: Config, bytes: u64) { Config::max_frame_size(config, bytes) }
    config_max_fragments(config: Config, count: u32) { Config::max_fragments(config, count) }
    config_outbox_high_water(config: Config, bytes: usize) { Config::outbox_high_water(config, bytes) }
    config_pongs(config: Config, pongs: Pongs) { Config::pongs(config, pongs) }
    config_deliver_while_closing(config: Config, deliver: bool) { Config::deliver_while_closing(config, deliver) }
    config_close_reply(config: Config, reply: CloseReply) { Config::close_reply(config, reply) }
    pongs_all() { Pongs::all() }
}
