// The edge on Bun: M21_EDGE_CONFIG=edge.json bun server.mjs
import { readFileSync } from "node:fs";
import { Edge, forward } from "../../edge.mjs";

const edge = new Edge(new WebAssembly.Module(readFileSync(new URL("../../../dist/edge.wasm", import.meta.url))));
edge.configure(readFileSync(process.env.M21_EDGE_CONFIG, "utf8"));

const { hostname, port } = Bun.serve({
	hostname: process.env.HOST ?? "127.0.0.1",
	port: Number(process.env.PORT ?? 8787),
	fetch: (request) => forward(edge, request),
});
console.log(`listening on http://${hostname}:${port}`);
