// Runs a composite action as a GitHub runner does, as far as that can be known without one: expressions by
// GitHub's own library, each script under bash with files for its outputs. Scopes of tokens, masking and what
// happens to outputs after a failed step are the runner's own and are not imitated.
import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const modules = process.env.TIDEGATE_NODE_MODULES;
const load = (path) => import(pathToFileURL(join(modules, path)));
const { Lexer, Parser, Evaluator, data } = await load("@actions/expressions/dist/index.js");
const { parse } = (await load("yaml/dist/index.js")).default;

/** Runs the action in `folder`; resolves to its exit code, log, outputs and summary. */
export async function run(folder, { inputs = {}, env = {}, github = {}, cwd }) {
  const action = parse(readFileSync(join(folder, "action.yml"), "utf8"));
  const unknown = Object.keys(inputs).filter((name) => !(name in action.inputs));
  if (unknown.length) throw new Error(`no such input: ${unknown}`);
  const temp = mkdtempSync(join(tmpdir(), "runner-"));
  const contexts = { inputs: {}, steps: {}, github: { ...github, action_path: folder } };
  for (const [name, input] of Object.entries(action.inputs)) {
    contexts.inputs[name] = inputs[name] ?? evaluate(input.default ?? "", contexts);
  }
  const result = { exit: 0, log: "", summary: "" };
  for (const step of action.runs.steps) {
    const [output, summary] = ["output", "summary"].map((kind) => join(temp, `${step.id}.${kind}`));
    for (const file of [output, summary]) writeFileSync(file, "");
    mkdirSync(join(temp, "work"), { recursive: true });
    const own = Object.entries(step.env ?? {}).map(([name, value]) => [name, evaluate(value, contexts)]);
    const script = join(temp, `${step.id}.sh`);
    writeFileSync(script, evaluate(step.run, contexts));
    const done = await bash(script, cwd, {
      RUNNER_OS: "Linux", RUNNER_ARCH: "X64", RUNNER_TEMP: join(temp, "work"), ...env,
      ...Object.fromEntries(own), GITHUB_OUTPUT: output, GITHUB_STEP_SUMMARY: summary,
    });
    result.log += done.log;
    result.summary += readFileSync(summary, "utf8");
    contexts.steps[step.id] = { outputs: outputs(readFileSync(output, "utf8")) };
    result.exit = done.exit;
    if (done.exit !== 0) break;
  }
  const values = Object.entries(action.outputs).map(([name, { value }]) => [name, evaluate(value, contexts)]);
  return { ...result, outputs: Object.fromEntries(values) };
}

function evaluate(text, contexts) {
  return String(text).replace(/\$\{\{(.*?)\}\}/gs, (_, expression) => {
    const { tokens } = new Lexer(expression).lex();
    const tree = new Parser(tokens, Object.keys(contexts), []).parse();
    return new Evaluator(tree, dictionary(contexts)).evaluate().coerceString();
  });
}

function dictionary(value) {
  if (typeof value !== "object") return new data.StringData(String(value));
  return new data.Dictionary(...Object.entries(value).map(([key, value]) => ({ key, value: dictionary(value) })));
}

function bash(script, cwd, env) {
  const child = spawn("bash", ["--noprofile", "--norc", "-eo", "pipefail", script], { cwd, env });
  let log = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (text) => (log += text));
  return new Promise((resolve) => child.on("close", (exit) => resolve({ exit, log })));
}

function outputs(text) {
  const found = {};
  const lines = text.split("\n");
  while (lines.length > 1) {
    const [, name, how, rest] = /^([^=<]+)(=|<<)(.*)$/.exec(lines.shift());
    found[name] = how === "=" ? rest : lines.splice(0, lines.indexOf(rest)).join("\n");
    if (how === "<<") lines.shift();
  }
  return found;
}
