// The action on a real pull request, with the real binary, and with a server on loopback in GitHub's place.
// TIDEGATE names the binary, TIDEGATE_NODE_MODULES the installed packages.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { run } from "./composite.mjs";

const binary = process.env.TIDEGATE;
const action = dirname(dirname(fileURLToPath(import.meta.url)));
const work = mkdtempSync(join(tmpdir(), "action-"));
const version = /default: (\d+\.\d+\.\d+)/.exec(readFileSync(join(action, "action.yml"), "utf8"))[1];
const name = `tidegate-${version}-Linux-X64`;
let server, asked, served, repository, event;

before(async () => {
  repository = shop();
  mkdirSync(join(work, "bin"));
  symlinkSync(binary, join(work, "bin/tidegate"));
  server = createServer((request, response) => {
    asked.push(request.url);
    const found = request.url === `/acme/gate/releases/download/v${version}/${name}`;
    response.writeHead(found ? 200 : 404).end(found ? served : "");
  });
  await new Promise((ready) => server.listen(0, "127.0.0.1", ready));
});
after(() => server.close());

test("a pull request is judged by a binary that is there already", async () => {
  const ran = await step({ inputs: { version: "preinstalled" } });
  assert.equal(ran.exit, 1, ran.log);
  assert.equal(ran.outputs.verdict, "fail");
  assert.equal(ran.outputs.units, "prod/prod");
  assert.match(ran.log, /^::error file=prod\/web\.yaml,line=\d+,title=resources\.missing-memory-limit::/m);
  assert.match(ran.summary, /resources\.missing-memory-limit/);
  assert.ok(existsSync(ran.outputs["report-path"]));
  assert.deepEqual(asked, []);
});

test("a binary is downloaded once and run if it is the one that was named", async () => {
  const folder = shipping(sha256(readFileSync(binary)));
  const ran = await step({ folder });
  assert.equal(ran.outputs.verdict, "fail", ran.log);
  assert.equal(asked.length, 1);
});

test("a binary that was touched is not run", async () => {
  const folder = shipping(sha256(readFileSync(binary)));
  served = Buffer.from(`#!/bin/sh\ntouch ${join(work, "ran")}\n`);
  const ran = await step({ folder });
  assert.equal(ran.exit, 2, ran.log);
  assert.match(ran.log, /is not the file that checksums.txt names/);
  assert.equal(ran.outputs.verdict, "");
  assert.ok(!existsSync(join(work, "ran")));
});

test("a version that was not shipped with the action is not asked for", async () => {
  for (const [folder, inputs] of [[action, {}], [shipping(sha256("x")), { version: "9.9.9" }]]) {
    const ran = await step({ folder, inputs });
    assert.equal(ran.exit, 2, ran.log);
    assert.match(ran.log, /checksums\.txt of this action holds no/);
    assert.deepEqual(asked, []);
  }
});

test("a release that is missing stops the step", async () => {
  const ran = await step({ folder: shipping(sha256("x")), github: { action_repository: "acme/other" } });
  assert.equal(ran.exit, 2, ran.log);
  assert.match(ran.log, /could not be downloaded/);
});

test("no input is run as code", async () => {
  const hostile = '"; touch $(touch ran)`touch ran`; #\n::set-output name=verdict::pass';
  const inputs = ["command", "environment", "base", "policy-ref", "config", "fail-on", "publish", "renew", "summary",
    "annotations", "sarif-file", "report-dir", "version", "token"];
  for (const input of inputs) {
    const ran = await step({ inputs: { version: "preinstalled", [input]: hostile } });
    assert.notEqual(ran.exit, 0, `${input}: ${ran.log}`);
    assert.ok(!existsSync(join(repository, "ran")), input);
    assert.doesNotMatch(ran.log.replaceAll(/::stop-commands::(.*)\n[^]*?\n::\1::/g, ""), /^::set-output/m, input);
  }
});

