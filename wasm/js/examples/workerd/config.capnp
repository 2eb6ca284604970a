# M21_EDGE_CONFIG_JSON="$(cat edge.json)" workerd serve config.capnp
using Workerd = import "/workerd/workerd.capnp";

const config :Workerd.Config = (
  services = [
    (name = "edge", worker = .edge),
    # The cells are named by the configuration, not by who sends a request, so
    # they may be on the private net.
    (name = "internet", network = (allow = ["public", "private"], tlsOptions = (trustBrowserCas = true))),
  ],
  sockets = [(name = "http", address = "127.0.0.1:8787", http = (), service = "edge")],
);

const edge :Workerd.Worker = (
  modules = [
    (name = "js/examples/workerd/worker.mjs", esModule = embed "worker.mjs"),
    (name = "js/edge.mjs", esModule = embed "../../edge.mjs"),
    (name = "dist/edge.wasm", wasm = embed "../../../dist/edge.wasm"),
  ],
  bindings = [(name = "M21_EDGE_CONFIG_JSON", fromEnvironment = "M21_EDGE_CONFIG_JSON")],
  compatibilityDate = "2026-11-01",
);
