// Makes a component of the module: node component.mjs wasihttp.wasm edge.component.wasm
//
// What the component speaks is written in WIT. The texts of WASI's interfaces
// and the adapter from preview 1 to preview 2 are those that jco ships.
import { readFileSync, writeFileSync } from "node:fs";
import { componentEmbed, componentNew, preview1AdapterReactorPath } from "@bytecodealliance/jco";

const [core, component] = process.argv.slice(2);

const VERSION = "0.2.12";
const WORLD = `package my21staff:edge;
world edge {
	import wasi:http/types@${VERSION};
	export wasi:http/incoming-handler@${VERSION};
}
`;

// nested returns an interface's package in the form that may stand in a text
// beside others.
function nested(name) {
	const file = `../lib/wit/builtin/${VERSION}/${name}/package.wit`; // from dist/, where jco's program is
	const text = readFileSync(new URL(file, import.meta.resolve("@bytecodealliance/jco")), "utf8");
	return text.replace(/^package ([^;]+);/m, "package $1 {") + "}\n";
}

const packages = ["wasi-io", "wasi-clocks", "wasi-random", "wasi-filesystem", "wasi-sockets", "wasi-cli", "wasi-http"];
const witSource = WORLD + packages.map(nested).join("");
const embedded = await componentEmbed({ binary: readFileSync(core), witSource, world: "edge" });
const adapter = readFileSync(preview1AdapterReactorPath());
writeFileSync(component, await componentNew(embedded, [["wasi_snapshot_preview1", adapter]]));
