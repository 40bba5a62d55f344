#!/usr/bin/env node
// Drives yaml-language-server over stdio and asks it, for every key the schema knows, what an
// author is offered there; what is inserted is then judged by `runner check`.
//
//   node tests/editors/drive.mjs --server DIR [--schema FILE] [--runner FILE] [--out FILE] [--only DEF] [--mode MODE]
//
// --server is the folder that holds node_modules/yaml-language-server. No other package is needed.
// The table goes to stdout, everything measured to --out as JSON, where it is given. Exit 1: something an
// author would trip over.

import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const HERE = dirname(fileURLToPath(import.meta.url));
const args = Object.fromEntries(
  process.argv.slice(2).join(" ").split(/\s*--/).filter(Boolean).map((a) => a.split(/[ =]/, 2)),
);
const PROJECT = join(HERE, "../..");
const SCHEMA = resolve(args.schema ?? join(PROJECT, "schemas/connector.schema.json"));
const RUNNER = resolve(args.runner ?? join(PROJECT, "target/debug/runner"));
const SERVER = resolve(args.server ?? HERE);
const OUT = args.out && resolve(args.out);
export const MODES = args.mode ? [args.mode] : ["data-source", "data-service", "export", "export-delta"];

// ---------------------------------------------------------------- the schema

const ROOT = JSON.parse(readFileSync(SCHEMA, "utf8"));
const NAMES = new Map([[ROOT, "(top)"]]);
for (const [name, def] of Object.entries(ROOT.$defs)) NAMES.set(def, name);

/** The schema behind `$ref`, and its definition's name. */
function deref(schema) {
  let name = NAMES.get(schema);
  while (schema?.$ref) {
    name = schema.$ref.split("/").pop();
    schema = ROOT.$defs[name];
  }
  return { schema, name };
}

/** Every branch of a schema: itself, and what `anyOf`, `oneOf` and `allOf` hold, `$ref` resolved. */
function branches(schema) {
  const { schema: s, name } = deref(schema);
  if (!s || typeof s !== "object") return [];
  const own = [{ schema: s, name }];
  for (const kind of ["anyOf", "oneOf", "allOf"])
    for (const sub of s[kind] ?? []) if (!sub.if) own.push(...branches(sub));
  return own;
}

/** The top's keys of all modes. */
const COMMON = ROOT.properties;

/** Gives the top the keys that it has in this mode. */
function enter(mode) {
  const rule = ROOT.allOf.find((r) => r.if?.properties?.mode?.const === mode);
  const own = Object.entries(rule?.then?.properties ?? {}).filter(([, value]) => value !== false);
  ROOT.properties = { ...COMMON, ...Object.fromEntries(own) };
}

/** Keys the schema forbids at the top in this mode. */
function forbidden(mode) {
  const out = new Set();
  for (const rule of ROOT.allOf ?? [])
    if (rule.if?.properties?.mode?.const === mode)
      for (const [key, value] of Object.entries(rule.then?.properties ?? {})) if (value === false) out.add(key);
  return out;
}

/** Every map with keys of its own that a spec of this mode may hold, each at its shortest path. */
function places(mode) {
  const no = forbidden(mode);
  const seen = new Map();
  const queue = [{ path: [], schema: ROOT, name: "(top)" }];
  while (queue.length) {
    const at = queue.shift();
    if (at.schema.properties) {
      if (seen.has(at.schema)) continue;
      seen.set(at.schema, at);
    }
    const go = (step, sub, label) => {
      for (const b of branches(sub))
        queue.push({ path: [...at.path, step], schema: b.schema, name: b.name ?? `${at.name}.${label}` });
    };
    const entries = ["new", "modified", "deleted", "unchanged"];
    for (const [key, sub] of Object.entries(at.schema.properties ?? {}))
      if (!(at.name === "Target" && mode !== "export-delta" && entries.includes(key)) && !(at.schema === ROOT && no.has(key))) go(key, sub, key);
    const seenHere = at.path.length > 12;
    if (at.schema.items && !seenHere) go(0, at.schema.items, "[]");
    if (at.schema.additionalProperties && typeof at.schema.additionalProperties === "object" && !seenHere)
      go("a", at.schema.additionalProperties, "*");
  }
  return [...seen.values()];
}

