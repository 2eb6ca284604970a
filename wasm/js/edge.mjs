// The edge module for JavaScript runtimes: workerd, Deno, Bun, Node and whatever
// else has WebAssembly and fetch. It imports nothing and uses web APIs alone.
//
//	const edge = new Edge(module);            // a WebAssembly.Module of edge.wasm
//	edge.configure(document);                 // JSON, as text or as an object
//	const response = await forward(edge, request);
//
// The module decides; this file carries bytes to it and decisions out of it, and
// hands each cell its part. So all that is said here about a webhook is the
// layout of two frames (package edge, wire.go) and of an envelope (package
// edge/envelope).

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { ignoreBOM: true }); // an id may begin with one

const ABI = 1;
const MAX_BODY = 4 << 20; // bytes, as in package edge
const MAX_HEADER = 4 << 10;

const PROVIDERS = ["", "meta", "kapso"];
const METHODS = ["", "GET", "POST"];
const VERDICTS = ["", "refuse", "answer", "forward"];
const REASONS = [
	"", "bad_frame", "not_configured", "bad_method", "unknown_source", "body_too_large", "header_too_long",
	"handshake_done", "handshake_mode", "handshake_token", "handshake_challenge", "signature_missing",
	"signature_repeated", "signature_malformed", "signature_wrong", "not_json", "not_utf8", "too_deep",
	"too_many_events", "routed", "nothing_wanted", ...Array(11).fill(""),
	"by_table", "by_rendezvous", "by_account", "to_all", "to_journal", "dropped", "foreign",
];
const KINDS = [
	"", "message", "status", "amendment", "preference", "identity", "contact", "template", "account", "call", "other",
	"unreadable",
];
const PEERS = ["", "wa_id", "user_id"];
const TARGETS = ["", "number", "account", "nobody"];

// ConfigError says which field of a configuration is not as it should be.
export class ConfigError extends Error {
	constructor(field, problem) {
		super(`edge configuration: ${field} ${problem}`);
		this.name = "ConfigError";
		this.field = field;
	}
}

// Edge is one instance of the module and its configuration. It makes one
// decision at a time and none of its methods waits, so any number of requests
// may share it.
export class Edge {
	#module;
	#options;
	#exports = null; // null: to be instantiated
	#document = null; // the configuration, for the next instance
	config = { cells: [] };