test("what is merged is signed to a branch, and the token stays out of the clone", async () => {
  const origin = join(work, "origin.git");
  const git = (...rest) => execFileSync("git", ["-C", repository, ...rest], { env: environment() });
  git("switch", "--quiet", "main");
  git("init", "--quiet", "--bare", "-b", "main", origin);
  git("remote", "add", "origin", `file://${origin}`);
  mkdirSync(join(repository, ".tidegate"));
  const tidegate = (...rest) => execFileSync(binary, rest, { cwd: repository, env: environment() });
  const key = join(work, "key.pem");
  const trust = tidegate("keys", "new", "--role", "merge-signer", "--out", key);
  writeFileSync(join(repository, ".tidegate/trust.json"), trust);
  commit(repository, "trust the signer");
  git("push", "--quiet", "origin", "main");
  tidegate("baseline", "--env", "prod", "--key-file", key, "--verdicts", "branch");
  writeFileSync(join(repository, "prod/web.yaml"), deployment(3, ", limits: {memory: 1Gi}"));
  commit(repository, "one more");
  const sign = { version: "preinstalled", command: "sign", publish: "branch", token: "s3cret" };
  const env = { GITHUB_EVENT_NAME: "push", GITHUB_REF: "refs/heads/main", TIDEGATE_SIGNING_KEY: readFileSync(key, "utf8") };
  const ran = await step({ inputs: sign, env });
  assert.equal(ran.exit, 0, ran.log);
  assert.equal(ran.outputs.verdict, "pass");
  assert.match(String(git("ls-remote", "origin")), /refs\/heads\/tidegate\/verdicts/);
  const config = readFileSync(join(repository, ".git/config"), "utf8") + ran.log + ran.summary;
  assert.doesNotMatch(config, /s3cret|extraheader|czNjcmV0/i);
  const again = await step({ inputs: { ...sign, renew: "true" }, env: { ...env, GITHUB_EVENT_NAME: "schedule" } });
  assert.equal(again.exit, 0, again.log);
  assert.match(again.summary, /renewed until/);
  const refused = await step({ inputs: sign, env: { ...env, GITHUB_EVENT_NAME: "pull_request_target" } });
  assert.equal(refused.exit, 2, refused.log);
  assert.match(refused.log, /ci\.event-cannot-sign/);
});

async function step({ folder = action, inputs = {}, env = {}, github = {} }) {
  asked = [];
  const server_url = `http://127.0.0.1:${server.address().port}`;
  return run(folder, {
    inputs, cwd: repository,
    github: { server_url, action_repository: "acme/gate", token: "a token", ...github },
    env: {
      ...environment(), PATH: `${join(work, "bin")}:${process.env.PATH}`, GITHUB_ACTIONS: "true",
      GITHUB_EVENT_NAME: "pull_request", GITHUB_EVENT_PATH: event, GITHUB_REF: "refs/pull/1/merge", ...env,
    },
  });
}

// A copy of the action whose table names one binary; the server hands out the real one.
function shipping(sum) {
  const folder = mkdtempSync(join(work, "copy-"));
  cpSync(action, folder, { recursive: true });
  writeFileSync(join(folder, "checksums.txt"), `${sum}  ${name}\n`);
  served = readFileSync(binary);
  return folder;
}

// `main` and a checked-out `feature` that drops a memory limit in the first of two commits.
function shop() {
  const folder = join(work, "shop");
  mkdirSync(join(folder, "prod"), { recursive: true });
  const git = (...rest) => String(execFileSync("git", ["-C", folder, ...rest], { env: environment() })).trim();
  git("init", "--quiet", "-b", "main");
  writeFileSync(join(folder, "tidegate.yaml"), 'environments: [{name: prod, paths: ["prod/**"]}]\n');
  writeFileSync(join(folder, "prod/web.yaml"), deployment(2, ", limits: {memory: 1Gi}"));
  commit(folder, "the shop");
  const base = git("rev-parse", "HEAD");
  git("switch", "--quiet", "--create", "feature");
  writeFileSync(join(folder, "prod/web.yaml"), deployment(2, ""));
  commit(folder, "let it breathe");
  writeFileSync(join(folder, "prod/web.yaml"), `# A comment.\n${deployment(2, "")}`);
  commit(folder, "say so");
  event = join(work, "event.json");
  const pull_request = { head: { sha: git("rev-parse", "HEAD") }, base: { sha: base, ref: "main" } };
  writeFileSync(event, JSON.stringify({ repository: { default_branch: "main" }, pull_request }));
  return folder;
}

function commit(folder, message) {
  const git = (...rest) => execFileSync("git", ["-C", folder, ...rest], { env: environment() });
  git("add", "--all");
  git("commit", "--quiet", "--message", message);
}

function environment() {
  const person = { NAME: "Ada", EMAIL: "ada@shop.example" };
  const named = ["AUTHOR", "COMMITTER"].flatMap((role) =>
    Object.entries(person).map(([key, value]) => [`GIT_${role}_${key}`, value]));
  return { PATH: process.env.PATH, HOME: work, GIT_CONFIG_NOSYSTEM: "1", LC_ALL: "C.UTF-8", TZ: "UTC", ...Object.fromEntries(named) };
}

function deployment(replicas, limits) {
  return `apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  replicas: ${replicas}
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
        - name: web
          image: registry.example/shop/web:1.0.0
          resources: {requests: {cpu: 1, memory: 1Gi}${limits}}
`;
}

function sha256(bytes) {
  return createHash("sha256").update(bytes).digest("hex");
}