// ---------------------------------------------------------------- sample values

const BY_DEFINITION = {
  Version: 1, Name: "x", Template: "x", Condition: "{{ true }}", Path: "$.a", Duration: "5s", Size: "1 MB",
  Limit: 5, Tree: { a: 1 }, TemplateOrList: "x", ListOrTemplate: [1], Request: "/x", Requests: "/x",
  Statuses: [404], Pages: "none", Source: { rows: [{ id: 1 }] }, Keep: "all", Choices: ["a"], RateLimit: "5/s",
  Batch: 10, Retry: 3, Multipart: { a: "b" }, Auth: "none", Step: { request: "/x" }, OnResponse: { status: 404, then: "ok" },
  Lookup: { name: "look", for: "{{ 1 }}", request: "/x", key: "{{ record.id }}" },
  Session: { login: "/x", token: "$.a", header: { a: "{{ token }}" } }, Entry: { request: "/x" }, Target: { request: "/x" },
};
// Keyed `Map.key`, or `key` for every map.
const BY_KEY = {
  "(top).mode": (mode) => mode, "(top).batch_size": 10, "Option.choices": ["a"], encoding: "utf-8", size: 100,
  "FileSource.url": "https://example.com/a.csv", "FileTarget.url": "sftp://example.com/a.csv",
  token_url: "https://example.com/token", method: "POST", "Windows.from": "2024-01-01", "Windows.to": "2024-02-01",
  "Windows.step": "1d", "Windows.format": "%Y-%m-%d", "Lookup.for": "{{ 1 }}", "Lookup.key": "{{ record.id }}",
  "Lookup.rows": [{ id: 1 }], "Step.rows": [{ id: 1 }], "RequestKeys.url": "https://example.com/x",
  "Http.url": "https://example.com/x", "OnResponse.body": "^x", "OnResponse.wait": "5s", "RateLimitKeys.rate": "5/s",
  "RateLimitKeys.pause": "5s", "State.bucket": "x.json", "Http.base_url": "https://example.com",
  "Choose.cases": { x: { bearer: "x" } }, "Session.header": { a: "{{ token }}" }, "TargetStep.request": "/x",
  "MatchKeys.index": "{{ result.index }}", "MatchKeys.row": "{{ row.id }}", "MatchKeys.result": "{{ result.id }}",
  "PollJobs.id": "{{ response.id }}", "PollJobs.match": "{{ result.id }}", "FileTarget.name": "a.csv", "FileTarget.transport": "x",
  idempotency_key: "{{ row.id }}", "Target.results": { match: "position" }, "Entry.results": { match: "position" },
  "Target.item": { id: "{{ row.id }}" }, "Entry.item": { id: "{{ row.id }}" },
};

function sample(schema, at, mode) {
  const forced = BY_KEY[at] ?? BY_KEY[at?.split(".").pop()];
  if (forced !== undefined) return typeof forced === "function" ? forced(mode) : forced;
  const { schema: s, name } = deref(schema);
  if (name in BY_DEFINITION) return BY_DEFINITION[name];
  if (s.const !== undefined) return s.const;
  if (s.enum) return s.enum[0];
  const any = s.anyOf ?? s.oneOf;
  if (any) return sample(any[0], undefined, mode);
  if (s.allOf && !s.type) return sample(s.allOf[0], undefined, mode);
  const type = [].concat(s.type)[0];
  if (type === "string") return "x";
  if (type === "integer" || type === "number") return Math.max(s.minimum ?? 1, 1);
  if (type === "boolean") return true;
  if (type === "array") return [sample(s.items, undefined, mode)];
  if (s.properties) {
    const keys = s.required ?? (s.minProperties ? Object.keys(s.properties).slice(0, 1) : []);
    const out = Object.fromEntries(keys.map((k) => [k, sample(s.properties[k], `${name}.${k}`, mode)]));
    if (!keys.length) {
      const first = Object.keys(s.properties)[0];
      out[first] = sample(s.properties[first], `${name}.${first}`, mode);
    }
    return out;
  }
  if (typeof s.additionalProperties === "object") return { a: sample(s.additionalProperties, undefined, mode) };
  return "x";
}

