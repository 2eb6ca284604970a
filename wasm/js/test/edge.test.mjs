// What edge.mjs does beside the module: node --test. That it decides as Go does
// is shown in ../../runtimetest, in every runtime.
import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { ConfigError, Edge, encodeRequest, envelope, forward, partFor, requestOf } from "../edge.mjs";

const SECRET = "s3cret";
const CELL_SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const module = new WebAssembly.Module(readFileSync(new URL("../../dist/edge.wasm", import.meta.url)));
const document = {
	version: 1, epoch: 7,
	sources: [{ name: "app", provider: "meta", verify_tokens: ["token"], secrets: [SECRET] }],
	cells: ["a", "b"].map((name) => ({ name, url: `https://${name}.example.com`, secrets: [CELL_SECRET] })),
	routes: { 1: "a", 2: "b" },
};
const message = (number) => ({
	changes: [{ field: "messages", value: {
		metadata: { phone_number_id: String(number) },
		messages: [{ id: `wamid.${number}`, from: "6281100000001", timestamp: "1764547200", type: "text", text: { body: "hi" } }],
	} }],
});
const body = JSON.stringify({ object: "whatsapp_business_account", entry: [message(1), message(2)] });

function open(options) {
	const edge = new Edge(module, { log: () => {}, ...options });
	edge.configure(document);
	return edge;
}

function signed(text, headers = {}) {
	const signature = "sha256=" + createHmac("sha256", SECRET).update(text).digest("hex");
	return new Request("https://edge.example.com/api/webhook/meta", {
		method: "POST", body: text, headers: { "x-hub-signature-256": signature, ...headers },
	});
}

const took = (status) => Response.json({ parts: [{ status }] });

test("a refused configuration names its field and leaves the one before", () => {
	const edge = open();
	assert.throws(() => edge.configure({ ...document, epoch: 8, journal: "nowhere" }), (error) => {
		assert.ok(error instanceof ConfigError);
		assert.equal(error.field, "journal");
		assert.match(error.message, /journal names no cell/);
		return true;
	});
	assert.equal(edge.config.epoch, 7);
	assert.equal(edge.decide({ provider: "meta", method: "PUT", body: new Uint8Array() }).epoch, 7);
});

test("without a configuration everything is a 503", () => {
	const decision = new Edge(module).decide({ provider: "meta", method: "POST", body: new Uint8Array() });
	assert.equal(decision.reason, "not_configured");
	assert.equal(decision.status, 503);
});

test("an instance that failed is replaced by a new one with the configuration", (t) => {
	const { Instance } = WebAssembly;
	t.after(() => (WebAssembly.Instance = Instance));
	let made = 0, fails = false;
	WebAssembly.Instance = function (module, imports) {
		made++;
		const { exports } = new Instance(module, imports);
		const edge_handle = (n) => {
			if (fails) throw new WebAssembly.RuntimeError("unreachable");
			return exports.edge_handle(n);
		};
		return { exports: { ...exports, edge_handle } };
	};
	const edge = open();
	const request = { provider: "meta", method: "PUT", body: new Uint8Array() };
	fails = true;
	assert.throws(() => edge.decide(request), WebAssembly.RuntimeError);
	fails = false;
	assert.equal(edge.decide(request).epoch, 7);
	edge.decide(request);
	assert.equal(made, 2);
});

test("what is too long is cut to one more than is accepted", () => {
	const edge = open();
	const long = "x".repeat(70_000);
	for (const part of [{ query: long }, { event: long }, { hub: { value: long, count: 1 } }]) {
		const frame = encodeRequest({ provider: "meta", method: "POST", body: new Uint8Array(), ...part }, 0);
		assert.equal(frame.length, 32 + 4097);
		assert.equal(edge.decide({ provider: "meta", method: "POST", body: new Uint8Array(), ...part }).reason, "header_too_long");
	}
	const large = { provider: "meta", method: "POST", body: new Uint8Array(9 << 20) };
	assert.equal(edge.decide(large).reason, "body_too_large");
});

