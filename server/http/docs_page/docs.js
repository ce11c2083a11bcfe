// Renders /openapi.json: every route with its parameters, answers and a form to try it out.

const METHODS = ["get", "head", "post", "patch", "delete"];
const byId = (id) => document.getElementById(id);

/** An element; text goes in as text, so nothing from the document is ever markup. */
function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children.filter((child) => child !== null));
  return element;
}

/** Sentences with `code` in backquotes; blank lines make paragraphs. */
function prose(text) {
  return text.split(/\n\s*\n/).map((paragraph) => {
    const parts = paragraph.split("`");
    return make("p", {}, ...parts.map((part, i) => (i % 2 ? make("code", {}, part) : part)));
  });
}

function refName(schema) {
  return schema?.$ref?.split("/").pop() ?? null;
}

/** A schema in a few words: what a reader needs in a table. */
function typeNode(schema) {
  const name = refName(schema);
  if (name) return make("a", { href: `#shape-${name}` }, name);
  if (!schema) return "anything";
  if (schema.anyOf) return join(schema.anyOf.map(typeNode), " or ");
  if (schema.enum) return join(schema.enum.map((v) => make("code", {}, String(v))), " | ");
  if (schema.const !== undefined) return make("code", {}, String(schema.const));
  if (schema.type === "array") return make("span", {}, "list of ", typeNode(schema.items));
  if (schema.format === "date-time") return "time";
  return schema.type ?? "anything";
}

function join(nodes, between) {
  const box = make("span");
  nodes.forEach((node, i) => box.append(...(i ? [between] : []), node));
  return box;
}

function limits(schema) {
  const words = [];
  if (schema?.default !== undefined && schema.default !== null) words.push(`default ${schema.default}`);
  if (schema?.minimum !== undefined) words.push(`at least ${schema.minimum}`);
  if (schema?.maximum !== undefined) words.push(`at most ${schema.maximum}`);
  return words.join(", ");
}

function table(head, rows) {
  const cells = (tag, row) => make("tr", {}, ...row.map((cell) => make(tag, {}, cell)));
  return make("table", {}, make("thead", {}, cells("th", head)),
    make("tbody", {}, ...rows.map((row) => cells("td", row))));
}

function note(text) {
  const box = make("span");
  for (const paragraph of prose(text ?? "")) box.append(...paragraph.childNodes, " ");
  return box;
}

function shape(name, schema) {
  const required = schema.required ?? [];
  const rows = Object.entries(schema.properties ?? {}).map(([member, inner]) => [
    make("code", {}, member + (required.includes(member) ? "" : "?")),
    typeNode(inner),
    note([inner.description, limits(inner)].filter(Boolean).join(" ")),
  ]);
  const body = rows.length ? table(["Member", "Type", "Meaning"], rows) : make("p", {}, typeNode(schema));
  return make("details", { class: "route", id: `shape-${name}` },
    make("summary", {}, make("code", {}, name), make("span", { class: "summary" }, note(schema.description))),
    make("div", { class: "inside" }, body));
}

function answers(operation) {
  return table(["Status", "Body", "Meaning"], Object.entries(operation.responses).map(([status, response]) => {
    const kinds = Object.entries(response.content ?? {});
    const body = join(kinds.map(([kind, { schema }]) =>
      kind.includes("json") ? typeNode(schema) : make("code", {}, kind)), " or ");
    return [make("code", {}, status), body, note(response.description)];
  }));
}

function curl(method, path, operation) {
  const lines = [`curl ${method === "get" ? "" : `-X ${method.toUpperCase()} `}'${location.origin}${path}'`];
  if (operation.security.length) lines.push("-H 'Authorization: Bearer rt_…'");
  if (operation.requestBody) lines.push("-H 'Content-Type: application/json'", "-d '{}'");
  return lines.join(" \\\n  ");
}

/** An example body from the shape: required members with something plausible in them. */
function exampleBody(api, operation) {
  const name = refName(operation.requestBody?.content["application/json"].schema);
  const schema = api.components.schemas[name] ?? {};
  const plain = { string: "Ada", integer: 3600, boolean: true };
  const value = (inner) => {
    const target = refName(inner) ? api.components.schemas[refName(inner)] : inner;
    return inner.default ?? target.enum?.[0] ?? plain[target.type] ?? null;
  };
  const members = (schema.required ?? []).map((member) => [member, value(schema.properties[member])]);
  return JSON.stringify(Object.fromEntries(members), null, 2);
}

function tryForm(api, method, path, operation) {
  const form = make("form", { class: "try" });
  const inputs = new Map();
  const given = (operation.parameters ?? []).filter((p) => p.in !== "header" || p.name === "Range");
  for (const parameter of given) {
    const id = `${operation.operationId}-${parameter.name}`;
    const input = make("input", { id, autocomplete: "off", ...(parameter.required ? { required: "" } : {}) });
    inputs.set(parameter, input);
    form.append(make("div", {}, make("label", { for: id }, parameter.name), input));
  }
  let body = null;
  if (operation.requestBody) {
    const id = `${operation.operationId}-body`;
    body = make("textarea", { id, spellcheck: "false" });
    body.value = exampleBody(api, operation);
    form.append(make("div", {}, make("label", { for: id }, "Body"), body));
  }
  const result = make("pre", { "aria-live": "polite", tabindex: "0", "aria-label": "Answer", hidden: "" });
  form.append(make("button", { type: "submit" }, "Send"), result);
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    result.hidden = false;
    result.textContent = "Waiting for the answer…";
    try {
      result.textContent = await send(method, path, inputs, body);
    } catch (error) {
      result.textContent = `The server could not be reached: ${error.message}`;
    }
  });
  return form;
}