/** What a spec of this mode needs around a place before `check` has nothing else to say. */
function base(mode) {
  const names = ["TOKEN", "USERNAME", "PASSWORD", "KEY", "CLIENT_ID", "CLIENT_SECRET", "REFRESH_TOKEN", "ACCESS_KEY", "SECRET_KEY", "PRIVATE_KEY", "KEY_ID", "ACCOUNT"];
  const options = Object.fromEntries(names.map((name) => [name, { type: "password" }]));
  for (const name of ["URL", "AUTH", "SHOP", "MARKET", "WITH_STOCK"]) options[name] = { type: "input" };
  const spec = { version: 1, name: "x", mode, options, http: { base_url: "https://example.com" } };
  if (mode === "data-source") spec.source = { request: "/x" };
  if (mode === "data-service") spec.lookups = [{ name: "look", for: "{{ row.id }}", request: "/x", key: "{{ record.id }}" }];
  if (mode === "export") spec.target = { item: { id: "{{ row.id }}" }, request: { path: "/x", json: "{{ item }}" } };
  if (mode === "export-delta") spec.target = { new: { request: { path: "/x", json: "{{ row }}" } } };
  return spec;
}

// What a map needs so that it means something: `add` where none of `unless` stands in it, for `key` or any key.
const WAYS = [
  { map: "Step", unless: ["request", "rows", "windows", "file", "job", "first_of", "all_of", "for_each"], add: { request: "/x" } },
  { map: "Step", key: "collect", add: { name: "step" } },
  { map: "Lookup", unless: ["request", "file", "rows"], add: { request: "/x" } },
  { map: "Lookup", unless: ["for"], key: "request", add: { for: "{{ row.id }}" } },
  { map: "RequestKeys", unless: ["path", "url"], add: { path: "/x" } },
  { map: "RequestKeys", key: "compress", add: { json: { a: 1 } } },
  { map: "Target", unless: ["request", "steps", "job", "file", "new", "modified", "deleted", "unchanged"], add: { request: "/x" } },
  { map: "Entry", unless: ["request", "steps", "job", "file", "log"], add: { request: "/x" } },
  { map: "Target", mode: "export-delta", unless: ["new", "modified", "deleted", "unchanged"], add: { new: { request: "/x" } } },
  ...["Target", "Entry"].map((map) => ({ map, key: "results", add: { batch: 10, request: { path: "/x", json: "{{ items }}" } } })),
  { map: "Results", unless: ["match"], add: { match: "position" } },
  { map: "FileTarget", unless: ["url", "transport"], add: { url: "sftp://example.com/a.csv" } },
  { map: "FileTarget", key: "transport", add: { format: "csv" } },
  { map: "MatchKeys", key: "row", add: { result: "{{ result.id }}" } },
  { map: "MatchKeys", key: "result", add: { row: "{{ row.id }}" } },
  ...["split", "whole"].map((key) => ({ map: "BatchKeys", key, add: { by: "{{ row.id }}" } })),
  { map: "Http", unless: ["base_url"], add: { base_url: "https://example.com" } },
  { map: "OnResponse", unless: ["status", "body", "when"], add: { status: 404 } },
  { map: "Session", unless: ["header", "query", "cookie"], add: { header: { a: "{{ token }}" } } },
  { map: "Option", key: "choices", add: { type: "select" } },
];

/** The spec down to a place, as a value. `fill`: required keys and what else the maps on the way need. */
function specFor(place, mode, leaf, fill) {
  const spec = fill ? base(mode) : place.path.length ? { version: 1, name: "x", mode } : {};
  let holder = spec, schema = ROOT, name = "(top)";
  const need = (map, s, n, next) => {
    for (const key of s.required ?? [])
      if (!(key in map) && key !== next && s !== ROOT) map[key] = sample(s.properties[key], `${n}.${key}`, mode);
    for (const way of WAYS)
      if (way.map === n && next !== undefined && (!way.key || way.key === next) && (!way.mode || way.mode === mode) && !way.unless?.some((k) => k in map || k === next))
        Object.assign(map, way.add);
  };
  place.path.forEach((step, i) => {
    if (fill && schema.properties) need(holder, schema, name, step);
    const sub = schema.properties?.[step] ?? (typeof step === "number" ? schema.items : schema.additionalProperties);
    const rest = place.path.slice(i + 1);
    // the branch of the next step that leads on to the place
    const options = branches(sub);
    const next = options.find((b) => leads(b.schema, rest, place.schema)) ?? options[0];
    const value = typeof rest[0] === "number" ? [] : {};
    if (Array.isArray(holder)) holder.push(value);
    else { delete holder[step]; holder[step] = value; }
    holder = value; schema = next.schema; name = next.name ?? `${name}.${step}`;
  });
  if (fill) need(holder, schema, name, leaf ?? "");
  return { spec, holder };
}
function leads(schema, rest, goal) {
  if (!rest.length) return schema === goal;
  const sub = schema.properties?.[rest[0]] ?? (typeof rest[0] === "number" ? schema.items : schema.additionalProperties);
  return sub && typeof sub === "object" && branches(sub).some((b) => leads(b.schema, rest.slice(1), goal));
}