	// module is a WebAssembly.Module, not its bytes: workerd compiles none while
	// it runs. The options are what the module's runtime may ask for: random
	// fills an array with random bytes, clock is the time in milliseconds, log
	// takes what the module writes before it fails and why a cell took nothing.
	constructor(module, options = {}) {
		this.#module = module;
		this.#options = {
			random: (bytes) => crypto.getRandomValues(bytes),
			clock: () => Date.now(),
			log: (text) => console.error(text),
			...options,
		};
	}

	get log() { return this.#options.log; }
	now() { return this.#options.clock(); }

	// configure replaces the configuration and returns its epoch. If the document
	// is refused it throws a ConfigError and what was there before goes on.
	configure(document) {
		const text = typeof document === "string" ? document : JSON.stringify(document);
		const epoch = this.#call((exports) => configureInstance(exports, text));
		this.#document = text;
		this.config = JSON.parse(text);
		return epoch;
	}

	// decide returns the decision on a request as decodeDecision describes it.
	decide(request, now = this.now()) {
		return decodeDecision(this.decideFrame(encodeRequest(request, now)));
	}

	// decideFrame is decide for those who have a frame and want one.
	decideFrame(frame) {
		return this.#call((exports) => answerOf(exports, "edge_handle", frame));
	}

	// #call works with the instance. After a failure nothing is known of the
	// instance's memory, though it might go on answering, so the next call gets
	// a new one. A refused configuration is an answer, not a failure.
	#call(work) {
		try {
			this.#exports ??= this.#instantiate();
			return work(this.#exports);
		} catch (error) {
			if (!(error instanceof ConfigError)) this.#exports = null;
			throw error;
		}
	}

	#instantiate() {
		let memory;
		const imports = wasi(this.#module, () => memory, this.#options);
		const { exports } = new WebAssembly.Instance(this.#module, { wasi_snapshot_preview1: imports });
		memory = exports.memory;
		exports._initialize?.(); // a snapshot has none: it was taken afterwards
		if (exports.edge_abi() !== ABI) throw new Error(`edge.wasm has ABI ${exports.edge_abi()}, edge.mjs ${ABI}`);
		if (this.#document !== null) configureInstance(exports, this.#document);
		return exports;
	}
}

// answerOf writes a call's input into the module's memory and copies its answer.
// Every call looks the memory up anew: growing it detaches what views it.
function answerOf(exports, name, input) {
	const address = exports.edge_buffer(input.length) >>> 0;
	if (address === 0) throw new RangeError(`${input.length} bytes are more than edge.wasm takes`);
	new Uint8Array(exports.memory.buffer).set(input, address);
	const answer = BigInt.asUintN(64, exports[name](input.length));
	return new Uint8Array(exports.memory.buffer, Number(answer >> 32n), Number(answer & 0xffffffffn)).slice();
}

function configureInstance(exports, text) {
	const answer = answerOf(exports, "edge_configure", encoder.encode(text));
	if (answer[0] === 0) return new DataView(answer.buffer).getUint32(1, true);
	throw new ConfigError(...decoder.decode(answer.subarray(1)).split("\0"));
}

// wasi returns those functions of WASI preview 1 that the module imports. It is
// a computation: there are no arguments and no environment, and every file is a
// bad descriptor, which is what all that is not listed answers.
function wasi(module, memory, { random, clock, log }) {
	const BAD_DESCRIPTOR = 8;
	let said = ""; // of a line that has no end yet
	const view = () => new DataView(memory().buffer);
	const bytes = (at, n) => new Uint8Array(memory().buffer, at >>> 0, n);
	const none = (count, size) => {
		view().setUint32(count >>> 0, 0, true);
		view().setUint32(size >>> 0, 0, true);
		return 0;
	};
	const calls = {
		args_get: () => 0,
		args_sizes_get: none,
		environ_get: () => 0,
		environ_sizes_get: none,
		sched_yield: () => 0,
		poll_oneoff: () => 0, // only a runtime that dies sleeps; it need not wait for that
		random_get(at, n) {
			random(bytes(at, n));
			return 0;
		},
		clock_time_get(_id, _precision, at) {
			view().setBigUint64(at >>> 0, BigInt(Math.round(clock() * 1e6)), true);
			return 0;
		},
		// Go writes where it failed to the standard error before it exits, in pieces.
		fd_write(_fd, vectors, n, written) {
			let total = 0;
			for (let at = vectors >>> 0; n > 0; n--, at += 8) {
				const size = view().getUint32(at + 4, true);
				said += decoder.decode(bytes(view().getUint32(at, true), size));
				total += size;
			}
			const end = said.lastIndexOf("\n");
			if (end >= 0) log(said.slice(0, end));
			said = said.slice(end + 1);
			view().setUint32(written >>> 0, total, true);
			return 0;
		},
		proc_exit(code) {
			throw new Error(`edge.wasm ended with code ${code}`);
		},
	};
	const imported = WebAssembly.Module.imports(module).map(({ name }) => name);
	return Object.fromEntries(imported.map((name) => [name, calls[name] ?? (() => BAD_DESCRIPTOR)]));
}

// encodeRequest returns the frame of a request:
//
//	provider, method    words
//	source              the source that the address names; "" for any
//	hub, signature      { value, count } of X-Hub-Signature-256 and X-Webhook-Signature
//	event, query        X-Webhook-Event, and the query without "?"
//	body                a Uint8Array
//
// All but the body may be missing. What is too long is cut to one byte more than
// is ever accepted, so that it is refused.
export function encodeRequest({ provider, method, source, hub, signature, event, query, body }, now) {
	const parts = [source, hub?.value, signature?.value, event, query]
		.map((text) => encoder.encode(text ?? "").subarray(0, MAX_HEADER + 1));
	const head = new DataView(new ArrayBuffer(32));
	head.setUint8(0, ABI);
	head.setUint8(1, Math.max(PROVIDERS.indexOf(provider), 0));
	head.setUint8(2, Math.max(METHODS.indexOf(method), 0));
	head.setUint8(3, Math.min(hub?.count ?? 0, 2)); // more than once is more than once
	head.setUint8(4, Math.min(signature?.count ?? 0, 2));
	[6, 16, 18, 20, 22].forEach((at, i) => head.setUint16(at, parts[i].length, true));
	head.setBigInt64(8, BigInt(Math.trunc(now)), true);
	const kept = body.subarray(0, MAX_BODY + 1);
	head.setUint32(24, kept.length, true);
	return concat([new Uint8Array(head.buffer), ...parts, kept]);
}

// decodeDecision reads a decision's frame:
//
//	verdict, reason     words
//	status, epoch       numbers
//	source, key         indices in the configuration; -1 for none
//	cells               indices of the cells that get a part
//	mac, challenge      Uint8Arrays
//	targets             [{ kind, how, id, cells, events }], what the events are about
//	events              [{ kind, how, peerKind, target, start, end, time, partition, id, peer }]
export function decodeDecision(frame) {
	const view = new DataView(frame.buffer, frame.byteOffset, frame.length);
	let at = 64;
	const take = (n) => frame.subarray(at, at += n);
	const text = (n) => decoder.decode(take(n));
	const decision = {
		verdict: VERDICTS[frame[1]], reason: REASONS[frame[2]], status: view.getUint16(6, true), epoch: view.getUint32(8, true),
		source: view.getInt8(3), key: view.getInt8(4), cells: bitsOf(view.getBigUint64(24, true)),
		mac: frame.subarray(32, 64), challenge: take(view.getUint32(12, true)), targets: [], events: [],
	};
	for (let n = view.getUint32(16, true); n > 0; n--) {
		const start = at;
		at += 16;
		decision.targets.push({
			kind: TARGETS[frame[start]], how: REASONS[frame[start + 1]], id: text(view.getUint16(start + 2, true)),
			events: view.getUint32(start + 4, true), cells: bitsOf(view.getBigUint64(start + 8, true)),
		});
	}
	for (let n = view.getUint32(20, true); n > 0; n--) {
		const start = at;
		at += 36;
		decision.events.push({
			kind: KINDS[frame[start]], how: REASONS[frame[start + 1]], peerKind: PEERS[frame[start + 2]],
			target: view.getInt32(start + 4, true), start: view.getUint32(start + 8, true), end: view.getUint32(start + 12, true),
			time: Number(view.getBigInt64(start + 16, true)), partition: view.getBigUint64(start + 24, true),
			id: text(view.getUint16(start + 32, true)), peer: text(view.getUint16(start + 34, true)),
		});
	}
	return decision;
}

function bitsOf(mask) {
	const bits = [];
	for (let i = 0; mask > 0n; i++, mask >>= 1n) if (mask & 1n) bits.push(i);
	return bits;
}

function concat(parts) {
	const all = new Uint8Array(parts.reduce((n, part) => n + part.length, 0));
	let at = 0;
	for (const part of parts) {
		all.set(part, at);
		at += part.length;
	}
	return all;
}

// requestOf returns what decides of a fetch Request whose body was read. The
// address says the provider and perhaps the source: /api/webhook/kapso/jakarta.
export function requestOf(request, body, address = addressOf(request.url)) {
	return {
		...address,
		method: request.method,
		hub: headerOf(request, "x-hub-signature-256"),
		signature: headerOf(request, "x-webhook-signature"),
		event: request.headers.get("x-webhook-event") ?? "",
		query: new URL(request.url).search.slice(1),
		body,
	};
}

function addressOf(url) {
	const [, provider = "", source = ""] = /^\/api\/webhook\/([a-z]+)(?:\/([^/]+))?\/?$/.exec(new URL(url).pathname) ?? [];
	return { provider, source };
}

// headerOf counts a header. fetch joins one that came twice with a comma, which
// no signature has in it.
function headerOf(request, name) {
	const value = request.headers.get(name);
	if (value === null) return { value: "", count: 0 };
	const values = value.split(",");
	return { value: values[0].trim(), count: values.length };
}

// readBody reads a body up to limit bytes and at least one more, by which it is
// known to be too large. It reads on for a while without keeping anything: a
// client that is cut off while it writes never reads why.
async function readBody(request, limit) {
	const chunks = [];
	let size = 0;
	for await (const chunk of request.body ?? []) {
		if (size <= limit) chunks.push(chunk);
		if ((size += chunk.length) > limit + MAX_BODY) break;
	}
	return concat(chunks);
}

// partFor returns what of a request is a cell's, as a part of an envelope.
export function partFor(cell, request, decision) {
	const ids = (kind) => decision.targets.filter((t) => t.kind === kind && t.cells.includes(cell)).map((t) => t.id);
	const { provider, event, hub, signature, body } = request;
	return {
		provider, event, hub: hub.value, signature: signature.value, numbers: ids("number"), accounts: ids("account"),
		rest: ids("nobody").length > 0 || decision.targets.length === 0, // without targets it could not be read
		epoch: decision.epoch, body,
	};
}

// envelope returns the headers and the body that hand parts to an origin, signed
// with each of the cell's secrets in the form of Standard Webhooks. The same
// parts have the same id, so a retry is known as one.
export async function envelope(parts, secrets, at) {
	const heads = parts.map((part) => encoder.encode(line(part)));
	const id = "env_" + hex(await crypto.subtle.digest("SHA-256", concat(parts.flatMap(({ body }, i) => [heads[i], body]))));
	const payload = concat(parts.flatMap(({ body }, i) => [heads[i], body, encoder.encode("\n")]));
	const timestamp = String(Math.floor(at / 1000));
	const signed = concat([encoder.encode(`${id}.${timestamp}.`), payload]);
	const signatures = await Promise.all(secrets.map((secret) => sign(secret, signed)));
	return {
		headers: {
			"content-type": "application/vnd.my21staff.envelope",
			"webhook-id": id, "webhook-timestamp": timestamp, "webhook-signature": signatures.join(" "),
		},
		body: payload,
	};
}

// line is the JSON before a part's body, byte for byte what Go's encoding/json
// writes, because the envelope's id is made of it.
function line({ body, ...members }) {
	const present = Object.entries(members).filter(([, value]) => (Array.isArray(value) ? value.length > 0 : value));
	const json = JSON.stringify({ ...Object.fromEntries(present), size: body.length });
	return json.replace(/[<>&\u2028\u2029]/g, (c) => "\\u" + c.charCodeAt(0).toString(16).padStart(4, "0")) + "\n";
}

async function sign(secret, bytes) {
	const raw = Uint8Array.from(atob(secret.slice("whsec_".length)), (c) => c.charCodeAt(0));
	const key = await crypto.subtle.importKey("raw", raw, { name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
	const mac = new Uint8Array(await crypto.subtle.sign("HMAC", key, bytes));
	return "v1," + btoa(String.fromCharCode(...mac));
}

function hex(buffer) {
	return Array.from(new Uint8Array(buffer), (b) => b.toString(16).padStart(2, "0")).join("");
}

// forward decides a provider's request, hands each cell its part and returns
// the provider's answer. The edge keeps nothing: unless every cell took its part
// the answer is 503 and the provider comes again, with what those who took
// theirs know by its id.
export async function forward(edge, request, send = fetch) {
	try {
		const body = await readBody(request, edge.config.limits?.body ?? MAX_BODY);
		const received = requestOf(request, body);
		const decision = edge.decide(received);
		if (decision.verdict !== "forward") return answer(decision.status, decision.challenge);
		const taken = await Promise.all(decision.cells.map((cell) => handOver(edge, cell, partFor(cell, received, decision), send)));
		return answer(taken.every(Boolean) ? decision.status : 503);
	} catch (error) {
		edge.log(`edge: ${error.stack ?? error}`);
		return answer(503);
	}
}

// KEPT are the statuses of a part that an origin cannot use, now or later; it has
// it in its journal.
const KEPT = [400, 413, 422];

// handOver posts a part to its cell and reports whether the cell has it. Kapso
// waits ten seconds for its answer; so the cell has eight.
async function handOver(edge, index, part, send) {
	const { name, url, secrets } = edge.config.cells[index];
	try {
		const sealed = await envelope([part], secrets, edge.now());
		const response = await send(`${url}/api/webhook/${part.provider}`, {
			method: "POST", headers: sealed.headers, body: sealed.body, redirect: "manual", signal: AbortSignal.timeout(8000),
		});
		const text = await response.text();
		if (response.status !== 200) throw new Error(`it answered ${response.status}`);
		const { status } = JSON.parse(text).parts[0];
		if (status !== 200) edge.log(`edge: cell ${name} answered ${status} for ${sealed.headers["webhook-id"]}`);
		return (status >= 200 && status < 300) || KEPT.includes(status);
	} catch (error) {
		edge.log(`edge: cell ${name} did not take a part: ${error}`);
		return false;
	}
}

// answer returns an answer for the provider. A challenge is the whole body; it
// is somebody else's text, so no browser may take it for a page.
function answer(status, challenge) {
	const headers = { "content-type": "text/plain; charset=utf-8", "x-content-type-options": "nosniff" };
	if (status === 503) headers["retry-after"] = "2";
	if (status === 405) headers.allow = "GET, POST";
	return new Response(challenge?.length > 0 ? challenge : null, { status, headers });
}
