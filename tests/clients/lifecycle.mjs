// Drives one life cycle over stdio with a public TypeScript client and prints what it saw as JSON.
// Usage: node lifecycle.mjs legacy-sdk|legacy|modern REPOSITORY COMMAND [ARGUMENT...]
// The clients check each answer against the tool's output schema and throw when it does not fit.
import assert from "node:assert/strict";
import { appendFileSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const [kind, repository, command, ...args] = process.argv.slice(2);
const client = await connect();

async function connect() {
  const server = { command, args, cwd: repository, stderr: "inherit" };
  const information = { name: "lifecycle", version: "1" };
  if (kind === "legacy-sdk") {
    const { Client } = await import("@modelcontextprotocol/sdk/client/index.js");
    const { StdioClientTransport } = await import("@modelcontextprotocol/sdk/client/stdio.js");
    const connected = new Client(information);
    await connected.connect(new StdioClientTransport(server));
    return connected;
  }

  const { Client } = await import("@modelcontextprotocol/client");
  const { StdioClientTransport } = await import("@modelcontextprotocol/client/stdio");
  const mode = kind === "modern" ? "auto" : "legacy";
  const connected = new Client(information, { versionNegotiation: { mode } });
  await connected.connect(new StdioClientTransport(server));
  return connected;
}

async function done(name, given = {}) {
  const result = await client.callTool({ name, arguments: given });
  assert.ok(!result.isError, `${name} answered ${result.content?.[0]?.text}`);
  assert.deepEqual(JSON.parse(result.content[0].text), result.structuredContent);
  return result.structuredContent;
}

async function refused(name, given, code) {
  const result = await client.callTool({ name, arguments: given });
  assert.equal(result.isError, true, `${name} should be refused`);
  assert.equal(result.structuredContent, undefined);
  const { error } = JSON.parse(result.content[0].text);
  assert.equal(error.code, code, error.message);
  assert.ok(error.message.length > 10 && error.hint.length > 5);
  return error.message;
}

const { tools } = await client.listTools();
const refusals = {};

const first = (await done("task_create", { subject: "Greet in English" })).task.id;
const second = (await done("task_create", { subject: "Greet in French", blocked_by: [] })).task.id;
const english = (await done("worktree_create", { name: "english", task_id: first })).worktree;
const french = (await done("worktree_create", { name: "french", task_id: second })).worktree;
assert.equal((await done("task_get", { task_id: first })).task.status, "in_progress");

// Both edit the same file; neither sees the other's work.
appendFileSync(join(english.path, "README.md"), "Good morning\n");
appendFileSync(join(french.path, "README.md"), "Bonjour\n");
refusals.dirty = await refused("worktree_remove", { name: "english" }, "worktree_dirty");
for (const name of ["english", "french"]) {
  const run = await done("worktree_run", { name, command: `git add -A && git commit -q -m ${name} && git log --oneline -1` });
  assert.equal(run.exit_code, 0, run.stderr);
}

assert.equal((await done("worktree_run", { name: "french", command: "exit 3" })).exit_code, 3);
assert.equal((await done("worktree_status", { name: "french" })).commits.length, 1);
assert.equal(readFileSync(join(english.path, "README.md"), "utf8").includes("Bonjour"), false);

refusals.missing = await refused("task_get", {}, "invalid_argument");
refusals.unknown = await refused("task_get", { taskid: 1 }, "invalid_argument");
refusals.nobody = await refused("task_get", { task_id: 99 }, "not_found");
refusals.taken = await refused("worktree_create", { name: "french", task_id: first }, "already_exists");

await done("worktree_keep", { name: "french", reason: "To be reviewed" });
const removed = await done("worktree_remove", { name: "english", complete_task: true });
assert.equal(removed.task.status, "completed");
assert.equal(existsSync(english.path), false);
assert.equal(existsSync(french.path), true);
assert.equal((await done("task_list", {})).total, 2);
assert.deepEqual((await done("worktree_list", {})).worktrees.map(one => one.status), ["kept"]);
const { events } = await done("worktree_events", { limit: 200 });

await client.close();
writeFileSync(1, JSON.stringify({ tools: tools.map(tool => tool.name), events: events.map(one => one.event), refusals }) + "\n");