// ---------------------------------------------------------------- YAML text

const MARK = "@@HERE@@";
/** Block YAML; scalars as JSON. The mark becomes a line of its own. */
function yaml(value, indent = 0) {
  const pad = " ".repeat(indent);
  const scalar = (v) => v === null || typeof v !== "object" || !Object.keys(v).length;
  if (Array.isArray(value))
    return value.map((v) => pad + "- " + (scalar(v) ? JSON.stringify(v) + "\n" : yaml(v, indent + 2).slice(indent + 2))).join("");
  return Object.entries(value).map(([k, v]) => {
    if (k === MARK) return `${pad}${MARK}\n`;
    const key = /^[\w-]+$/.test(k) ? k : JSON.stringify(k);
    return `${pad}${key}:` + (scalar(v) ? ` ${JSON.stringify(v)}\n` : "\n" + yaml(v, indent + 2));
  }).join("");
}

/** Puts MARK into a map: first in an element of a list, as the text comes from behind its dash, last elsewhere. */
function mark(holder, place) {
  const entries = Object.entries(holder);
  for (const k of Object.keys(holder)) delete holder[k];
  if (typeof place.path.at(-1) === "number") Object.assign(holder, { [MARK]: null }, Object.fromEntries(entries));
  else Object.assign(holder, Object.fromEntries(entries), { [MARK]: null });
}

/** The document with the cursor where MARK stood, and the cursor. */
function withCursor(spec, text = "") {
  const lines = yaml(spec).split("\n");
  const line = lines.findIndex((l) => l.includes(MARK));
  const character = lines[line].indexOf(MARK);
  lines[line] = lines[line].replace(MARK, text);
  return { text: lines.join("\n"), position: { line, character: character + text.length } };
}

/** The document with `text` where MARK stood, indented as an editor does it, and the lines it takes. */
function withText(spec, text) {
  const lines = yaml(spec).split("\n");
  const line = lines.findIndex((l) => l.includes(MARK));
  const pad = lines[line].match(/^ */)[0];
  const put = text.split("\n").map((l, i) => (i && l.trim() ? pad + l : l));
  lines.splice(line, 1, ...(lines[line].replace(MARK, () => put.join("\n"))).split("\n"));
  return { text: lines.join("\n"), from: line + 1, to: line + put.length };
}

/** A snippet as it stands before the author types: tab stops by their defaults, choices by the first. */
export function expand(snippet) {
  const values = {};
  let s = snippet.replace(/\$\{(\d+)\|((?:\\.|[^|])*)\|\}/g, (_, n, list) => list.split(",")[0]);
  s = s.replace(/\$\{(\d+):((?:\\.|[^}\\])*)\}/g, (_, n, v) => (values[n] ??= v.replace(/\\([$}\\])/g, "$1")));
  s = s.replace(/\$\{?(\d+)\}?/g, (_, n) => values[n] ?? "");
  return s.replace(/\\([$}\\])/g, "$1");
}

// ---------------------------------------------------------------- the language server

