// GitHub's API on loopback, as far as comments need it: lists by pages, refuses what a token may not do, and can be
// told to fail. Every request must carry the token of the job.
import { createServer } from "node:http";

export class Api {
  comments = [];
  pulls = [];
  /** What was asked, `METHOD path`. */
  asked = [];
  /** Takes a request in the API's place: a status, or [status, headers]; "hang" never answers. */
  fault = () => undefined;
  bot = "github-actions[bot]";

  async start() {
    this.server = createServer((request, response) => this.#answer(request, response));
    await new Promise((ready) => this.server.listen(0, "127.0.0.1", ready));
    return `http://127.0.0.1:${this.server.address().port}`;
  }

  stop() {
    this.server.closeAllConnections();
    this.server.close();
  }

  reset() {
    Object.assign(this, { comments: [], pulls: [], asked: [], fault: () => undefined, bot: "github-actions[bot]" });
  }

  wrote() {
    return this.asked.filter((line) => !line.startsWith("GET"));
  }

  async #answer(request, response) {
    const url = new URL(request.url, "http://api");
    this.asked.push(`${request.method} ${url.pathname}`);
    const give = (status, value, headers = {}) =>
      response.writeHead(status, { "content-type": "application/json", ...headers }).end(JSON.stringify(value));
    const fault = this.fault(request.method, url.pathname);
    if (fault === "hang") return;
    if (fault) return give(...[fault].flat().slice(0, 1), { message: "::error::no" }, [fault].flat()[1]);
    if (request.headers.authorization !== "Bearer a token") return give(401, {});
    let body = "";
    for await (const piece of request) body += piece;
    const text = body ? JSON.parse(body).body : "";
    if ([...text].length > 65536) return give(422, {});
    const [, path] = /^\/repos\/acme\/shop\/(.*)$/.exec(url.pathname) ?? [];
    const page = (list) => {
      const [size, number] = [url.searchParams.get("per_page") ?? 30, url.searchParams.get("page") ?? 1].map(Number);
      return list.slice(size * (number - 1), size * number);
    };
    if (request.method === "GET" && path === "issues/7/comments") return give(200, page(this.comments));
    if (request.method === "GET" && path === "pulls") return give(200, page(this.pulls));
    if (request.method === "POST" && path === "issues/7/comments") {
      this.comments.push({ id: this.comments.length + 1, user: { login: this.bot }, body: text });
      return give(201, this.comments.at(-1));
    }
    const [, id] = /^issues\/comments\/(\d+)$/.exec(path) ?? [];
    const found = this.comments.find((comment) => comment.id === Number(id));
    if (request.method === "PATCH" && found) return give(200, Object.assign(found, { body: text }));
    return give(404, {});
  }
}
