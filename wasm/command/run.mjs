// Runs the command on Node: node run.mjs command.wasm < request.frame > decision.frame
import { readFileSync } from "node:fs";
import { WASI } from "node:wasi";

const { M21_EDGE_CONFIG_JSON } = process.env;
const wasi = new WASI({ version: "preview1", args: ["command"], env: { M21_EDGE_CONFIG_JSON } });
const module = new WebAssembly.Module(readFileSync(process.argv[2]));
process.exitCode = wasi.start(new WebAssembly.Instance(module, wasi.getImportObject()));