export class Server {
  constructor(schema) {
    const bin = join(SERVER, "node_modules/yaml-language-server/bin/yaml-language-server");
    this.child = spawn(process.execPath, [bin, "--stdio"], { stdio: "pipe" });
    this.schema = schema;
    this.errors = [];
    this.waiting = new Map();
    this.id = 0;
    let buffer = Buffer.alloc(0);
    this.child.stderr.on("data", (d) => this.errors.push({ stderr: String(d) }));
    this.child.stdout.on("data", (d) => {
      buffer = Buffer.concat([buffer, d]);
      for (;;) {
        const end = buffer.indexOf("\r\n\r\n");
        if (end < 0) return;
        const length = +/Content-Length: (\d+)/i.exec(buffer.subarray(0, end))[1];
        if (buffer.length < end + 4 + length) return;
        const message = JSON.parse(buffer.subarray(end + 4, end + 4 + length));
        buffer = buffer.subarray(end + 4 + length);
        this.take(message);
      }
    });
  }
  send(message) {
    const body = JSON.stringify({ jsonrpc: "2.0", ...message });
    this.child.stdin.write(`Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`);
  }
  take(m) {
    if (m.method && m.id !== undefined) {
      const settings = {
        yaml: {
          schemas: { [this.schema]: "*.yaml" }, completion: true, hover: true, validate: true, schemaStore: { enable: false },
          kubernetesCRDStore: { enable: false }, hoverSchemaSource: false,
        },
        editor: { tabSize: 2 },
      };
      const result = m.method === "workspace/configuration" ? m.params.items.map((i) => settings[i.section] ?? {}) : null;
      this.send({ id: m.id, result });
    } else if (m.method === "textDocument/publishDiagnostics") {
      this.diagnosed?.(m.params);
    } else if (m.method === "telemetry/event" || m.method === "window/logMessage" || m.method === "window/showMessage") {
      if (/error/i.test(JSON.stringify(m.params))) this.errors.push({ [m.method]: m.params, on: this.on });
    } else if (m.id !== undefined) {
      const { done, method } = this.waiting.get(m.id);
      this.waiting.delete(m.id);
      if (m.error) this.errors.push({ response: m.error, method, on: this.on });
      done(m.result);
    }
  }
  ask(method, params) {
    const id = ++this.id;
    return new Promise((done) => {
      this.waiting.set(id, { done, method });
      this.send({ id, method, params });
    });
  }
  async start() {
    await this.ask("initialize", {
      processId: process.pid, rootUri: null,
      capabilities: {
        workspace: { configuration: true },
        textDocument: {
          completion: { completionItem: { snippetSupport: true, documentationFormat: ["markdown", "plaintext"] } },
          hover: { contentFormat: ["markdown"] },
        },
      },
    });
    this.send({ method: "initialized", params: {} });
    await new Promise((r) => setTimeout(r, 500));
  }
  async open(text) {
    this.uri = `file:///tmp/doc${++this.id}.yaml`;
    this.on = text;
    this.send({ method: "textDocument/didOpen", params: { textDocument: { uri: this.uri, languageId: "yaml", version: 1, text } } });
  }
  close() {
    this.send({ method: "textDocument/didClose", params: { textDocument: { uri: this.uri } } });
  }
  async complete({ text, position }) {
    await this.open(text);
    const list = await this.ask("textDocument/completion", { textDocument: { uri: this.uri }, position });
    this.close();
    return list?.items ?? list ?? [];
  }
  /** Hover at several positions of one document. */
  async hover(text, positions) {
    await this.open(text);
    const out = [];
    for (const position of positions) {
      const h = await this.ask("textDocument/hover", { textDocument: { uri: this.uri }, position });
      out.push(h?.contents?.value ?? "");
    }
    this.close();
    return out;
  }
  /** The server's own mistakes in a document. */
  async diagnose(text) {
    const got = new Promise((r) => (this.diagnosed = (p) => p.uri === this.uri && r(p.diagnostics)));
    await this.open(text);
    const list = await got;
    this.diagnosed = undefined;
    this.close();
    return list;
  }
  stop() { this.child.kill(); }
}

// ---------------------------------------------------------------- `runner check`

/** What `runner check` says about each text, asked at once. */
function check(texts) {
  const dir = mkdtempSync(join(tmpdir(), "yls-check-"));
  texts.forEach((t, i) => writeFileSync(join(dir, `d${i}.yaml`), t));
  const ran = spawnSync(RUNNER, ["check", "--format", "json", dir], { encoding: "utf8", maxBuffer: 1 << 30 });
  rmSync(dir, { recursive: true });
  const out = texts.map(() => []);
  if (!ran.stdout) throw new Error(`runner check: ${ran.stderr}`);
  for (const m of JSON.parse(ran.stdout)) out[+/d(\d+)\.yaml$/.exec(m.file)[1]].push(m);
  return out;
}

