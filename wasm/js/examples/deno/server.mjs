// The edge on Deno:
// M21_EDGE_CONFIG=edge.json deno run --allow-net --allow-env --allow-read server.mjs
import { Edge, forward } from "../../edge.mjs";

const edge = new Edge(new WebAssembly.Module(Deno.readFileSync(new URL("../../../dist/edge.wasm", import.meta.url))));
edge.configure(Deno.readTextFileSync(Deno.env.get("M21_EDGE_CONFIG")));

Deno.serve({
	hostname: Deno.env.get("HOST") ?? "127.0.0.1",
	port: Number(Deno.env.get("PORT") ?? 8787),
	onListen: ({ hostname, port }) => console.log(`listening on http://${hostname}:${port}`),
}, (request) => forward(edge, request));
