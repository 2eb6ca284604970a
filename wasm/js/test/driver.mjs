// Shows the tests what the examples rightly do not: decisions. The tests put
// drive in forward's place in each of the examples.
//
//	POST /decide   a request's frame -> the decision's frame
//	POST /decoded  a request's frame -> the decision in JSON
import { decodeDecision } from "../edge.mjs";

export async function drive(edge, request) {
	const frame = new Uint8Array(await request.arrayBuffer());
	const decision = edge.decideFrame(frame);
	const decoded = new URL(request.url).pathname === "/decoded";
	return decoded ? Response.json(readable(decodeDecision(decision))) : new Response(decision);
}

// readable turns what JSON cannot say into text.
function readable(decision) {
	const hex = (bytes) => Array.from(bytes, (b) => b.toString(16).padStart(2, "0")).join("");
	const events = decision.events.map((event) => ({ ...event, partition: String(event.partition) }));
	return { ...decision, mac: hex(decision.mac), challenge: hex(decision.challenge), events };
}
