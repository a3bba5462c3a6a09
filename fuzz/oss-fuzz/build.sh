#!/bin/bash -eu
# Builds every fuzz target for OSS-Fuzz, with the dictionary, into $OUT. $SRC/hybi is the repository.
cd "$SRC/hybi"

# As in `fuzz/run`, the targets rely on debug assertions and on checks for overflow.
cargo fuzz build -O --debug-assertions

for target in $(cargo fuzz list); do
    cp "fuzz/target/x86_64-unknown-linux-gnu/release/$target" "$OUT/"
    cp fuzz/websocket.dict "$OUT/$target.dict"
done
