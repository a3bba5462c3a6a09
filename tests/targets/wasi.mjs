// Runs a program for wasm32-wasip1 in Node, as the runner of `cargo test`. It may read the repository.
import { readFile } from "node:fs/promises";
import { argv, env, exit } from "node:process";
import { fileURLToPath } from "node:url";
import { WASI } from "node:wasi";

const [, , program, ...options] = argv;
const repository = fileURLToPath(new URL("../..", import.meta.url));
const preopens = { [repository]: repository };
const wasi = new WASI({ version: "preview1", args: [program, ...options], env, preopens });
const module = await WebAssembly.compile(await readFile(program));
exit(wasi.start(await WebAssembly.instantiate(module, wasi.getImportObject())));
