// The edge as a Cloudflare Worker, and on workerd of your own. The configuration
// is the secret M21_EDGE_CONFIG_JSON.
import module from "../../../dist/edge.wasm";
import { Edge, forward } from "../../edge.mjs";

let edge; // of this isolate, made by its first request: outside of one there is no randomness

function open(document) {
	const made = new Edge(module);
	made.configure(document);
	return made;
}

export default {
	fetch(request, env) {
		edge ??= open(env.M21_EDGE_CONFIG_JSON);
		return forward(edge, request);
	},
};
