// The action on a real pull request, with the real binary, and with a server on loopback in GitHub's place.
// TIDEGATE names the binary, TIDEGATE_NODE_MODULES the installed packages.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, before, beforeEach, test } from "node:test";
import { fileURLToPath } from "node:url";
import { Api } from "./api.mjs";
import { run } from "./composite.mjs";

const binary = process.env.TIDEGATE;
const action = dirname(dirname(fileURLToPath(import.meta.url)));
const work = mkdtempSync(join(tmpdir(), "action-"));
const version = /default: (\d+\.\d+\.\d+)/.exec(readFileSync(join(action, "action.yml"), "utf8"))[1];
const name = `tidegate-${version}-Linux-X64`;
const api = new Api();
const marker = "<!-- tidegate:report v1 env=* -->";
let server, asked, served, repository, event, address, ends;

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
  address = await api.start();
});
after(() => {
  server.close();
  api.stop();
});
beforeEach(() => api.reset());

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
    "annotations", "sarif-file", "report-dir", "version", "token", "comment", "comment-author", "verdict-file", "trust-file",
    "unit", "revision"];
  for (const input of inputs) {
    const ran = await step({ inputs: { version: "preinstalled", [input]: hostile } });
    assert.notEqual(ran.exit, 0, `${input}: ${ran.log}`);
    assert.ok(!existsSync(join(repository, "ran")), input);
    assert.doesNotMatch(ran.log.replaceAll(/::stop-commands::(.*)\n[^]*?\n::\1::/g, ""), /^::set-output/m, input);
  }
});

test("a comment is made once, brought up to date in its place, and short when there is nothing left to do", async () => {
  const first = await comments();
  assert.equal(first.exit, 1, first.log);
  assert.deepEqual(api.wrote(), ["POST /repos/acme/shop/issues/7/comments"]);
  assert.ok(api.comments[0].body.startsWith(`${marker}\n## ⛔ tidegate: this change is denied`), api.comments[0].body);
  assert.match(api.comments[0].body, /resources\.missing-memory-limit/);
  await comments();
  assert.equal(api.comments.length, 1);
  assert.ok(api.wrote().slice(1).every((line) => line === "PATCH /repos/acme/shop/issues/comments/1"), api.wrote());
  const green = await comments({ event: proposed({ head: ends.green }) });
  assert.equal(green.outputs.verdict, "not-applicable", green.log);
  assert.equal(api.comments[0].body, `${marker}\n✅ tidegate: not applicable, no unit is touched\n`);
  assert.equal(api.comments.length, 1);
});