test("a header that came twice counts twice", () => {
	const headers = new Headers([["x-hub-signature-256", "sha256=aa"], ["x-hub-signature-256", "sha256=bb"]]);
	const request = new Request("https://e.example.com/x/api/webhook/kapso/jakarta?a=b", { method: "POST", headers, body: "" });
	const got = requestOf(request, new Uint8Array());
	assert.deepEqual(got.hub, { value: "sha256=aa", count: 2 });
	assert.deepEqual(got.signature, { value: "", count: 0 });
	assert.equal(got.provider, "", "the address is not ours");
	assert.equal(got.query, "a=b");
	const ours = new Request("https://e.example.com/api/webhook/kapso/jakarta");
	assert.deepEqual([requestOf(ours).provider, requestOf(ours).source], ["kapso", "jakarta"]);
});

test("each cell gets its part and 200 needs all of them", async () => {
	const posts = new Map();
	const send = async (url, { headers, body }) => {
		posts.set(url, { headers, text: new TextDecoder().decode(body) });
		return took(200);
	};
	const answer = await forward(open(), signed(body), send);
	assert.equal(answer.status, 200);
	// They go at once and are signed on their own: either may leave first.
	assert.deepEqual([...posts.keys()].sort(), ["https://a.example.com/api/webhook/meta", "https://b.example.com/api/webhook/meta"]);
	const [head, rest] = posts.get("https://a.example.com/api/webhook/meta").text.split("\n");
	assert.deepEqual(JSON.parse(head).numbers, ["1"]);
	assert.equal(JSON.parse(head).size, body.length);
	assert.equal(rest, body);
});

test("what an origin says decides what the provider is told", async () => {
	const edge = open();
	const said = async (second) => {
		let n = 0;
		return (await forward(edge, signed(body), async () => (n++ === 0 ? took(200) : second()))).status;
	};
	for (const status of [200, 204, 400, 413, 422]) assert.equal(await said(() => took(status)), 200, `a part's ${status}`);
	for (const status of [401, 403, 404, 429, 500, 503]) assert.equal(await said(() => took(status)), 503, `a part's ${status}`);
	assert.equal(await said(() => new Response("", { status: 401 })), 503);
	assert.equal(await said(() => new Response("not json")), 503);
	assert.equal(await said(() => Promise.reject(new Error("refused"))), 503);
	const answer = await forward(edge, signed(body), async () => took(500));
	assert.equal(answer.headers.get("retry-after"), "2");
});

test("a failure of the module is a 503 and is logged", async () => {
	const lines = [];
	let time = 0;
	const edge = open({ clock: () => time, log: (line) => lines.push(line) });
	time = NaN; // is no time
	const answer = await forward(edge, signed(body), () => assert.fail("nothing is to be sent"));
	assert.equal(answer.status, 503);
	assert.equal(lines.length, 1);
});

test("a body without an end is refused, and not read for ever", async () => {
	let cancelled = false;
	const stream = new ReadableStream({
		pull: (controller) => controller.enqueue(new Uint8Array(1 << 20)),
		cancel: () => { cancelled = true; },
	});
	const request = new Request("https://edge.example.com/api/webhook/meta", { method: "POST", body: stream, duplex: "half" });
	const answer = await forward(open(), request, () => assert.fail("nothing is to be sent"));
	assert.equal(answer.status, 413);
	assert.ok(cancelled);
});

test("a retry has the id it had and another signature", async () => {
	const edge = open();
	const request = requestOf(signed(body), new TextEncoder().encode(body));
	const part = partFor(0, request, edge.decide(request));
	const [one, two] = [await envelope([part], [CELL_SECRET], 1000), await envelope([part], [CELL_SECRET], 9000)];
	assert.equal(one.headers["webhook-id"], two.headers["webhook-id"]);
	assert.notEqual(one.headers["webhook-signature"], two.headers["webhook-signature"]);
});

test("the signature is that of the Standard Webhooks specification", async () => {
	const part = { provider: "meta", event: "", hub: "", signature: "", numbers: [], accounts: [], rest: true, epoch: 0, body: new Uint8Array() };
	const { headers, body: payload } = await envelope([part], [CELL_SECRET, CELL_SECRET], 1_614_265_330_000);
	const key = Buffer.from(CELL_SECRET.slice(6), "base64");
	const mac = createHmac("sha256", key).update(`${headers["webhook-id"]}.1614265330.`).update(payload).digest("base64");
	assert.equal(headers["webhook-signature"], `v1,${mac} v1,${mac}`);
	assert.equal(new TextDecoder().decode(payload), '{"provider":"meta","rest":true,"size":0}\n\n');
});
