// The edge on Node: M21_EDGE_CONFIG=edge.json node server.mjs
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { Readable } from "node:stream";
import { Edge, forward } from "../../edge.mjs";

const edge = new Edge(new WebAssembly.Module(readFileSync(new URL("../../../dist/edge.wasm", import.meta.url))));
edge.configure(readFileSync(process.env.M21_EDGE_CONFIG, "utf8"));

async function respond({ method, url, headers }, body) {
	return forward(edge, new Request(new URL(url, "http://edge"), { method, headers, body, duplex: "half" }));
}

const server = createServer((req, res) => {
	respond(req, req.method === "POST" ? Readable.toWeb(req) : null)
		.catch(() => new Response(null, { status: 400 })) // an address or a method that is none
		.then(async (answer) => res.writeHead(answer.status, [...answer.headers].flat()).end(Buffer.from(await answer.arrayBuffer())));
});
server.listen(Number(process.env.PORT ?? 8787), process.env.HOST ?? "127.0.0.1", () => {
	const { address, port } = server.address();
	console.log(`listening on http://${address}:${port}`);
});