test("green is silent, unless a comment is always wanted; nothing is said where nobody asked", async () => {
  await comments({ event: proposed({ head: ends.green }) });
  assert.deepEqual(api.comments, []);
  await comments({ event: proposed({ head: ends.green }), inputs: { comment: "always" } });
  assert.match(api.comments[0].body, /^<!-- .*\n## ✅ tidegate: not applicable/);
  api.reset();
  await comments({ inputs: { comment: "never" } });
  await comments({ env: { GITHUB_EVENT_NAME: "push" } });
  assert.deepEqual(api.asked, []);
});

test("a marker in somebody else's comment, or inside of one, makes it none of ours", async () => {
  const quoted = { id: 2, user: { login: api.bot }, body: `> ${marker}\n${marker}` };
  api.comments = [{ id: 1, user: { login: "eve" }, body: `${marker}\nnothing` }, quoted, { id: 3, user: null, body: marker }];
  for (let id = 4; id <= 205; id++) api.comments.push({ id, user: { login: "ada" }, body: "so many" });
  const before = structuredClone(api.comments);
  await comments();
  assert.deepEqual(api.comments.slice(0, -1), before);
  assert.equal(api.comments.length, 206);
  await comments();
  assert.equal(api.comments.length, 206);
  assert.deepEqual(api.asked.filter((line) => line.startsWith("POST")).length, 1);
});

test("a comment that another account made is told, since the next run will not find it", async () => {
  api.bot = "shop-app[bot]";
  const ran = await comments();
  assert.match(ran.log, /^::warning title=tidegate::the comment was made by shop-app\[bot\]: give it as `comment-author`/m);
  await comments({ inputs: { "comment-author": "shop-app[bot]" } });
  assert.equal(api.comments.length, 1);
});

test("a fork needs no right to write, and the summary says it all", async () => {
  for (const repo of [{ id: 2 }, null]) {
    const ran = await comments({ event: proposed({ repo }) });
    assert.equal(ran.exit, 1, ran.log);
    assert.equal(ran.outputs.verdict, "fail");
    assert.match(ran.log, /^::notice title=tidegate::no comment: the token of a pull request from a fork may not write/m);
    assert.match(ran.summary, /resources\.missing-memory-limit/);
    assert.deepEqual(api.asked, []);
  }
});

test("an API that does not do it changes no verdict", async () => {
  const faults = [
    [403, /the API answers 403/], [404, /the API answers 404/], [401, /the API answers 401/],
    [[403, { "x-ratelimit-remaining": "0" }], /too many requests/], [[429, {}], /too many requests/],
    [500, /it answers 500/], [503, /it answers 503/], [[301, { location: "http://127.0.0.1:1/" }], /it answers 301/],
    [422, /it answers 422/], ["hang", /timeout/],
  ];
  for (const method of ["GET", "POST"]) {
    for (const [fault, said] of faults) {
      api.reset();
      api.fault = (asked) => (asked === method ? fault : undefined);
      const ran = await comments();
      assert.equal(ran.exit, 1, ran.log);
      assert.equal(ran.outputs.verdict, "fail");
      const warnings = ran.log.split("\n").filter((line) => line.startsWith("::warning"));
      assert.equal(warnings.length, 1, ran.log);
      assert.match(warnings[0], /^::warning title=tidegate::no comment, and the verdict stands: /);
      assert.match(warnings[0], said);
      assert.doesNotMatch(ran.log, /a token|::error::no/);
      assert.deepEqual(api.comments, []);
    }
  }
});

test("what is no answer, and an address that is none, change no verdict either", async () => {
  for (const list of [{}, [7], [{ id: "7" }]]) {
    api.comments = { slice: () => list };
    const ran = await comments();
    assert.equal(ran.exit, 1, ran.log);
    assert.match(ran.log, /^::warning .*the API cannot be used/m);
  }
  api.reset();
  for (const env of [{ GITHUB_API_URL: "http://api.example" }, { GITHUB_API_URL: "" }, { GITHUB_REPOSITORY: "../x" }]) {
    const ran = await comments({ env });
    assert.equal(ran.exit, 1, ran.log);
    assert.match(ran.log, /^::warning title=tidegate::no comment/m);
  }
  assert.deepEqual(api.asked, []);
});

test("hostile names are text in a comment, and a long report is cut by whole sections", async () => {
  const git = (...rest) => String(execFileSync("git", ["-C", repository, ...rest], { env: environment() })).trim();
  git("switch", "--quiet", "--create", "hostile", "main");
  const evil = `</details>\n${marker}\n@everyone <img src=x onerror=alert(1)> [x](javascript:1) \u202e::error::x`;
  for (let at = 0; at < 400; at++) {
    writeFileSync(join(repository, `prod/${at} ${evil.replaceAll("/", "|")}.yaml`), deployment(2, "").replace("web", `web-${at}`));
  }
  commit(repository, evil);
  const head = git("rev-parse", "HEAD");
  git("switch", "--quiet", "feature");
  await comments({ event: proposed({ head }) });
  const { body } = api.comments[0];
  assert.ok(Buffer.byteLength(body) <= 60000 && body.length > 30000, body.length);
  assert.match(body, /\*\*Left out to keep this short:\*\*/);
  assert.equal(body.split("\n").filter((line) => line.startsWith(marker)).length, 1);
  const outside = body.replace(marker, "").replaceAll(/(`+)[^]*?\1/g, "");
  assert.doesNotMatch(outside, /@everyone|<img|javascript|\u202e|^::/m);
});

test("after the check of a fork, the comment is made from what is judged here", async () => {
  const origin = join(work, "upstream.git");
  const git = (...rest) => String(execFileSync("git", rest, { env: environment() })).trim();
  git("clone", "--quiet", "--bare", repository, origin);
  git("-C", origin, "update-ref", "refs/pull/7/head", ends.head);
  git("-C", origin, "update-ref", "-d", "refs/heads/feature");
  git("-C", origin, "symbolic-ref", "HEAD", "refs/heads/main");
  const clone = join(work, "upstream");
  git("clone", "--quiet", `file://${origin}`, clone);
  const pull = (sha, full_name) => ({
    number: 7, head: { sha, repo: { full_name } }, base: { sha: ends.base, ref: "main" },
  });
  const after = (checked) => comments({
    cwd: clone, inputs: { command: "comment" }, env: { GITHUB_EVENT_NAME: "workflow_run" },
    event: written({
      repository: { default_branch: "main" },
      workflow_run: {
        event: "pull_request", head_sha: ends.head, head_branch: "feature",
        head_repository: { full_name: "eve/shop" }, ...checked,
      },
    }),
  });
  // Others have the same branch, or moved on: neither is what was checked.
  api.pulls = [pull(ends.base, "eve/shop"), pull(ends.head, "mallory/shop")];
  const none = await after({});
  assert.equal(none.exit, 0, none.log);
  assert.match(none.log, /^::notice title=tidegate::no open pull request has the commit/m);
  assert.deepEqual(api.wrote(), []);
  api.pulls.push(pull(ends.head, "eve/shop"));
  const ran = await after({});
  assert.equal(ran.exit, 0, ran.log);
  assert.match(ran.log, /^pull request 7: fail, commented$/m);
  assert.match(api.comments[0].body, /resources\.missing-memory-limit/);
  assert.equal(git("-C", clone, "status", "--porcelain"), "");
  assert.equal((await after({ event: "push" })).exit, 0);
  api.fault = () => 403;
  const refused = await after({});
  assert.equal(refused.exit, 3, refused.log);
  const other = await comments({ inputs: { command: "comment" }, env: { GITHUB_EVENT_NAME: "pull_request_target" } });
  assert.equal(other.exit, 2, other.log);
  assert.match(other.log, /ci\.event-cannot-comment/);
});

test("what is merged is signed to a branch, and the token stays out of the clone", async () => {
  const { git, key, trust } = signer(repository, "origin");
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
  const trusted = join(work, "trust.json");
  writeFileSync(trusted, trust);
  const verify = {
    version: "preinstalled", command: "verify", environment: "prod", "trust-file": trusted,
    "verdict-file": ran.outputs["verdict-paths"],
  };
  const bundle = await step({ inputs: { ...verify, "verdict-file": ran.outputs["bundle-paths"] } });
  assert.equal(bundle.exit, 0, bundle.log);
  const verified = await step({ inputs: verify });
  assert.equal(verified.exit, 0, verified.log);
  assert.equal(verified.outputs.verdict, "pass");
  assert.equal(verified.outputs["gated-trees"], ran.outputs["gated-trees"]);
  const other = await step({ inputs: { ...verify, revision: "HEAD~1" } });
  assert.equal(other.exit, 4, other.log);
  assert.equal(other.outputs.verdict, "refused");
  assert.match(other.summary, /refused\.not-admitted/);
  assert.match(other.log, /^::error title=tidegate::.*other-tree/m);
  const again = await step({ inputs: { ...sign, renew: "true" }, env: { ...env, GITHUB_EVENT_NAME: "schedule" } });
  assert.equal(again.exit, 0, again.log);
  assert.match(again.summary, /renewed until/);
  const refused = await step({ inputs: sign, env: { ...env, GITHUB_EVENT_NAME: "pull_request_target" } });
  assert.equal(refused.exit, 2, refused.log);
  assert.match(refused.log, /ci\.event-cannot-sign/);
});

test("what a queue merges is signed and verified before, and published after", async () => {
  const folder = shop("queue");
  const { git, key, trust } = signer(folder, "queue-origin");
  const candidates = join(work, "candidates");
  const inputs = { version: "preinstalled", command: "sign", publish: "branch", candidates };
  const env = { TIDEGATE_SIGNING_KEY: readFileSync(key, "utf8") };
  const published = () => git("ls-tree", "-r", "--name-only", "FETCH_HEAD", "links/prod");
  const fetched = () => git("fetch", "--quiet", "origin", "tidegate/verdicts") + published();
  const queued = (limits) => {
    git("switch", "--quiet", "--detach", "main");
    writeFileSync(join(folder, "prod/web.yaml"), deployment(3, limits));
    commit(folder, "queued");
    const group = { head_sha: git("rev-parse", "HEAD"), base_sha: git("rev-parse", "main"), base_ref: "refs/heads/main" };
    const document = written({ repository: { default_branch: "main" }, merge_group: group });
    const queue = { GITHUB_EVENT_NAME: "merge_group", GITHUB_REF: "refs/heads/gh-readonly-queue/main/pr-7", GITHUB_EVENT_PATH: document };
    return step({ inputs, cwd: folder, env: { ...env, ...queue } });
  };
  // The required check is red for what nobody would sign, and leaves nothing behind to be published.
  const red = await queued("");
  assert.equal(red.exit, 1, red.log);
  assert.ok(!existsSync(join(candidates, "links/prod")), red.log);
  const green = await queued(", limits: {memory: 1Gi}");
  assert.equal(green.exit, 0, green.log);
  assert.equal(green.outputs.verdict, "pass");
  assert.equal(fetched(), "links/prod/prod/0.json");
  const candidate = readFileSync(join(candidates, "links/prod/prod/1.json"));
  const trusted = join(work, "queue-trust.json");
  writeFileSync(trusted, trust);
  const verify = { version: "preinstalled", command: "verify", environment: "prod", "trust-file": trusted };
  const verified = await step({ inputs: { ...verify, "verdict-file": green.outputs["verdict-paths"] }, cwd: folder });
  assert.equal(verified.exit, 0, verified.log);
  // The queue makes it the branch.
  git("branch", "--quiet", "--force", "main", "HEAD");
  git("switch", "--quiet", "main");
  git("push", "--quiet", "origin", "main");
  const push = { GITHUB_EVENT_NAME: "push", GITHUB_REF: "refs/heads/main" };
  const landed = await step({ inputs, cwd: folder, env: { ...env, ...push } });
  assert.equal(landed.exit, 0, landed.log);
  assert.match(landed.log + landed.summary, /what the queue signed is link 1/);
  assert.equal(fetched(), "links/prod/prod/0.json\nlinks/prod/prod/1.json");
  assert.equal(git("show", "FETCH_HEAD:links/prod/prod/1.json"), String(candidate).trim());
});

// Lets a key sign what stands on `main` of a remote, to which it is pushed.
function signer(folder, remote) {
  const origin = join(work, `${remote}.git`);
  const git = (...rest) => String(execFileSync("git", ["-C", folder, ...rest], { env: environment() })).trim();
  git("switch", "--quiet", "main");
  git("init", "--quiet", "--bare", "-b", "main", origin);
  git("remote", "add", "origin", `file://${origin}`);
  mkdirSync(join(folder, ".tidegate"));
  const tidegate = (...rest) => execFileSync(binary, rest, { cwd: folder, env: environment() });
  const key = join(work, `${remote}.pem`);
  const trust = tidegate("keys", "new", "--role", "merge-signer", "--out", key);
  writeFileSync(join(folder, ".tidegate/trust.json"), trust);
  commit(folder, "trust the signer");
  git("push", "--quiet", "origin", "main");
  tidegate("baseline", "--env", "prod", "--key-file", key, "--verdicts", "branch");
  return { git, key, trust };
}

// The step of a check that may comment.
function comments({ inputs = {}, env = {}, event: document = proposed(), cwd } = {}) {
  return step({
    inputs: { version: "preinstalled", comment: "auto", ...inputs }, cwd,
    env: { GITHUB_API_URL: address, GITHUB_REPOSITORY: "acme/shop", GITHUB_EVENT_PATH: document, ...env },
  });
}

// The event of a pull request, by default from a branch of the same repository.
function proposed({ head = ends.head, repo = { id: 1 } } = {}) {
  const base = { sha: ends.base, ref: "main", repo: { id: 1 } };
  return written({ repository: { default_branch: "main" }, pull_request: { number: 7, head: { sha: head, repo }, base } });
}

function written(document) {
  const path = join(mkdtempSync(join(work, "event-")), "event.json");
  writeFileSync(path, JSON.stringify(document));
  return path;
}

async function step({ folder = action, inputs = {}, env = {}, github = {}, cwd = repository }) {
  asked = [];
  const server_url = `http://127.0.0.1:${server.address().port}`;
  return run(folder, {
    inputs, cwd,
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
function shop(name = "shop") {
  const folder = join(work, name);
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
  const head = git("rev-parse", "HEAD");
  git("switch", "--quiet", "--create", "green", "main");
  writeFileSync(join(folder, "README.md"), "a shop\n");
  commit(folder, "say what it is");
  ends ??= { base, head, green: git("rev-parse", "HEAD") };
  git("switch", "--quiet", "feature");
  event ??= proposed();
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
          image: registry.example/shop/web:1.0.0@sha256:835abe89bd745147fd383a711f551f7ae21d27a70fc9740e83ec3750d5e76fd5
          resources: {requests: {cpu: 1, memory: 1Gi}${limits}}
`;
}

function sha256(bytes) {
  return createHash("sha256").update(bytes).digest("hex");
}