// ---------------------------------------------------------------- what is asked for every key

const words = (schema) => [
  ...new Set(branches(schema).flatMap(({ schema: s }) => [...(s.enum ?? []), ...(s.const !== undefined ? [s.const] : [])])),
];
const meanings = (schema) => {
  const out = {};
  for (const { schema: s } of branches(schema))
    s.enum?.forEach((w, i) => (out[w] ??= { meaning: (s.markdownEnumDescriptions ?? s.enumDescriptions)?.[i], of: NAMES.get(s) }));
  return out;
};
const hasExample = (markdown) => /```yaml/.test(markdown) || /Example:/.test(markdown);

/** What kind of text is inserted. */
function kindOf(text, key) {
  const rest = text.trimEnd();
  if (rest === key) return "bare key, no colon";
  if (rest === `${key}:`) return text.includes("\n") ? "empty map" : "empty value";
  if (/^[^\n]*:\s*\n\s*-$/.test(rest)) return "empty list";
  if (/:\s*(\n|$)(?!\s+\S)/.test(rest) && rest.split("\n").some((l, i, all) => /:\s*$/.test(l) &&
      !(all[i + 1]?.match(/^ */)[0].length > l.match(/^ */)[0].length || all[i + 1]?.trimStart().startsWith("-")))) return "map with empty values";
  return "value";
}

async function run() {
  const server = new Server(pathToFileURL(SCHEMA).href);
  await server.start();
  const keys = [], docs = [];
  const judge = (doc, into, field) => docs.push({ ...doc, into, field });
  const started = Date.now();

  for (const mode of MODES) {
    enter(mode);
    for (const place of places(mode)) {
      if (args.only && place.name !== args.only) continue;
      const { spec, holder } = specFor(place, mode, undefined, false);
      if (!place.path.length) holder.mode = mode;
      holder[MARK] = null;
      const items = await server.complete(withCursor(spec));
      const all = Object.keys(place.schema.properties);
      const no = place.path.length ? new Set() : forbidden(mode);
      for (const key of all) {
        const sub = place.schema.properties[key];
        const entry = {
          mode, map: place.name, path: place.path.join("."), key, forbidden: no.has(key),
          required: (place.schema.required ?? []).includes(key), description: sub.markdownDescription ?? sub.description ?? "",
        };
        keys.push(entry);
        const mine = !place.path.length && key === "mode"
          ? (await server.complete({ text: "\n", position: { line: 0, character: 0 } })).filter((i) => i.label === key)
          : items.filter((i) => i.label === key && i.kind === 10);
        entry.offered = mine.length;
        entry.documented = mine.some((i) => (i.documentation?.value ?? i.documentation ?? "").length > 0);
        if (entry.forbidden) continue;

        // what is inserted, and what `check` says of it
        const around = () => {
          const s = specFor(place, mode, key, true);
          delete s.holder[key];
          mark(s.holder, place);
          return s.spec;
        };
        entry.inserted = mine.map((i) => expand(i.textEdit?.newText ?? i.insertText ?? i.label));
        entry.snippet = mine.map((i) => i.textEdit?.newText ?? i.insertText ?? i.label);
        entry.kind = entry.inserted.length ? kindOf(entry.inserted[0], key) : "not offered";
        if (entry.inserted.length) judge(withText(around(), entry.inserted[0]), entry, "mistakes");

        // the same place with a value that is known to be good
        const good = sample(sub, `${place.name}.${key}`, mode);
        entry.good = good;
        const inList = typeof place.path.at(-1) === "number" ? "  " : "";
        const goodText = yaml({ [key]: good }).trimEnd().replaceAll("\n", `\n${inList}`);
        const control = withText(around(), goodText);
        judge(control, entry, "control");

        // values
        const offers = words(sub);
        const at = around();
        const values = await server.complete(withCursor(at, `${key}: `));
        const labels = values.map((i) => i.label);
        entry.values = labels;
        const means = meanings(sub);
        entry.words = offers.map((word) => {
          const item = values.find((i) => i.label === word || i.label === JSON.stringify(word));
          const w = { word, offered: !!item, meaning: means[word]?.meaning, of: means[word]?.of,
            documented: (item?.documentation?.value ?? item?.documentation ?? "") === means[word]?.meaning };
          if (item) judge(withText(around(), `${key}: ${expand(item.textEdit?.newText ?? item.insertText)}`), w, "mistakes");
          return w;
        });
        entry.other = values.filter((i) => !offers.includes(i.label)).map((i) => ({ label: i.label, inserted: expand(i.textEdit?.newText ?? i.insertText ?? "") }));
        for (const o of entry.other) judge(withText(around(), `${key}: ${o.inserted}`), o, "mistakes");

        // hover
        const keyAt = { line: control.from - 1, character: control.text.split("\n")[control.from - 1].indexOf(key) + 1 };
        const [hover] = await server.hover(control.text, [keyAt]);
        entry.hover = { any: hover.length > 0, described: shows(hover, sub.description), example: hasExample(hover), text: hover };
        for (const w of entry.words) {
          const doc = withText(around(), `${key}: ${JSON.stringify(w.word)}`);
          const [text] = await server.hover(doc.text, [{ line: doc.from - 1, character: doc.text.split("\n")[doc.from - 1].indexOf(`${key}:`) + key.length + 3 }]);
          w.hover = !!w.meaning && shows(text, w.meaning);
        }
      }
      // whole snippets offered beside the keys
      for (const i of items.filter((i) => !all.includes(i.label) || i.kind !== 10)) {
        const s = { mode, map: place.name, path: place.path.join("."), label: i.label, inserted: [expand(i.textEdit?.newText ?? i.insertText ?? "")], kind: i.kind === 7 ? "skeleton" : "snippet" };
        keys.push(s);
        const at = specFor(place, mode, undefined, true);
        for (const k of Object.keys(at.holder))
          if (place.path.length ? true : ["version", "name", "source", "target"].includes(k)) delete at.holder[k];
        if (place.path.length) for (const w of WAYS) if (w.map === "Http" && w.map === place.name) Object.assign(at.holder, w.add);
        mark(at.holder, place);
        judge(withText(at.spec, s.inserted[0]), s, "mistakes");
      }
    }
  }
  server.stop();
  const said = check(docs.map((d) => d.text));
  docs.forEach((d, i) => {
    d.into[d.field] = said[i].filter((m) => m.severity === "error" && m.line >= d.from && m.line <= d.to)
      .map((m) => ({ code: m.code, message: m.message, line: m.line - d.from }));
    if (said[i].length > d.into[d.field].length)
      d.into[`${d.field}Elsewhere`] = said[i].filter((m) => m.severity === "error" && !(m.line >= d.from && m.line <= d.to)).map((m) => `${m.line}: ${m.message}`);
    if (d.field === "mistakes" || d.field === "control") d.into[`${d.field}Text`] = d.text;
  });
  return { keys, errors: server.errors, seconds: (Date.now() - started) / 1000, documents: docs.length };
}
const plain = (s) => s.replace(/[`\\*_\s]+|&emsp;/g, "");
function shows(hover, text) { return !!text && plain(hover).includes(plain(text).slice(0, 60)); }