async function send(method, path, inputs, body) {
  const headers = {};
  const query = new URLSearchParams();
  let target = path;
  for (const [parameter, input] of inputs) {
    if (parameter.in === "path") target = target.replace(`{${parameter.name}}`, encodeURIComponent(input.value));
    else if (input.value && parameter.in === "query") query.set(parameter.name, input.value);
    else if (input.value) headers[parameter.name] = input.value;
  }
  if (byId("key").value) headers.Authorization = `Bearer ${byId("key").value}`;
  if (body) headers["Content-Type"] = "application/json";
  const stop = new AbortController();
  const response = await fetch(query.size ? `${target}?${query}` : target, {
    method: method.toUpperCase(), headers, body: body?.value, signal: stop.signal,
  });
  const kind = response.headers.get("Content-Type") ?? "";
  const head = `${response.status} ${response.statusText}\nContent-Type: ${kind}\n\n`;
  if (kind.includes("event-stream")) {
    stop.abort();
    return `${head}The stream is open. Follow it with curl -N.`;
  }
  if (kind.includes("json")) return head + JSON.stringify(await response.json(), null, 2);
  if (kind.startsWith("text/")) return head + (await response.text());
  const bytes = (await response.arrayBuffer()).byteLength;
  return `${head}${bytes} bytes`;
}

function route(api, method, path, operation) {
  const parameters = operation.parameters ?? [];
  const box = make("details", { class: "route", id: operation.operationId },
    make("summary", {}, make("span", { class: `method ${method}` }, method.toUpperCase()),
      make("code", {}, path), make("span", { class: "summary" }, operation.summary)));
  box.addEventListener("toggle", () => {
    if (!box.open || box.querySelector(".inside")) return;
    const inside = make("div", { class: "inside" }, ...prose(operation.description ?? ""));
    if (!operation.security.length) inside.append(make("p", { class: "hint" }, "Needs no credential."));
    if (parameters.length) {
      inside.append(make("h3", {}, "Parameters"), table(["Name", "In", "Meaning"], parameters.map((p) => [
        make("code", {}, p.name + (p.required ? "" : "?")), p.in,
        note([p.description, limits(p.schema)].filter(Boolean).join(" "))])));
    }
    const body = operation.requestBody?.content["application/json"].schema;
    if (body) inside.append(make("h3", {}, "Body"), make("p", {}, typeNode(body)));
    inside.append(make("h3", {}, "Answers"), answers(operation),
      make("h3", {}, "Example"), make("pre", { tabindex: "0", "aria-label": "Example" }, curl(method, path, operation)),
      make("h3", {}, "Try it"), tryForm(api, method, path, operation));
    box.append(inside);
  });
  return box;
}

function openTarget() {
  const target = byId(decodeURIComponent(location.hash.slice(1)));
  if (target instanceof HTMLDetailsElement) {
    target.open = true;
    target.scrollIntoView();
  }
}

function render(api) {
  document.title = `${api.info.title} API ${api.info.version}`;
  byId("about").append(...prose(api.info.description));
  for (const { name: tag } of api.tags) {
    const section = make("section", {}, make("h2", {}, tag));
    const list = make("div", {}, make("h2", {}, tag));
    for (const [path, item] of Object.entries(api.paths)) {
      for (const method of METHODS.filter((m) => item[m]?.tags.includes(tag))) {
        const operation = item[method];
        section.append(route(api, method, path, operation));
        const words = `${method} ${path} ${operation.summary}`.toLowerCase();
        list.append(make("a", { href: `#${operation.operationId}`, "data-words": words }, operation.summary));
      }
    }
    byId("routes").append(section);
    byId("contents").append(list);
  }
  for (const [name, schema] of Object.entries(api.components.schemas)) byId("schemas").append(shape(name, schema));
  byId("status").hidden = true;
  byId("intro").hidden = false;
  byId("schemas").hidden = false;
}

byId("filter").addEventListener("input", (event) => {
  const wanted = event.target.value.trim().toLowerCase();
  for (const link of document.querySelectorAll("#contents a")) {
    link.hidden = !link.dataset.words.includes(wanted);
  }
});
byId("credential").addEventListener("submit", (event) => event.preventDefault());
window.addEventListener("hashchange", openTarget);

try {
  const [api, config] = await Promise.all(["/openapi.json", "/v1/client-config"].map(async (path) => {
    const response = await fetch(path);
    if (!response.ok) throw new Error(`${path} answered ${response.status}`);
    return response.json();
  }));
  byId("key").value = config.dev_key ?? "";
  render(api);
  openTarget();
} catch (error) {
  byId("status").textContent = `The description could not be loaded: ${error.message}. Reload to try again.`;
}