// ---------------------------------------------------------------- report

export function report({ keys, errors, seconds, documents }) {
  const own = keys.filter((k) => k.key && !k.forbidden);
  const group = (list, by) => {
    const out = new Map();
    for (const k of list) for (const b of [].concat(by(k))) out.set(b, [...(out.get(b) ?? []), k]);
    return [...out].sort((a, b) => b[1].length - a[1].length);
  };
  const unique = (list) => [...new Set(list.map((k) => `${k.map}.${k.key ?? k.label}`))];
  const line = (name, list) => {
    const u = unique(list);
    console.log(`${String(u.length).padStart(5)}  ${name}${u.length ? `   e.g. ${u.slice(0, 5).join(", ")}` : ""}`);
  };
  console.log(`${unique(own).length} keys of ${new Set(own.map((k) => k.map)).size} maps, ${own.length} with modes; ${documents} documents checked; ${seconds.toFixed(0)} s\n`);
  line("keys not offered", own.filter((k) => !k.offered));
  line("keys offered twice with other text", own.filter((k) => k.offered > 1));
  line("keys of other modes offered at the top", keys.filter((k) => k.forbidden && k.offered));
  console.log("\nkind of text inserted");
  for (const [kind, list] of group(own, (k) => k.kind)) line(kind, list);
  console.log("\ninserted text that `check` refuses, by kind and mistake (keys whose control fails too are left out)");
  const bad = own.filter((k) => k.mistakes?.length && !k.control?.length);
  for (const [why, list] of group(bad, (k) => [...new Set(k.mistakes.map((m) => `${k.kind}: ${m.code}`))])) line(why, list);
  line("control fails: the sample value, not the schema", own.filter((k) => k.control?.length));
  console.log("\nsnippets, and skeletons of required keys");
  for (const kind of ["snippet", "skeleton"]) {
    line(`${kind}s`, keys.filter((k) => k.kind === kind));
    for (const [why, list] of group(keys.filter((k) => k.kind === kind && k.mistakes?.length), (k) => [...new Set(k.mistakes.map((m) => m.code))]))
      line(`  ${why}`, list);
  }
  console.log("\nvalues");
  line("`null` offered", own.filter((k) => k.values?.includes("null")));
  line("`true`/`false` offered where the key takes text or a template", own.filter((k) => k.values?.includes("true") && k.control && !/boolean/.test(k.kind) && k.values.includes("null")));
  line("other values refused by `check`", own.filter((k) => !k.control?.length && k.other?.some((o) => o.mistakes?.length)));
  line("words not offered", own.filter((k) => k.words?.some((w) => !w.offered)));
  line("words without a meaning", own.filter((k) => k.words?.some((w) => !w.meaning)));
  line("words whose meaning is not shown beside the offer", own.filter((k) => k.words?.some((w) => w.meaning && !w.documented)));
  line("words whose meaning hover does not show", own.filter((k) => k.words?.some((w) => w.meaning && !w.hover)));
  line("words refused by `check`", own.filter((k) => !k.control?.length && k.words?.some((w) => w.mistakes?.length)));
  console.log("\nhover on the key");
  line("nothing", own.filter((k) => k.hover && !k.hover.any));
  line("not the key's description", own.filter((k) => k.hover?.any && !k.hover.described));
  line("no example", own.filter((k) => k.hover && !k.hover.example));
  console.log(`\nserver errors: ${errors.length}`);
  for (const [e, list] of group(errors, (e) => JSON.stringify(e.stderr ?? e.response ?? e).slice(0, 300))) console.log(`  ${list.length}× ${e}`);

  // Which of several ways is meant is chosen in a menu: nothing is inserted for these but the key.
  const chosen = ["(top).mode", "(top).source", "(top).target"];
  // What may not be. An example names what is the author's: other names than the spec's are no mistake of it.
  const theirs = ["unknown-name", "unknown-field"];
  const wrong = [];
  const may = (why, list, but = []) => {
    for (const one of unique(list)) if (!but.includes(one)) wrong.push(`${one}: ${why}`);
  };
  may("is not offered", own.filter((k) => !k.offered));
  may("is offered, and is another mode's", keys.filter((k) => k.forbidden && k.offered));
  const refused = (m) => !theirs.includes(m.code);
  for (const k of bad.filter((k) => k.mistakes.some(refused)))
    may(`${JSON.stringify(k.inserted[0])}: ${k.mistakes.find(refused).message}`, [k], chosen);
  may("hover says nothing of it", own.filter((k) => k.hover && (!k.hover.any || !k.hover.described)));
  may("hover has no example of it", own.filter((k) => k.hover && !k.hover.example));
  may("a word of it is not offered", own.filter((k) => k.words?.some((w) => !w.offered)), ["(top).version"]);
  may("a word of it has no meaning", own.filter((k) => k.words?.some((w) => !w.meaning)), ["(top).version"]);
  for (const error of errors) wrong.push(`the server: ${JSON.stringify(error).slice(0, 300)}`);
  console.log(wrong.length ? `\n${wrong.length} wrong:\n${[...new Set(wrong)].join("\n")}` : "\nnothing wrong");
  return wrong.length;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const result = await run();
  if (OUT) writeFileSync(OUT, JSON.stringify(result, null, 1));
  process.exitCode = report(result) ? 1 : 0;
}
